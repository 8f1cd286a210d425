/** What persons order of one cell, as its machine takes it: named for the log, handled in every state. */
import type { UnfitStep } from "../cells/next-step.ts";
import type { CellAct, CellActEvent, CellContext, CellEvent } from "./cell-news.ts";

export interface AskedAct {
  readonly act: "hold" | "resume" | "skip-step" | "end-step";
  readonly by: CellAct;
}

const ACTS = {
  HOLD_CELL: { act: "hold", kind: "hold" },
  RESUME_CELL: { act: "resume", kind: "hold" },
  SKIP_STEP: { act: "skip-step", kind: "skipped" },
  END_STEP: { act: "end-step", kind: "operator" },
} as const satisfies Readonly<Record<CellActEvent["type"], { readonly act: string; readonly kind: CellAct["kind"] }>>;

/** Why a cell was off. */
export const BY_PERSON = "the cell was off by a person's order";

/** Null for any other event. */
export function actOf(event: CellEvent): AskedAct | null {
  if (!("reason" in event)) return null;
  const { act, kind } = ACTS[event.type];
  return { act, by: { kind, author: event.author, reason: event.reason } };
}

/** What beamrack itself does with a step that is not begun. */
export function actOnUnfit({ kind, what }: UnfitStep): AskedAct {
  const by = { author: BEAMRACK, reason: what };
  return kind === "over"
    ? { act: "end-step", by: { kind: "operator", ...by } }
    : { act: "hold", by: { kind: "hold", ...by } };
}

/** Somebody ended the step out of turn. */
export function isByPerson(leave: CellAct | null): boolean {
  return leave?.author !== BEAMRACK && (leave?.kind === "skipped" || leave?.kind === "operator");
}

/** It was held for what its next step would do to it. */
export function isSpared({ hold }: Pick<CellContext, "hold">): boolean {
  return hold?.author === BEAMRACK;
}

/** No user's name. */
const BEAMRACK = "beamrack";

/** What the machine remembers of an act; null where there is nothing to do it to. */
export function afterAct(
  context: CellContext,
  { act, by }: AskedAct,
): Partial<Pick<CellContext, "hold" | "leave" | "breakReason" | "isToBeKept" | "failedStartsCount">> | null {
  // There is nothing to resume where nothing is held, and nothing to hold or leave where no step is left.
  if (act === "resume" ? context.hold === null : context.cursor === null) return null;
  if (act === "hold") return { hold: by };
  const isToBeKept = context.isToBeKept || by.author !== BEAMRACK;
  if (act !== "resume") return { leave: by, isToBeKept };
  // Whoever lets it go on may have mended why its starts failed.
  return { hold: null, breakReason: context.breakReason ?? BY_PERSON, isToBeKept, failedStartsCount: 0 };
}

/** The same handler for every act. */
export function onEveryAct<const A extends string>(actions: A) {
  const handler = { actions };
  return { HOLD_CELL: handler, RESUME_CELL: handler, SKIP_STEP: handler, END_STEP: handler };
}

/** For the acts that end what runs. */
export function onStoppingActs<const T extends object>(handler: T) {
  return { HOLD_CELL: handler, SKIP_STEP: handler, END_STEP: handler };
}

/** Of a cell with which nothing more is done. */
export function whenOver() {
  return {
    STOP_CELL: {},
    TIME_OVER: {},
    CHANNEL_ISOLATED: {},
    LEFT_OUT: { actions: "noteLeftOut" },
    ...onEveryAct("refuseAct"),
  } as const;
}
