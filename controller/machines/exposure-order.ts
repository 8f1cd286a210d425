/** What an exposure is to the scheduler, the effects and the accounts: order, marks, outcome, events. */
import type { PermitRequest } from "../safety/permit-judgement.ts";
import type { FaultNote } from "./errors.ts";
import type { Waiting } from "./waiting.ts";

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
}

/** Marks on the monotonic clock; null where it did not come to that. */
export interface ShutterMarks {
  readonly openAskedAtMs: number | null;
  readonly openSeenAtMs: number | null;
  readonly closeAskedAtMs: number | null;
  readonly closedSeenAtMs: number | null;
}

export const NO_MARKS: ShutterMarks = {
  openAskedAtMs: null,
  openSeenAtMs: null,
  closeAskedAtMs: null,
  closedSeenAtMs: null,
};

export type ExposureOutcome = "made" | "partial" | "aborted" | "shutter-failure";

/** What an exposure needs from the world; each rejects with a Fault and has its own deadlines inside. */
export interface ExposureEffects {
  /** Belief, interlocks as levels, filters in place. */
  check(order: ExposureOrder): Promise<void>;
  move(order: ExposureOrder, signal: AbortSignal): Promise<void>;
  /** Books the upper bound durably; resolves with the booking's sequence number after the commit. */
  book(order: ExposureOrder): Promise<number>;
  arm(order: ExposureOrder): Promise<void>;
  /**
   * The last look before photons: fresh levels, position, booking, beam. Then asks the shutter open and waits for
   * its switch. After the signal is aborted it must not ask any more.
   */
  open(
    order: ExposureOrder,
    bookingSeq: number,
    note: (marks: Partial<ShutterMarks>) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Starts the detector; resolves with the frame's path when it is done. */
  expose(order: ExposureOrder): Promise<{ readonly path: string }>;
  stopDetector(): Promise<void>;
  /** Asks the shutter closed and waits for its switch. */
  close(note: (marks: Partial<ShutterMarks>) => void): Promise<void>;
  /** The shutter did not report closed: safety shutter, shadow. Resolves when beam is known to be off the cell, with the time. */
  makeSafe(): Promise<number>;
  /** Settles the booking, if one was made, by what was measured, and records it. */
  settle(order: ExposureOrder, marks: ShutterMarks, outcome: ExposureOutcome, framePath: string | null): void;
}

export type ExposureEvent =
  | { readonly type: "EXPOSE"; readonly order: ExposureOrder }
  | { readonly type: "PERMIT_GRANTED"; readonly exposureId: string }
  | { readonly type: "PERMIT_REFUSED"; readonly exposureId: string; readonly reasons: readonly string[] }
  | { readonly type: "STOP_EXPOSING"; readonly reason: string }
  | { readonly type: "MARK"; readonly exposureId: string; readonly marks: Partial<ShutterMarks> }
  | { readonly type: "DEADLINE" };

/** What the parent hears. */
export type ExposureNews =
  | { readonly type: "WANT_PERMIT"; readonly request: PermitRequest }
  | { readonly type: "RETURN_PERMIT"; readonly exposureId: string }
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
  readonly waiting: Waiting | null;
}
