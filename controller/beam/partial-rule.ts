/**
 * What becomes of a request whose exposure was cut short, by the rule of the campaign's preset: accepted as it is where
 * enough was given and the detector is not what failed, repeated once where the campaign says so, else skipped. Nothing
 * is exposed again by default.
 */
import type { Campaign } from "../../protocols/campaign/campaign.ts";
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
}

export interface PartialRule {
  /** Told of each exposure as it is settled, before it is ruled on. */
  noteSettled(order: ExposureOrder, marks: ShutterMarks): void;
  rule(cut: CutExposure): RuledExposure;
}

export interface PartialRuleDeps {
  readonly campaign: Campaign;
  readonly shutterTravelMs: number;
  readonly nowMs: () => number;
  readonly endAtMs: number;
}

export function createPartialRule({ campaign, shutterTravelMs, nowMs, endAtMs }: PartialRuleDeps): PartialRule {
  const partial = campaign.sweeps[0]?.preset.partial;
  let settled: { readonly exposureId: string; readonly openS: number | null } | null = null;

  return {
    noteSettled({ exposureId }, marks) {
      settled = { exposureId, openS: openTimeS(marks, shutterTravelMs) };
    },
    rule({ order, outcome, fault, wanted, latestMs }) {
      const openS = settled?.exposureId === order.exposureId ? settled.openS : null;
      const givenFraction = openS === null ? null : openS / order.exposureS;
      if (partial === undefined || outcome === "made" || outcome === "shutter-failure") {
        return { then: "skip", givenFraction };
      }
      const isFrameDoubtful = fault?.code.startsWith("detector.") === true;
      if (outcome === "partial" && !isFrameDoubtful && givenFraction !== null) {
        if (givenFraction >= partial.acceptFromFraction) return { then: "accept", givenFraction };
      }
      // A control visit compares with what was exposed seconds before; later it would compare with something else.
      const mayRepeat = partial.otherwise === "repeat-once" && wanted?.controlIndex === undefined;
      const isFirst = wanted?.repeatOf === undefined;
      const isTimeLeft = nowMs() < Math.min(latestMs, endAtMs);
      return { then: mayRepeat && isFirst && isTimeLeft ? "repeat" : "skip", givenFraction };
    },
  };
}
