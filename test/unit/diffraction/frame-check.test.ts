import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CHEMISTRY_IDS } from "../../../protocols/campaign/chemistry.ts";
import { expectedLithium } from "../../../protocols/diffraction/expected-lithium.ts";
import { createFrameChecker } from "../../../protocols/diffraction/frame-check.ts";
import { packageRoot } from "../../../tui/rim/package-root.ts";
import { checkedFrame, FRAME_CASES } from "../../support/frame-cases.ts";
import { LATTICE_TABLES } from "../../support/verdict-simulation.ts";

describe("the first look at a frame", () => {
  it.each(FRAME_CASES)("tells a frame that is %s from all others", (which) => {
    for (let seed = 1; seed <= 12; seed += 1) expect(checkedFrame(which, seed).finding, `seed ${seed}`).toBe(which);
  });

  it("says what it rests on, with figures", () => {
    expect(checkedFrame("saturated", 1).what).toMatch(/^\d+ bins hold \d+ counts or more/);
    expect(checkedFrame("wrong-sample", 1).what).toMatch(/not as in|none of|is not$/);
    expect(checkedFrame("good", 1).what).toBe("");
  });

  it("makes something of any numbers, and throws on none", () => {
    const checker = createFrameChecker(LATTICE_TABLES);
    const expected = { chemistry: "lno-graphite", saturationCounts: null, photons: null, lithium: null } as const;
    const axis = Float64Array.from({ length: 500 }, (_, point) => 1 + point / 50);
    for (const counts of [[], [NaN], new Array<number>(500).fill(-1), new Array<number>(500).fill(Infinity)]) {
      const { finding } = checker.check({ twoThetaDeg: axis, counts, wavelengthA: 0.2 }, expected);
      expect(finding).not.toBe("good");
    }
  });
});

describe("the lithium that a state of charge stands for", () => {
  it.each(CHEMISTRY_IDS)("follows the balance of the shipped design of %s", (chemistry) => {
    const text = readFileSync(join(packageRoot().folder, `protocols/data/cells/${chemistry}.json`), "utf8");
    const { y0, y100 } = (JSON.parse(text) as { stoichiometry: { y0: number; y100: number } }).stoichiometry;
    expect(expectedLithium(chemistry, 0, 0)?.lithium).toBeCloseTo(y0, 3);
    expect(expectedLithium(chemistry, 1, 0)?.lithium).toBeCloseTo(y100, 3);
  });

  it("is not known where the state of charge is not", () => {
    expect(expectedLithium("lno-graphite", null, null)).toBeNull();
    expect(expectedLithium("lno-graphite", NaN, 0.1)).toBeNull();
  });
});
