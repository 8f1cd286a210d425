import { describe, expect, it } from "vitest";
import {
  coolestSpot,
  doseRefusals,
  emptyCellDose,
  exposureLimitFraction,
  limitFraction,
  settledFluenceAt,
  weighedFluence,
  withBooking,
  withBrought,
  withSettlement,
  type CellDose,
} from "../../../controller/dose/cell-dose.ts";
import { LAYERS, limit, plan, proposal } from "./dose-plans.ts";

const EMPTY = emptyCellDose(plan());

function settled(...phCm2: readonly number[]): CellDose {
  return { settledPhCm2: phCm2, cycle: null, cyclePhCm2: phCm2, open: [] };
}

function booked(dose: CellDose, exposureId: string, spotIndex: number, fluencePhCm2: number): CellDose {
  return withBooking(dose, { exposureId, spotIndex, fluencePhCm2 });
}

describe("the dose of a cell", () => {
  it("may reach its limit and not pass it, counted with the uncertainty", () => {
    expect(doseRefusals(plan(), EMPTY, proposal(2e12))).toEqual([]);
    expect(doseRefusals(plan(), EMPTY, proposal(2.001e12))).toEqual([
      {
        kind: "dose",
        layer: "positive electrode",
        location: "surface",
        wouldBe: expect.closeTo(1000.5, 6) as number,
        limit: 1000,
        text: "dose in positive electrode (surface, en) would be up to 1001 Gy, limit 1000 Gy (vouched for by nobody; chosen for the test)",
      },
    ]);
  });

  it("counts what a spot was given before", () => {
    expect(doseRefusals(plan(), settled(0, 1.2e12, 0), proposal(0.8e12))).toEqual([]);
    expect(doseRefusals(plan(), settled(0, 1.2e12, 0), proposal(0.81e12))).toHaveLength(1);
  });

  it("counts a booking like a dose until it is settled, and no more than measured after", () => {
    const withOne = booked(EMPTY, "x1", 1, 1.6e12);
    expect(doseRefusals(plan(), withOne, proposal(0.5e12))).toHaveLength(1);
    const after = withSettlement(withOne, "x1", 1e12);
    expect(after).toEqual(settled(0, 1e12, 0));
    expect(doseRefusals(plan(), after ?? EMPTY, proposal(1e12))).toEqual([]);
  });

  it("keeps several bookings apart and settles the one that is named", () => {
    const two = booked(booked(EMPTY, "x1", 0, 5e11), "x2", 2, 7e11);
    expect(withSettlement(two, "x2", 6e11)).toEqual(booked(settled(0, 0, 6e11), "x1", 0, 5e11));
  });

  it("has no settlement without a booking", () => {
    expect(withSettlement(EMPTY, "x1", 1)).toBeUndefined();
    expect(withSettlement(booked(EMPTY, "x1", 0, 1), "x2", 1)).toBeUndefined();
  });

  it("adds the tails of the neighbours: a sixteenth at one width, 2^-16 at two", () => {
    const dose = settled(1e12, 0, 1e12);
    expect(settledFluenceAt(plan(), dose, 0, 0)).toBeCloseTo(1.25e11, 0);
    expect(settledFluenceAt(plan(), dose, -0.5, 0)).toBeCloseTo(1e12 * (1 + 2 ** -16), 0);
    // 2^-4(0.5^2 + 0.5^2) of each neighbour at the middle between two spots, half a width from both: one half each.
    expect(settledFluenceAt(plan(), settled(1e12, 1e12, 0), -0.25, 0)).toBeCloseTo(1e12, 0);
    const roomPhCm2 = 2e12 - 1.25e11;
    expect(doseRefusals(plan(), dose, proposal(roomPhCm2 * 0.999_999))).toEqual([]);
    expect(doseRefusals(plan(), dose, proposal(roomPhCm2 * 1.000_001))).toHaveLength(1);
  });

  it("adds the tails of what is booked next door too", () => {
    const dose = booked(EMPTY, "x1", 0, 1.6e12);
    expect(doseRefusals(plan(), dose, proposal(1.899e12))).toEqual([]);
    expect(doseRefusals(plan(), dose, proposal(1.901e12))).toHaveLength(1);
  });

  it("refuses an exposure whose tail would take a neighbour past the limit", () => {
    const full = settled(0, 2e12, 0);
    expect(doseRefusals(plan(), full, proposal(1, { spotIndex: 0 }))).toHaveLength(1);
    expect(doseRefusals(plan(), settled(0, 1.9e12, 0), proposal(1.59e12, { spotIndex: 0 }))).toEqual([]);
    expect(doseRefusals(plan(), settled(0, 1.9e12, 0), proposal(1.61e12, { spotIndex: 0 }))).toHaveLength(1);
  });

  it("leaves out spots that the exposure does not touch at all", () => {
    const apart = plan({ relativeFluence: (dxMm) => (dxMm === 0 ? 1 : 0) });
    const full = settled(0, 2.5e12, 0);
    expect(doseRefusals(apart, full, proposal(2e12, { spotIndex: 0 }))).toEqual([]);
    // What a sum can show is the least that counts as touched.
    const touching = (share: number) => plan({ relativeFluence: (dxMm) => (dxMm === 0 ? 1 : share) });
    expect(doseRefusals(touching(1e-18), full, proposal(1, { spotIndex: 0 }))).toHaveLength(1);
    expect(doseRefusals(touching(0.9e-18), full, proposal(1, { spotIndex: 0 }))).toEqual([]);
  });

  it("takes surface or mean as the limit says", () => {
    const mean = plan({ limits: [limit({ location: "mean" })] });
    expect(doseRefusals(mean, EMPTY, proposal(4e12))).toEqual([]);
    expect(doseRefusals(mean, EMPTY, proposal(4.001e12))).toMatchObject([{ kind: "dose", location: "mean" }]);
  });

  it("holds every limit and names each one that would break", () => {
    const both = plan({ limits: [limit(), limit({ layerName: "window", layerIndex: 0, doseGy: 200 })] });
    expect(doseRefusals(both, EMPTY, proposal(1.6e12))).toEqual([]);
    expect(doseRefusals(both, EMPTY, proposal(1.7e12)).map((item) => item.layer)).toEqual(["window"]);
    expect(doseRefusals(both, EMPTY, proposal(2.1e12)).map((item) => item.layer)).toEqual([
      "positive electrode",
      "window",
    ]);
  });

  it("counts a limit per exposure without what was given before", () => {
    const perExposure = plan({ limits: [limit({ scope: "per-exposure" })] });
    const used = booked(settled(9e12, 9e12, 9e12), "x1", 1, 9e12);
    expect(doseRefusals(perExposure, used, proposal(2e12))).toEqual([]);
    expect(doseRefusals(perExposure, EMPTY, proposal(2.001e12))).toHaveLength(1);
  });

  it("counts a limit per cycle anew in each cycle, and bookings with the cycle they were made in", () => {
    const perCycle = plan({ limits: [limit({ scope: "spot-cycle" })] });
    const inCycle = (cycle: number | null, phCm2: number) => proposal(phCm2, { cycle });
    let dose = withBooking(EMPTY, { exposureId: "x1", spotIndex: 1, fluencePhCm2: 1.5e12, cycle: 1 });
    expect(doseRefusals(perCycle, dose, inCycle(1, 0.5e12))).toEqual([]);
    expect(doseRefusals(perCycle, dose, inCycle(1, 0.51e12))).toMatchObject([
      { kind: "dose", text: expect.stringContaining("in this cycle would be up to") as string },
    ]);
    expect(doseRefusals(perCycle, dose, inCycle(2, 2e12))).toEqual([]);
    dose = withSettlement(dose, "x1", 1.2e12) ?? EMPTY;
    expect(doseRefusals(perCycle, dose, inCycle(1, 0.8e12))).toEqual([]);
    expect(doseRefusals(perCycle, dose, inCycle(1, 0.81e12))).toHaveLength(1);
    expect(doseRefusals(perCycle, dose, inCycle(2, 2e12))).toEqual([]);
    // A cycle that is not known is the present one.
    expect(doseRefusals(perCycle, dose, inCycle(null, 0.81e12))).toHaveLength(1);
    dose = booked(dose, "x2", 1, 1e12);
    expect(doseRefusals(perCycle, dose, inCycle(2, 1.01e12))).toHaveLength(1);
    dose = withSettlement(dose, "x2", 0) ?? EMPTY;
    dose = withBooking(dose, { exposureId: "x3", spotIndex: 0, fluencePhCm2: 1.6e12, cycle: 2 });
    dose = withSettlement(dose, "x3", 1.6e12) ?? EMPTY;
    // The neighbour's tail, a sixteenth, is of this cycle too; what was given in the first is not.
    expect(doseRefusals(perCycle, dose, inCycle(2, 1.9e12))).toEqual([]);
    expect(doseRefusals(perCycle, dose, inCycle(2, 1.91e12))).toHaveLength(1);
    expect(limitFraction(perCycle, dose)).toBeCloseTo(0.8, 9);
    expect(doseRefusals(plan(), dose, inCycle(2, 0.81e12))).toHaveLength(1);
    // Nothing is judged in a cycle that is over.
    expect(doseRefusals(perCycle, dose, inCycle(1, 1))).toMatchObject([{ wouldBe: null }]);
  });

  it("leaves the present cycle alone when an exposure of the one before is settled late", () => {
    const perCycle = plan({ limits: [limit({ scope: "spot-cycle" })] });
    let dose = withBooking(EMPTY, { exposureId: "x1", spotIndex: 1, fluencePhCm2: 2e12, cycle: 1 });
    dose = withBooking(dose, { exposureId: "x2", spotIndex: 1, fluencePhCm2: 1e12, cycle: 2 });
    dose = withSettlement(dose, "x2", 1e12) ?? EMPTY;
    dose = withSettlement(dose, "x1", 2e12) ?? EMPTY;
    expect(dose).toMatchObject({ settledPhCm2: [0, 3e12, 0], cycle: 2, cyclePhCm2: [0, 1e12, 0] });
    expect(doseRefusals(perCycle, dose, proposal(1e12, { cycle: 2 }))).toEqual([]);
  });

  it("adds up what is given in one cycle, and counts with any what was given in none that is known", () => {
    const perCycle = plan({ limits: [limit({ scope: "spot-cycle" })] });
    let dose = EMPTY;
    for (const [exposureId, phCm2] of [
      ["x1", 5e11],
      ["x2", 7e11],
    ] as const) {
      dose = withBooking(dose, { exposureId, spotIndex: 1, fluencePhCm2: 1e12, cycle: 4 });
      dose = withSettlement(dose, exposureId, phCm2) ?? EMPTY;
    }
    expect(dose).toMatchObject({ cycle: 4, cyclePhCm2: [0, 1.2e12, 0] });
    const ofNoCycle = settled(0, 1.2e12, 0);
    expect(doseRefusals(perCycle, ofNoCycle, proposal(0.8e12, { cycle: 1 }))).toEqual([]);
    expect(doseRefusals(perCycle, ofNoCycle, proposal(0.81e12, { cycle: 1 }))).toHaveLength(1);
  });

  it("limits the dose rate by itself", () => {
    const rate = plan({ limits: [limit({ doseGy: null, doseRateGyS: 100 })] });
    expect(doseRefusals(rate, settled(0, 9e13, 0), proposal(9e13, { fluenceRatePhCm2S: 2e11 }))).toEqual([]);
    expect(doseRefusals(rate, EMPTY, proposal(1, { fluenceRatePhCm2S: 2.001e11 }))).toMatchObject([
      {
        kind: "dose-rate",
        limit: 100,
        text: "dose rate in positive electrode (surface, en) would be up to 100.1 Gy/s, limit 100 Gy/s (vouched for by nobody; chosen for the test)",
      },
    ]);
  });

  it("holds dose and rate of one limit together", () => {
    const both = plan({ limits: [limit({ doseRateGyS: 100 })] });
    const kinds = doseRefusals(both, EMPTY, proposal(3e12, { fluenceRatePhCm2S: 3e11 })).map((item) => item.kind);
    expect(kinds).toEqual(["dose", "dose-rate"]);
  });
});

describe("the spot that has had least", () => {
  const apart = plan({ relativeFluence: (dxMm) => (dxMm === 0 ? 1 : 0) });

  it("is the first of those that differ by no more than the tolerance", () => {
    expect(coolestSpot(apart, settled(5, 3, 5), [0, 1, 2], 2)).toBe(0);
    expect(coolestSpot(apart, settled(5, 3, 5), [0, 1, 2], 1.9)).toBe(1);
  });

  it("is none of which that is not known, as long as there is another", () => {
    expect(coolestSpot(apart, settled(NaN, 9, NaN), [0, 1, 2], 0)).toBe(1);
    expect(coolestSpot(apart, settled(9, 9, 9), [7, 1], 0)).toBe(1);
  });
});

describe("what a row of the ledger weighs", () => {
  it("is what was measured, to the last bit, where it was measured as surely as the plan reckons", () => {
    const surely = plan({ relativeUncertainty: 0.07 });
    for (let index = 1; index < 50; index += 1) {
      const fluencePhCm2 = index * 1e11;
      expect(weighedFluence(surely, { fluencePhCm2, relativeUncertainty: 0.07 })).toBe(fluencePhCm2);
    }
  });
});

describe("an unknown in the dose", () => {
  it.each([
    ["no limit", { limits: [] }, "no dose limit is given for this cell"],
    ["a limit without a number", { limits: [limit({ doseGy: null })] }, "states no number"],
    ["a limit of NaN", { limits: [limit({ doseGy: NaN })] }, "states no number"],
    ["an endless limit", { limits: [limit({ doseGy: Infinity })] }, "states no number"],
    ["a negative limit", { limits: [limit({ doseGy: -1 })] }, "states no number"],
    ["a rate limit of NaN", { limits: [limit({ doseRateGyS: NaN })] }, "states no number"],
    ["an endless rate limit", { limits: [limit({ doseRateGyS: Infinity })] }, "states no number"],
    ["a layer that is not there", { limits: [limit({ layerIndex: 5 })] }, "no dose coefficient"],
    ["a layer index of NaN", { limits: [limit({ layerIndex: NaN })] }, "no dose coefficient"],
    ["a coefficient of NaN", { layers: coefficient(NaN) }, "no dose coefficient"],
    ["an endless coefficient", { layers: coefficient(Infinity) }, "no dose coefficient"],
    ["a negative coefficient", { layers: coefficient(-1e-10) }, "no dose coefficient"],
    ["an uncertainty of NaN", { relativeUncertainty: NaN }, "uncertainty"],
    ["an endless uncertainty", { relativeUncertainty: Infinity }, "uncertainty"],
    ["an uncertainty that makes doses smaller", { relativeUncertainty: -0.5 }, "uncertainty"],
  ])("refuses: %s", (_, changes, text) => {
    const refusals = doseRefusals(plan(changes), EMPTY, proposal(1));
    expect(refusals).toMatchObject([{ kind: "unknown", wouldBe: null, limit: null }]);
    expect(refusals[0]?.text).toContain(text);
  });

  it.each([
    ["fluence NaN", proposal(NaN, { fluenceRatePhCm2S: 1 })],
    ["fluence endless", proposal(Infinity, { fluenceRatePhCm2S: 1 })],
    ["fluence negative", proposal(-1, { fluenceRatePhCm2S: 1 })],
    ["rate NaN", proposal(1, { fluenceRatePhCm2S: NaN })],
    ["rate endless", proposal(1, { fluenceRatePhCm2S: Infinity })],
    ["rate negative", proposal(1, { fluenceRatePhCm2S: -1 })],
    ["a spot beyond the plan", proposal(1, { spotIndex: 3 })],
    ["a spot before the plan", proposal(1, { spotIndex: -1 })],
    ["half a spot", proposal(1, { spotIndex: 0.5 })],
    ["a spot of NaN", proposal(1, { spotIndex: NaN })],
  ])("refuses a proposal of %s", (_, asked) => {
    expect(doseRefusals(plan(), EMPTY, asked)).toMatchObject([{ kind: "unknown" }]);
  });

  it.each([
    ["given here", settled(0, NaN, 0)],
    ["given next door", settled(NaN, 0, 0)],
    ["given two spots on", settled(0, 0, NaN)],
    ["never written down", settled()],
    ["booked", booked(EMPTY, "x1", 2, NaN)],
    ["booked on a spot that is not there", booked(EMPTY, "x1", 9, 1)],
  ])("refuses when it is not known what was %s", (_, dose) => {
    expect(doseRefusals(plan(), dose, proposal(1))).toMatchObject([{ kind: "dose", wouldBe: null }]);
  });

  it("refuses when the beam's own shape is not known away from its centre", () => {
    const shape = plan({ relativeFluence: (dxMm) => (dxMm === 0 ? 1 : NaN) });
    expect(doseRefusals(shape, EMPTY, proposal(1))).toHaveLength(1);
    expect(doseRefusals(shape, EMPTY, proposal(1, { spotIndex: 2 }))).toHaveLength(1);
  });
});

describe("the share of the limit that is used", () => {
  it("is nothing before the first photon", () => {
    expect(limitFraction(plan(), EMPTY)).toBe(0);
  });

  it("is the upper value of the hottest spot over the tightest limit, tails included", () => {
    const dose = booked(settled(1e12, 1.2e12, 0), "x1", 1, 5e11);
    const hottest = 1.2e12 + 1e12 / 16;
    expect(limitFraction(plan(), dose)).toBeCloseTo((1.25 * 4e-10 * hottest) / 1000, 9);
    const tighter = plan({ limits: [limit(), limit({ layerIndex: 0, doseGy: 100 })] });
    expect(limitFraction(tighter, dose)).toBeCloseTo((1.25 * 1e-10 * hottest) / 100, 9);
    expect(limitFraction(plan(), dose, true)).toBeCloseTo((1.25 * 4e-10 * (hottest + 5e11)) / 1000, 9);
  });

  it("reaches all of the limit with the last exposure that the gate lets through", () => {
    const last = { ...proposal(2e12), fluenceRatePhCm2S: 0 };
    expect(doseRefusals(plan(), EMPTY, last)).toEqual([]);
    expect(limitFraction(plan(), settled(0, 2e12, 0))).toBeCloseTo(1, 9);
    expect(doseRefusals(plan(), EMPTY, { ...last, fluencePhCm2: 2.01e12 })).toHaveLength(1);
  });

  it("leaves out limits per exposure and of rate", () => {
    const other = [limit({ scope: "per-exposure" }), limit({ doseGy: null, doseRateGyS: 1 })];
    expect(limitFraction(plan({ limits: other }), settled(1e12, 1e12, 1e12))).toBe(0);
  });
});

describe("the share of the limits on one exposure", () => {
  const perExposure = limit({ scope: "per-exposure" });

  it("counts its dose and its dose rate, by the upper value, and no limit of totals", () => {
    // 1e12 ph/cm2 are 500 Gy at the electrode's surface with the uncertainty.
    expect(exposureLimitFraction(plan({ limits: [perExposure] }), 1e12, 2)).toBeCloseTo(0.5, 9);
    const rate = limit({ doseGy: null, doseRateGyS: 1000 });
    expect(exposureLimitFraction(plan({ limits: [rate] }), 1e12, 2)).toBeCloseTo(0.25, 9);
    expect(exposureLimitFraction(plan({ limits: [rate, perExposure] }), 1e12, 2)).toBeCloseTo(0.5, 9);
    expect(exposureLimitFraction(plan(), 1e12, 2)).toBe(0);
  });

  it("is nothing of a rate where the shutter was not open", () => {
    expect(exposureLimitFraction(plan({ limits: [limit({ doseRateGyS: 100 })] }), 0, 0)).toBe(0);
  });
});

it("how spots overlap under the beam is worked out once, for all cells that have them", () => {
  let asked = 0;
  const relativeFluence = (dxMm: number): number => {
    asked += 1;
    return dxMm === 0 ? 1 : 0;
  };
  doseRefusals(plan({ relativeFluence }), EMPTY, proposal(1));
  const once = asked;
  doseRefusals(plan({ relativeFluence, position: "A2" }), settled(1, 1, 1), proposal(1));
  expect(asked).toBe(once);
});

function coefficient(surfaceGyPerPhCm2: number) {
  return LAYERS.map((layer) => ({ ...layer, surfaceGyPerPhCm2 }));
}

describe("the dose of a cell that has come back", () => {
  const TWICE_AWAY = [
    { plan: plan(), dose: { ...settled(0, 6e11, 0), cyclePhCm2: [0, 1e11, 0] } },
    { plan: plan(), dose: booked(settled(0, 0, 4e11), "x1", 2, 1e11) },
  ];
  const BACK = withBrought(EMPTY, TWICE_AWAY);

  it("counts the hottest spot of each of its former places, with what is booked there, on every spot", () => {
    expect(BACK.brought).toEqual({ phCm2: 1.1e12, cyclePhCm2: 6e11 });
    expect(withBrought(EMPTY, []).brought).toEqual({ phCm2: 0, cyclePhCm2: 0 });
    for (const spotIndex of [0, 1, 2]) {
      expect(doseRefusals(plan(), BACK, proposal(0.9e12, { spotIndex }))).toEqual([]);
      expect(doseRefusals(plan(), BACK, proposal(0.901e12, { spotIndex }))).toHaveLength(1);
    }
    expect(limitFraction(plan(), BACK)).toBeCloseTo(0.55, 12);
  });

  it("is of its first cycle here where a limit is of a cycle, and of none later", () => {
    const perCycle = plan({ limits: [limit({ scope: "spot-cycle" })] });
    for (const cycle of [null, 1]) {
      expect(doseRefusals(perCycle, BACK, proposal(1.4e12, { cycle }))).toEqual([]);
      expect(doseRefusals(perCycle, BACK, proposal(1.401e12, { cycle }))).toHaveLength(1);
    }
    expect(doseRefusals(perCycle, BACK, proposal(2e12, { cycle: 2 }))).toEqual([]);
    expect(doseRefusals(perCycle, BACK, proposal(2.001e12, { cycle: 2 }))).toHaveLength(1);
    expect(limitFraction(perCycle, BACK)).toBeCloseTo(0.3, 12);
    const inSecond = withSettlement(
      withBooking(BACK, { exposureId: "x2", spotIndex: 1, fluencePhCm2: 1e12, cycle: 2 }),
      "x2",
      5e11,
    );
    expect(limitFraction(perCycle, inSecond ?? BACK)).toBeCloseTo(0.25, 12);
    expect(doseRefusals(perCycle, inSecond ?? BACK, proposal(1.5e12))).toEqual([]);
  });

  it("is nothing to a limit of one exposure", () => {
    const perExposure = plan({ limits: [limit({ scope: "per-exposure" })] });
    expect(doseRefusals(perExposure, BACK, proposal(2e12))).toEqual([]);
    expect(limitFraction(perExposure, BACK)).toBe(0);
  });
});
