/**
 * A rack that was lifted out stands where nobody has measured it since: on a site that measures where its rack stands, nothing
 * of it is exposed before it was aligned anew, or a person answers for its place by name and reason.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Site } from "../../protocols/site/site.ts";
import { faultNote } from "../machines/errors.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { Alarms } from "../run/alarms.ts";
import type { Obstacle } from "../run/sweep-desk.ts";

export interface RackAim {
  /** The rack was given back by this person: it may stand elsewhere. */
  lost(author: string): void;
  /** Why a person's word would make no sense now; null where it would. */
  refusal(reason: string): string | null;
  /** A person answers for it that the rack stands where it stood. */
  vouch(by: { readonly author: string; readonly reason: string }): void;
  /** After a restart: by an alignment since it is known again. */
  goOn(): void;
  /** By the run itself, and the beam is held for that alone; told where the rack is given back meanwhile. Null: not now. */
  measuring(moved: (() => void) | null): void;
  /** It was, and stands where the site has it now. */
  measured(alignedAtMs: number): void;
  obstacle(): Obstacle | null;
}

/** Of a run before: since when it is not known, campaign milliseconds. */
export interface LostAim {
  readonly sinceMs: number;
}

export interface RackAimDeps {
  readonly site: Pick<Site, "alignment" | "rack">;
  /** UTC at campaign time zero. */
  readonly startMs: () => number;
  readonly nowMs: () => number;
  readonly recorder: () => Recorder;
  readonly alarms: () => Pick<Alarms, "raise" | "clear">;
  readonly left: LostAim | null;
}

export const AIM_LOST = "aim-lost";
export const AIM_KNOWN = "aim-known";
const CODE = "rack.aim-unknown";
const RACK = "rack";
const WHAT = "it was out and is back, and nobody has measured since where it stands";

export function createRackAim(deps: RackAimDeps): RackAim {
  const { alignment, rack } = deps.site;
  const isMeasuredHere = alignment !== undefined || rack.placement !== undefined;
  let lost = deps.left;
  let moved: (() => void) | null = null;

  function known(how: { readonly [key: string]: Json }): void {
    lost = null;
    deps.recorder().record(AIM_KNOWN, how);
    deps.alarms().clear(CODE, RACK);
  }

  return {
    lost(author) {
      moved?.();
      if (!isMeasuredHere || lost !== null) return;
      lost = { sinceMs: deps.nowMs() };
      deps.recorder().record(AIM_LOST, { author, since_ms: lost.sinceMs });
      deps.alarms().raise(faultNote(new Fault(CODE, RACK, WHAT)));
    },
    refusal(reason) {
      if (lost === null) return "the rack was not out since its place was measured, or vouched for";
      return reason.trim() === "" ? "who answers for the rack's place says by a reason how it is known" : null;
    },
    vouch({ author, reason }) {
      if (lost !== null) known({ by: "word", author, reason });
    },
    goOn() {
      const { alignedAtMs } = rack;
      if (lost === null || alignedAtMs === undefined || alignedAtMs <= deps.startMs() + lost.sinceMs) return;
      known({ by: "alignment", aligned_at_ms: alignedAtMs });
    },
    measuring(told) {
      moved = told;
    },
    measured(alignedAtMs) {
      if (lost !== null) known({ by: "alignment", aligned_at_ms: alignedAtMs });
    },
    obstacle() {
      if (lost === null || moved !== null) return null;
      return { reason: `the rack to be aligned anew, or vouched for: ${WHAT}`, who: "operator" };
    },
  };
}
