/** Exposures at states of charge and at voltages: where a current will come to them, and when. Pure. */
import {
  hasCycle,
  hasStep,
  type ChargeReference,
  type StateOfChargeTrigger,
  type TriggerCell,
  type VoltageTrigger,
} from "../../protocols/campaign/trigger.ts";
import { stepCurrentA } from "../../protocols/echem/channel-step.ts";
import { AHEAD_MS, expectedSteps, windowAround, type CellFacts, type Direction, type Moment } from "./cell-facts.ts";

/** A mark no further than this behind where the current began is where it began. */
const AT_START = 0.002;
/** A step is not expected to go on longer than this past its forecast end. */
const PAST_END_MS = 60_000;
/** Below this part of the capacity in an hour a hold does not come to any mark. */
const CURRENT_LEAST_C = 0.002;
/** So near a crossing the slope of the samples says more than the open-circuit curve. */
const SLOPE_WITHIN_S = 300;

/** State of charge over time: `perS` with the sign of the current. */
interface Course {
  readonly ordinal: number;
  readonly stepIndex: number;
  readonly cycle: number;
  readonly direction: Direction;
  readonly beganAtMs: number;
  readonly endsAtMs: number;
  readonly fromMs: number;
  readonly from: number;
  readonly perS: number;
  readonly isCounted: boolean;
}

/** Charge and discharge apart. What is counted goes before what is forecast. */
export function stateOfChargeMoments(
  trigger: StateOfChargeTrigger,
  cell: TriggerCell,
  facts: CellFacts,
): readonly Moment[] {
  const { nowMs } = facts;
  const moments = new Map<string, Moment>();
  for (const course of coursesOf(trigger.reference, facts)) {
    if (!hasStep(cell, course.stepIndex) || !hasCycle(trigger, course.cycle)) continue;
    for (const mark of trigger[course.direction]) {
      const atMs = course.fromMs + (1000 * (mark - course.from)) / course.perS;
      if (atMs > nowMs + AHEAD_MS || atMs > course.endsAtMs + PAST_END_MS) continue;
      // Behind where the current began: passed before, or never.
      if (((course.beganAtMs - atMs) / 1000) * Math.abs(course.perS) > AT_START) continue;
      const name = `c${course.cycle} ${course.direction} ${mark}`;
      if (moments.has(name)) continue;
      const { window } = trigger;
      const perS = Math.abs(course.perS);
      const width = window.in === "time" ? window : { earlyS: window.early / perS, lateS: window.late / perS };
      moments.set(name, {
        mark: name,
        ...windowAround(atMs, width),
        // The middle of the exposure is to be at the mark.
        wantedMs: atMs - 500 * trigger.preset.exposureS,
        what: `state of charge ${mark} in ${course.direction}, cycle ${course.cycle}, ${referenceText(trigger.reference, course, facts)}`,
        scope: { kind: "half-cycle", cycle: course.cycle, direction: course.direction },
        isGuess: false,
      });
    }
  }
  return [...moments.values()];
}

/** What the mark is a part of, for people and for the record. */
function referenceText(reference: ChargeReference, { isCounted }: Course, facts: CellFacts): string {
  if (reference === "nameplate") return `of the nameplate's ${mAh(facts.nominalAh)} in this half cycle`;
  if (!isCounted || facts.charge === null) return "by its forecast";
  const { capacityAh } = facts.charge;
  return facts.isMeasured ? `of its measured ${mAh(capacityAh)}` : `of the nameplate's ${mAh(capacityAh)}`;
}

function mAh(capacityAh: number): string {
  return `${Number((1000 * capacityAh).toPrecision(4))} mAh`;
}

function coursesOf(reference: ChargeReference, facts: CellFacts): readonly Course[] {
  if (reference === "nameplate") return nameplateCourses(facts);
  if (reference === "measured" && !facts.isMeasured) return [];
  const counted = countedCourse(facts);
  const forecast = forecastCourses(facts);
  if (counted === null) return forecast;
  // The step under way is better counted.
  return [counted, ...forecast.filter(({ ordinal }) => ordinal > counted.ordinal)];
}

/** The step under way by the charge that was counted; null where that is not known, or nothing flows. */
function countedCourse(facts: CellFacts): Course | null {
  const { step, charge, nowMs, currentA } = facts;
  // While nothing flows no mark comes nearer.
  if (step === null || step.isPaused || charge === null) return null;
  const isHold = step.step.kind === "constant-voltage";
  const amperes = isHold ? currentA : step.orderedA;
  const perS = amperes / (3600 * charge.capacityAh);
  if (!(Math.abs(3600 * perS) >= CURRENT_LEAST_C)) return null;
  const direction = perS > 0 ? "charge" : "discharge";
  const { ordinal, stepIndex, cycle, startedAtMs, runsSinceMs } = step;
  const expected = expectedSteps(facts).find((one) => one.ordinal === ordinal);
  return {
    ...{ ordinal, stepIndex, cycle, direction, perS, isCounted: true },
    beganAtMs: startedAtMs,
    endsAtMs: expected?.endsAtMs ?? Infinity,
    fromMs: Math.min(Math.max(charge.atMs, runsSinceMs), nowMs),
    from: charge.value,
  };
}

/**
 * By the charge of each half cycle alone, a part of the nominal capacity: nothing has to be known of the cell. What a
 * hold ahead will move is not counted in.
 */
function nameplateCourses(facts: CellFacts): readonly Course[] {
  const { step, half, nominalAh, nowMs, currentA } = facts;
  if (step?.isPaused === true) return [];
  const courses: Course[] = [];
  let direction = half?.direction ?? null;
  let movedAh = half?.movedAh ?? 0;
  for (const { ordinal, stepIndex, cycle, isBegun, beginsAtMs, endsAtMs } of expectedSteps(facts)) {
    const technique = facts.stepOf(stepIndex);
    const running = isBegun ? step : null;
    const isHold = technique?.kind === "constant-voltage";
    if (technique?.kind !== "constant-current" && !(isHold && running !== null)) continue;
    const ordered = isHold ? currentA : (running?.orderedA ?? stepCurrentA(technique, 1000 * nominalAh));
    const perS = ordered / (3600 * nominalAh);
    if (!(Math.abs(3600 * perS) >= CURRENT_LEAST_C)) continue;
    const flows = perS > 0 ? "charge" : "discharge";
    if (flows !== direction) movedAh = 0;
    direction = flows;
    const fromMs = running === null ? beginsAtMs : Math.min(Math.max(half?.atMs ?? nowMs, running.runsSinceMs), nowMs);
    const moved = movedAh / nominalAh;
    courses.push({
      ...{ ordinal, stepIndex, cycle, direction, perS, isCounted: running !== null, fromMs, endsAtMs },
      beganAtMs: running?.startedAtMs ?? beginsAtMs,
      from: direction === "charge" ? moved : 1 - moved,
    });
    if (!Number.isFinite(endsAtMs)) break;
    movedAh += (Math.abs(ordered) * Math.max(0, endsAtMs - fromMs)) / 3_600_000;
  }
  return courses;
}

/** Steps by their forecast marks, between which the state of charge runs evenly. */
function forecastCourses(facts: CellFacts): readonly Course[] {
  const { forecast, nowMs, step } = facts;
  if (forecast === null || forecast.pausedAtMs !== null || step?.isPaused === true) return [];
  return expectedSteps(facts).flatMap((expected): readonly Course[] => {
    if (expected.beginsAtMs > nowMs + AHEAD_MS) return [];
    const marks = forecast.marks.filter(({ ordinal }) => ordinal === expected.ordinal);
    const [first] = marks;
    const last = marks.at(-1);
    if (first === undefined || last === undefined || first === last) return [];
    const perS = (1000 * (last.stateOfCharge - first.stateOfCharge)) / (last.atMs - first.atMs);
    if (!(Math.abs(perS) > 0) || !Number.isFinite(perS)) return [];
    const { ordinal, stepIndex, cycle, beginsAtMs, endsAtMs } = expected;
    const running = step?.ordinal === ordinal ? step : null;
    return [
      {
        ...{ ordinal, stepIndex, cycle, direction: perS > 0 ? "charge" : "discharge", perS, isCounted: false },
        ...{ beganAtMs: running?.startedAtMs ?? beginsAtMs, endsAtMs },
        ...{ fromMs: first.atMs, from: first.stateOfCharge },
      },
    ];
  });
}

/** Crossings of the step under way. What was crossed is told by the samples, and moved there by the desk. */
export function voltageMoments(trigger: VoltageTrigger, cell: TriggerCell, facts: CellFacts): readonly Moment[] {
  const { step, nowMs, voltageV, slopeVS } = facts;
  if (step?.direction == null || step.isPaused || !Number.isFinite(voltageV)) return [];
  if (!hasStep(cell, step.stepIndex) || !hasCycle(trigger, step.cycle)) return [];
  const { direction, cycle } = step;
  const sign = direction === "charge" ? 1 : -1;
  return trigger[direction].flatMap((mark): readonly Moment[] => {
    const missingV = sign * (mark - voltageV);
    if (!(missingV > 0)) return [];
    const bySlopeS = missingV / (sign * slopeVS);
    const byCurveS = facts.curveS(voltageV, mark);
    const isSloped = bySlopeS > 0 && (bySlopeS < SLOPE_WITHIN_S || !(byCurveS >= 0));
    const inS = isSloped ? bySlopeS : byCurveS;
    if (!(inS >= 0) || 1000 * inS > AHEAD_MS) return [];
    return [crossing(trigger, cycle, direction, mark, nowMs + 1000 * inS, true)];
  });
}

/** A mark that is about to be crossed, or was. */
export function crossing(
  trigger: VoltageTrigger,
  cycle: number,
  direction: Direction,
  mark: number,
  atMs: number,
  isGuess: boolean,
): Moment {
  return {
    mark: `c${cycle} ${direction} ${mark}V`,
    ...windowAround(atMs, trigger.window),
    what: `${mark} V in ${direction}, cycle ${cycle}`,
    scope: { kind: "half-cycle", cycle, direction },
    isGuess,
  };
}
