import { describe, expect, it } from "vitest";
import type { ChemistryId } from "../../../protocols/campaign/chemistry.ts";
import { createLithiumReader } from "../../../protocols/diffraction/read-lithium.ts";
import type { CasingOptions } from "../../../simulator/diffraction/cell-stack.ts";
import { LATTICE_TABLES } from "../../support/verdict-simulation.ts";
import { exposureOf, frameOf, restedAt, sourceAt } from "../diffraction/frames.ts";

const SEEDS = [1, 2, 3, 4, 5, 6];

function readings(chemistry: ChemistryId, lithium: number, exposureS: number, casing: CasingOptions = {}) {
  const reader = createLithiumReader(LATTICE_TABLES, chemistry);
  return SEEDS.map((seed) => {
    const exposure = { ...exposureOf(chemistry, seed, casing), exposureS };
    return reader.read(frameOf(sourceAt(60, seed), restedAt(chemistry, lithium), exposure));
  });
}

describe("lithium read from frames of six seconds", () => {
  it.each([
    ["nmc811-graphite-siox", 0.9, 0.004],
    ["nmc811-graphite-siox", 0.6, 0.004],
    ["nmc811-graphite-siox", 0.28, 0.004],
    ["lno-graphite", 0.9, 0.006],
    ["lno-graphite", 0.5, 0.006],
    ["lno-graphite", 0.27, 0.006],
    ["lno-graphite", 0.2, 0.006],
    ["lno-graphite", 0.1, 0.006],
    ["lco-graphite", 0.6, 0.004],
  ] as const)("of %s at %d through full steel is right within %d", (chemistry, lithium, within) => {
    for (const read of readings(chemistry, lithium, 6)) {
      expect(read.kind).toBe("read");
      if (read.kind === "read") expect(Math.abs(read.reading.lithium - lithium)).toBeLessThan(within);
    }
  });

  it("of LiFePO4 behind windows comes from the shares of its phases", () => {
    for (const read of readings("lfp-graphite", 0.5, 6, { casing: "windowed" })) {
      expect(read.kind === "read" ? Math.abs(read.reading.lithium - 0.5) : NaN).toBeLessThan(0.015);
    }
  });

  it("says how little it knows where c turns", () => {
    for (const read of readings("lno-graphite", 0.34, 6)) {
      expect(read.kind === "read" ? read.reading.lithiumError : NaN).toBeGreaterThan(0.004);
    }
  });
});

describe("a frame that tells nothing", () => {
  const reader = createLithiumReader(LATTICE_TABLES, "lno-graphite");
  const twoThetaDeg = Float64Array.from({ length: 2500 }, (_, point) => 1.3 + point * 0.00304);

  it.each([
    ["is dark", new Float64Array(2500)],
    ["is flat", new Float64Array(2500).fill(1000)],
    ["holds no numbers", new Float64Array(2500).fill(NaN)],
    ["is empty", new Float64Array(0)],
  ])("because it %s is refused with a reason", (_, counts) => {
    const axis = counts.length === 0 ? counts : twoThetaDeg;
    const read = reader.read({ twoThetaDeg: axis, counts, wavelengthA: 0.2066 });
    expect(read.kind === "unreadable" ? read.reason : "").toMatch(/\(003\)/);
  });
});
