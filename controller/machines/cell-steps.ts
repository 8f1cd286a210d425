/** What the end of a step means for a cell: where its protocol goes on, and what its account says. Pure. */
import {
  accountStep,
  chargeAfter,
  isDisturbed,
  type AccountedEnd,
  type ClosedHalfCycle,
} from "../cells/cell-account.ts";
import type { CellContext, CellEvent } from "./cell-news.ts";
import type { PartOutcome } from "./programme.ts";
import type { CellEffects, ProgrammeCursor } from "./programme.ts";

/** By its instrument's word, by a person's order, or because its time ran out in breaks. */
export type StepIsOver = "told" | "left" | "unknown";

export interface AfterStep {
  readonly changes: Pick<
    CellContext,
    "cursor" | "account" | "leave" | "breakReason" | "stepElapsedS" | "stepsDoneCount" | "waitSinceMs"
  >;
  readonly outcome: PartOutcome | null;
  readonly closed: readonly ClosedHalfCycle[];
  /** Net charge of the step, by the sums of raw samples. */
  readonly chargeAh: number;
}

/** What of a cell the end of its step is judged by. */
export type StepContext = Pick<CellContext, "cursor" | "account" | "rules" | "leave" | "stepsDoneCount"> & {
  readonly effects: Pick<CellEffects, "totals">;
};

/** Null when no step is left. */
export function afterStep(context: StepContext, event: CellEvent, how: StepIsOver): AfterStep | null {
  const { cursor, account, rules, leave } = context;
  if (cursor === null) return null;
  const now = context.effects.totals();
  const began = account.stepStartedAt;
  const told = how === "told" && event.type === "STEP_ENDED" ? event : null;
  const leftAs = how === "left" && leave !== null && leave.kind !== "hold" ? leave.kind : null;
  const end: AccountedEnd = told?.end ?? leftAs ?? "unknown";
  const chargeAh = now.chargedAh - now.dischargedAh - (began.chargedAh - began.dischargedAh);
  const step = { ...cursor.step, end, currentA: told?.currentA ?? NaN };
  const finished = {
    // What a wait came to is known by the samples; what a person cut short is no capacity.
    chargeAh: told?.chargeAh ?? (leftAs === "awaited" ? chargeAh : NaN),
    doubtAh: now.doubtAh - began.doubtAh,
    isCut: leftAs === "skipped" || leftAs === "operator" || isDisturbed(account),
    end,
    voltageV: told?.voltageV ?? NaN,
    charge: chargeAfter(account, rules, step, now),
  };
  const next = cursor.next(finished);
  const done = accountStep(account, rules, step, now, next?.step.channelStep ?? null);
  return {
    changes: {
      cursor: next,
      account: done.account,
      leave: null,
      breakReason: null,
      stepElapsedS: 0,
      stepsDoneCount: context.stepsDoneCount + 1,
      waitSinceMs: null,
    },
    outcome: cursor.outcome?.(finished) ?? null,
    closed: done.closed,
    chargeAh,
  };
}

/** The place behind the present step, were a person to leave it now. */
export function nextIfLeft(context: CellContext): ProgrammeCursor | null {
  const leave = { kind: "operator", author: "", reason: "" } as const;
  const after = afterStep({ ...context, leave }, { type: "DEADLINE" }, "left");
  return after?.changes.cursor ?? null;
}

/** Seconds a step counts as having run: a wait goes on, whatever becomes of its channel meanwhile. */
export function elapsedS({ cursor, stepElapsedS, waitSinceMs }: CellContext, nowMs: number): number {
  if (cursor?.step.wait == null || waitSinceMs === null) return stepElapsedS;
  return Math.max(stepElapsedS, (nowMs - waitSinceMs) / 1000);
}

/** Its step was cut off, and its instrument may run on with it: not by its own word, nor by an order. */
export function isUnheard(event: CellEvent): boolean {
  if (event.type === "CHANNEL_LOST") return true;
  return event.type === "STEP_FAILED" && tellsNoMore(event.fault.code);
}

/** Of the link, a gateway's word for it, silence, or an output that would not switch off: what becomes of the step nobody says. */
const TELLS_NO_MORE: ReadonlySet<string> = new Set(["channel.silent", "io.exception", "cell.not-off"]);

export function tellsNoMore(code: string): boolean {
  return code.startsWith("link.") || TELLS_NO_MORE.has(code);
}

/**
 * The same once a channel is heard again: up to when its step was found running, also where its start, or its stop, was not
 * answered; else an instrument that runs it alone has come to its end by itself. What was measured of a spectrum nobody has. Otherwise proven is
 * what was heard, of what it had kept too.
 */
function elapsedUnheardS({ cursor, stepElapsedS, unheardSinceMs, effects }: CellContext, nowMs: number): number {
  if (cursor === null) return stepElapsedS;
  const { kind, untilTimeS } = cursor.step.channelStep;
  if (kind === "impedance") return stepElapsedS;
  if (unheardSinceMs === null) {
    // What is asked for as it begins has to be asked for still.
    const mustAsk = stepElapsedS === 0 && (cursor.step.asks ?? []).length > 0;
    const ranS = mustAsk ? null : (effects.ranAtLeastS?.(cursor.step) ?? null);
    return Math.max(stepElapsedS, Math.min(untilTimeS, ranS ?? 0));
  }
  const ranUntil = (atMs: number): number =>
    Math.min(untilTimeS, stepElapsedS + Math.max(0, atMs - unheardSinceMs) / 1000);
  const foundAtMs = effects.foundRunningAtMs ?? -Infinity;
  if (foundAtMs >= unheardSinceMs) return ranUntil(foundAtMs);
  if (effects.runsAlone === true && ranUntil(nowMs) >= untilTimeS) return untilTimeS;
  return ranUntil(effects.stepSamples?.()?.toMs ?? -Infinity);
}

/** What ran on is over, or off: whoever connects anew ends it. */
export function afterRanOn(
  context: CellContext,
  nowMs: number,
): Pick<CellContext, "stepElapsedS" | "unheardSinceMs" | "hasRanOn"> {
  const stepElapsedS = elapsedUnheardS(context, nowMs);
  const hasRanOn = context.hasRanOn || context.unheardSinceMs !== null || stepElapsedS > context.stepElapsedS;
  return { stepElapsedS, unheardSinceMs: null, hasRanOn };
}

/** What is left of the step's own time. */
export function remainingMs({ cursor, stepElapsedS }: CellContext): number {
  if (cursor === null) return 0;
  return Math.max(0, cursor.step.channelStep.untilTimeS - stepElapsedS) * 1000;
}

/** Why a step that goes on was not running meanwhile, when its channel was out of reach. */
export const UNHEARD = "nothing was heard of the channel between a break of its step and its return";

/** The same after a restart of the controller. */
export const RESTARTED = "the controller was away, and its step did not run on";

/** The same while a person had the cell, or was to have it. */
export const IN_HAND = "the cell was off for a person, so that nothing was measured and nothing flowed";

/** The same while a robot had the cell. */
export const CARRIED =
  "the cell was out of its place: a robot had it in the beam, so that nothing was measured and nothing flowed";
