import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import { drawTexture, stackOfDesign } from "../../../simulator/diffraction/cell-stack.ts";
import { createPatternSource } from "../../../simulator/diffraction/pattern-source.ts";
import { createPhaseRules } from "../../../simulator/diffraction/phase-rules.ts";
import { parseStructures } from "../../../simulator/diffraction/structures.ts";
import { parseResponseParameters } from "../../../simulator/damage/response-parameters.ts";
import { createSpotResponse } from "../../../simulator/damage/spot-response.ts";
import { design, DESIGN_IDS, tableJson } from "../../unit/cell/designs.ts";

const STRUCTURES = parseStructures(tableJson("structures"));
const RESPONSES = parseResponseParameters(tableJson("models"));
const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const material = fc.constantFrom("nmc811", "lno", "lco", "lfp");

const state = fc.record({
  positiveMean: fraction,
  positiveSurface: fc.double({ min: -0.5, max: 1.5, noNaN: true }),
  negativeMean: fraction,
  rateC: fc.double({ min: -1000, max: 1000, noNaN: true }),
  positivePerS: fc.double({ min: -1, max: 1, noNaN: true }),
});

describe("phases", () => {
  const rules = createPhaseRules(STRUCTURES);

  it("share out the whole of either electrode, none of them less than nothing", () => {
    fc.assert(
      fc.property(state, material, (of, positive) => {
        const electrodes = [
          rules.positive(positive, { mean: of.positiveMean, surface: of.positiveSurface, changePerS: of.positivePerS }),
          rules.negative(of.negativeMean, of.rateC),
        ];
        for (const shares of electrodes) {
          expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
          expect(shares.every(({ share, lithium }) => share >= 0 && lithium >= 0 && lithium <= 1)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("hold the lithium of the electrode: graphite at any rate, the others at rest", () => {
    const total = (shares: readonly { share: number; lithium: number }[]): number =>
      shares.reduce((sum, { share, lithium }) => sum + share * lithium, 0);
    fc.assert(
      fc.property(state, material, (of, positive) => {
        expect(total(rules.negative(of.negativeMean, of.rateC))).toBeCloseTo(of.negativeMean, 9);
        const rested = rules.positive(positive, { mean: of.positiveMean, surface: of.positiveMean });
        expect(total(rested)).toBeCloseTo(of.positiveMean, 9);
      }),
      { numRuns: 2000 },
    );
  });
});

it("a frame of any cell in any state at any energy of the tables holds finite counts, none below nothing", () => {
  const sources = [15, 25, 60, 90].map((energyKeV) =>
    createPatternSource({
      structures: STRUCTURES,
      energyKeV,
      geometry: { points: 100 },
      chance: createChance(energyKeV),
    }),
  );
  const textures = DESIGN_IDS.flatMap((id) =>
    (["steel", "windowed"] as const).map((casing) =>
      drawTexture(createChance(1), STRUCTURES, stackOfDesign(STRUCTURES, design(id), { casing })),
    ),
  );
  fc.assert(
    fc.property(
      state,
      fc.constantFrom(...sources),
      fc.constantFrom(...textures),
      fc.double({ min: 0, max: 1e5, noNaN: true }),
      fc.double({ min: 0, max: 1e14, noNaN: true }),
      fraction,
      (of, source, texture, exposureS, fluxPhS, transmission) => {
        const counts = source.pattern(of, { exposureS, fluxPhS, transmission, texture });
        expect(counts.every((count) => count >= 0)).toBe(true);
        const means = source.expected(of, { exposureS, fluxPhS, transmission, texture });
        expect(means.every((mean) => Number.isFinite(mean) && mean >= 0)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

it("lithium in a spot stays between what it was and what the cell has been, whatever the beam does", () => {
  const visit = fc.record({
    // At once, or later by what a clock can tell.
    afterS: fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 1e5, noNaN: true })),
    durationS: fc.double({ min: 0, max: 1e4, noNaN: true }),
    doseGy: fc.double({ min: 0, max: 1e8, noNaN: true }),
    mean: fraction,
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(RESPONSES)),
      fraction,
      fc.array(visit, { maxLength: 12 }),
      (response, start, visits) => {
        const spot = createSpotResponse(response, 0, start);
        let atMs = 0;
        let [least, most] = [start, start];
        let givenGy = 0;
        for (const { afterS, durationS, doseGy, mean } of visits) {
          spot.expose(atMs, durationS, doseGy);
          givenGy += doseGy;
          atMs += afterS * 1000;
          [least, most] = [Math.min(least, mean), Math.max(most, mean)];
          const local = spot.localStoichiometry(atMs, mean);
          expect(local).toBeGreaterThanOrEqual(least - 1e-9);
          expect(local).toBeLessThanOrEqual(most + 1e-9);
          expect(spot.blocked).toBeGreaterThanOrEqual(0);
          expect(spot.blocked).toBeLessThanOrEqual(1);
          expect(spot.reactivity).toBeGreaterThanOrEqual(0);
          expect(spot.reactivity).toBeLessThanOrEqual(1);
          // An exposure of milliseconds has the resolution of a clock that counts days.
          expect(spot.doseGy).toBeLessThanOrEqual(givenGy * (1 + 1e-6) + 1e-12);
        }
        // Long after, all that was given has arrived.
        spot.localStoichiometry(atMs + 1e9, start);
        expect(Math.abs(spot.doseGy - givenGy)).toBeLessThanOrEqual(1.001e-6 * givenGy + 1e-12);
      },
    ),
    { numRuns: 1000 },
  );
});
