import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import { fitOxide } from "../../support/pattern-fit/layered-oxide.ts";
import { braggDeg, fitAreas, type Frame } from "../../support/pattern-fit/peaks.ts";
import { NMC811_LATTICE, PHASES, restedCell, strengthBetween, widthDeg } from "../../support/pattern-fit/tables.ts";
import { lithiumFromVoltage, restVoltageV } from "../../support/pattern-fit/voltage.ts";
import { exposureOf, frameOf, restedAt, sourceAt } from "./frames.ts";

const SEEDS = [1, 2, 3, 4];
const NMC = "nmc811-graphite-siox";
const LNO = "lno-graphite";
const LFP = "lfp-graphite";

describe.each([60, 70])("a frame of one second of a full-steel NMC811 cell at %d keV", (energyKeV) => {
  it.each([0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.475])(
    "gives back its lithium content of %d within 0.005",
    (lithium) => {
      for (const seed of SEEDS) {
        const frame = frameOf(sourceAt(energyKeV, seed), restedAt(NMC, lithium), exposureOf(NMC, seed));
        expect(Math.abs(fitOxide(frame, NMC811_LATTICE).lithium - lithium)).toBeLessThan(0.005);
      }
    },
  );

  it.each([0.295, 0.28, 0.265])(
    "gives back its lithium content of %d, past the maximum of c, within 0.005",
    (lithium) => {
      for (const seed of SEEDS) {
        const frame = frameOf(sourceAt(energyKeV, seed), restedAt(NMC, lithium), exposureOf(NMC, seed));
        expect(Math.abs(fitOxide(frame, NMC811_LATTICE).lithium - lithium)).toBeLessThan(0.005);
      }
    },
  );

  it.each([0.47, 0.44, 0.4, 0.375, 0.35, 0.32, 0.3])(
    "gives it back at %d, where (003) is blind, within 0.01 with the help of a voltage good to 2 mV",
    (lithium) => {
      const cell = restedCell(NMC);
      for (const seed of SEEDS) {
        const frame = frameOf(sourceAt(energyKeV, seed), restedAt(NMC, lithium), exposureOf(NMC, seed));
        const readV = restVoltageV(cell, lithium) + 0.002 * createChance(seed).stream("voltmeter").normal();
        const fitted = fitOxide(frame, NMC811_LATTICE, lithiumFromVoltage(cell, readV, 0.002));
        expect(Math.abs(fitted.lithium - lithium)).toBeLessThan(0.01);
      }
    },
  );
});

it("a windowed NMC811 cell gives its lithium content back within 0.0025: less casing, less noise", () => {
  for (const lithium of [0.8, 0.6, 0.28]) {
    for (const seed of SEEDS) {
      const exposure = exposureOf(NMC, seed, { casing: "windowed" });
      const frame = frameOf(sourceAt(60, seed), restedAt(NMC, lithium), exposure);
      expect(Math.abs(fitOxide(frame, NMC811_LATTICE).lithium - lithium)).toBeLessThan(0.0025);
    }
  }
});

/** Shares of phases from one line of each, by strength and formula mass. */
function shares(
  frame: Frame,
  windowA: readonly [number, number],
  lines: readonly { readonly dA: number; readonly sizeNm: number; readonly strength: number; readonly mass?: number }[],
): readonly number[] {
  const { wavelengthA } = frame;
  const areas = fitAreas(
    frame,
    braggDeg(windowA[1], wavelengthA),
    braggDeg(windowA[0], wavelengthA),
    lines.map(({ dA, sizeNm }) => ({
      centreDeg: braggDeg(dA, wavelengthA),
      widthDeg: widthDeg(dA, wavelengthA, sizeNm),
    })),
  );
  const amounts = lines.map(({ strength, mass }, line) => (areas[line] ?? NaN) / strength / (mass ?? 1));
  const total = amounts.reduce((sum, amount) => sum + amount, 0);
  return amounts.map((amount) => amount / total);
}

function h3Share(frame: Frame): number {
  const { H2, H3 } = PHASES.lno.snapshots;
  const found = shares(
    frame,
    [4.4, 4.92],
    [
      { dA: 14.4 / 3, sizeNm: 120, strength: strengthBetween(H2, 4.7, 4.9) },
      { dA: 13.48 / 3, sizeNm: 120, strength: strengthBetween(H3, 4.4, 4.6) },
    ],
  );
  return found[1] ?? NaN;
}

describe("LiNiO2 on charge", () => {
  it("collapses from H2 to H3: the line at 4.80 gives way to one at 4.49, by the lever rule", () => {
    for (const lithium of [0.26, 0.23, 0.2, 0.17, 0.14, 0.11]) {
      for (const seed of SEEDS) {
        const frame = frameOf(sourceAt(60, seed), restedAt(LNO, lithium), exposureOf(LNO, seed));
        expect(Math.abs(h3Share(frame) - (0.26 - lithium) / 0.15)).toBeLessThan(0.03);
      }
    }
  });

  it("shows H3 once the lithium has passed 0.26, and not before", () => {
    for (const seed of SEEDS) {
      const shareAt = (lithium: number): number =>
        h3Share(frameOf(sourceAt(60, seed), restedAt(LNO, lithium), exposureOf(LNO, seed)));
      expect(shareAt(0.265)).toBeLessThan(0.02);
      expect(shareAt(0.25)).toBeGreaterThan(0.04);
    }
  });
});

describe("a windowed LiFePO4 cell", () => {
  it.each([0.2, 0.35, 0.5, 0.65])("at %d lithium holds its two phases by the lever rule, within 0.03", (lithium) => {
    for (const seed of SEEDS) {
      const frame = frameOf(sourceAt(60, seed), restedAt(LFP, lithium), exposureOf(LFP, seed, { casing: "windowed" }));
      const found = shares(
        frame,
        [2.83, 3.07],
        [
          { dA: 3.0053, sizeNm: 70, strength: strengthBetween(PHASES.lfp, 2.99, 3.02), mass: 157.76 / 150.82 },
          { dA: 2.89465, sizeNm: 70, strength: strengthBetween(PHASES.fp, 2.88, 2.9) },
          { dA: 2.94762, sizeNm: 70, strength: Infinity },
        ],
      );
      expect(Math.abs((found[0] ?? NaN) - (lithium - 0.04) / 0.92)).toBeLessThan(0.03);
    }
  });
});

describe("graphite behind windows", () => {
  // Strengths are per gram of the lithiated phase: its mass over that of its carbon.
  const stages = [
    { dA: 3.37, phase: PHASES.graphite, sizeNm: 80, mass: 1 },
    { dA: 3.41625, phase: PHASES.stage4, sizeNm: 40, mass: 1.022 },
    { dA: 3.46933, phase: PHASES.stage3, sizeNm: 40, mass: 1.032 },
    { dA: 3.51, phase: PHASES.stage2L, sizeNm: 40, mass: 1.029 },
    { dA: 3.5325, phase: PHASES.lic12, sizeNm: 60, mass: 1.048 },
    { dA: 3.706, phase: PHASES.lic6, sizeNm: 60, mass: 1.096 },
  ];

  /** Local lithium spreads by 0.03 even at rest, so that a little of the neighbours stands beside a single phase. */
  it.each([
    { lithium: 0.14, expected: [0.02, 0.48, 0.47, 0.03, 0, 0] },
    { lithium: 0.38, expected: [0, 0, 0, 0.5, 0.5, 0] },
    { lithium: 0.5, expected: [0, 0, 0, 0.02, 0.97, 0.01] },
    { lithium: 0.745, expected: [0, 0, 0, 0, 0.5, 0.5] },
  ])("at $lithium lithium holds its stages by the lever rule, within 0.03 in four seconds", ({ lithium, expected }) => {
    for (const seed of SEEDS) {
      const state = { positiveMean: 0.5, positiveSurface: 0.5, negativeMean: lithium };
      const exposure = { ...exposureOf(NMC, seed, { casing: "windowed" }), exposureS: 4 };
      const found = shares(
        frameOf(sourceAt(60, seed), state, exposure),
        [3.3, 3.8],
        [
          ...stages.map(({ dA, phase, sizeNm, mass }) => ({
            dA,
            sizeNm,
            mass,
            strength: strengthBetween(phase, dA - 0.02, dA + 0.02),
          })),
          // The separator's polyethylene (200), broad, under LiC6.
          { dA: 3.71, sizeNm: 12, strength: Infinity },
        ],
      );
      for (const [stage, share] of expected.entries()) {
        expect(Math.abs((found[stage] ?? NaN) - share)).toBeLessThan(0.03);
      }
    }
  });
});
