/**
 * What becomes of a request whose exposure was cut short, by the rule of the campaign's preset for what cut it: accepted as
 * it is where enough was given and the frame is there, repeated once where the campaign says so, else skipped. Nothing is
 * exposed again by default.
 */
import type { Campaign, CutCause, PartialAnswer } from "../../protocols/campaign/campaign.ts";
import type { FaultNote } from "../machines/errors.ts";
import type { ExposureOrder, ExposureOutcome, ShutterMarks } from "../machines/exposure-order.ts";
import { openTimeS } from "./open-time.ts";
import type { WantedExposure } from "./wanted.ts";

export interface CutExposure {
  readonly order: ExposureOrder;
  readonly outcome: ExposureOutcome;
  readonly fault: FaultNote | null;
  /** What a step of the cell asked for; null where a sweep did. */
  readonly wanted: WantedExposure | null;
  /** End of the request's window. */
  readonly latestMs: number;
}

export interface RuledExposure {
  readonly then: "accept" | "repeat" | "skip";
  /** Share of the exposure's time that the shutter was open, by the settled time; null where that is not known. */
  readonly givenFraction: number | null;
  /** What an accepted exposure left, by the detector's own word and under its own name. */
  readonly framePath?: string;
}

export interface PartialRule {
  /** The machine's beam came or went. */
  noteBeam(isUp: boolean): void;
  /** Told of each exposure as it is settled, before it is ruled on. */
  noteSettled(order: ExposureOrder, marks: ShutterMarks, framePath: string | null): void;
  /** What the detector had of it, once it was at rest. */
  noteFrame(path: string | null): void;
  rule(cut: CutExposure): RuledExposure;
}

export interface PartialRuleDeps {
  readonly campaign: Campaign;
  readonly shutterTravelMs: number;
  readonly nowMs: () => number;
  readonly endAtMs: number;
}

/** What the campaign says of an exposure of this preset that ended for this cause; undefined where it says nothing. */
export function answerTo(campaign: Campaign, cause: CutCause | null, isOwnNeeded = false): PartialAnswer | undefined {
  const partial = campaign.sweeps[0]?.preset.partial;
  const own = cause === null ? undefined : partial?.causes?.[cause];
  return own ?? (isOwnNeeded ? undefined : partial);
}

export function createPartialRule({ campaign, shutterTravelMs, nowMs, endAtMs }: PartialRuleDeps): PartialRule {
  let isBeamUp = true;
  let settled: {
    readonly exposureId: string;
    readonly openS: number | null;
    framePath: string | null;
    readonly wasBeamUp: boolean;
  } | null = null;

  return {
    noteBeam(isUp) {
      isBeamUp = isUp;
    },
    noteSettled({ exposureId }, marks, framePath) {
      settled = { exposureId, openS: openTimeS(marks, shutterTravelMs), framePath, wasBeamUp: isBeamUp };
    },
    noteFrame(path) {
      if (settled !== null) settled.framePath ??= path;
    },
    rule({ order, outcome, fault, wanted, latestMs }) {
      const own = settled?.exposureId === order.exposureId ? settled : null;
      const givenFraction = own?.openS == null ? null : own.openS / order.exposureS;
      const cause = causeOf(outcome, fault, own?.wasBeamUp ?? true);
      const answer = outcome === "made" ? undefined : answerTo(campaign, cause, outcome === "shutter-failure");
      if (answer === undefined) return { then: "skip", givenFraction };
      const framePath = own?.framePath ?? null;
      if (cause !== "detector" && outcome !== "aborted" && givenFraction !== null && framePath !== null) {
        // As late as it closed, a shutter that failed was open for no less than all of it.
        if (givenFraction >= (answer.acceptFromFraction ?? Infinity)) {
          return { then: "accept", givenFraction, framePath };
        }
      }
      // A control visit compares with what was exposed seconds before; later it would compare with something else.
      const mayRepeat = answer.otherwise === "repeat-once" && wanted?.controlIndex === undefined;
      const isFirst = wanted?.repeatOf === undefined;
      const isTimeLeft = nowMs() < Math.min(latestMs, endAtMs);
      return { then: mayRepeat && isFirst && isTimeLeft ? "repeat" : "skip", givenFraction };
    },
  };
}

/** Null for what has no name of its own among the causes: links, triggers, the stage. */
function causeOf(outcome: ExposureOutcome, fault: FaultNote | null, wasBeamUp: boolean): CutCause | null {
  if (outcome === "shutter-failure" || fault?.code.startsWith("shutter.") === true) return "shutter";
  if (fault?.code.startsWith("detector.") === true) return "detector";
  if (fault?.code !== "permit.lapsed" && fault?.code !== "interlock.tripped") return null;
  return wasBeamUp ? "pause" : "beamLoss";
}
