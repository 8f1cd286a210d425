import { expect, it } from "vitest";
import { judgeCharges, type ClaimedCharge } from "../../../simulator/world/judge-charges.ts";
import type { Opening } from "../../../simulator/world/shutter-truth.ts";
import { createLedger } from "../../../simulator/world/world-truth.ts";

function opening(startMs: number, endMs: number, photons: number): Opening {
  return {
    ...{ startMs, endMs, litEndMs: endMs, photons, peakPhS: 1e10, stageMoved: false, excessPhotons: 0 },
    deposits: [{ positionIndex: 4, xMm: 0, yMm: 0, photons }],
  };
}

function charge(exposureId: string, startMs: number, endMs: number, photons: number): ClaimedCharge {
  return { exposureId, positionIndex: 4, startMs, endMs, photons };
}

function violationsOf(charges: readonly ClaimedCharge[], openings: readonly Opening[]): readonly string[] {
  const ledger = createLedger(["dose-charged"]);
  judgeCharges(charges, { ledger, openings, fluxUncertainty: 0.05, fluxTruthFactor: 1 });
  expect(ledger.checks["dose-charged"]).toBe(charges.length);
  return ledger.violations.map(({ what }) => what);
}

it("an exposure that is repeated within half a second is charged by itself, and so is the repeat", () => {
  const openings = [opening(1000, 1048, 100), opening(1502, 1550, 100)];
  const first = charge("first", 1000, 1047, 100);
  expect(violationsOf([first, charge("second", 1501, 1549, 100)], openings)).toEqual([]);
  expect(violationsOf([first, charge("second", 1501, 1549, 90)], openings)).toEqual([
    "second is charged with 90 photons, and was given 100",
  ]);
  expect(violationsOf([charge("first", 1000, 1047, 90), charge("second", 1501, 1549, 200)], openings)).toEqual([
    "first is charged with 90 photons, and was given 100",
  ]);
});

it("what a trigger's gate gives again belongs to the exposure that it came with", () => {
  const openings = [opening(1000, 1048, 100), opening(1090, 1140, 100)];
  expect(violationsOf([charge("only", 1000, 1141, 200)], openings)).toEqual([]);
  expect(violationsOf([charge("only", 1000, 1141, 150)], openings)).toEqual([
    "only is charged with 150 photons, and was given 200",
  ]);
});
