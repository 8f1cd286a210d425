import { expect, it } from "vitest";
import { judgeAsking, type GateRepeat } from "../../../simulator/world/judge-asking.ts";
import type { AskedRequest } from "../../../simulator/world/request-truth.ts";
import type { Opening } from "../../../simulator/world/shutter-truth.ts";
import { createLedger } from "../../../simulator/world/world-truth.ts";

const FIRST: AskedRequest = {
  ...{ positionIndex: 3, xMm: 0, yMm: 0, earliestMs: 100_000, latestMs: 200_000, exposureS: 5, filtersIn: [] },
};
const SECOND: AskedRequest = { ...FIRST, earliestMs: 200_000, latestMs: 300_000 };

function opened(startMs: number): Opening {
  const deposits = [{ positionIndex: 3, xMm: 0, yMm: 0, photons: 1e11 }];
  const endMs = startMs + 5000;
  return {
    ...{
      startMs,
      endMs,
      deposits,
      photons: 1e11,
      peakPhS: 1e11,
      stageMoved: false,
      litEndMs: endMs,
      orderedShutMs: endMs,
      excessPhotons: 0,
    },
  };
}

function unasked(...startsMs: readonly number[]): readonly number[] {
  const ledger = createLedger(["exposed-as-asked"]);
  judgeAsking([FIRST, SECOND], startsMs.map(opened), ledger);
  expect(ledger.checks["exposed-as-asked"]).toBe(startsMs.length);
  return ledger.violations.map(({ at_s: atS }) => 1000 * atS);
}

it("each opening answers one request of its cell, in its window", () => {
  expect(unasked(100_000, 250_000)).toEqual([]);
  expect(unasked(199_999, 200_001)).toEqual([]);
});

it("a second one in the same window is unasked, and so is one before or behind every window", () => {
  expect(unasked(210_000, 250_000)).toEqual([250_000]);
  expect(unasked(98_000)).toEqual([98_000]);
  expect(unasked(302_001)).toEqual([302_001]);
});

it("one that comes seconds after its window, as from a robot that was slow, is no answer to the request of before", () => {
  expect(unasked(221_000, 288_000)).toEqual([288_000]);
});

it("a second gate of a faulty trigger is no exposure of its own, but one that comes when the shutter is asked shut is", () => {
  function unaskedWith(repeat: GateRepeat, ...startsMs: readonly number[]): readonly number[] {
    const ledger = createLedger(["exposed-as-asked"]);
    judgeAsking([FIRST], startsMs.map(opened), ledger, [repeat]);
    expect(ledger.checks["exposed-as-asked"]).toBe(startsMs.length);
    return ledger.violations.map(({ at_s: atS }) => 1000 * atS);
  }
  const repeat: GateRepeat = { endMs: 114_980, againMs: 115_001 };
  expect(unaskedWith(repeat, 110_000, 115_001)).toEqual([]);
  expect(unaskedWith(repeat, 110_000, 115_001, 120_100)).toEqual([120_100]);
  expect(unaskedWith(repeat, 110_000, 115_002)).toEqual([115_002]);
  expect(unaskedWith(repeat, 104_000, 115_001)).toEqual([115_001]);
  expect(unaskedWith({ ...repeat, againMs: 115_500 }, 110_000, 115_500)).toEqual([115_500]);
});
