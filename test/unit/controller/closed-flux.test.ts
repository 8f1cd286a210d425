import { describe, expect, it } from "vitest";
import { judgeClosedFlux, type ClosedFluxLook } from "../../../controller/beam/closed-flux.ts";

const RULE = { thresholdPhS: 1e9, boundMs: 3000, graceMs: 500 };
const LIT = { fluxPhS: 1e12, closedSinceMs: 0, hasMachineBeam: true };

/** Readings every two seconds from 1 s on; whether each proves that the shutter is not closed. */
function hear(looks: readonly Partial<ClosedFluxLook>[]): readonly boolean[] {
  let litSinceMs: number | null = null;
  return looks.map((look, index) => {
    const verdict = judgeClosedFlux(litSinceMs, { ...LIT, atMs: 1000 + 2000 * index, ...look }, RULE);
    litSinceMs = verdict.litSinceMs;
    return verdict.isLit;
  });
}

describe("flux behind a shutter that reads closed", () => {
  it("is believed once it has been there for longer than the bound, and as long as it lasts", () => {
    expect(hear([{}, {}, {}, {}, { fluxPhS: 0 }])).toEqual([false, false, true, true, false]);
  });

  it.each([
    ["a closed shutter lets so much through", { fluxPhS: 1e9 }],
    ["a reading is no number", { fluxPhS: NaN }],
    ["the shutter reads open, or nothing is heard of it", { closedSinceMs: null }],
    ["the machine has no beam", { hasMachineBeam: false }],
  ])("is nothing when %s, and counts anew after it", (_, look) => {
    expect(hear([look, look, look, look])).not.toContain(true);
    expect(hear([{}, {}, look, {}, {}, {}])).toEqual([false, false, false, false, false, true]);
  });

  it("is nothing when the shutter was opened and closed again between the readings", () => {
    expect(hear([{}, {}, { closedSinceMs: 4000 }, { closedSinceMs: 6000 }])).not.toContain(true);
  });

  it("may be of the time before just after the shutter reads closed", () => {
    expect(hear([{ closedSinceMs: 600 }, { closedSinceMs: 600 }, { closedSinceMs: 600 }])).not.toContain(true);
  });

  it("is of the shutter that reads closed from the end of the grace on", () => {
    const looks = [1099, 1100, 4100, 4101].map((atMs) => ({ atMs, closedSinceMs: 600 }));
    expect(hear(looks)).toEqual([false, false, false, true]);
  });

  it("counts from a reading at the moment at which the shutter read closed, where there is no grace", () => {
    const look = { ...LIT, atMs: 4000, closedSinceMs: 1000 };
    expect(judgeClosedFlux(1000, look, { ...RULE, graceMs: 0, boundMs: 2999 })).toEqual({
      litSinceMs: 1000,
      isLit: true,
    });
  });
});
