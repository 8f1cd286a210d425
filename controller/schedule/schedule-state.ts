/** What the scheduler knows when it decides, and what it answers. Times are campaign milliseconds. */
import type { Lately } from "./lately-account.ts";
import type { Travel } from "./travel.ts";

/** A wanted exposure: the shutter is to open within the window, best at the wanted moment. */
export interface BeamRequest {
  readonly id: string;
  /** Also the cell's place in the travel model. */
  readonly cellIndex: number;
  readonly earliestMs: number;
  /** Null where any moment of the window is as good, as in a sweep. */
  readonly wantedMs: number | null;
  readonly latestMs: number;
  /** From the shutter's opening until the stage may leave. */
  readonly occupiesMs: number;
  /** What it is worth against others, above 0; 1 is usual. */
  readonly weight: number;
  /** Who pays for the beam time; null where nobody counts. */
  readonly group: string | null;
}

/** A time without beam that is known before: an injection, an announced stop. */
export interface KnownStop {
  readonly fromMs: number;
  readonly toMs: number;
  readonly what: string;
}

/** A group's part of the beam time, and what it had of it: fractions of 1. */
export interface GroupShare {
  readonly share: number;
  readonly used: number;
}

export interface ScheduleState {
  readonly nowMs: number;
  /** Where stage or robot stands. */
  readonly place: number;
  /** The cell that a robot has in its other gripper; null for none, and for a stage. */
  readonly fetched: number | null;
  readonly travel: Travel;
  /** All that is open, and what forecasts say is to come. */
  readonly requests: readonly BeamRequest[];
  /** Exposures that the cell's dose limits leave; Infinity without limits. NaN and what is not known count as none. */
  readonly exposuresLeft: (cellIndex: number) => number;
  readonly beam: {
    /** Null while there is beam; else what is missing and who owes it, and until when it is thought to last. */
    readonly missing: { readonly reason: string; readonly who: string; readonly untilMs: number | null } | null;
    /** In the order of their beginnings. */
    readonly stops: readonly KnownStop[];
    /** How often the machine loses its beam without warning, and for how long, as the days before tell; null for never. */
    readonly losses: { readonly perHour: number; readonly lastMs: number } | null;
  };
  readonly shares: ReadonlyMap<string, GroupShare>;
  /** Of the last quarter of an hour. */
  readonly lately: Lately;
  /** Ids in the order that was decided last; empty for none. */
  readonly order: readonly string[];
}

export type PassedOverReason = "window-passed" | "dose" | "no-place";

export interface PassedOver {
  readonly request: BeamRequest;
  /**
   * `window-passed`: it cannot be begun any more. `dose`: the cell's limits leave no exposure for it. `no-place`: with
   * those that are met there is no time left for it, as things stand; it is tried again at the next decision.
   */
  readonly reason: PassedOverReason;
}

export interface PlannedExposure {
  readonly request: BeamRequest;
  /** When the shutter is to open. */
  readonly openAtMs: number;
}

export type ScheduledAct =
  /** Leave now: the way is done when the shutter is to open. */
  | { readonly kind: "expose"; readonly request: BeamRequest; readonly openAtMs: number }
  | {
      readonly kind: "wait";
      /** Decide again then, or at any event before. */
      readonly untilMs: number;
      readonly reason: string;
      readonly who: string;
      /** Where to wait: at the cell that is next, in the shadow, or where it stands. */
      readonly place: number;
      readonly next: PlannedExposure | null;
    };

export interface Decision {
  readonly act: ScheduledAct;
  /** Who is next and when, the act's own request first. */
  readonly timetable: readonly PlannedExposure[];
  readonly passedOver: readonly PassedOver[];
  /** For the next state. */
  readonly order: readonly string[];
}
