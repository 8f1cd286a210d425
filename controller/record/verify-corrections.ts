/** Holds the frames beside the cells against their own books: each begun before it was ended, ended once, within its bound. */
import { durationText } from "../../protocols/base/duration-text.ts";
import { BEGUN_EVENT, ENDED_EVENT } from "../corrections/correction-events.ts";
import type { FindingList } from "./finding-list.ts";
import { isRecord } from "./ledger-row.ts";
import { parseJson } from "./record-header.ts";
import type { StoredEvent } from "./record-rows.ts";
import { ROUNDING } from "./verify-doses.ts";

export interface CorrectionAudit {
  /** To be told every event in order. */
  event(event: StoredEvent): void;
  /** After the last: how many there were. */
  finish(): number;
}

const ASK = "Look at the events about it: the record was changed, or a part of beamrack broke.";

export function createCorrectionAudit(findings: FindingList): CorrectionAudit {
  /** By id: when it was begun, and the bound that was booked; null of a dark. */
  const open = new Map<string, { readonly atMs: number; readonly bound: number | null }>();
  const ended = new Set<string>();

  return {
    event({ type, seq, atMs, dataText }) {
      if (type !== BEGUN_EVENT && type !== ENDED_EVENT) return;
      const where = `event ${seq} (${type})`;
      const data = parseJson(dataText);
      const id = isRecord(data) ? data["frame_id"] : undefined;
      if (!isRecord(data) || typeof id !== "string") {
        findings.add("error", "ledger.nameless", where, "does not name its frame", ASK);
        return;
      }
      if (type === BEGUN_EVENT) {
        if (open.has(id) || ended.has(id)) {
          findings.add("error", "ledger.told-twice", where, `frame ${id} is begun a second time`, ASK);
        }
        const bound = data["photons_max"];
        open.set(id, { atMs, bound: typeof bound === "number" ? bound : null });
        return;
      }
      const begun = open.get(id);
      if (ended.has(id)) findings.add("error", "ledger.told-twice", where, `frame ${id} is ended a second time`, ASK);
      else if (begun === undefined) {
        findings.add("error", "ledger.settled-unbooked", where, `frame ${id} was ended and never begun`, ASK);
      } else if (begun.bound !== null) {
        const given = data["photons"];
        // Written so that what is no number does not pass.
        if (!(typeof given === "number" && given <= begun.bound * (1 + ROUNDING))) {
          const isFailure = data["outcome"] === "shutter-failure";
          const what = `frame ${id} was given more photons than were booked for it`;
          findings.add(isFailure ? "warning" : "error", "ledger.beyond-booking", where, what, ASK);
        }
      }
      open.delete(id);
      ended.add(id);
    },
    finish() {
      for (const [id, { atMs }] of open) {
        const what = `was begun after ${durationText(atMs / 1000)} of campaign time and is not ended`;
        const advice = "Resume the campaign, which ends it. No cell stood in the beam.";
        findings.add("warning", "ledger.not-settled", `frame ${id}`, what, advice);
      }
      return ended.size + open.size;
    },
  };
}
