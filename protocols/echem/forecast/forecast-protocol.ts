/**
 * How long a protocol takes on a cell, and where it takes it: each step's end with its spread, the times of states of
 * charge, capacity, warmth. It starts from nameplate values and an open-circuit table, and takes over what was measured
 * of the cell as soon as there is any. Pure, and fast: a step costs a microsecond or two.
 */
import type { Writable } from "../../base/writable.ts";
import { stepCountOf, timeBoundOf, type ProtocolCursor } from "../cursor.ts";
import type { Protocol, TechniqueStep } from "../protocol.ts";
import {
  demandsOf,
  runForecast,
  timeMaxS,
  type OnForecastPoint,
  type RunOrder,
  type RunStep,
  type RunValues,
} from "./forecast-run.ts";
import { hasDoubtfulWaits, type BegunStep, type ForecastRules } from "./forecast-rules.ts";
import type { LearnedCell } from "./learned-cell.ts";
import {
  AMBIENT_C,
  CAPACITY_OF_NOMINAL,
  CONDUCTANCE_W_K,
  DROP_AT_1C_V,
  FADE_PER_CYCLE,
  LAG_S,
  SPREAD_SIGMAS,
  scaled,
  type CellNameplate,
  type Guess,
} from "./nameplate.ts";
import { curveOf } from "./open-circuit-curve.ts";
import { startGuess } from "./start-guess.ts";

export interface StepForecast {
  /** Technique steps from the protocol's start, counted from 1. */
  readonly ordinal: number;
  /** Counted from 0 over all steps of the file. */
  readonly stepIndex: number;
  readonly cycle: number;
  /** Seconds from the start of the first step that is forecast. */
  readonly startS: number;
  readonly endS: number;
  /** Half the width within which the end lies in 95 of 100 cells; the time from the start of the forecast counts. */
  readonly spreadS: number;
  readonly endedBy: "voltage" | "current" | "time" | "limit";
  /** Net charge, charging positive. */
  readonly chargeAh: number;
  readonly endVoltageV: number;
  readonly currentPeakA: number;
}

export interface StateOfChargeMark {
  /** Tenths of the capacity, 0.1 to 0.9. */
  readonly stateOfCharge: number;
  readonly atS: number;
  readonly spreadS: number;
  readonly ordinal: number;
}

export interface ProtocolForecast {
  /** The first `stepsMax` of them. */
  readonly steps: readonly StepForecast[];
  /** Those that are run, where a rule of the campaign ends the protocol before its last. */
  readonly stepCount: number;
  /** All of them, the rest by what their like took. */
  readonly durationS: number;
  readonly durationSpreadS: number;
  /** The same where no state of health and no wait in vain ends the protocol. */
  readonly toItsLastStep: { readonly stepCount: number; readonly durationS: number };
  /** Of the steps, what they wait by word of the campaign. */
  readonly waitedS: number;
  readonly stateOfChargeMarks: readonly StateOfChargeMark[];
  /** The cell's, at the start; standard deviation. */
  readonly capacityMah: Guess;
  /** At the strongest current, in still air around the holder. */
  readonly temperature: { readonly ambientC: number; readonly warmestC: number };
}

export interface ForecastOptions {
  /** Forecasts from this step on, `previousIndex` being the technique step before it; else from the first. */
  readonly from?: {
    readonly cursor: ProtocolCursor;
    readonly previousIndex: number;
    readonly begun?: BegunStep | null;
  };
  /** How many steps are run one by one. Default 2000. */
  readonly stepsMax?: number;
  /** What the campaign makes of the steps. Default nothing. */
  readonly rules?: ForecastRules;
  /** Capacities that rates refer to, measured before, by the index of their step, A h. */
  readonly measuredAh?: ReadonlyMap<number, number>;
  /** Leaves the spread out, at a tenth of the work; it is NaN then. Default false. */
  readonly isCentralOnly?: boolean;
}

const NOTHING_MEASURED: ReadonlyMap<number, number> = new Map();
const NONE: Guess = { mean: 0, sd: 0 };
const STEPS_MAX = 2000;
const MARKS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] as const;
/** Of a duration that was measured before, once or with its trend: noise, temperature, what the last run left. */
const REMEASURED_SD = { once: 0.006, trend: 0.004 } as const;
/** Of the duration of a step not seen before: what a curve and two numbers cannot say, which is most of a taper. */
const MODEL_SD = { voltage: 0.015, current: 0.35 } as const;

/** No value is less than this part of what the nameplate says, whatever its standard deviation. */
const CORNER_LEAST = 0.1;
/**
 * A jump of current passes less than the resistance that a forecast of minutes needs, as charge transfer and diffusion
 * take their time: this part of what the nameplate says it is, surely no more and hardly less.
 */
const AT_ONCE_SURELY = 3;
const AT_ONCE_LEAST = 0.1;

/** Of a nameplate's cell. */
function dropOhm({ nominalCapacityMah }: CellNameplate): number {
  return (1000 * DROP_AT_1C_V.mean) / nominalCapacityMah;
}

type Unknown = { readonly [Name in keyof RunValues]: Guess };

export function forecastProtocol(
  protocol: Protocol,
  nameplate: CellNameplate,
  learned: LearnedCell | null = null,
  options: ForecastOptions = {},
): ProtocolForecast {
  const order = orderOf(protocol, nameplate, learned, options);
  const unknown = { ...unknownOf(nameplate, learned), waits: { mean: 0, sd: hasDoubtfulWaits(order.rules) ? 1 : 0 } };
  const run = runForecast(order, meansOf(unknown));
  const central = run.steps;
  const spreads = options.isCentralOnly === true ? undefined : spreadsOf(order, unknown, central);
  const steps = central.map((step, index) => stepForecast(step, spreads?.[index] ?? NaN));
  const last = steps.at(-1);
  const isCut = run.isEnded && options.from === undefined;
  const stepsInAll = stepCountOf(protocol);
  const stepCount = isCut ? steps.length : stepsInAll;
  const isWhole = options.from !== undefined || steps.length >= stepCount;
  const durationS = isWhole ? (last?.endS ?? 0) : extrapolatedS(protocol, nameplate, central);
  const share = last === undefined || last.endS === 0 ? 0 : last.spreadS / last.endS;
  const peakA = Math.max(0, ...steps.map((step) => step.currentPeakA).filter(Number.isFinite));
  return {
    steps,
    stepCount,
    durationS,
    durationSpreadS: isWhole ? (last?.spreadS ?? 0) : share * durationS,
    toItsLastStep: {
      stepCount: stepsInAll,
      durationS: isCut ? extrapolatedS(protocol, nameplate, central) : durationS,
    },
    waitedS: central.reduce((sum, step) => sum + step.waitedS, 0),
    stateOfChargeMarks: marksOf(central, steps),
    capacityMah: { mean: 1000 * unknown.capacityAh.mean, sd: 1000 * unknown.capacityAh.sd },
    temperature: {
      ambientC: AMBIENT_C,
      warmestC: AMBIENT_C + (peakA * peakA * unknown.resistanceOhm.mean) / CONDUCTANCE_W_K,
    },
  };
}

/** By how many standard deviations a value is off what the nameplate says. */
export type CornerOffsets = Partial<Record<keyof RunValues, number>>;

/**
 * One cell of many, off the nameplate by so much: its steps, without spread. A hold ends by the cell's limit of current
 * as soon as a cell of little resistance could begin beyond it.
 */
export function forecastCorner(
  protocol: Protocol,
  nameplate: CellNameplate,
  offsets: CornerOffsets,
  stepsMax: number,
): readonly StepForecast[] {
  const unknown = unknownOf(nameplate, null);
  const values = meansOf(unknown);
  const off = (name: keyof RunValues): number => {
    const { mean, sd } = unknown[name];
    return Math.max(CORNER_LEAST * mean, mean + (offsets[name] ?? 0) * sd);
  };
  for (const name of NAMES) values[name] = off(name);
  const order = { ...orderOf(protocol, nameplate, null, { stepsMax }), atOnceOhm: AT_ONCE_LEAST * dropOhm(nameplate) };
  return runForecast(order, values).steps.map((step) => stepForecast(step, NaN));
}

/** The same run, told point by point, for drawing: seconds, ampere, volts, state of charge. */
export function drawForecast(
  protocol: Protocol,
  nameplate: CellNameplate,
  onPoint: OnForecastPoint,
  options: Pick<ForecastOptions, "stepsMax"> = {},
): void {
  const order = orderOf(protocol, nameplate, null, options);
  runForecast(order, meansOf(unknownOf(nameplate, null)), onPoint);
}

function orderOf(
  protocol: Protocol,
  nameplate: CellNameplate,
  learned: LearnedCell | null,
  options: ForecastOptions,
): RunOrder {
  return {
    protocol,
    nameplate,
    learned,
    curve: curveOf(nameplate.chemistry),
    from: options.from?.cursor,
    previousIndex: options.from?.previousIndex ?? -1,
    rules: options.rules ?? null,
    begun: options.from?.begun ?? null,
    measuredAh: options.measuredAh ?? NOTHING_MEASURED,
    demands: demandsOf(protocol, nameplate.nominalCapacityMah),
    stepsMax: options.stepsMax ?? STEPS_MAX,
    atOnceOhm: AT_ONCE_SURELY * dropOhm(nameplate),
  };
}

function unknownOf(nameplate: CellNameplate, learned: LearnedCell | null): Unknown {
  if (learned !== null) {
    const { capacityAh, resistanceOhm, lagS, share, firstLoss } = learned;
    return { capacityAh, resistanceOhm, lagS, fadePerCycle: FADE_PER_CYCLE, startShare: share, firstLoss, waits: NONE };
  }
  const nominalAh = nameplate.nominalCapacityMah / 1000;
  const { share, firstLoss } = startGuess(nameplate);
  return {
    capacityAh: scaled(CAPACITY_OF_NOMINAL, nominalAh),
    resistanceOhm: scaled(DROP_AT_1C_V, 1 / nominalAh),
    lagS: LAG_S,
    fadePerCycle: FADE_PER_CYCLE,
    startShare: share,
    firstLoss,
    waits: NONE,
  };
}

const NAMES = [
  "capacityAh",
  "resistanceOhm",
  "lagS",
  "fadePerCycle",
  "startShare",
  "firstLoss",
  "waits",
] as const satisfies readonly (keyof RunValues)[];

function meansOf(unknown: Unknown): Writable<RunValues> {
  return {
    capacityAh: unknown.capacityAh.mean,
    resistanceOhm: unknown.resistanceOhm.mean,
    lagS: unknown.lagS.mean,
    fadePerCycle: unknown.fadePerCycle.mean,
    startShare: unknown.startShare.mean,
    firstLoss: unknown.firstLoss.mean,
    waits: unknown.waits.mean,
  };
}

/** What shifts an end of a step by more one way than the other, as cut-offs lie where the curve bends. */
const BENDS: ReadonlySet<keyof RunValues> = new Set(["resistanceOhm", "lagS", "waits"]);

/** Half widths: each unknown one standard deviation off, its effects on the end of each step added as squares. */
function spreadsOf(order: RunOrder, unknown: Unknown, central: readonly RunStep[]): Float64Array {
  const squares = new Float64Array(central.length);
  const means = meansOf(unknown);
  for (const name of NAMES) {
    const { mean, sd } = unknown[name];
    if (!(sd > 0)) continue;
    const up = runForecast(order, { ...means, [name]: mean + sd }).steps;
    const least = name === "waits" ? mean - sd : Math.max(0, mean - sd);
    const down = BENDS.has(name) ? runForecast(order, { ...means, [name]: least }).steps : up;
    for (const [index, step] of central.entries()) {
      const offS = (run: readonly RunStep[]): number => {
        // Where the protocol ends sooner or later than here, that is the end of its last step.
        const same = index === central.length - 1 && run.length !== central.length ? run.at(-1) : run[index];
        return Math.abs((same?.endS ?? step.endS) - step.endS);
      };
      const byS = Math.max(offS(up), offS(down));
      squares[index] = (squares[index] ?? 0) + byS * byS;
    }
  }
  let own = 0;
  return squares.map((square, index) => {
    const step = central[index];
    if (step !== undefined && (step.endedBy === "voltage" || step.endedBy === "current")) {
      const sd =
        (step.remembered === null ? MODEL_SD[step.endedBy] : REMEASURED_SD[step.remembered]) *
        (step.endS - step.startS);
      own += sd * sd;
    }
    return SPREAD_SIGMAS * Math.sqrt(square + own);
  });
}

function stepForecast(step: RunStep, spreadS: number): StepForecast {
  const { cursor, startS, endS, endedBy, chargeAh, endVoltageV, currentPeakA } = step;
  const { ordinal, stepIndex, cycle } = cursor;
  return { ordinal, stepIndex, cycle, startS, endS, spreadS, endedBy, chargeAh, endVoltageV, currentPeakA };
}

/** A loop of a million passes: the steps that were not run take what their like took. */
function extrapolatedS(protocol: Protocol, nameplate: CellNameplate, run: readonly RunStep[]): number {
  const seen = new Map<TechniqueStep, { sumS: number; count: number }>();
  for (const { cursor, startS, endS } of run) {
    const step = protocol.steps[cursor.stepIndex];
    if (step === undefined || step.kind === "tag" || step.kind === "loop") continue;
    const sums = seen.get(step) ?? { sumS: 0, count: 0 };
    sums.sumS += endS - startS;
    sums.count += 1;
    seen.set(step, sums);
  }
  return timeBoundOf(protocol, (step) => {
    const sums = seen.get(step);
    return sums === undefined ? timeMaxS(step, nameplate.nominalCapacityMah) : sums.sumS / sums.count;
  });
}

/** At constant current the state of charge runs evenly; in a hold that is good enough for a mark. */
function marksOf(run: readonly RunStep[], steps: readonly StepForecast[]): readonly StateOfChargeMark[] {
  const marks: StateOfChargeMark[] = [];
  let spreadBeforeS = 0;
  for (const [index, { startS, endS, startShare, endShare, cursor }] of run.entries()) {
    const spreadS = steps[index]?.spreadS ?? NaN;
    const [low, high] = startShare < endShare ? [startShare, endShare] : [endShare, startShare];
    const passed = MARKS.filter((mark) => mark > low && mark <= high);
    if (startShare > endShare) passed.reverse();
    for (const stateOfCharge of passed) {
      const part = (stateOfCharge - startShare) / (endShare - startShare);
      marks.push({
        stateOfCharge,
        atS: startS + part * (endS - startS),
        spreadS: spreadBeforeS + part * (spreadS - spreadBeforeS),
        ordinal: cursor.ordinal,
      });
    }
    spreadBeforeS = spreadS;
  }
  return marks;
}
