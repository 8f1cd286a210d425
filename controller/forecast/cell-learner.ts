/**
 * What the samples of a cell teach about it: where its steps end, what it holds, what its resistance and its relaxation
 * are. It hears of a step's start, its first sample and its end, whatever instrument runs them, and knows nothing else.
 */
import type { ModelState } from "../../protocols/echem/forecast/cell-model.ts";
import { advance } from "../../protocols/echem/forecast/cell-model.ts";
import type { LearnedCell, LearnedStep } from "../../protocols/echem/forecast/learned-cell.ts";
import {
  DROP_AT_1C_V,
  LAG_S,
  scaled,
  type CellNameplate,
  type Guess,
} from "../../protocols/echem/forecast/nameplate.ts";
import { curveOf } from "../../protocols/echem/forecast/open-circuit-curve.ts";
import type { ProtocolCursor } from "../../protocols/echem/cursor.ts";
import { createChargeAnchors } from "./charge-anchors.ts";

/** What a step came to, by samples and by the instrument's word. */
export interface EndedStep {
  /** For which it ran, pauses left out. */
  readonly durationS: number;
  /** `cut` where it was left, or went on after a break: what it came to says nothing of the next time. */
  readonly endedBy: LearnedStep["endedBy"] | "cut";
  /** Net charge by all raw samples; NaN where it is not known. */
  readonly chargeAh: number;
  /** Of the last sample; NaN without one. */
  readonly voltageV: number;
  readonly currentA: number;
}

export interface CellLearner {
  stepStarted(cursor: ProtocolCursor): void;
  /** Seconds from the step's start. Once per step. */
  firstSample(sinceS: number, voltageV: number, currentA: number): void;
  stepEnded(end: EndedStep): void;
  /** What a forecast goes on from now; what it takes from the nameplate, and what was measured. */
  readonly learned: LearnedCell;
  /** The technique step before the one that runs or comes next, -1 for none: what a forecast goes on from. */
  readonly previousIndex: number;
}

/** Where the curve is steeper, V per unit, a jump of voltage is relaxation as much as resistance. */
const JUMP_SLOPE_MAX_V = 3;
const JUMP_WITHIN_S = 30;
/** Jumps of less current, in C, drown in noise. */
const JUMP_MIN_C = 0.02;
/** A rest says what the relaxation came to when it is this many times as long. */
const REST_LAGS = 2;
const LAG_RANGE_S = { least: 20, most: 2000 } as const;
/** Weight of the newest value of what is measured again and again. */
const NEWEST = 0.5;
/** Standard deviations of what was learned, relative. */
const LAG_SD = 0.5;
const LAG_SD_LEAST_S = 200;
/**
 * What was learned serves steps unlike those measured, so at another current: charge transfer takes less voltage there
 * than in proportion, by how much is not known.
 */
const RESISTANCE_ELSEWHERE: Guess = { mean: 0.8, sd: 0.25 };

export function createCellLearner(nameplate: CellNameplate): CellLearner {
  const curve = curveOf(nameplate.chemistry);
  const nominalAh = nameplate.nominalCapacityMah / 1000;
  const charge = createChargeAnchors(nameplate);
  const steps = new Map<number, LearnedStep>();
  const runs = new Map<number, number>();
  const jumps = { products: 0, squares: 0 };
  let lagS = LAG_S.mean;
  let lagsSeen = 0;
  let cursor: ProtocolCursor | null = null;
  let previousIndex = -1;
  const surface: ModelState = { share: 0, lag: 0, unboundC: 0 };
  /** The end of the step before: what it came to under current. */
  let before = { voltageV: NaN, currentA: NaN };

  const resistanceOhm = (): number =>
    jumps.squares > 0 ? jumps.products / jumps.squares : DROP_AT_1C_V.mean / nominalAh;

  function seeJump(sinceS: number, voltageV: number, currentA: number): void {
    const stepA = currentA - before.currentA;
    if (!(sinceS <= JUMP_WITHIN_S && Math.abs(stepA) >= JUMP_MIN_C * nominalAh)) return;
    const restV = before.voltageV - before.currentA * resistanceOhm();
    if (!(curve.slopeAt(curve.shareAt(restV)) <= JUMP_SLOPE_MAX_V)) return;
    const ohm = (voltageV - before.voltageV) / stepA;
    if (!(ohm > 0)) return;
    jumps.products += stepA * (voltageV - before.voltageV);
    jumps.squares += stepA * stepA;
  }

  /** A rest after a current: how far the surface had run ahead, over how fast it was driven. */
  function seeRelaxation(durationS: number, endV: number): void {
    if (!(Math.abs(before.currentA) >= JUMP_MIN_C * nominalAh) || durationS < REST_LAGS * lagS) return;
    const rate = before.currentA / (3600 * charge.capacityAh.mean);
    const underA = curve.shareAt(before.voltageV - before.currentA * resistanceOhm());
    const seenS = (underA - curve.shareAt(endV)) / rate;
    if (!(seenS > LAG_RANGE_S.least && seenS < LAG_RANGE_S.most)) return;
    lagS += (lagsSeen === 0 ? 1 : NEWEST) * (seenS - lagS);
    lagsSeen += 1;
  }

  function remember(stepIndex: number, durationS: number, endedBy: LearnedStep["endedBy"]): void {
    const known = steps.get(stepIndex);
    const count = (runs.get(stepIndex) ?? 0) + 1;
    runs.set(stepIndex, count);
    const isTrend = known !== undefined && count >= 3;
    const blend = (was: number, seen: number): number => (count === 3 ? seen : was + NEWEST * (seen - was));
    const { countAh } = charge;
    steps.set(stepIndex, {
      stepIndex,
      previousIndex,
      endedBy,
      durationS,
      endCountAh: countAh,
      slipAh: isTrend ? blend(known.slipAh, countAh - known.endCountAh) : 0,
      growthS: isTrend ? blend(known.growthS, durationS - known.durationS) : 0,
    });
  }

  return {
    stepStarted(started) {
      cursor = started;
    },
    firstSample(sinceS, voltageV, currentA) {
      if (Number.isFinite(voltageV) && Number.isFinite(currentA)) seeJump(sinceS, voltageV, currentA);
    },
    stepEnded({ durationS, endedBy, chargeAh, voltageV, currentA }) {
      if (cursor === null || !(durationS >= 0)) return;
      const movedAh = Number.isFinite(chargeAh) ? chargeAh : 0;
      charge.count(movedAh);
      if (durationS > 0) advance(surface, movedAh / charge.capacityAh.mean / durationS, lagS, durationS);
      const isRest = Math.abs(currentA) < JUMP_MIN_C * nominalAh * 0.1;
      if (isRest) seeRelaxation(durationS, voltageV);
      else if (endedBy === "voltage" || endedBy === "current") {
        const known = steps.get(cursor.stepIndex);
        charge.reached({
          ...{ voltageV, currentA, resistanceOhm: resistanceOhm(), isResistanceMeasured: jumps.squares > 0 },
          ...{ lag: surface.lag, isByVoltage: endedBy === "voltage" },
          movedAh: known === undefined ? 0 : charge.countAh - known.endCountAh,
        });
      }
      if (endedBy === "cut") steps.delete(cursor.stepIndex);
      else remember(cursor.stepIndex, durationS, endedBy);
      before = { voltageV, currentA };
      previousIndex = cursor.stepIndex;
      cursor = null;
    },
    get previousIndex() {
      return previousIndex;
    },
    get learned() {
      const { isMeasured, capacityAh, share, firstLoss, countAh } = charge;
      return {
        ...{ isMeasured, capacityAh, share, firstLoss, countAh },
        resistanceOhm:
          jumps.squares > 0
            ? {
                mean: RESISTANCE_ELSEWHERE.mean * resistanceOhm(),
                sd: RESISTANCE_ELSEWHERE.sd * resistanceOhm(),
              }
            : scaled(DROP_AT_1C_V, 1 / nominalAh),
        lagS: lagsSeen > 0 ? { mean: lagS, sd: Math.max(LAG_SD * lagS, LAG_SD_LEAST_S) } : LAG_S,
        lag: surface.lag,
        steps: new Map(steps),
      };
    },
  };
}
