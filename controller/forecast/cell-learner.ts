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
import { runKind } from "../../protocols/echem/forecast/run-kind.ts";
import type { ProtocolCursor } from "../../protocols/echem/cursor.ts";
import type { Protocol } from "../../protocols/echem/protocol.ts";
import { createChargeAnchors } from "./charge-anchors.ts";
import { createEmptyEnd } from "./empty-end.ts";
import { createHoldDrift } from "./hold-drift.ts";

/** What a step came to, by samples and by the instrument's word. */
export interface EndedStep {
  /** For which it ran, pauses left out. */
  readonly durationS: number;
  /**
   * `cut` where it was left, or went on after a break: what it came to says nothing of the next time. `part` where the
   * same step goes on behind a hold: only its charge counts yet.
   */
  readonly endedBy: LearnedStep["endedBy"] | "cut" | "part";
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
  /** The protocol has another tail from here on. */
  amended(protocol: Protocol): void;
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

/** A cell whose empty end lies this part of its capacity above its start was fresh: its first charge bound that much. */
const BOUND_AT_FIRST = 0.02;

interface SeenStep extends LearnedStep {
  /** Where the cell was empty when it was last, and how many cycles before. */
  readonly emptyAh: number;
  readonly cyclesOn: number;
}

export function createCellLearner(nameplate: CellNameplate, begunWith: Protocol): CellLearner {
  let protocol = begunWith;
  const curve = curveOf(nameplate.chemistry);
  const nominalAh = nameplate.nominalCapacityMah / 1000;
  const charge = createChargeAnchors(nameplate);
  const drift = createHoldDrift(nameplate, protocol);
  const steps = new Map<number, SeenStep>();
  const runs = new Map<number, number>();
  const jumps = { products: 0, squares: 0 };
  const empty = createEmptyEnd();
  let lagS = LAG_S.mean;
  let lagsSeen = 0;
  let cursor: ProtocolCursor | null = null;
  /** The last that ran, and the index of the one before it. */
  let last: ProtocolCursor | null = null;
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

  function seeHold({ stepIndex, cycle }: ProtocolCursor, kind: number, durationS: number): void {
    const capacityAh = charge.capacityAh.mean;
    const emptyAh = charge.countAh - charge.share.mean * capacityAh;
    drift.ended({
      ...{ stepIndex, kind, previousIndex, cycle, durationS, enteredA: before.currentA },
      parameters: { capacityC: 3600 * capacityAh, resistanceOhm: resistanceOhm(), lagS },
      isUsual: emptyAh < BOUND_AT_FIRST * capacityAh,
    });
  }

  function remember(
    kind: number,
    cycle: number,
    durationS: number,
    endedBy: LearnedStep["endedBy"],
    isDischarge: boolean,
  ): void {
    const known = steps.get(kind);
    const count = (runs.get(kind) ?? 0) + 1;
    runs.set(kind, count);
    const { countAh } = charge;
    const cycles = known === undefined ? 0 : cycle - known.cycle;
    const isTrend = known !== undefined && count >= 3 && cycles > 0;
    const blend = (was: number, seen: number): number =>
      known?.hasTrend === true ? was + NEWEST * (seen - was) : seen;
    const trend = isTrend
      ? {
          hasTrend: true,
          slipAh: blend(known.slipAh, (countAh - known.endCountAh) / cycles),
          growthS: blend(known.growthS, (durationS - known.durationS) / cycles),
        }
      : { hasTrend: known?.hasTrend ?? false, slipAh: known?.slipAh ?? 0, growthS: known?.growthS ?? 0 };
    if (isDischarge) empty.seen(cycle, known === undefined ? null : known.emptyAh + countAh - known.endCountAh);
    steps.set(kind, {
      ...{ cycle, endedBy, durationS, endCountAh: countAh, countCycle: cycle, ...trend },
      ...{ emptyAh: empty.atAh, cyclesOn: cycle - empty.cycle },
    });
  }

  /** Where a step has no trend of its own, or none of late, the empty end tells where it ends, and other holds how long. */
  function withTrends(): ReadonlyMap<number, LearnedStep> {
    const all = new Map<number, LearnedStep>(steps);
    for (const [kind, known] of steps) {
      if (known.hasTrend && empty.cycle - known.cycle <= 1) continue;
      all.set(kind, {
        ...known,
        hasTrend: false,
        endCountAh: known.endCountAh + empty.atAh - known.emptyAh,
        countCycle: empty.cycle + known.cyclesOn,
        slipAh: empty.slipAh,
        growthS: known.hasTrend ? known.growthS : drift.perCycle(kind) * known.durationS,
      });
    }
    return all;
  }

  return {
    stepStarted(started) {
      if (last !== null && last.ordinal !== started.ordinal) previousIndex = last.stepIndex;
      cursor = started;
      last = started;
    },
    firstSample(sinceS, voltageV, currentA) {
      if (Number.isFinite(voltageV) && Number.isFinite(currentA)) seeJump(sinceS, voltageV, currentA);
    },
    stepEnded({ durationS, endedBy, chargeAh, voltageV, currentA }) {
      if (cursor === null || !(durationS >= 0)) return;
      const kind = runKind(protocol, previousIndex, cursor.stepIndex);
      // At open circuit nothing flows: what a channel reads there is its own offset.
      const isOpen = protocol.steps[cursor.stepIndex]?.kind === "open-circuit-voltage";
      const movedAh = Number.isFinite(chargeAh) && !isOpen ? chargeAh : 0;
      charge.count(movedAh);
      if (durationS > 0) advance(surface, movedAh / charge.capacityAh.mean / durationS, lagS, durationS);
      const isRest = Math.abs(currentA) < JUMP_MIN_C * nominalAh * 0.1;
      if (isRest) seeRelaxation(durationS, voltageV);
      else if (endedBy === "voltage" || endedBy === "current") {
        const known = steps.get(kind);
        charge.reached({
          ...{ voltageV, currentA, resistanceOhm: resistanceOhm(), isResistanceMeasured: jumps.squares > 0 },
          ...{ lag: surface.lag, isByVoltage: endedBy === "voltage" },
          movedAh: known === undefined ? 0 : charge.countAh - known.endCountAh,
        });
      }
      if (endedBy === "current") seeHold(cursor, kind, durationS);
      if (endedBy === "cut") steps.delete(kind);
      else if (endedBy !== "part")
        remember(kind, cursor.cycle, durationS, endedBy, endedBy === "voltage" && movedAh < 0);
      before = { voltageV, currentA };
      cursor = null;
    },
    amended(after) {
      protocol = after;
      drift.amended(after);
    },
    get previousIndex() {
      return cursor === null && last !== null ? last.stepIndex : previousIndex;
    },
    get learned() {
      const { isMeasured, isAnchored, capacityAh, share, firstLoss, countAh } = charge;
      return {
        ...{ isMeasured, isAnchored, capacityAh, share, firstLoss, countAh },
        resistanceOhm:
          jumps.squares > 0
            ? {
                mean: RESISTANCE_ELSEWHERE.mean * resistanceOhm(),
                sd: RESISTANCE_ELSEWHERE.sd * resistanceOhm(),
              }
            : scaled(DROP_AT_1C_V, 1 / nominalAh),
        lagS: lagsSeen > 0 ? { mean: lagS, sd: Math.max(LAG_SD * lagS, LAG_SD_LEAST_S) } : LAG_S,
        lag: surface.lag,
        steps: withTrends(),
      };
    },
  };
}
