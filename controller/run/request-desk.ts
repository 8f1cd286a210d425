/** What became of the requests of a sweep: counted, on record, and as alarms where a person should know. */
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { RuledExposure } from "../beam/partial-rule.ts";
import type { WantedExposure, WholePlan } from "../beam/wanted.ts";
import { DEFECT_CODE, type FaultNote } from "../machines/errors.ts";
import { WINDOW_PASSED } from "../machines/exposure-notes.ts";
import type { ExposureOrder, ExposureOutcome } from "../machines/exposure-order.ts";
import type { Recorder } from "../machines/recorder.ts";
import { createDecisionRecord } from "../schedule/decision-record.ts";
import { windowJson, wishJson } from "../schedule/wish-json.ts";
import type { Alarms } from "./alarms.ts";
import type { AskedRequest, Tally } from "./tally.ts";

export interface RequestDeskDeps {
  readonly campaign: Campaign;
  readonly recorder: Recorder;
  readonly alarms: Alarms;
  readonly tally: Tally;
  readonly nowMs: () => number;
  readonly request: (cellIndex: number, sweep: number) => AskedRequest | undefined;
  readonly wantedRequest: (wanted: WantedExposure) => AskedRequest | undefined;
  /** Open since before a restart. */
  readonly alarmsOfExposures?: readonly FaultNote[];
  /** Keys of wishes from before a restart. */
  readonly keys?: Iterable<string>;
  /** Whether an exposure that is over is one on record: one that ended before it was booked is a request missed, and no more. */
  readonly isEnded: (exposureId: string) => boolean;
  /** Makes durable what was noted while nothing is exposed. Never throws. */
  readonly commit: () => void;
}

/** Who asked for an exposure, and until when. */
export interface AskedBy {
  readonly sweep: number;
  readonly latestMs: number;
  readonly wanted: WantedExposure | null;
  /** Null when the shutter was not seen open. */
  readonly openedAtMs: number | null;
  /** What the campaign's rule says of one that was not made. */
  readonly ruled: RuledExposure;
}

export interface RequestDesk {
  readonly notePlan: (plan: WholePlan) => void;
  /** A step of a cell, or a trigger, asked for it. */
  readonly noteWanted: (wanted: WantedExposure) => void;
  readonly noteRetimed: (wanted: WantedExposure) => void;
  readonly noteWithdrawn: (wanted: WantedExposure, reason: string) => void;
  /** By this key of a wish something was asked before, also before a restart. */
  readonly hasAsked: (key: string) => boolean;
  /** An exposure that another asked for is what this one wanted. */
  readonly noteAnswered: (wanted: WantedExposure, exposureId: string) => void;
  /** Alarms of one beside the cells, and those that are over when it was made. */
  readonly noteTrouble: (outcome: ExposureOutcome, fault: FaultNote | null) => void;
  readonly noteExposure: (
    order: ExposureOrder,
    outcome: ExposureOutcome,
    fault: FaultNote | null,
    asked: AskedBy,
  ) => void;
}

/** No sweep has this number. */
const BESIDE_SWEEPS = 0;

function named({ number, position }: WantedExposure): { readonly request: number; readonly position: string } {
  return { request: number, position };
}

/** What a trigger asked is for the shutter's opening; a sweep or a step wants the exposure done. */
function isInWindow({ wanted, openedAtMs, latestMs }: AskedBy, nowMs: number): boolean {
  const wish = wanted?.wish;
  if (wish === undefined) return nowMs <= latestMs;
  return openedAtMs !== null && openedAtMs >= wish.earliestMs && openedAtMs <= wish.latestMs;
}

export function createRequestDesk(deps: RequestDeskDeps): RequestDesk {
  const { recorder, alarms, tally, nowMs } = deps;
  /** Raised by exposures that failed; the next one that succeeds clears them. */
  const exposureAlarms: FaultNote[] = [...(deps.alarmsOfExposures ?? [])];
  const keys = new Set(deps.keys ?? []);
  const noteDecided = createDecisionRecord(recorder);

  function noteTrouble(outcome: ExposureOutcome, fault: FaultNote | null): void {
    if (outcome === "made") {
      for (const { code, where } of exposureAlarms.splice(0)) alarms.clear(code, where);
      // A person has resumed since, and it went well.
      alarms.clear(DEFECT_CODE, "beamrack");
      alarms.clear("beam.held", "beam");
      return;
    }
    // What was ordered to stop is no trouble of its own; its cause has its own alarm.
    if (fault === null || fault.code === "permit.lapsed" || fault.code === WINDOW_PASSED.code) return;
    alarms.raise(fault);
    exposureAlarms.push(fault);
  }

  return {
    notePlan(plan) {
      for (const begun of plan.begun) {
        tally.sweepBegun(begun.sweep, begun.asked.length);
        for (const cellIndex of begun.asked) {
          const request = deps.request(cellIndex, begun.sweep);
          if (request !== undefined) tally.asked(request);
        }
        recorder.record("sweep-begun", { sweep: begun.sweep, asked: begun.asked.length });
      }
      for (const miss of plan.misses) {
        const { sweep, reason, text } = miss;
        const position = deps.campaign.cells[miss.cellIndex]?.position ?? "";
        tally.missed(miss);
        recorder.record(reason === "dose" ? "exposure-refused" : "request-missed", {
          sweep,
          position,
          reason,
          text,
          ...miss.detail,
        });
        if (reason !== "dose") continue;
        alarms.raise({
          code: "dose.limit",
          where: position,
          what: text,
          advice: FAULT_CATALOGUE["dose.limit"].advice,
        });
      }
      for (const { wanted, reason, text, detail } of plan.missedWanted) {
        tally.missed({ cellIndex: wanted.cellIndex, sweep: BESIDE_SWEEPS, reason, text, detail });
        recorder.record(reason === "dose" ? "exposure-refused" : "request-missed", {
          ...named(wanted),
          reason,
          text,
          ...detail,
        });
        if (reason !== "dose") continue;
        const { advice } = FAULT_CATALOGUE["dose.limit"];
        alarms.raise({ code: "dose.limit", where: wanted.position, what: text, advice });
      }
      noteDecided(plan, nowMs());
      if (plan.act.kind !== "expose") deps.commit();
    },

    noteWanted(wanted) {
      tally.wanted();
      const request = deps.wantedRequest(wanted);
      if (request !== undefined) tally.asked(request, wanted.number);
      const { askedAtMs, latestMs, reason, controlIndex, wish } = wanted;
      const controlSpot = controlIndex === undefined ? {} : { control_spot: controlIndex };
      const repeat = wanted.repeatOf === undefined ? {} : { repeat_of: wanted.repeatOf };
      recorder.record("exposure-wanted", {
        ...named(wanted),
        within_s: (latestMs - askedAtMs) / 1000,
        reason,
        ...controlSpot,
        ...repeat,
        ...(wish === undefined ? {} : wishJson(wish)),
      });
      if (wish !== undefined) keys.add(wish.key);
    },

    noteRetimed(wanted) {
      const { wish } = wanted;
      if (wish === undefined) return;
      const request = deps.wantedRequest(wanted);
      if (request !== undefined) tally.retimed(request, wanted.number);
      recorder.record("request-retimed", { ...named(wanted), reason: wish.reason, ...windowJson(wish) });
    },

    noteWithdrawn(wanted, text) {
      tally.withdrawn(wanted.number);
      recorder.record("request-withdrawn", { ...named(wanted), text });
    },

    hasAsked: (key) => keys.has(key),
    noteTrouble,

    noteAnswered(wanted, exposureId) {
      tally.answered();
      recorder.record("request-answered", { ...named(wanted), exposure_id: exposureId });
    },

    noteExposure(order, outcome, fault, asked) {
      const { wanted, ruled } = asked;
      const sweep = wanted === null ? asked.sweep : BESIDE_SWEEPS;
      const isAccepted = ruled.then === "accept";
      if (deps.isEnded(order.exposureId)) {
        tally.exposed(sweep, nowMs(), outcome, isInWindow(asked, nowMs()), "beam", isAccepted);
      } else {
        tally.missed({ cellIndex: order.cellIndex, sweep, reason: "beam", text: fault?.what ?? "", detail: {} });
      }
      noteTrouble(outcome, fault);
      if (fault === null || outcome === "made") return;
      const request = wanted === null ? { sweep, position: order.position } : named(wanted);
      const given = ruled.givenFraction === null ? {} : { given_fraction: ruled.givenFraction };
      if (isAccepted) {
        const frame = ruled.framePath === undefined ? {} : { frame: ruled.framePath };
        recorder.record("exposure-accepted", {
          ...request,
          exposure_id: order.exposureId,
          ...{ ...given, ...frame, text: fault.what },
        });
      } else recorder.record("request-missed", { ...request, reason: "beam", text: fault.what, ...given });
    },
  };
}
