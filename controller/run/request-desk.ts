/** What became of the requests of a sweep: counted, on record, and as alarms where a person should know. */
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { BeamPlan } from "../beam/sweeps.ts";
import { DEFECT_CODE, type FaultNote } from "../machines/errors.ts";
import type { ExposureOrder, ExposureOutcome } from "../machines/exposure-order.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { Alarms } from "./alarms.ts";
import type { AskedRequest, Tally } from "./tally.ts";

export interface RequestDeskDeps {
  readonly campaign: Campaign;
  readonly recorder: Recorder;
  readonly alarms: Alarms;
  readonly tally: Tally;
  readonly nowMs: () => number;
  readonly request: (cellIndex: number, sweep: number) => AskedRequest | undefined;
  /** Makes durable what was noted while nothing is exposed. Never throws. */
  readonly commit: () => void;
}

export interface RequestDesk {
  readonly notePlan: (plan: BeamPlan) => void;
  readonly noteExposure: (
    order: ExposureOrder,
    outcome: ExposureOutcome,
    fault: FaultNote | null,
    sweep: { readonly sweep: number; readonly latestMs: number },
  ) => void;
}

export function createRequestDesk(deps: RequestDeskDeps): RequestDesk {
  const { recorder, alarms, tally, nowMs } = deps;
  /** Raised by exposures that failed; the next one that succeeds clears them. */
  const exposureAlarms: FaultNote[] = [];

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
      if (plan.act.kind !== "expose") deps.commit();
    },

    noteExposure(order, outcome, fault, sweep) {
      tally.exposed(sweep.sweep, nowMs(), outcome, nowMs() <= sweep.latestMs, "beam");
      if (outcome === "made") {
        for (const { code, where } of exposureAlarms.splice(0)) alarms.clear(code, where);
        // A person has resumed since, and it went well.
        alarms.clear(DEFECT_CODE, "beamrack");
      }
      if (fault === null || outcome === "made") return;
      // What was ordered to stop is no trouble of its own; its cause has its own alarm.
      if (fault.code !== "permit.lapsed") {
        alarms.raise(fault);
        exposureAlarms.push(fault);
      }
      recorder.record("request-missed", {
        sweep: sweep.sweep,
        position: order.position,
        reason: "beam",
        text: fault.what,
      });
    },
  };
}
