/**
 * What the samples of a cell teach about it: where its steps end, what it holds, what its resistance and its relaxation
 * are. It hears of a step's start, its samples and its end, whatever instrument runs them, and knows nothing else.
 */
import type { ModelState } from "../../protocols/echem/forecast/cell-model.ts";
import { advance } from "../../protocols/echem/forecast/cell-model.ts";
import type { LearnedCell, LearnedStep } from "../../protocols/echem/forecast/learned-cell.ts";
import { DROP_AT_1C_V, LAG_S, type CellNameplate, type Guess } from "../../protocols/echem/forecast/nameplate.ts";
import { curveOf } from "../../protocols/echem/forecast/open-circuit-curve.ts";
import type { ProtocolCursor } from "../../protocols/echem/cursor.ts";

export interface CellLearner {
  stepStarted(cursor: ProtocolCursor): void;
  /** Seconds from the step's start, rising. */
  sample(sinceS: number, voltageV: number, currentA: number): void;
  stepEnded(durationS: number, endedBy: LearnedStep["endedBy"]): void;
  /** Null until the cell was filled and emptied once, from one cut-off to another. */
  readonly learned: LearnedCell | null;
  /** The technique step before the one that runs or comes next, -1 for none: what a forecast goes on from. */
  readonly previousIndex: number;
}

/** A change of the state of charge smaller than this says little of the capacity. */
const ANCHORS_APART = 0.4;
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
const CAPACITY_SD = 0.01;
const LAG_SD = 0.5;
const LAG_SD_LEAST_S = 200;
const EMPTY_SD = 0.01;
/**
 * What was learned serves steps unlike those measured, so at another current: charge transfer takes less voltage there
 * than in proportion, by how much is not known.
 */
const RESISTANCE_ELSEWHERE: Guess = { mean: 0.8, sd: 0.25 };
/** Cut-offs at up to this many times the slowest current seen so far say what the cell holds. */
const SLOW_ENOUGH = 1.5;

interface Anchor {
  readonly countAh: number;
  readonly share: number;
}

export function createCellLearner(nameplate: CellNameplate): CellLearner {
  const curve = curveOf(nameplate.chemistry);
  const nominalAh = nameplate.nominalCapacityMah / 1000;
  const steps = new Map<number, LearnedStep>();
  const runs = new Map<number, number>();
  const jumps = { products: 0, squares: 0 };
  let lagS = LAG_S.mean;
  let lagsSeen = 0;
  let capacityAh = nominalAh;
  let emptyCountAh: number | null = null;
  let anchor: Anchor | null = null;
  let slowestA = Infinity;
  let countAh = 0;
  let cursor: ProtocolCursor | null = null;
  let previousIndex = -1;
  const surface: ModelState = { share: 0, lag: 0, unboundC: 0 };
  /** The end of the step before: what it came to under current. */
  let before = { voltageV: NaN, currentA: NaN, lag: 0 };
  const now = { sinceS: 0, voltageV: NaN, currentA: NaN, chargeAh: 0, count: 0 };

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
    const rate = before.currentA / (3600 * capacityAh);
    const underA = curve.shareAt(before.voltageV - before.currentA * resistanceOhm());
    const seenS = (underA - curve.shareAt(endV)) / rate;
    if (!(seenS > LAG_RANGE_S.least && seenS < LAG_RANGE_S.most)) return;
    lagS += (lagsSeen === 0 ? 1 : NEWEST) * (seenS - lagS);
    lagsSeen += 1;
  }

  function seeAnchor(endedBy: "voltage" | "current", voltageV: number, currentA: number, movedAh: number): void {
    const sizeA = Math.abs(currentA);
    if (sizeA > SLOW_ENOUGH * slowestA) {
      // Too fast for the curve; but what its cut-off moves by, the empty end moves by.
      if (emptyCountAh !== null && currentA < 0) emptyCountAh += movedAh;
      return;
    }
    if (endedBy === "voltage") slowestA = Math.min(slowestA, sizeA);
    const share = curve.shareAt(voltageV - currentA * resistanceOhm()) - surface.lag;
    const next: Anchor = { countAh, share };
    if (anchor !== null && Math.abs(share - anchor.share) >= ANCHORS_APART) {
      const seenAh = (countAh - anchor.countAh) / (share - anchor.share);
      // The first charge of a fresh cell binds lithium; a discharge does not.
      if (seenAh > 0 && (share < anchor.share || emptyCountAh !== null)) {
        capacityAh = emptyCountAh === null ? seenAh : capacityAh + NEWEST * (seenAh - capacityAh);
        emptyCountAh = countAh - share * capacityAh;
      }
    } else if (emptyCountAh !== null) {
      emptyCountAh = countAh - share * capacityAh;
    }
    anchor = next;
  }

  function remember(stepIndex: number, durationS: number, endedBy: LearnedStep["endedBy"]): void {
    const known = steps.get(stepIndex);
    const count = (runs.get(stepIndex) ?? 0) + 1;
    runs.set(stepIndex, count);
    const isTrend = known !== undefined && count >= 3;
    const blend = (was: number, seen: number): number => (count === 3 ? seen : was + NEWEST * (seen - was));
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
      now.sinceS = 0;
      now.voltageV = NaN;
      now.currentA = NaN;
      now.chargeAh = 0;
      now.count = 0;
    },
    sample(sinceS, voltageV, currentA) {
      if (!Number.isFinite(voltageV) || !Number.isFinite(currentA) || !(sinceS >= now.sinceS)) return;
      if (now.count === 0) {
        seeJump(sinceS, voltageV, currentA);
        now.chargeAh = (currentA * sinceS) / 3600;
      } else {
        now.chargeAh += ((currentA + now.currentA) * (sinceS - now.sinceS)) / 7200;
      }
      now.sinceS = sinceS;
      now.voltageV = voltageV;
      now.currentA = currentA;
      now.count += 1;
    },
    stepEnded(durationS, endedBy) {
      if (cursor === null || !(durationS >= 0)) return;
      // The last sample may be an interval old.
      if (now.count > 0) now.chargeAh += (now.currentA * (durationS - now.sinceS)) / 3600;
      countAh += now.chargeAh;
      if (durationS > 0) advance(surface, now.chargeAh / capacityAh / durationS, lagS, durationS);
      const isRest = Math.abs(now.currentA) < JUMP_MIN_C * nominalAh * 0.1;
      if (isRest) seeRelaxation(durationS, now.voltageV);
      else if (endedBy === "voltage" || endedBy === "current") {
        const known = steps.get(cursor.stepIndex);
        seeAnchor(endedBy, now.voltageV, now.currentA, known === undefined ? 0 : countAh - known.endCountAh);
      }
      remember(cursor.stepIndex, durationS, endedBy);
      before = { voltageV: now.voltageV, currentA: now.currentA, lag: surface.lag };
      previousIndex = cursor.stepIndex;
      cursor = null;
    },
    get previousIndex() {
      return previousIndex;
    },
    get learned() {
      if (emptyCountAh === null) return null;
      const relative = (mean: number, sd: number): Guess => ({ mean, sd: sd * mean });
      return {
        capacityAh: relative(capacityAh, CAPACITY_SD),
        resistanceOhm:
          jumps.squares > 0
            ? {
                mean: RESISTANCE_ELSEWHERE.mean * resistanceOhm(),
                sd: RESISTANCE_ELSEWHERE.sd * resistanceOhm(),
              }
            : { mean: DROP_AT_1C_V.mean / nominalAh, sd: DROP_AT_1C_V.sd / nominalAh },
        lagS: lagsSeen > 0 ? { mean: lagS, sd: Math.max(LAG_SD * lagS, LAG_SD_LEAST_S) } : LAG_S,
        countAh,
        emptyCountAh: { mean: emptyCountAh, sd: EMPTY_SD * capacityAh },
        lag: surface.lag,
        steps: new Map(steps),
      };
    },
  };
}
