/** A change of mind about a campaign under way: what it changes, what of it is refused, and how far the campaign has come. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Finding } from "../../protocols/base/finding.ts";
import type { RequestAhead } from "../schedule/timetable.ts";
import type { SpotPlan } from "../record/dose-plan-event.ts";
import type { GivenExposure } from "../dose/given-rows.ts";

export interface AmendedValue {
  /** In the words of the campaign file: `dose_limits.positive electrode.dose_Gy`. */
  readonly path: string;
  /** Cells it is about; empty where it is about all, or none. */
  readonly positions: readonly string[];
  readonly from: Json;
  readonly to: Json;
  /** A dose that is allowed and was not: somebody answers for it by name. */
  readonly isRaised?: true;
}

/** Of the sweep trigger, as a change names it: `triggers.sweep.cadence_min`. */
export const CADENCE = "cadence_min";

/** Path of the change by which cells join: positions that had none so far. */
export const JOINED_PATH = "cells";

/** How far the campaign has come; what has been done cannot be changed. */
export interface CampaignProgress {
  /** Campaign time of the last event. */
  readonly atMs: number;
  /** UTC at campaign time zero. */
  readonly startMs: number;
  readonly isComplete: boolean;
  /** By position: index of the furthest step of its protocol, loops passed included, that has begun. */
  readonly begunIndex: ReadonlyMap<string, number>;
  /** Positions as the record's last rack plan has them: by their places in it the record counts cells. */
  readonly positions: readonly string[];
  /** Cells that have ended, or were given up. */
  readonly over: ReadonlySet<string>;
  /** Of them those that the controller has seen end: their channels are off, or nobody could get them off. */
  readonly ended: ReadonlySet<string>;
  /** What was given, and booked. */
  readonly rows: readonly GivenExposure[];
  /** Where its dose is kept, and how far a spot's tails reach; undefined where the record does not say. */
  readonly spotPlan: SpotPlan | undefined;
  /** Open requests with a window. */
  readonly requests: readonly RequestAhead[];
}

export interface JudgedAmendment {
  readonly changes: readonly AmendedValue[];
  /** Path, value and what would be right; with one of them nothing is changed. */
  readonly refusals: readonly Finding[];
}
