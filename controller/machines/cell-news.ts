/** What a cell's machine is told, tells and remembers. */
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import { isFault } from "../../protocols/base/fault.ts";
import type { StepEnd } from "../../protocols/roles/channel.ts";
import type { AccountRules, CellAccount } from "../cells/cell-account.ts";
import type { FaultNote } from "./errors.ts";
import { afterStep } from "./cell-steps.ts";
import type { AskedExposure, CellEffects, CellFound, LeftStep, ProgrammeCursor, ProgrammeStep } from "./programme.ts";
import type { Waiting } from "./waiting.ts";

export interface CellInput {
  readonly position: string;
  readonly cellId: string;
  readonly channelName: string;
  readonly first: ProgrammeCursor | null;
  readonly effects: CellEffects;
  readonly rules: AccountRules;
  /** Who takes it out of its place, where somebody does; a robot where nothing is said. */
  readonly carriedBy?: "person";
  /** It joins a campaign under way, and a person is still to bring it. */
  readonly joins?: true;
  /** After a restart: the cell as the record left it. */
  readonly left?: LeftCell;
}

/** A cell as the record of a run left it, from which its machine goes on. */
export interface LeftCell {
  readonly phase: "unproven" | "under-way" | "isolated" | "complete" | "stopped";
  readonly cursor: ProgrammeCursor | null;
  readonly account: CellAccount;
  readonly stepsDoneCount: number;
  /** When the step began to run, or again after a break; null when nothing ran. */
  readonly runningSinceMs: number | null;
  /** Seconds it had run before that. */
  readonly stepElapsedS: number;
  readonly hold: CellAct | null;
  readonly leave: CellAct | null;
  /** All cells were ordered off, and this one had not said that it is. */
  readonly isOrderedOff: boolean;
  /** A robot had taken it out of its place, or was to. */
  readonly isCarried?: boolean;
  /** It joined a campaign under way, and was not proven yet. */
  readonly isNew?: boolean;
  /** Of one that is over: it was proven before. */
  readonly isProven?: boolean;
  /** A step was ended out of turn, and no other has driven the cell since. */
  readonly mustLook?: boolean;
  /** Its link was lost then while its step ran, and nobody has confirmed it off since. */
  readonly mayRunOnSinceMs?: number;
  /** Its instrument did not confirm it off then, and nothing there ends what it drives. */
  readonly isEndless?: boolean;
  /** Since then nobody heard of its step, which ran; absent where it is confirmed off since. */
  readonly unheardSinceMs?: number;
  /** What ran led it back to the voltage that its step holds. */
  readonly isLeading?: boolean;
  /** Nothing ran then, and no step has begun since, by the record. */
  readonly idleSinceMs?: number;
  /** A person's order that nothing is to begin came since, and its step may have been asked to begin before that. */
  readonly wasBeginning?: boolean;
  /** By its last proof; absent where none is on record. */
  readonly resistanceOhm?: number;
  /** Why it was isolated; of one under way: its instrument ended its step by a limit, and nobody had confirmed it off since. */
  readonly fault: FaultNote | null;
}

/**
 * The same of a cell whose proof is on no record: that was not over, and no step had begun, by the last event that is on record
 * of whatever there is in the rack.
 */
export function withIdleTime(left: LeftCell, lastEventMs: number): LeftCell {
  return left.phase !== "unproven" || left.idleSinceMs !== undefined ? left : { ...left, idleSinceMs: lastEventMs };
}

/** Nothing more is done with the cell. */
export function isOver({ phase }: LeftCell): boolean {
  return phase === "isolated" || phase === "complete" || phase === "stopped";
}

/** What its channel is held against. */
export function leftStep(context: CellContext): LeftStep {
  const { left, cursor } = context;
  const next = nextIfOver(context);
  return {
    step: cursor?.step ?? null,
    runningSinceMs: left?.runningSinceMs ?? null,
    elapsedS: left?.stepElapsedS ?? 0,
    ...(left !== undefined && wasAboutToBegin(left) ? { mayHaveBegun: true } : {}),
    ...(left?.mayRunOnSinceMs === undefined ? {} : { mayHaveBegun: true, lostAtMs: left.mayRunOnSinceMs }),
    ...(left?.isEndless === true ? { isEndless: true } : {}),
    ...(left?.unheardSinceMs === undefined ? {} : { unheardSinceMs: left.unheardSinceMs }),
    ...(left?.idleSinceMs === undefined ? {} : { idleSinceMs: left.idleSinceMs }),
    ...(left?.isLeading === true ? { isLead: true } : {}),
    ...(next === null ? {} : { next, isLeft: left?.leave != null }),
    ...(left?.hold != null && left.runningSinceMs === null ? { wasHeld: true } : {}),
    ...(left?.resistanceOhm === undefined ? {} : { resistanceOhm: left.resistanceOhm }),
  };
}

/** What follows the step that ran; null where none did, or something was in the way of another. */
function nextIfOver(context: CellContext): ProgrammeStep | null {
  const { left } = context;
  if (left?.runningSinceMs == null || left.hold !== null || left.isOrderedOff || left.isCarried === true) return null;
  const how = context.leave === null ? "unknown" : "left";
  return afterStep(context, { type: "DEADLINE" }, how)?.changes.cursor?.step ?? null;
}

function wasAboutToBegin({ phase, runningSinceMs, hold, leave, ...left }: LeftCell): boolean {
  const isUnderWay = phase === "under-way" || phase === "unproven";
  const isReady = isUnderWay && runningSinceMs === null && left.isCarried !== true && left.isNew !== true;
  return isReady && (left.wasBeginning === true || (hold === null && leave === null && !left.isOrderedOff));
}

/** Seconds that the step has run when it is found again. */
export function elapsedWhenFound({ left }: CellContext, found: CellFound, nowMs: number): number {
  if (found.kind === "off") return found.stepElapsedS;
  return (left?.stepElapsedS ?? 0) + (nowMs - (left?.runningSinceMs ?? nowMs)) / 1000;
}

/** What a person does to one cell, and why; or that what its step waited for has come. */
export interface CellAct {
  readonly kind: "hold" | "skipped" | "operator" | "awaited";
  readonly author: string;
  readonly reason: string;
}

export interface CellContext extends CellInput {
  readonly cursor: ProgrammeCursor | null;
  /** When the running step began, or began again after a break; NaN where it has not. */
  readonly stepStartedAtMs: number;
  /** Seconds the step had run before its last break. */
  readonly stepElapsedS: number;
  readonly stepsDoneCount: number;
  /** Proofs that something other than the cell ended. */
  readonly proofTriesCount: number;
  /** Starts in a row that were refused, or that failed at once. */
  readonly failedStartsCount: number;
  readonly account: CellAccount;
  /** When the step began that waits for something; null where none does, or it has not begun. */
  readonly waitSinceMs: number | null;
  /** A person holds the cell, or asked for it: no step begins. */
  readonly hold: CellAct | null;
  /** A person wants the present step to be left: it is, as soon as the cell is confirmed off. */
  readonly leave: CellAct | null;
  /** A person ordered it on, or to its next step, or it was put back: what drives it then begins once that is on record. */
  readonly isToBeKept: boolean;
  /** A step was ended out of turn: the cell is looked at before the next one that drives it. */
  readonly mustLook: boolean;
  /** Its step was cut off, and may have come to its own end before anybody could hear it. */
  readonly isBrokenOff: boolean;
  /** Since when nobody hears of the step that ran as its link was lost; null where one is heard, or none ran. */
  readonly unheardSinceMs: number | null;
  /** Its step was cut off, and may have run on unheard: that it is off, and for how long it ran, is on no record yet. */
  readonly hasRanOn: boolean;
  /** What runs leads it back to the voltage that its step holds. */
  readonly isLeading: boolean;
  /** It was led back to the voltage that its step holds, and nothing came between. */
  readonly isLedBack: boolean;
  /** Why the cell was off since its step ran last; null where nothing came between. */
  readonly breakReason: string | null;
  /** A robot takes it out of its place: no step begins until it is back there. */
  readonly isCarried: boolean;
  /** It was to be taken out, and nobody had it: what is there is as it was. */
  readonly isUntouched: boolean;
  /** It never lay in this place: it is proven whole as a person puts it in, and is that person's again where it is not. */
  readonly isNew: boolean;
  /** Polarity, contact and wiring are: no step begins before. */
  readonly isProven: boolean;
  /** It was to be switched off, and nobody has confirmed that it is. */
  readonly mayBeOn: boolean;
  /** That it is isolated is on record, and was told. */
  readonly isToldOver: boolean;
  readonly fault: FaultNote | null;
  readonly waiting: Waiting | null;
}

interface ByPerson {
  readonly author: string;
  readonly reason: string;
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
  /** A sample, a robot or custody says that nothing may flow in it any more. */
  | { readonly type: "LIMIT_PASSED"; readonly fault: FaultNote }
  /** It was scanned into its slot. */
  | { readonly type: "CELL_HAS_COME" }
  | { readonly type: "STOP_CELL"; readonly author: string }
  | CellActEvent
  | CarryEvent
  /** Something has come for which steps wait. */
  | {
      readonly type: "AWAITED";
      /** `exposure`, or the signal of another cell. */
      readonly for: string;
      /** Since when it was under way: what began before the wait is not what is awaited. */
      readonly sinceMs: number;
      readonly what: string;
    }
  /** The campaign's time is over: what runs is ended in order, and the cell has done its part. */
  | { readonly type: "TIME_OVER" }
  | { readonly type: "DEADLINE" };

/** What the robot's desk tells a cell. */
export type CarryEvent =
  /** It is to be taken to the beam: switched off, and off until it is back. */
  | { readonly type: "TAKE_OUT" }
  /** It lies in its place again, or was not taken after all: then nobody touched it. */
  | { readonly type: "PUT_BACK"; readonly isUntouched?: true }
  /** What was taken out does not come back: nothing more is done there, and which cell lies there is not known. */
  | { readonly type: "LEFT_OUT" };

/** What a person may order of one cell. Each is recorded with its author and reason, whether it is done or refused. */
export type CellActEvent =
  /** The cell is switched off and waits; its step goes on later with the time it has left. */
  | (ByPerson & { readonly type: "HOLD_CELL" })
  | (ByPerson & { readonly type: "RESUME_CELL" })
  /** The present step counts as not done: the protocol goes on behind it. */
  | (ByPerson & { readonly type: "SKIP_STEP" })
  /** The present step has done enough. Its charge counts, but it is no capacity of the cell. */
  | (ByPerson & { readonly type: "END_STEP" });

/** What the parent hears. */
export type CellNews =
  | { readonly type: "CELL_FINISHED"; readonly position: string }
  | { readonly type: "CELL_ISOLATED"; readonly position: string; readonly fault: FaultNote }
  /** Its next step would harm it: it is held for a person. Null once a person has said how it goes on. */
  | { readonly type: "CELL_SPARED"; readonly position: string; readonly fault: FaultNote | null }
  /** Of one that is isolated: asked again, its channel did not confirm it off. Null once it has. */
  | { readonly type: "CELL_NOT_OFF"; readonly position: string; readonly fault: FaultNote | null }
  | { readonly type: "EXPOSURES_WANTED"; readonly position: string; readonly asks: readonly AskedExposure[] }
  /** A step of the protocol is over; told where other cells may wait for it. `stepNumber` counts from 1. */
  | { readonly type: "STEP_PASSED"; readonly position: string; readonly stepNumber: number }
  /** The channel does not do as it should: its link is to be made anew. */
  | { readonly type: "CHANNEL_SUSPECT"; readonly channelName: string; readonly fault: FaultNote };

const PROOF_TRIES_MAX = 3;
/** They say something of the cell, which no second try makes another one. */
const OF_THE_CELL: ReadonlySet<string> = new Set(["cell.unproven", "cell.wrong", "cell.identity-unknown"]);

/** The channel failed, not the cell; a defect is nobody's to try again. */
export function mayProveAgain({ proofTriesCount }: CellContext, error: unknown): boolean {
  return isFault(error) && !OF_THE_CELL.has(error.code) && proofTriesCount + 1 < PROOF_TRIES_MAX;
}

/** The channel failed, not the cell. */
export function mayAskAgain(error: unknown): boolean {
  return isFault(error) && !OF_THE_CELL.has(error.code);
}

/** What a cell that comes back is held against: nothing ran meanwhile. */
export function carriedStep({ cursor, stepElapsedS }: CellContext): LeftStep {
  return { step: cursor?.step ?? null, runningSinceMs: null, elapsedS: stepElapsedS };
}

/** A person had it in hand: leads may lie otherwise than before. What was never proven is proven whole when it is back. */
export function isWiringAsked({
  isProven,
  ...cell
}: Pick<CellContext, "carriedBy" | "isProven" | "isUntouched">): boolean {
  return wasInHand(cell) && isProven;
}

export function wasInHand({ carriedBy, isUntouched }: Pick<CellContext, "carriedBy" | "isUntouched">): boolean {
  return carriedBy === "person" && !isUntouched;
}

/** What the present step waits for has come. */
export function isAwaited({ cursor, waitSinceMs, leave }: CellContext, event: CellEvent): boolean {
  const wait = cursor?.step.wait;
  if (event.type !== "AWAITED" || wait == null || leave !== null || wait.for !== event.for) return false;
  return waitSinceMs !== null && event.sinceMs >= waitSinceMs;
}

/** It had come before the step could begin. */
export function hasComeAlready({ cursor, leave, effects }: CellContext): boolean {
  const wait = cursor?.step.wait;
  return wait != null && leave === null && wait.for !== "exposure" && effects.hasCome?.(wait.for) === true;
}

export function finishedNews({ position }: CellContext): CellNews {
  return { type: "CELL_FINISHED", position };
}

export function isolatedNews({ position, fault }: CellContext): CellNews {
  const unknown = { code: "cell.unproven", where: position, what: "isolated", advice: "Inspect the cell." };
  return { type: "CELL_ISOLATED", position, fault: fault ?? unknown };
}

export function suspectNews({ channelName, fault }: CellContext): CellNews {
  const what = "the channel does not answer as it should";
  const unknown = { code: "link.timeout", where: channelName, what, advice: "Check the instrument." };
  return { type: "CHANNEL_SUSPECT", channelName, fault: fault ?? unknown };
}

/** An answer did not come by its deadline. */
export function lateFault({ channelName, waiting }: CellContext): FaultNote {
  return {
    code: "link.timeout",
    where: channelName,
    what: `${waiting?.reason ?? "an answer"} was awaited in vain`,
    advice: "Check the instrument; its own limits hold the cell meanwhile.",
  };
}

export function instrumentLimit(position: string, voltageV: number, currentA: number): FaultNote {
  const reading = `${voltageV.toFixed(4)} V, ${(currentA * 1000).toFixed(4)} mA`;
  return {
    code: "cell.limit",
    where: position,
    what: `the instrument stopped the step at its safety limit: ${reading}`,
    advice: "Inspect the cell before it is cycled again.",
  };
}

/** Of a step that its instrument ended otherwise than it was to. */
export function faultOfEnd({ position, channelName, cursor, fault }: CellContext, event: CellEvent): FaultNote | null {
  if (event.type !== "STEP_ENDED") return fault;
  if (event.end !== "aborted") return instrumentLimit(position, event.voltageV, event.currentA);
  const { stepNumber, label } = cursor?.step ?? { stepNumber: 0, label: "" };
  const what = `the instrument, or somebody at it, ended step ${stepNumber} (${label}) again and again as soon as it had begun`;
  return {
    code: "channel.switched-off",
    where: channelName,
    what,
    advice: FAULT_CATALOGUE["channel.switched-off"].advice,
  };
}

/** No step is begun that would harm the cell at once. */
export function sparedFault(position: string, what: string): FaultNote {
  return { code: "cell.next-step", where: position, what, advice: FAULT_CATALOGUE["cell.next-step"].advice };
}

/** What is said of it once it is confirmed off after all. */
export function offSince({ fault }: CellContext): FaultNote | null {
  return fault?.code === "cell.not-off" ? { ...fault, what: `${fault.what}; it is confirmed off since` } : fault;
}

/** Why the cell was to be opened stays in the text; that it may still be on is the worse news. */
export function notOff(context: CellContext): FaultNote {
  // Asked once more, in vain again.
  if (context.fault?.code === "cell.not-off") return context.fault;
  return {
    code: "cell.not-off",
    where: context.position,
    what: `${context.channelName} did not confirm the cell off after: ${context.fault?.what ?? "a limit"}`,
    advice: FAULT_CATALOGUE["cell.not-off"].advice,
  };
}
