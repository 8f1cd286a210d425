/** What a cell's machine is told, tells and remembers. */
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import type { StepEnd } from "../../protocols/roles/channel.ts";
import type { FaultNote } from "./errors.ts";
import type { CellEffects, ProgrammeCursor } from "./programme.ts";
import type { Waiting } from "./waiting.ts";

export interface CellInput {
  readonly position: string;
  readonly cellId: string;
  readonly channelName: string;
  readonly first: ProgrammeCursor | null;
  readonly effects: CellEffects;
}

export interface CellContext extends CellInput {
  readonly cursor: ProgrammeCursor | null;
  /** When the running step began, or began again after a break. */
  readonly stepStartedAtMs: number;
  /** Seconds the step had run before its last break. */
  readonly stepElapsedS: number;
  readonly stepsDoneCount: number;
  readonly fault: FaultNote | null;
  readonly waiting: Waiting | null;
}

export type CellEvent =
  | { readonly type: "CHANNEL_READY" }
  | { readonly type: "CHANNEL_LOST"; readonly fault: FaultNote }
  | { readonly type: "CHANNEL_ISOLATED"; readonly fault: FaultNote }
  | {
      readonly type: "STEP_ENDED";
      readonly end: StepEnd;
      readonly voltageV: number;
      readonly currentA: number;
      readonly chargeAh: number;
    }
  | { readonly type: "STEP_FAILED"; readonly fault: FaultNote }
  | { readonly type: "LIMIT_PASSED"; readonly fault: FaultNote }
  | { readonly type: "STOP_CELL"; readonly author: string }
  /** The campaign's time is over: what runs is ended in order, and the cell has done its part. */
  | { readonly type: "TIME_OVER" }
  | { readonly type: "DEADLINE" };

/** What the parent hears. */
export type CellNews =
  | { readonly type: "CELL_FINISHED"; readonly position: string }
  | { readonly type: "CELL_ISOLATED"; readonly position: string; readonly fault: FaultNote }
  /** The channel does not do as it should: its link is to be made anew. */
  | { readonly type: "CHANNEL_SUSPECT"; readonly channelName: string; readonly fault: FaultNote };

export function instrumentLimit(position: string, voltageV: number, currentA: number): FaultNote {
  const reading = `${voltageV.toFixed(4)} V, ${(currentA * 1000).toFixed(4)} mA`;
  return {
    code: "cell.limit",
    where: position,
    what: `the instrument stopped the step at its safety limit: ${reading}`,
    advice: "Inspect the cell before it is cycled again.",
  };
}

/** Why the cell was to be opened stays in the text; that it may still be on is the worse news. */
export function notOff(context: CellContext): FaultNote {
  return {
    code: "cell.not-off",
    where: context.position,
    what: `${context.channelName} did not confirm the cell off after: ${context.fault?.what ?? "a limit"}`,
    advice: FAULT_CATALOGUE["cell.not-off"].advice,
  };
}
