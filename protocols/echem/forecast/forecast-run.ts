/** One pass of the model cell through a protocol with one set of values; loops are followed up to a number of steps. */
import { unreachable } from "../../base/assert.ts";
import {
  CONSTANT_CURRENT_TIME_FACTOR,
  CONSTANT_VOLTAGE_TIME_MAX_S,
  stepCurrentA,
  taperCurrentA,
} from "../channel-step.ts";
import { firstStep, nextStep, stepAt, type ProtocolCursor } from "../cursor.ts";
import type { Protocol, ProtocolStep, TechniqueStep, VoltageScanStep } from "../protocol.ts";
import { spectrumExpectedS, spectrumPlan } from "../spectrum-plan.ts";
import {
  advance,
  runCurrent,
  runVoltage,
  type ModelParameters,
  type ModelState,
  type ModelStep,
  type OnPoint,
} from "./cell-model.ts";
import { createRunMeasures, waitedS, type BegunStep, type ForecastRules } from "./forecast-rules.ts";
import type { LearnedCell, LearnedStep } from "./learned-cell.ts";
import { FADE_PER_CYCLE, type CellNameplate } from "./nameplate.ts";
import type { OpenCircuitCurve } from "./open-circuit-curve.ts";
import { partsOf, runPaused } from "./paused-current.ts";
import { runKind } from "./run-kind.ts";

/** One set of values for everything a forecast does not know. */
export interface RunValues {
  readonly capacityAh: number;
  readonly resistanceOhm: number;
  readonly lagS: number;
  readonly fadePerCycle: number;
  readonly startShare: number;
  /** Part of the capacity. */
  readonly firstLoss: number;
  /** By how many standard deviations waits are longer than expected. */
  readonly waits: number;
}

/** What a step asks of this cell, worked out once for all runs. */
export interface StepDemand {
  readonly currentA: number;
  readonly taperA: number | null;
  readonly untilS: number;
}

export interface RunOrder {
  readonly protocol: Protocol;
  readonly nameplate: CellNameplate;
  readonly curve: OpenCircuitCurve;
  readonly learned: LearnedCell | null;
  /** The first step to forecast; undefined for the whole protocol. */
  readonly from: ProtocolCursor | undefined;
  readonly previousIndex: number;
  readonly stepsMax: number;
  /**
   * A hold at another voltage than the one before begins with a jump of current over this resistance, which ends it where
   * it passes the limit.
   */
  readonly atOnceOhm: number;
  readonly rules: ForecastRules | null;
  /** Of the first step; null where it begins whole. */
  readonly begun: BegunStep | null;
  /** Capacities measured before, by the index of their step, A h. */
  readonly measuredAh: ReadonlyMap<number, number>;
  /** By index of the step in the file; undefined for tags and loops. */
  readonly demands: readonly (StepDemand | undefined)[];
}

/** What each protocol demanded last: a cell's protocol is forecast several times in a row. */
const KNOWN_DEMANDS = new WeakMap<
  Protocol,
  { readonly nominalCapacityMah: number; readonly demands: readonly (StepDemand | undefined)[] }
>();

export function demandsOf(protocol: Protocol, nominalCapacityMah: number): readonly (StepDemand | undefined)[] {
  const known = KNOWN_DEMANDS.get(protocol);
  if (known?.nominalCapacityMah === nominalCapacityMah) return known.demands;
  const demands = protocol.steps.map((step) => demandOf(step, nominalCapacityMah));
  KNOWN_DEMANDS.set(protocol, { nominalCapacityMah, demands });
  return demands;
}

function demandOf(step: ProtocolStep, nominalCapacityMah: number): StepDemand | undefined {
  if (step.kind === "tag" || step.kind === "loop") return undefined;
  return {
    currentA: step.kind === "constant-current" ? stepCurrentA(step, nominalCapacityMah) : 0,
    taperA: step.kind === "constant-voltage" ? taperCurrentA(step, nominalCapacityMah) : null,
    untilS: timeMaxS(step, nominalCapacityMah),
  };
}

export interface RunStep {
  readonly cursor: ProtocolCursor;
  readonly startS: number;
  readonly endS: number;
  readonly endedBy: ModelStep["endedBy"];
  readonly chargeAh: number;
  readonly startShare: number;
  readonly endShare: number;
  readonly endVoltageV: number;
  readonly currentPeakA: number;
  /** Its end was taken from an earlier run like it, or from the trend of several; null where it was worked out. */
  readonly remembered: "once" | "trend" | null;
  /** Of its time, what it waited, and rested after it had waited in vain. */
  readonly waitedS: number;
}

/** What the cell's terminals showed last. */
interface Terminals {
  readonly voltageV: number;
  readonly currentA: number;
}

export type OnForecastPoint = (timeS: number, currentA: number, voltageV: number, share: number) => void;

export interface ForecastRun {
  readonly steps: readonly RunStep[];
  /** A rule of the campaign ended the protocol with the last of them. */
  readonly isEnded: boolean;
}

export function runForecast(order: RunOrder, values: RunValues, onPoint?: OnForecastPoint): ForecastRun {
  const { protocol, learned } = order;
  const measures = createRunMeasures(order.rules, order.measuredAh);
  let isChargeKnown = learned?.isAnchored ?? false;
  let isEnded = false;
  const state: ModelState = {
    share: values.startShare,
    lag: learned?.lag ?? 0,
    unboundC: 3600 * values.capacityAh * values.firstLoss,
  };
  const steps: RunStep[] = [];
  const firstCycle = order.from?.cycle ?? 0;
  let countAh = learned?.countAh ?? 0;
  let startS = 0;
  let previousIndex = order.previousIndex;
  const { curve } = order;
  let before: Terminals = { voltageV: curve.voltageAt(state.share + state.lag), currentA: 0 };
  for (
    let cursor = order.from ?? firstStep(protocol);
    cursor !== undefined && steps.length < order.stepsMax;
    cursor = nextStep(protocol, cursor)
  ) {
    const step = stepAt(protocol, cursor);
    const asked = order.demands[cursor.stepIndex];
    if (asked === undefined) break;
    const waits = order.rules?.waits.get(cursor.stepIndex);
    const wait = waits?.end == null ? null : waitedS(waits.end, startS, values.waits);
    const begun = steps.length === 0 ? order.begun : null;
    const heldS = begun === null ? 0 : runHeld(begun, order, state, values);
    if (begun?.isOver === true) {
      startS += heldS;
      previousIndex = cursor.stepIndex;
      continue;
    }
    const measured = measures.demand(cursor.stepIndex, asked);
    const rated = begun === null ? measured : { ...measured, untilS: Math.max(1, measured.untilS - begun.ranS) };
    const demand = wait === null ? rated : { ...rated, untilS: Math.min(rated.untilS, wait.forS) };
    const cyclesOn = Math.max(0, cursor.cycle - Math.max(1, firstCycle));
    const left = Math.max(0.05, 1 - values.fadePerCycle * cyclesOn);
    const parameters = {
      capacityC: 3600 * values.capacityAh * left,
      resistanceOhm: values.resistanceOhm,
      lagS: values.lagS,
    };
    const startShare = state.share;
    const kind = learned === null ? 0 : runKind(protocol, previousIndex, cursor.stepIndex);
    const known = learned?.steps.get(kind);
    const begunS = startS;
    const draw: OnPoint | undefined =
      onPoint === undefined
        ? undefined
        : (sinceS, currentA, voltageV, share) => {
            onPoint(begunS + sinceS, currentA, voltageV, share);
          };
    const remembered =
      known === undefined
        ? undefined
        : recall(step, known, { cycle: cursor.cycle, countAh, demand, fade: values.fadePerCycle });
    let done: ModelStep;
    let pausedS = 0;
    if (waits !== undefined && waits.pauses.length > 0) {
      const { currentA, untilS } = demand;
      const paused = runPaused(
        {
          ...{ curve, parameters, currentA, untilS, isChargeKnown },
          pauses: waits.pauses.filter(({ mark }) => begun?.marksDone.includes(mark) !== true),
          beforeC: 3600 * (begun?.chargeAh ?? 0),
          ...{ beganS: startS + heldS, waitSds: values.waits },
          runPart:
            remembered === undefined
              ? (partS) => runStep(step, { ...demand, untilS: partS }, order, parameters, state, before, undefined)
              : partsOf(remembered, curve, parameters, state),
        },
        state,
      );
      done = paused;
      pausedS = paused.waitedS;
      isEnded = paused.isProtocolOver;
    } else if (remembered === undefined || learned === null) {
      done = runStep(step, demand, order, parameters, state, before, draw);
    } else {
      done = remembered;
      const meanA = remembered.chargeC / remembered.durationS;
      if (draw !== undefined) {
        const shown = { ...state };
        runStep(step, demand, order, parameters, shown, before, draw);
      }
      advance(state, meanA / parameters.capacityC, values.lagS, remembered.durationS);
    }
    const chargeAh = done.chargeC / 3600;
    countAh += chargeAh;
    let endS = startS + heldS + done.durationS;
    if (wait !== null && waits?.end != null && done.endedBy === "time") {
      pausedS += done.durationS;
      if (wait.isInVain) {
        const { restS, endsProtocol } = waits.end;
        runCurrent(curve, parameters, state, { currentA: 0, untilV: null, untilS: restS });
        endS += restS;
        pausedS += restS;
        isEnded = endsProtocol;
      }
    }
    if (done.endedBy === "voltage" || done.endedBy === "current") isChargeKnown = true;
    if (measures.ended(cursor.stepIndex, step, chargeAh)) isEnded = true;
    steps.push({
      cursor,
      startS,
      endS,
      endedBy: done.endedBy,
      chargeAh,
      startShare,
      endShare: state.share,
      endVoltageV: done.endVoltageV,
      currentPeakA: done.currentPeakA,
      waitedS: pausedS,
      remembered: remembered === undefined ? null : known?.hasTrend === true ? "trend" : "once",
    });
    startS = endS;
    previousIndex = cursor.stepIndex;
    before = { voltageV: done.endVoltageV, currentA: done.endCurrentA };
    if (isEnded) break;
  }
  return { steps, isEnded };
}

/**
 * The end of a step that ran before, entered as it is now: a cut-off comes at the same place of the cell, however
 * the cell got there, so what counts is the charge from here to there. Undefined where that makes no sense.
 */
function recall(
  step: TechniqueStep,
  known: LearnedStep,
  now: {
    readonly cycle: number;
    readonly countAh: number;
    readonly demand: StepDemand;
    readonly fade: number;
  },
): ModelStep | undefined {
  if (known.endedBy === "limit") return undefined;
  const cycles = Math.max(0, now.cycle - known.cycle);
  const { currentA, untilS: longestS } = now.demand;
  const endCountAh = known.endCountAh + known.slipAh * Math.max(0, now.cycle - known.countCycle);
  // A slip that was measured holds the fade already; only the doubt about it is left.
  const fade = known.hasTrend ? now.fade - FADE_PER_CYCLE.mean : now.fade;
  const chargeC = 3600 * (1 - fade * cycles) * (endCountAh - now.countAh);
  if (step.kind === "constant-current") {
    // Ended by time it says nothing of the cell, and its charge is known anyway.
    if (known.endedBy !== "voltage") return undefined;
    const durationS = chargeC / currentA;
    const endVoltageV = step.untilVoltageV ?? NaN;
    if (!(durationS > 0 && durationS <= longestS)) return undefined;
    return {
      ...{ durationS, endedBy: "voltage", chargeC, endVoltageV },
      ...{ endCurrentA: currentA, currentPeakA: Math.abs(currentA) },
    };
  }
  if (step.kind !== "constant-voltage") return undefined;
  const wantedS = known.durationS + known.growthS * cycles;
  if (!(wantedS > known.durationS / 3)) return undefined;
  const endVoltageV = step.voltageV;
  if (known.endedBy === "time" || wantedS > longestS) {
    return { durationS: longestS, endedBy: "time", chargeC, endVoltageV, endCurrentA: 0, currentPeakA: NaN };
  }
  return { durationS: wantedS, endedBy: "current", chargeC, endVoltageV, endCurrentA: 0, currentPeakA: NaN };
}

/** What is left of a hold, at rest as far as the model goes. */
function runHeld(begun: BegunStep, order: RunOrder, state: ModelState, values: RunValues): number {
  const wait = begun.wait === null ? null : waitedS(begun.wait, 0, values.waits);
  const heldS = (wait?.forS ?? 0) + begun.restS + (wait?.isInVain === true ? (begun.wait?.restS ?? 0) : 0);
  const parameters = {
    capacityC: 3600 * values.capacityAh,
    resistanceOhm: values.resistanceOhm,
    lagS: values.lagS,
  };
  runCurrent(order.curve, parameters, state, { currentA: 0, untilV: null, untilS: heldS });
  return heldS;
}

function runStep(
  step: TechniqueStep,
  { currentA, taperA, untilS }: StepDemand,
  { curve, nameplate, atOnceOhm }: RunOrder,
  parameters: ModelParameters,
  state: ModelState,
  before: Terminals,
  onPoint: OnPoint | undefined,
): ModelStep {
  const { limits } = nameplate;
  switch (step.kind) {
    case "open-circuit-voltage":
    case "impedance-spectroscopy":
      return runCurrent(curve, parameters, state, { currentA: 0, untilV: null, untilS }, onPoint);
    case "constant-current": {
      const limitV = currentA > 0 ? limits?.voltageMaxV : limits?.voltageMinV;
      const { untilVoltageV } = step;
      const isLimitFirst =
        limitV !== undefined &&
        (untilVoltageV === null || (currentA > 0 ? limitV < untilVoltageV : limitV > untilVoltageV));
      const untilV = isLimitFirst ? limitV : untilVoltageV;
      const done = runCurrent(curve, parameters, state, { currentA, untilV, untilS }, onPoint);
      return done.endedBy === "voltage" && isLimitFirst ? { ...done, endedBy: "limit" } : done;
    }
    case "constant-voltage": {
      const { voltageV } = step;
      const jumpA = (voltageV - before.voltageV) / atOnceOhm;
      const firstA = before.currentA + jumpA;
      if (limits !== null && (firstA > limits.currentMaxA || firstA < limits.currentMinA)) {
        const currentPeakA = Math.abs(firstA);
        return { durationS: 0, endedBy: "limit", chargeC: 0, endVoltageV: voltageV, endCurrentA: 0, currentPeakA };
      }
      return runVoltage(curve, parameters, state, { voltageV, untilA: taperA, untilS, limitA: Infinity }, onPoint);
    }
    case "voltage-scan": {
      // Slow enough to stay near rest: the charge is what the curve holds between the two ends.
      const toShare = curve.shareAt(step.endVoltageV);
      const chargeC = (toShare - state.share) * parameters.capacityC;
      const scanA = chargeC / untilS;
      onPoint?.(0, scanA, step.startVoltageV, state.share);
      state.share = toShare;
      state.lag = 0;
      onPoint?.(untilS, scanA, step.endVoltageV, toShare);
      return {
        durationS: untilS,
        endedBy: "voltage",
        chargeC,
        endVoltageV: step.endVoltageV,
        endCurrentA: scanA,
        currentPeakA: Math.abs(scanA),
      };
    }
    default:
      return unreachable(step);
  }
}

/** The time at which a step ends at the latest; how long a scan or a spectrum takes. */
export function timeMaxS(step: TechniqueStep, nominalCapacityMah: number): number {
  switch (step.kind) {
    case "open-circuit-voltage":
      return step.untilTimeS;
    case "constant-current": {
      const sizeMa = Math.abs(1000 * stepCurrentA(step, nominalCapacityMah));
      return step.untilTimeS ?? Math.ceil((CONSTANT_CURRENT_TIME_FACTOR * 3600 * nominalCapacityMah) / sizeMa);
    }
    case "constant-voltage":
      return step.untilTimeS ?? CONSTANT_VOLTAGE_TIME_MAX_S;
    case "impedance-spectroscopy":
      return spectrumExpectedS(spectrumPlan(step));
    case "voltage-scan":
      return scanS(step);
    default:
      return unreachable(step);
  }
}

function scanS(step: VoltageScanStep): number {
  return (1000 * Math.abs(step.endVoltageV - step.startVoltageV)) / step.scanRateMvS;
}
