/** What an exposure is to the scheduler, the effects and the accounts: order, marks, outcome, events. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { CorrectionKind } from "../../protocols/calibration/correction-frames.ts";
import type { InputLevels } from "../../protocols/roles/beam-io.ts";
import type { PermitRequest } from "../safety/permit-judgement.ts";
import type { FaultNote } from "./errors.ts";
import type { Waiting } from "./waiting.ts";

/** A correction frame: of what, and the how-manieth of the campaign, from 1. */
export interface BesideCells {
  readonly kind: CorrectionKind;
  readonly what: string;
  readonly number: number;
}

/** What the scheduler asks for: one spot of one cell, exposed once. */
export interface ExposureOrder {
  readonly exposureId: string;
  readonly requestId: string;
  readonly position: string;
  readonly cellIndex: number;
  readonly spotIndex: number;
  readonly spotXMm: number;
  readonly spotYMm: number;
  readonly stageXMm: number;
  readonly stageYMm: number;
  readonly exposureS: number;
  readonly frameName: string;
  readonly filtersIn: readonly boolean[];
  /** What stands there where no cell does; then `cellIndex` is -1 and `position` says what it is. */
  readonly beside?: BesideCells;
  /** A point of the rack's alignment; then `cellIndex` is -1, and `position` says whose dose it is. */
  readonly alignment?: AlignmentPoint;
  /** Left out where a campaign has one preset at the most. */
  readonly presetName?: string;
  /** The shutter is not to be open before, on the monotonic clock; left out: as soon as it can be. */
  readonly openAtMs?: number;
  /** The shutter is not asked open after: the window it was asked for is over; left out where nobody asked. */
  readonly latestMs?: number;
}

export interface AlignmentPoint {
  /** The how-manieth opening of the shutter for it, from 1. */
  readonly number: number;
  /** Whose dose it is. */
  readonly chargedIndex: number;
}

/** No cell is meant to stand in the beam. */
export function isBesideCells({ beside, alignment }: Pick<ExposureOrder, "beside" | "alignment">): boolean {
  return beside !== undefined || alignment !== undefined;
}

/** Marks on the monotonic clock; null where it did not come to that. */
export interface ShutterMarks {
  readonly openAskedAtMs: number | null;
  readonly openSeenAtMs: number | null;
  readonly closeAskedAtMs: number | null;
  readonly closedSeenAtMs: number | null;
  /** Both shutters failed: the last look that showed neither of them closed. */
  readonly litUntilAtMs: number | null;
  /** How much of the time since then the machine had no beam to give, by looks that showed none one after the other. */
  readonly darkMs: number;
  /** The gate that opened and closed it, by the trigger's own word and the switches; left out where none did, or is not known to have. */
  readonly gate?: GateMark;
  /** In a rehearsal, when everything was ready for the shutter, which stayed shut. */
  readonly rehearsedAtMs?: number;
}

export interface GateMark {
  /** The command to fire went out then: the gate began no sooner. */
  readonly firedAtMs: number;
  readonly lengthS: number;
}

export const NO_MARKS: ShutterMarks = {
  openAskedAtMs: null,
  openSeenAtMs: null,
  closeAskedAtMs: null,
  closedSeenAtMs: null,
  litUntilAtMs: null,
  darkMs: 0,
};

/** The marks as they go on record; the dark time only where there was any. */
export function marksJson(marks: ShutterMarks): { readonly [key: string]: Json } {
  return {
    open_asked_at_ms: marks.openAskedAtMs,
    open_seen_at_ms: marks.openSeenAtMs,
    close_asked_at_ms: marks.closeAskedAtMs,
    closed_seen_at_ms: marks.closedSeenAtMs,
    ...(marks.litUntilAtMs === null ? {} : { lit_until_ms: marks.litUntilAtMs, dark_ms: marks.darkMs }),
    ...(marks.rehearsedAtMs === undefined ? {} : { rehearsed_at_ms: marks.rehearsedAtMs }),
    ...(marks.gate === undefined ? {} : { gate_s: marks.gate.lengthS }),
  };
}

/** As the log calls what a rehearsal made: everything but the beam. */
export const REHEARSED = "rehearsed";

/** By the log's word: the request was met in full. */
export function isMade(outcome: unknown): boolean {
  return outcome === "made" || outcome === REHEARSED;
}

export type ExposureOutcome = "made" | "partial" | "aborted" | "shutter-failure";

/** What an exposure needs from the world; each rejects with a Fault and has its own deadlines inside. */
export interface ExposureEffects {
  /** Nothing is ever opened; see rehearsal/locked-shutter.ts. */
  readonly isRehearsal?: true;
  /** Belief, interlocks as levels, filters in place. */
  check(order: ExposureOrder): Promise<void>;
  /** Resolves when the cell has come to rest in the beam, with when it will have settled there. */
  move(order: ExposureOrder, signal: AbortSignal): Promise<number>;
  /** Books the upper bound durably; resolves with the booking's sequence number after the commit. */
  book(order: ExposureOrder): Promise<number>;
  arm(order: ExposureOrder): Promise<void>;
  /** The permit is being asked for: what has to run before the shutter opens begins now. Never throws. */
  prepare?(order: ExposureOrder): void;
  /** Levels that somebody has just read. Never throws. */
  noteLevels?(levels: InputLevels): void;
  /**
   * Waits until the cell has settled and the wanted moment has come; then the last look before photons: fresh levels,
   * position, booking, beam. Then asks the shutter open, has the trigger fire
   * where one times it, and waits for its switch. After the signal is aborted it must not ask any more.
   */
  open(
    order: ExposureOrder,
    bookingSeq: number,
    note: (marks: Partial<ShutterMarks>) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Starts the detector; resolves with the frame's path when it is done. Where a trigger times the shutter, it counts
   * already, and the shutter is watched to close by itself.
   */
  expose(
    order: ExposureOrder,
    note: (marks: Partial<ShutterMarks>) => void,
    signal: AbortSignal,
  ): Promise<{ readonly path: string }>;
  stopDetector(): Promise<void>;
  /** Asks the shutter closed and waits for its switch. */
  close(note: (marks: Partial<ShutterMarks>) => void): Promise<void>;
  /** The shutter did not report closed: safety shutter, shadow. Resolves when beam is known to be off the cell, with the time. */
  makeSafe(): Promise<number>;
  /**
   * Neither shutter reported closed: asks both again and again and looks, for about a minute, and sends the stage into
   * the shadow as soon as it may move. Notes until when the beam may have been on; resolves with whether it is off the
   * cell now. A device that is silent is no error.
   */
  awaitClosed(marks: ShutterMarks, note: (marks: Partial<ShutterMarks>) => void, signal: AbortSignal): Promise<boolean>;
  /** Settles the booking, if one was made, by what was measured, and records it. */
  settle(order: ExposureOrder, marks: ShutterMarks, outcome: ExposureOutcome, framePath: string | null): void;
}

export type ExposureEvent =
  | { readonly type: "EXPOSE"; readonly order: ExposureOrder }
  | { readonly type: "PERMIT_GRANTED"; readonly exposureId: string }
  | { readonly type: "PERMIT_REFUSED"; readonly exposureId: string; readonly reasons: readonly string[] }
  /** `isOver`: nothing comes after it, so that even an exposure which cannot be ended is accounted for as it stands. */
  | { readonly type: "STOP_EXPOSING"; readonly reason: string; readonly isOver?: boolean }
  | { readonly type: "MARK"; readonly exposureId: string; readonly marks: Partial<ShutterMarks> }
  | { readonly type: "DEADLINE" };

/** What the parent hears. */
export type ExposureNews =
  | { readonly type: "WANT_PERMIT"; readonly request: PermitRequest }
  /** The shutter is asked open now: from here on the permit lives for its `lifeMs`. */
  | { readonly type: "USE_PERMIT"; readonly exposureId: string }
  | { readonly type: "RETURN_PERMIT"; readonly exposureId: string }
  /** Neither shutter reports closed: the beam may still be on the cell. */
  | { readonly type: "BEAM_NOT_OFF"; readonly fault: FaultNote }
  | {
      readonly type: "EXPOSURE_DONE";
      readonly order: ExposureOrder;
      readonly outcome: ExposureOutcome;
      readonly fault: FaultNote | null;
    };

export interface ExposureContext {
  readonly order: ExposureOrder | null;
  readonly bookingSeq: number | null;
  readonly marks: ShutterMarks;
  readonly framePath: string | null;
  readonly outcome: ExposureOutcome;
  readonly fault: FaultNote | null;
  /** When the cell will have settled in the beam. */
  readonly settledAtMs: number;
  /** When the last heartbeat of the permit may be given, once the shutter was asked open. */
  readonly permitUntilMs: number | null;
  readonly waiting: Waiting | null;
}
