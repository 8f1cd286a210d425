/** What the end of a step means for a cell: where its protocol goes on, and what its account says. Pure. */
import { accountStep, isDisturbed, type AccountedEnd, type ClosedHalfCycle } from "../cells/cell-account.ts";
import type { CellContext, CellEvent } from "./cell-news.ts";

/** By its instrument's word, by a person's order, or because its time ran out in breaks. */
export type StepIsOver = "told" | "left" | "unknown";

export interface AfterStep {
  readonly changes: Pick<
    CellContext,
    "cursor" | "account" | "leave" | "breakReason" | "stepElapsedS" | "stepsDoneCount"
  >;
  readonly closed: readonly ClosedHalfCycle[];
  /** Net charge of the step, by the sums of raw samples. */
  readonly chargeAh: number;
}

/** Null when no step is left. */
export function afterStep(context: CellContext, event: CellEvent, how: StepIsOver): AfterStep | null {
  const { cursor, account, rules, leave } = context;
  if (cursor === null) return null;
  const now = context.effects.totals();
  const began = account.stepStartedAt;
  const told = how === "told" && event.type === "STEP_ENDED" ? event : null;
  const leftAs = how === "left" && leave !== null && leave.kind !== "hold" ? leave.kind : null;
  const end: AccountedEnd = told?.end ?? leftAs ?? "unknown";
  const next = cursor.next({
    chargeAh: told?.chargeAh ?? NaN,
    doubtAh: now.doubtAh - began.doubtAh,
    isCut: leftAs !== null || isDisturbed(account),
  });
  const step = { ...cursor.step, end, currentA: told?.currentA ?? NaN };
  const done = accountStep(account, rules, step, now, next?.step.channelStep ?? null);
  return {
    changes: {
      cursor: next,
      account: done.account,
      leave: null,
      breakReason: null,
      stepElapsedS: 0,
      stepsDoneCount: context.stepsDoneCount + 1,
    },
    closed: done.closed,
    chargeAh: now.chargedAh - now.dischargedAh - (began.chargedAh - began.dischargedAh),
  };
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
