import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import {
  drawTexture,
  evenTexture,
  stackOfDesign,
  stackTransmission,
} from "../../../simulator/diffraction/cell-stack.ts";
import { createPatternSource, type PatternSource } from "../../../simulator/diffraction/pattern-source.ts";
import { createPhaseRules } from "../../../simulator/diffraction/phase-rules.ts";
import { parseStructures } from "../../../simulator/diffraction/structures.ts";
import { braggDeg } from "../../support/pattern-fit/peaks.ts";
import { design, DESIGN_IDS, tableJson } from "../cell/designs.ts";
import { exposureOf, REFERENCE_FLUX, restedAt, sourceAt, STRUCTURES } from "./frames.ts";

const NMC = "nmc811-graphite-siox";
const STATE = restedAt(NMC, 0.6);

function evenExposure(designId: string, casing: "steel" | "windowed" = "steel") {
  const stack = stackOfDesign(STRUCTURES, design(designId), { casing });
  return { exposureS: 1, fluxPhS: REFERENCE_FLUX, transmission: 1, texture: evenTexture(STRUCTURES, stack) };
}

/** Highest bin between two spacings. */
function peak(source: PatternSource, pattern: ArrayLike<number>, fromA: number, toA: number) {
  let found = { twoThetaDeg: NaN, counts: -1 };
  for (const [point, twoThetaDeg] of source.twoThetaDeg.entries()) {
    const counts = pattern[point] ?? NaN;
    if (twoThetaDeg < braggDeg(toA, source.wavelengthA) || twoThetaDeg > braggDeg(fromA, source.wavelengthA)) continue;
    if (counts > found.counts) found = { twoThetaDeg, counts };
  }
  return found;
}

function lowest(source: PatternSource, pattern: ArrayLike<number>, fromA: number, toA: number): number {
  let least = Infinity;
  for (const [point, twoThetaDeg] of source.twoThetaDeg.entries()) {
    if (twoThetaDeg < braggDeg(toA, source.wavelengthA) || twoThetaDeg > braggDeg(fromA, source.wavelengthA)) continue;
    least = Math.min(least, pattern[point] ?? NaN);
  }
  return least;
}

describe("a second of a full-steel NMC811 cell at 70 keV", () => {
  const source = sourceAt(70, 1);
  const pattern = source.expected(STATE, evenExposure(NMC)).slice();

  it("has 2,500 points from 1.3 to 8.9 degrees", () => {
    expect(pattern).toHaveLength(2500);
    expect(source.twoThetaDeg[0]).toBe(1.3);
    expect(source.twoThetaDeg[2499]).toBeCloseTo(8.9, 9);
  });

  it("holds the counts of the reference: steel ring 2e5, (003) 2.7e3 over a background of 1.3e3", () => {
    const background = lowest(source, pattern, 4.4, 5.1);
    expect(background).toBeGreaterThan(1100);
    expect(background).toBeLessThan(1500);
    expect(peak(source, pattern, 4.6, 4.9).counts - background).toBeGreaterThan(2300);
    expect(peak(source, pattern, 4.6, 4.9).counts - background).toBeLessThan(3100);
    expect(peak(source, pattern, 2.06, 2.095).counts).toBeGreaterThan(1.6e5);
    expect(peak(source, pattern, 2.06, 2.095).counts).toBeLessThan(2.4e5);
  });

  it("lets half of the photons through, as the stack of the table does", () => {
    const stack = stackOfDesign(STRUCTURES, design(NMC));
    expect(stackTransmission(STRUCTURES, stack, 70)).toBeCloseTo(0.4973, 2);
  });

  it("has a steel ring some hundred times its (003), and ten times the contrast behind windows", () => {
    const windowed = source.expected(STATE, evenExposure(NMC, "windowed")).slice();
    const contrast = (of: ArrayLike<number>): number => {
      const background = lowest(source, of, 4.4, 5.1);
      return (peak(source, of, 4.6, 4.9).counts - background) / background;
    };
    expect(contrast(windowed) / contrast(pattern)).toBeGreaterThan(5);
    expect(contrast(windowed) / contrast(pattern)).toBeLessThan(15);
  });
});

describe("line positions", () => {
  it.each([
    [60, 60],
    [70, 70],
    [45, 45],
  ])("follow the energy of the site: at %d keV", (energyKeV) => {
    const source = sourceAt(energyKeV, 1);
    const pattern = source.expected(
      { ...STATE, positiveMean: 0.7, positiveSurface: 0.7 },
      evenExposure(NMC, "windowed"),
    );
    expect(peak(source, pattern, 4.7, 4.9).twoThetaDeg).toBeCloseTo(braggDeg(4.776, 12.398419843 / energyKeV), 2);
    expect(peak(source, pattern, 2.07, 2.1).twoThetaDeg).toBeCloseTo(braggDeg(2.08706, 12.398419843 / energyKeV), 2);
  });

  it("of the casing are split by the 2.5 mm between its halves, the less the further the detector", () => {
    const height = (distanceMm: number): number => {
      const source = createPatternSource({
        structures: STRUCTURES,
        energyKeV: 70,
        geometry: { distanceMm },
        chance: createChance(1),
      });
      return peak(source, source.expected(STATE, evenExposure(NMC)), 1.79, 1.805).counts;
    };
    // The same counts, spread wider.
    expect(height(1200)).toBeLessThan(0.98 * height(12_000));
    expect(height(300)).toBeLessThan(0.75 * height(12_000));
  });

  it("of a layer downstream move to smaller angles by the reference's parallax", () => {
    const centre = (zMm: number): number => {
      const source = sourceAt(70, 1);
      const exposure = evenExposure(NMC, "windowed");
      const texture = { ...exposure.texture, stack: { ...exposure.texture.stack, positiveZMm: zMm } };
      const pattern = source.expected(STATE, { ...exposure, texture });
      let sum = 0;
      let weight = 0;
      const floor = lowest(source, pattern, 4.4, 5.1);
      for (const [point, twoThetaDeg] of source.twoThetaDeg.entries()) {
        if (Math.abs(twoThetaDeg - braggDeg(4.79, source.wavelengthA)) > 0.06) continue;
        sum += twoThetaDeg * ((pattern[point] ?? NaN) - floor);
        weight += (pattern[point] ?? NaN) - floor;
      }
      return sum / weight;
    };
    // 2 mm of 1.2 m at 2theta 2.12 degrees: sin(2 x 2.12)/2 x 2/1200 rad.
    expect(centre(0) - centre(2)).toBeGreaterThan(0.8 * 0.00353);
    expect(centre(0) - centre(2)).toBeLessThan(1.2 * 0.00353);
  });
});

describe("what a frame holds", () => {
  const source = sourceAt(60, 1);

  it("grows with exposure, flux and transmission alike", () => {
    const exposure = exposureOf(NMC, 1);
    const one = source.expected(STATE, exposure).slice();
    for (const more of [{ exposureS: 3 }, { fluxPhS: 3 * REFERENCE_FLUX }]) {
      const three = source.expected(STATE, { ...exposure, ...more });
      for (let point = 0; point < 2500; point += 100) expect(three[point]).toBeCloseTo(3 * (one[point] ?? NaN), 3);
    }
    const filtered = source.expected(STATE, { ...exposure, transmission: 0.25 });
    for (let point = 0; point < 2500; point += 100) expect(filtered[point]).toBeCloseTo(0.25 * (one[point] ?? NaN), 3);
  });

  it("is nothing in the dark", () => {
    const counts = source.pattern(STATE, { ...exposureOf(NMC, 1), fluxPhS: 0 });
    expect(counts.every((count) => count === 0)).toBe(true);
  });

  it("scatters about its expectation as Poisson counts do", () => {
    const exposure = exposureOf(NMC, 1);
    const means = source.expected(STATE, exposure).slice();
    const counts = source.pattern(STATE, exposure);
    let chiSquare = 0;
    for (const [point, mean] of means.entries()) chiSquare += ((counts[point] ?? NaN) - mean) ** 2 / mean;
    // 2,500 degrees of freedom: standard deviation 71.
    expect(Math.abs(chiSquare - 2500)).toBeLessThan(5 * 71);
  });

  it("comes again from the same seed, and differs for another", () => {
    const exposure = exposureOf(NMC, 1);
    const [first, again, other] = [sourceAt(60, 5), sourceAt(60, 5), sourceAt(60, 6)];
    const counts = first.pattern(STATE, exposure);
    expect(again.pattern(STATE, exposure)).toEqual(counts);
    expect(other.pattern(STATE, exposure)).not.toEqual(counts);
    expect(first.pattern(STATE, exposure)).not.toEqual(counts);
  });

  it("differs between two cells in the rings of the rolled sheet, within factors of 0.5 to 2, and nowhere else", () => {
    const even = source.expected(STATE, evenExposure(NMC)).slice();
    const [one, two] = [1, 2].map((seed) => source.expected(STATE, exposureOf(NMC, seed)).slice());
    if (one === undefined || two === undefined) throw new Error("two cells were asked for");
    const ring = (of: ArrayLike<number>): number => peak(source, of, 2.06, 2.095).counts;
    expect(ring(one)).not.toBeCloseTo(ring(two), -3);
    expect(ring(one) / ring(even)).toBeGreaterThan(0.5);
    expect(ring(one) / ring(even)).toBeLessThan(2);
    expect(peak(source, one, 4.6, 4.9).counts / peak(source, two, 4.6, 4.9).counts).toBeCloseTo(1, 1);
    const { texture } = exposureOf(NMC, 3);
    expect(texture.ringFactors.flat().every((factor) => factor >= 0.5 && factor <= 2)).toBe(true);
    expect(texture).toEqual(drawTexture(createChance(3).stream("texture"), STRUCTURES, texture.stack));
  });

  it("is skewed while the cell is charged fast: surface before core", () => {
    const exposure = evenExposure(NMC, "windowed");
    const centre = (surface: number): number => {
      const pattern = source.expected({ ...STATE, positiveSurface: surface }, exposure);
      return peak(source, pattern, 4.6, 4.9).counts;
    };
    expect(centre(0.5)).toBeLessThan(0.97 * centre(0.6));
  });
});

describe("phases", () => {
  const rules = createPhaseRules(STRUCTURES);

  it("of LiFePO4 lag the lithium by a minute", () => {
    const resting = rules.positive("lfp", { mean: 0.5, surface: 0.5 });
    const charging = rules.positive("lfp", { mean: 0.5, surface: 0.4, changePerS: -1e-3 });
    const share = (of: typeof resting): number => of.find(({ phase }) => phase === "lfp")?.share ?? 0;
    expect(share(charging) - share(resting)).toBeCloseTo(0.06 / 0.92, 9);
  });

  it("of LiCoO2 coexist between 0.94 and 0.75", () => {
    expect(rules.positive("lco", { mean: 0.845, surface: 0.845 })).toEqual([
      { phase: "lco", lithium: 0.75, share: 0.5 },
      { phase: "lco", lithium: 0.94, share: 0.5 },
    ]);
    expect(rules.positive("lco", { mean: 0.97, surface: 0.97 })).toHaveLength(1);
    expect(rules.positive("lco", { mean: 0.6, surface: 0.6 })).toHaveLength(1);
  });

  it("of graphite follow one another: dilute, 4, 3, 2L, 2, 1", () => {
    const main = [0, 0.11, 0.17, 0.25, 0.5, 1].map((lithium) => {
      const shares = [...rules.negative(lithium, 0)].sort((left, right) => right.share - left.share);
      return shares[0]?.phase;
    });
    expect(main).toEqual(["stage1L", "stage4", "stage3", "stage2L", "lic12", "lic6"]);
  });

  it("of graphite are more of them at once at 1C than at rest", () => {
    expect(rules.negative(0.17, 1).length).toBeGreaterThan(rules.negative(0.17, 0).length);
  });
});

describe("what cannot be", () => {
  const source = sourceAt(60, 1);
  const exposure = exposureOf(NMC, 1);

  it.each([
    [{ ...STATE, positiveMean: NaN }, {}],
    [{ ...STATE, positiveMean: 1.2 }, {}],
    [{ ...STATE, negativeMean: -0.1 }, {}],
    [{ ...STATE, positiveSurface: Infinity }, {}],
    [{ ...STATE, rateC: NaN }, {}],
    [STATE, { exposureS: -1 }],
    [STATE, { exposureS: Infinity }],
    [STATE, { fluxPhS: NaN }],
    [STATE, { transmission: 1.5 }],
  ])("is refused: %j, %j", (state, wrong) => {
    expect(() => source.pattern(state, { ...exposure, ...wrong })).toThrow(RangeError);
  });

  it("names the designs it knows when asked for another", () => {
    expect(() => stackOfDesign(STRUCTURES, { ...design(NMC), id: "sodium" })).toThrow(/lno-graphite/);
  });

  it("is an energy the tables do not hold", () => {
    expect(() => sourceAt(120, 1).pattern(STATE, exposure)).toThrow(/no attenuation at 120 keV/);
  });

  it("is a table with a hole: the path is named", () => {
    expect(() => parseStructures({})).toThrow(/phases/);
    const table = structuredClone(tableJson("structures")) as { photons: { total: { copper: number[] } } };
    table.photons.total.copper.pop();
    expect(() => parseStructures(table)).toThrow(/photons.total.copper/);
  });
});

it.each(DESIGN_IDS)("%s gives a frame in which charged and discharged differ", (id) => {
  const source = sourceAt(60, 1);
  const exposure = evenExposure(id, "windowed");
  const { y0, y100 } = design(id).stoichiometry;
  const [full, empty] = [y100, y0].map((lithium) => source.expected(restedAt(id, lithium), exposure).slice());
  if (full === undefined || empty === undefined) throw new Error("two frames were asked for");
  let apart = 0;
  for (const [point, counts] of full.entries()) apart += Math.abs(counts - (empty[point] ?? NaN)) / Math.sqrt(counts);
  expect(apart).toBeGreaterThan(2500);
});
