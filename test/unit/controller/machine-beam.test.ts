import { describe, expect, it } from "vitest";
import { createMachineBeam } from "../../../controller/beam/machine-beam.ts";

const RULE = { presentMa: 100, lostMa: 80, steadyMs: 5000, steadyShare: 0.02 };

/** Readings every two seconds; the answers, one for each. */
function hear(beam: ReturnType<typeof createMachineBeam>, fromMs: number, currents: readonly number[]) {
  return currents.map((currentMa, index) => beam.read(fromMs + 2000 * index, currentMa));
}

describe("machine beam", () => {
  it("is there once the current has been high enough and steady for its time", () => {
    expect(hear(createMachineBeam(RULE), 0, [200, 200, 199.9, 199.8, 199.7])).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  it("is not there while the ring is filled, however high the current is by then", () => {
    const beam = createMachineBeam(RULE);
    const filling = Array.from({ length: 31 }, (_, index) => (200 * index) / 30);
    expect(hear(beam, 0, filling)).not.toContain(true);
    expect(hear(beam, 62_000, [200, 200, 200])).toEqual([false, false, true]);
  });

  it("is there at half the current when that is steady: the machine may run so", () => {
    expect(hear(createMachineBeam(RULE), 0, [100, 100.2, 100, 100.1]).at(-1)).toBe(true);
    expect(hear(createMachineBeam(RULE), 0, [99.9, 99.9, 99.9, 99.9, 99.9])).not.toContain(true);
  });

  it("is lost at once below its lower border, and not between the two", () => {
    const beam = createMachineBeam(RULE);
    hear(beam, 0, [101, 101, 101, 101]);
    expect(hear(beam, 8000, [99, 85, 81, 110])).toEqual([true, true, true, true]);
    expect(beam.read(16_000, 79)).toBe(false);
    expect(hear(beam, 18_000, [99, 99, 99, 99, 99])).not.toContain(true);
    expect(hear(beam, 28_000, [120, 120, 120, 120])).toEqual([false, false, false, true]);
  });

  it("goes on through a top-up", () => {
    const beam = createMachineBeam(RULE);
    hear(beam, 0, [198.4, 198.4, 200, 200]);
    expect(beam.isThere).toBe(true);
    expect(hear(beam, 8000, [200.1, 198, 200.1])).toEqual([true, true, true]);
  });

  it("begins anew after a silence, and after what is not a number", () => {
    const beam = createMachineBeam(RULE);
    hear(beam, 0, [200, 200, 200, 200]);
    beam.forget();
    expect(beam.isThere).toBe(false);
    expect(hear(beam, 8000, [200, 200, NaN, 200, 200, 200, 200]).indexOf(true)).toBe(6);
    expect(beam.read(30_000, NaN)).toBe(false);
  });

  it("is there from the very end of its time and the most unsteadiness allowed, and lost below its border alone", () => {
    const at = (times: readonly number[], currents: readonly number[]) => {
      const beam = createMachineBeam(RULE);
      return times.map((atMs, index) => beam.read(atMs, currents[index] ?? NaN));
    };
    expect(at([0, 4999, 5000], [200, 200, 200])).toEqual([false, false, true]);
    expect(at([0, 5000], [200, 196])).toEqual([false, true]);
    expect(at([0, 5000], [200, 195.9])).toEqual([false, false]);
    expect(at([0, 5000, 6000, 7000], [100, 100, 80, 79.9])).toEqual([false, true, true, false]);
  });

  it("is steady by the readings of its time: one that is just as old counts, none before it", () => {
    const beam = createMachineBeam(RULE);
    const heard = [0, 1000, 6000].map((atMs, index) => beam.read(atMs, [150, 200, 200][index] ?? NaN));
    expect(heard).toEqual([false, false, true]);
    const other = createMachineBeam(RULE);
    expect([0, 1001, 6000].map((atMs, index) => other.read(atMs, [150, 200, 200][index] ?? NaN))).toEqual([
      ...[false, false, false],
    ]);
  });
});
