/**
 * What may have flowed in a cell while nobody could hear it: by what the record left of its step, and by a start whose answer
 * did not come. It is in doubt once nothing runs there any more, or nobody asks.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import type { Channel, StepEnd } from "../../protocols/roles/channel.ts";
import type { LeftStep, ProgrammeStep } from "../machines/programme.ts";
import {
  mayHaveFollowedMs,
  mayHoldBehindLead,
  orderedCurrentA,
  sinceLastHeard,
  unheardAh,
  unheardToEnd,
  type LastSeen,
} from "./continuity.ts";
import type { SampleIntake } from "./sample-intake.ts";

export interface UnheardStepsDeps {
  readonly clock: Clock;
  readonly channel: Pick<Channel, "capabilities" | "foundRunningAtMs">;
  readonly cellIndex: number;
  readonly intake: SampleIntake;
  readonly lastKnown: () => LastSeen;
  /** After a restart: what the record left may run. */
  readonly wasLeft: boolean;
  /** What the intake has of a step is of that one: its cell was proven before. */
  readonly isCounted: boolean;
}

export interface UnheardSteps {
  /**
   * A step is asked to begin that has run for so long; until its start is answered it may have begun, or not. True where it may
   * have run before: what the intake has counted of a step, and has in doubt, is this one's.
   */
  asked(step: ProgrammeStep, elapsedS: number): boolean;
  /** As `CellEffects.ranAtLeastS`. */
  ranAtLeastS(step: ProgrammeStep, foundRunningAtMs: number | null): number | null;
  /** What was asked to begin runs, by its answer or by its samples: since then. */
  begun(sinceMs: number): void;
  /** By its answer, whatever told it before. */
  answered(step: ProgrammeStep): void;
  /** By its instrument's word something ended, which may be the step before. */
  ended(end: StepEnd): void;
  /** What runs, or ran, is heard. */
  known(): void;
  /** The same of what the record left, by its channel's word. */
  leftIsKnown(): void;
  /** Nothing in its instrument ends what may run there. */
  endIsGone(): void;
  /** Confirmed off. `left`: after a restart, what the record left. */
  off(left?: LeftStep): void;
  /** As `CellEffects.givenUp`. */
  givenUp(left: LeftStep): number | null;
}

interface Asked {
  readonly about: LeftStep;
  readonly atMs: number;
}

/** The step that was asked to begin last. */
interface LastAsked {
  readonly about: LeftStep;
  /** Since when it runs; or may, where nothing said that it does. */
  readonly sinceMs: number;
  readonly hasBegun: boolean;
  readonly isAnswered: boolean;
  /** When it was confirmed off; null before. */
  readonly offAtMs: number | null;
}

export function createUnheardSteps(deps: UnheardStepsDeps): UnheardSteps {
  const { clock, channel, cellIndex, intake } = deps;
  let unanswered: "left" | Asked | null = deps.wasLeft ? "left" : null;
  /** Being off does not tell whether it has begun, and for how long it ran. */
  let lastAsked: LastAsked | null = null;
  /** The step whose charge the intake counts. */
  let counted: ProgrammeStep | null = null;
  /** After a restart: in doubt of a step whose charge the intake does not count yet. */
  let ahead: { readonly step: ProgrammeStep; readonly ampereHours: number } | null = null;

  function doubt(about: LeftStep, awayMs: number): number {
    if (about.step === null) return 0;
    const { runsProgrammeAlone: runsAlone } = channel.capabilities;
    const currentA = orderedCurrentA(about.step.channelStep);
    const ampereHours = unheardAh(about, currentA, { awayMs, runsAlone });
    intake.mayHaveFlowed(cellIndex, ampereHours);
    return ampereHours;
  }

  function doubtAhead(about: LeftStep, awayMs: number): void {
    const ampereHours = doubt(about, awayMs);
    if (about.step !== null && ampereHours > 0) ahead = { step: about.step, ampereHours };
  }

  /** What follows the step that was left, and for how long it may have run. */
  function following(left: LeftStep, nowMs: number): { readonly about: LeftStep; readonly awayMs: number } | null {
    if (left.next === undefined) return null;
    // Others end whatever runs there, and a lead is not looked for.
    const isLookedFor = channel.capabilities.runsProgrammeAlone && left.isLead !== true;
    const wasOther = isLookedFor && channel.foundRunningAtMs != null;
    const awayMs = mayHaveFollowedMs(left, deps.lastKnown(), { lastAtMs: lastAtMs(), nowMs, wasOther });
    const about = { step: left.next, runningSinceMs: null, elapsedS: 0, mayHaveBegun: true };
    return awayMs > 0 ? { about, awayMs } : null;
  }

  /** The hold that the step was led back to; null where it cannot have begun. */
  function behindLead(left: LeftStep): LeftStep | null {
    if (left.runningSinceMs === null || !mayHoldBehindLead(left, deps.lastKnown(), lastAtMs())) return null;
    const { step, elapsedS } = left;
    const idleSinceMs = Math.max(left.runningSinceMs, lastAtMs());
    return { step, runningSinceMs: null, elapsedS, mayHaveBegun: true, idleSinceMs };
  }

  function lastAtMs(): number {
    return intake.lastAtMs[cellIndex] ?? -Infinity;
  }

  /** Until then it was heard, or did not run. What was heard of one that was idle, by the record, nobody has counted. */
  function heardMs({ idleSinceMs }: LeftStep): number {
    return idleSinceMs ?? lastAtMs();
  }

  function known(): void {
    unanswered = null;
    lastAsked = null;
  }

  function isOff(): void {
    if (lastAsked !== null) lastAsked = { ...lastAsked, offAtMs: lastAsked.offAtMs ?? clock.monoMs() };
  }

  return {
    asked(step, elapsedS) {
      const about = { step, runningSinceMs: null, elapsedS, mayHaveBegun: true };
      const sinceMs = clock.monoMs();
      unanswered = { about, atMs: sinceMs };
      lastAsked = { about, sinceMs, ...{ hasBegun: false, isAnswered: false, offAtMs: null } };
      const whole = step.leadsTo ?? step;
      if (elapsedS > 0 || counted === whole) {
        counted = whole;
        return true;
      }
      counted = whole;
      const doubtAh = ahead !== null && isSame(ahead.step, whole) ? ahead.ampereHours : 0;
      if (doubtAh > 0) ahead = null;
      intake.stepAsked(cellIndex, doubtAh);
      return doubtAh > 0;
    },
    ranAtLeastS(step, foundRunningAtMs) {
      if (lastAsked === null || lastAsked.about.step !== step) return null;
      const { about, sinceMs, hasBegun, isAnswered, offAtMs } = lastAsked;
      const untilMs = offAtMs ?? clock.monoMs();
      const foundMs = foundRunningAtMs !== null && foundRunningAtMs <= untilMs ? foundRunningAtMs : -Infinity;
      // For how long one ran that was answered whoever ended it knows.
      const isHeard = hasBegun && !isAnswered && (intake.stepSamples[cellIndex] ?? 0) > 0;
      const ranMs = Math.max(foundMs, isHeard ? lastAtMs() : -Infinity) - sinceMs;
      const { untilTimeS } = step.channelStep;
      const isOver = about.elapsedS + (untilMs - sinceMs) / 1000 >= untilTimeS;
      if (isHeard && isOver && channel.capabilities.runsProgrammeAlone) return untilTimeS;
      return ranMs >= 0 ? about.elapsedS + ranMs / 1000 : null;
    },
    begun(sinceMs) {
      unanswered = null;
      if (lastAsked !== null) lastAsked = { ...lastAsked, sinceMs, hasBegun: true };
    },
    answered(step) {
      if (lastAsked?.about.step === step) lastAsked = { ...lastAsked, isAnswered: true };
    },
    ended(end) {
      if (end === "aborted") {
        if (lastAsked?.hasBegun === true) isOff();
        return;
      }
      if (unanswered === "left") return;
      if (unanswered !== null) doubt(unanswered.about, clock.monoMs() - unanswered.atMs);
      known();
    },
    known,
    endIsGone() {
      if (unanswered !== null && unanswered !== "left")
        unanswered = { ...unanswered, about: { ...unanswered.about, isEndless: true } };
    },
    leftIsKnown() {
      if (unanswered === "left") known();
    },
    off(left) {
      const nowMs = clock.monoMs();
      const of = unanswered;
      unanswered = null;
      isOff();
      intake.switchedOff(cellIndex, nowMs);
      if (of !== null && of !== "left") doubt(of.about, nowMs - of.atMs);
      if (of !== "left" || left === undefined) return;
      // Of one of which nothing is on record all of the campaign's time is in doubt.
      const awayMs = nowMs - Math.max(0, heardMs(left));
      if (deps.isCounted) {
        doubt(sinceLastHeard(left, heardMs(left)), awayMs);
        counted = left.step;
      } else doubtAhead(sinceLastHeard(left, heardMs(left)), awayMs);
      const hold = behindLead(left);
      if (hold !== null) doubt(hold, nowMs - Math.max(0, heardMs(hold)));
      const next = following(left, nowMs);
      if (next !== null) doubtAhead(next.about, next.awayMs);
    },
    givenUp(left) {
      const nowMs = clock.monoMs();
      const { runsProgrammeAlone: runsAlone } = channel.capabilities;
      const next = unanswered === "left" ? following(left, nowMs) : null;
      const about = unanswered === "left" ? [left, behindLead(left), next?.about] : [unanswered?.about];
      let untilMs = intake.givenUp(cellIndex);
      for (const one of about) {
        if (one?.step == null) continue;
        const currentA = orderedCurrentA(one.step.channelStep);
        const unheard = unheardToEnd(one, currentA, { lastAtMs: heardMs(one), nowMs, runsAlone });
        if (unheard === null) continue;
        intake.mayHaveFlowed(cellIndex, unheard.ampereHours);
        untilMs = Math.max(untilMs ?? -Infinity, unheard.untilMs);
      }
      // Up to its own end it is in doubt by now. What nothing ends is once it is off.
      if (runsAlone && untilMs !== Infinity) unanswered = null;
      return untilMs;
    },
  };
}

/** The place behind a step is worked out anew each time that somebody asks for it. */
function isSame(one: ProgrammeStep, other: ProgrammeStep): boolean {
  return (
    one.stepNumber === other.stepNumber &&
    one.cycleNumber === other.cycleNumber &&
    one.channelStep.kind === other.channelStep.kind &&
    one.channelStep.untilTimeS === other.channelStep.untilTimeS
  );
}
