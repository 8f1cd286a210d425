/** Exposures at the edges of steps and cycles, in rests, and by the clock. Pure. */
import {
  hasCycle,
  hasStep,
  type CycleTrigger,
  type RelaxationTrigger,
  type RestEndTrigger,
  type StepEdgeTrigger,
  type TimeGridTrigger,
  type TriggerCell,
} from "../../protocols/campaign/trigger.ts";
import {
  AHEAD_MS,
  expectedSteps,
  guarded,
  windowAround,
  type CellFacts,
  type ExpectedStep,
  type Moment,
} from "./cell-facts.ts";

/** A look this long before the moment of a grid tells in which step the cell is then. */
const GRID_LOOK_MS = 60_000;
/** A shutter has closed by the end of a rest with this to spare. */
const CLOSED_BEFORE_MS = 500;
/** A shutter that is asked a moment late still opens within its window. */
const SPARE_MS = 300;

export function timeGridMoments(trigger: TimeGridTrigger, cell: TriggerCell, facts: CellFacts): readonly Moment[] {
  const { everyS, firstAfterS, window } = trigger;
  const { nowMs } = facts;
  // Before its first step nobody knows which cell is there; after its last the campaign does not wait for it.
  if (facts.isOver || (facts.step === null && facts.passed.length === 0)) return [];
  const isForAll = cell.stepIndexes === null && trigger.cycles === null;
  const lateMs = 1000 * (window?.lateS ?? everyS);
  const untilMs = nowMs + (isForAll ? AHEAD_MS : GRID_LOOK_MS);
  const moments: Moment[] = [];
  const first = Math.max(0, Math.ceil((nowMs - lateMs - 1000 * firstAfterS) / (1000 * everyS)));
  for (let number = first; ; number += 1) {
    const atMs = 1000 * (firstAfterS + number * everyS);
    if (atMs > untilMs) return moments;
    if (!isForAll && !isIn(trigger, cell, facts, atMs)) continue;
    moments.push({
      mark: `n${number + 1}`,
      ...(window === null
        ? { atMs, earliestMs: atMs, wantedMs: null, latestMs: atMs + lateMs }
        : windowAround(atMs, window)),
      what: `every ${text(everyS)}, for the ${ordinalText(number + 1)} time`,
      scope: { kind: "open" },
      isGuess: false,
    });
  }
}

function isIn(trigger: TimeGridTrigger, cell: TriggerCell, facts: CellFacts, atMs: number): boolean {
  const there = expectedSteps(facts).find((step) => step.beginsAtMs <= atMs && atMs < step.endsAtMs);
  if (there !== undefined) return hasStep(cell, there.stepIndex) && hasCycle(trigger, there.cycle);
  const before = facts.passed.find(({ endedAtMs }) => endedAtMs > atMs);
  return before !== undefined && hasStep(cell, before.stepIndex) && hasCycle(trigger, before.cycle);
}

/** The beginning and the end of steps: `before`, `after`. */
export function stepEdgeMoments(trigger: StepEdgeTrigger, cell: TriggerCell, facts: CellFacts): readonly Moment[] {
  const moments: Moment[] = [];
  const isMeant = ({ stepIndex, cycle }: { readonly stepIndex: number; readonly cycle: number }): boolean =>
    hasStep(cell, stepIndex) && hasCycle(trigger, cycle);
  const edge = (ordinal: number, stepIndex: number, side: "before" | "after", atMs: number, isSure: boolean): void => {
    const at = trigger.window.earlyS > 0 ? atMs : guarded(facts.nowMs, atMs, isSure);
    moments.push({
      mark: `s${ordinal} ${side}`,
      ...windowAround(at, trigger.window),
      what: `${side === "before" ? "as" : "after"} step ${stepIndex + 1} ${side === "before" ? "begins" : "has ended"}`,
      ...{ scope: { kind: "open" }, isGuess: !isSure },
    });
  };
  for (const passed of facts.passed) {
    if (!isMeant(passed) || !trigger.edges.includes("after")) continue;
    // A part of it may have ended; with the next step it is certain.
    const isDivided = facts.stepRules.some(({ stepIndex }) => stepIndex === passed.stepIndex);
    if (isDivided && facts.step === null && !facts.isOver) continue;
    edge(passed.ordinal, passed.stepIndex, "after", passed.endedAtMs, true);
  }
  for (const step of ahead(facts)) {
    if (!isMeant(step)) continue;
    const { ordinal, stepIndex } = step;
    if (trigger.edges.includes("before")) edge(ordinal, stepIndex, "before", step.beginsAtMs, step.isBeginSure);
    if (trigger.edges.includes("after") && Number.isFinite(step.endsAtMs)) {
      edge(ordinal, stepIndex, "after", step.endsAtMs, step.isEndSure);
    }
  }
  return moments;
}

/** The last exposure that a rest has room for. */
export function restEndMoments(trigger: RestEndTrigger, cell: TriggerCell, facts: CellFacts): readonly Moment[] {
  const exposureMs = 1000 * trigger.preset.exposureS;
  return rests(trigger, cell, facts).flatMap((rest): readonly Moment[] => {
    const latestMs = rest.endsAtMs - exposureMs - CLOSED_BEFORE_MS;
    const earliestMs = Math.max(rest.beginsAtMs, rest.endsAtMs - 1000 * trigger.window.earlyS - exposureMs);
    // Too short a rest has no room.
    if (latestMs < earliestMs) return [];
    const { ordinal, stepIndex } = rest;
    return [
      {
        ...{ mark: `s${ordinal}`, atMs: latestMs, earliestMs, latestMs },
        wantedMs: Math.max(earliestMs, latestMs - SPARE_MS),
        what: `at the end of the rest in step ${stepIndex + 1}`,
        ...{ scope: { kind: "step", ordinal }, isGuess: !rest.isBegun && !rest.isBeginSure },
      },
    ];
  });
}

/** So long into a rest; the shutter closes before the rest is over. */
export function relaxationMoments(trigger: RelaxationTrigger, cell: TriggerCell, facts: CellFacts): readonly Moment[] {
  const occupiesMs = 1000 * trigger.preset.exposureS + CLOSED_BEFORE_MS;
  return rests(trigger, cell, facts).flatMap((rest) => {
    const step = facts.stepOf(rest.stepIndex);
    const lastsMs = step?.kind === "open-circuit-voltage" ? 1000 * step.untilTimeS : 0;
    const beginsAtMs = guarded(facts.nowMs, rest.beginsAtMs, rest.isBeginSure);
    const endsAtMs = rest.isEndSure ? rest.endsAtMs : beginsAtMs + lastsMs;
    return trigger.afterS.flatMap((afterS): readonly Moment[] => {
      const around = windowAround(beginsAtMs + 1000 * afterS, trigger.window);
      const latestMs = Math.min(around.latestMs, endsAtMs - occupiesMs);
      const earliestMs = Math.max(around.earliestMs, beginsAtMs);
      if (latestMs < earliestMs) return [];
      return [
        {
          ...{ ...around, earliestMs, latestMs, wantedMs: Math.min(around.wantedMs, latestMs) },
          mark: `s${rest.ordinal} ${afterS}s`,
          what: `${text(afterS)} into the rest in step ${rest.stepIndex + 1}`,
          ...{ scope: { kind: "step", ordinal: rest.ordinal }, isGuess: !rest.isBeginSure },
        },
      ];
    });
  });
}

/** As the current turns back to the direction in which it first flowed. */
export function cycleMoments(trigger: CycleTrigger, cell: TriggerCell, facts: CellFacts): readonly Moment[] {
  const moments: Moment[] = [];
  let lastCycle = facts.passed[0]?.cycle ?? 0;
  for (const step of ahead(facts)) {
    const { cycle, stepIndex, beginsAtMs, isBeginSure } = step;
    const isFirst = cycle > lastCycle;
    lastCycle = cycle;
    if (!isFirst || !hasStep(cell, stepIndex) || !hasCycle(trigger, cycle)) continue;
    const atMs = trigger.window.earlyS > 0 ? beginsAtMs : guarded(facts.nowMs, beginsAtMs, isBeginSure);
    moments.push({
      mark: `c${cycle}`,
      ...windowAround(atMs, trigger.window),
      what: `as cycle ${cycle} begins`,
      ...{ scope: { kind: "open" }, isGuess: !isBeginSure },
    });
  }
  return moments;
}

function rests(trigger: RestEndTrigger | RelaxationTrigger, cell: TriggerCell, facts: CellFacts) {
  return ahead(facts).filter(
    ({ stepIndex, cycle }) =>
      facts.stepOf(stepIndex)?.kind === "open-circuit-voltage" && hasStep(cell, stepIndex) && hasCycle(trigger, cycle),
  );
}

/** Steps that begin within the time for which requests are made. */
function ahead(facts: CellFacts): readonly ExpectedStep[] {
  return expectedSteps(facts).filter(({ beginsAtMs }) => beginsAtMs <= facts.nowMs + AHEAD_MS);
}

function text(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

function ordinalText(number: number): string {
  const tens = number % 100;
  const ending = tens >= 11 && tens <= 13 ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${number}${ending}`;
}
