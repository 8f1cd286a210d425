import { describe, expect, it } from "vitest";
import { parseResponseParameters } from "../../../simulator/damage/response-parameters.ts";
import { createSpotResponse } from "../../../simulator/damage/spot-response.ts";
import { tableJson } from "../cell/designs.ts";

const PARAMETERS = parseResponseParameters(tableJson("models"));
const { nmc811, graphite } = PARAMETERS;
/** Gy/s in NMC811 grains at 1e10 photons/s in 0.5 x 0.5 mm, 70 keV (models.json, doseRate). */
const GY_S_AT_1E10 = 20.39;
const [START, END, CHARGE_S] = [0.854, 0.264, 36_000];

/** Lag of an NMC811 spot at the end of a C/10 charge, exposed for `litS` of every ten minutes. */
function lagAfterCharge(fluxPhS: number, litS: number): number {
  const spot = createSpotResponse(nmc811, 0, START);
  let local = START;
  for (let second = 0; second < CHARGE_S; second += 600) {
    spot.expose(second * 1000, litS, (litS * GY_S_AT_1E10 * fluxPhS) / 1e10);
    const mean = START + ((END - START) * (second + 600)) / CHARGE_S;
    local = spot.localStoichiometry((second + 600) * 1000, mean);
  }
  return local - END;
}

describe("a C/10 charge of NMC811 at 70 keV", () => {
  it("is not disturbed by a second every ten minutes at 1e11 photons/s", () => {
    expect(lagAfterCharge(1e11, 1)).toBeGreaterThan(0);
    expect(lagAfterCharge(1e11, 1)).toBeLessThan(0.001);
  });

  it("lags by 0.011 under continuous beam at 1e10", () => {
    expect(Math.abs(lagAfterCharge(1e10, 600) - 0.011)).toBeLessThan(0.002);
  });

  it("lags by 0.22 under continuous beam at 1e11", () => {
    expect(Math.abs(lagAfterCharge(1e11, 600) - 0.22)).toBeLessThan(0.01);
  });

  it("is frozen under continuous beam at 1e12", () => {
    expect(lagAfterCharge(1e12, 600)).toBeGreaterThan(0.55);
    expect(lagAfterCharge(1e12, 600)).toBeLessThan(START - END);
  });
});

describe("a spot", () => {
  it("that no beam has met follows the cell exactly", () => {
    const spot = createSpotResponse(nmc811, 0, 0.8);
    expect(spot.localStoichiometry(1e6, 0.5)).toBe(0.5);
    expect(spot.localStoichiometry(3e7, 0.7)).toBe(0.7);
    expect(spot.reactivity).toBe(1);
  });

  it("reacts half as fast after its half dose, and stays so", () => {
    const spot = createSpotResponse({ ...nmc811, blockingPerGy: 0 }, 0, 0.8);
    spot.expose(0, 100, nmc811.halfDoseGy);
    spot.localStoichiometry(1e5, 0.8);
    expect(spot.doseGy).toBeCloseTo(nmc811.halfDoseGy, 3);
    expect(spot.reactivity).toBeCloseTo(0.5, 9);
    spot.localStoichiometry(1e9, 0.8);
    expect(spot.reactivity).toBeCloseTo(0.5, 9);
  });

  it("recovers from temporary blocking with the time constant of the table", () => {
    const spot = createSpotResponse(nmc811, 0, 0.8);
    spot.expose(0, 1, 1e5);
    spot.localStoichiometry(1000, 0.8);
    const blocked = spot.blocked;
    expect(blocked).toBeCloseTo(1 - Math.exp(-0.5), 3);
    spot.localStoichiometry(1000 + nmc811.recoveryS * 1000, 0.8);
    expect(spot.blocked / blocked).toBeCloseTo(Math.exp(-1), 9);
  });

  it("draws level with the cell once the beam is gone, on charge as on discharge", () => {
    for (const [from, to] of [
      [0.8, 0.6],
      [0.6, 0.8],
    ] as const) {
      const spot = createSpotResponse(nmc811, 0, from);
      spot.expose(0, 3600, 1e6);
      const behind = spot.localStoichiometry(3.6e6, to) - to;
      expect(Math.sign(behind)).toBe(Math.sign(from - to));
      expect(Math.abs(behind)).toBeGreaterThan(0.05);
      const later = spot.localStoichiometry(3.6e6 + 5e7, to) - to;
      expect(Math.abs(later)).toBeLessThan(1e-4);
    }
  });

  it("comes out the same however often it is looked at", () => {
    const [seldom, often] = [createSpotResponse(nmc811, 0, 0.8), createSpotResponse(nmc811, 0, 0.8)];
    for (const spot of [seldom, often]) {
      spot.expose(600_000, 1800, 5e5);
      spot.expose(4_000_000, 60, 1e5);
    }
    for (let second = 60; second < 7200; second += 60) often.localStoichiometry(second * 1000, 0.8 - 1e-5 * second);
    expect(often.localStoichiometry(7_200_000, 0.728)).toBeCloseTo(seldom.localStoichiometry(7_200_000, 0.728), 4);
    expect(often.doseGy).toBeCloseTo(seldom.doseGy, 3);
  });

  it("agrees with the equations solved in steps of a tenth of a second", () => {
    const spot = createSpotResponse(nmc811, 0, 0.8);
    spot.expose(300_000, 900, 4e5);
    const stepS = 0.1;
    let [x, blocked, doseGy] = [0.8, 0, 0];
    for (let turn = 0; turn < 36_000; turn += 1) {
      const second = turn * stepS;
      const rate = second >= 300 && second < 1200 ? 4e5 / 900 : 0;
      const mean = 0.8 - (0.3 * (second + stepS / 2)) / 3600;
      const reactivity = (1 - blocked) / (1 + (doseGy / 5e6) ** 2);
      x += stepS * reactivity * (-0.3 / 3600 + (mean - x) / 1800);
      blocked += stepS * (5e-6 * rate * (1 - blocked) - blocked / 3600);
      doseGy += rate * stepS;
    }
    expect(spot.localStoichiometry(3_600_000, 0.5)).toBeCloseTo(x, 4);
    expect(spot.blocked).toBeCloseTo(blocked, 4);
  });

  it("takes the whole of a dose that is told late, and of one that took no time", () => {
    const late = createSpotResponse(nmc811, 0, 0.8);
    late.localStoichiometry(10_000, 0.8);
    late.expose(2_000, 3, 300);
    late.expose(20_000, 0, 50);
    late.localStoichiometry(60_000, 0.8);
    expect(late.doseGy).toBeCloseTo(350, 6);
    const now = createSpotResponse(nmc811, 0, 0.8);
    now.expose(0, 0, 50);
    expect(now.doseGy).toBe(50);
  });

  it("of graphite bears ten times the dose of NMC811", () => {
    const given = [nmc811, graphite].map((parameters) => {
      const spot = createSpotResponse(parameters, 0, 0.5);
      spot.expose(0, 3600, 5e6);
      spot.localStoichiometry(1e8, 0.5);
      return spot.reactivity;
    });
    expect(given[0]).toBeCloseTo(0.5, 3);
    expect(given[1]).toBeGreaterThan(0.98);
  });

  it.each([
    [NaN, 1, 1],
    [0, -1, 1],
    [0, 1, -1],
    [0, Infinity, 1],
    [0, 1, NaN],
  ])("refuses an exposure that cannot be: at %d ms, %d s, %d Gy", (atMs, durationS, doseGy) => {
    expect(() => {
      createSpotResponse(nmc811, 0, 0.5).expose(atMs, durationS, doseGy);
    }).toThrow(RangeError);
  });

  it("refuses a lithium content that is no number", () => {
    expect(() => createSpotResponse(nmc811, 0, 0.5).localStoichiometry(1, NaN)).toThrow(RangeError);
  });
});

it("a table without the response is refused with its path", () => {
  expect(() => parseResponseParameters({ beam: {} })).toThrow(/beam.response/);
});
