/** Holds the dose ledger against the hash-chained events, and what was given against the limits that the log states. */
import { durationText } from "../../protocols/base/duration-text.ts";
import { canonicalJson, type Json } from "../../protocols/base/canonical-json.ts";
import { DOSE_LIMITS_EVENT, parseDoseLimits, type RecordedDoseLimit } from "./dose-limits-event.ts";
import { DOSE_PLAN_EVENT, parseSpotPlan, type SpotPlan } from "./dose-plan-event.ts";
import type { FindingList } from "./finding-list.ts";
import { isRecord, ledgerEventData, isProvenFailure, type LedgerRow } from "./ledger-row.ts";
import { parseJson } from "./record-header.ts";
import type { StoredEvent } from "./record-rows.ts";
import type { Scanned } from "./damage-scan.ts";
import { ASK, createDoseAudit, ROUNDING } from "./verify-doses.ts";

export interface LedgerResult {
  /** Exposures in which the shutter opened, by their closing rows. */
  readonly exposures: number;
  readonly ledgerRows: number;
  readonly openBookings: number;
  /** Largest share of any limit, upper value, open bookings counted in full; null without limits or exposures. */
  readonly limitFractionMax: number | null;
}

export interface LedgerAudit {
  /** To be told every event in order. */
  event(event: StoredEvent): void;
  /** After the events: the ledger itself. */
  finish(rows: Iterable<Scanned<LedgerRow>>): LedgerResult;
}

const BOOKED = "exposure-booked";
const CLOSED: readonly string[] = ["exposure-settled", "exposure-charged-in-full"];
const READ: ReadonlySet<string> = new Set([BOOKED, "shutter-opened", DOSE_LIMITS_EVENT, DOSE_PLAN_EVENT, ...CLOSED]);

interface ToldExposure {
  bookedSeq?: number;
  booking?: Readonly<Record<string, Json>>;
  openedSeq?: number;
  closedSeq?: number;
  closing?: Readonly<Record<string, Json>>;
}

export function createLedgerAudit(findings: FindingList): LedgerAudit {
  const told = new Map<string, ToldExposure>();
  const doses = createDoseAudit(findings);
  let limits: readonly RecordedDoseLimit[] | undefined;
  let plan: SpotPlan | undefined;

  function once(seq: number, id: string, isSecond: boolean, what: string): void {
    if (isSecond)
      findings.add("error", "ledger.told-twice", `event ${seq}`, `exposure ${id} is ${what} a second time`, ASK);
  }

  function readEvent(event: StoredEvent): void {
    const data = parseJson(event.dataText);
    const where = `event ${event.seq} (${event.type})`;
    if (event.type === DOSE_LIMITS_EVENT) {
      limits = parseDoseLimits(data);
      if (limits === undefined)
        findings.add("error", "dose.limits-unreadable", where, "does not state limits that can be read", ASK);
      return;
    }
    if (event.type === DOSE_PLAN_EVENT) {
      plan = parseSpotPlan(data);
      return;
    }
    const fields = isRecord(data) ? data : {};
    const id = fields["exposure_id"];
    if (typeof id !== "string") {
      if (event.type === BOOKED || CLOSED.includes(event.type))
        findings.add("error", "ledger.nameless", where, "does not name its exposure", ASK);
      return;
    }
    const exposure = told.get(id) ?? {};
    told.set(id, exposure);
    if (event.type === BOOKED) {
      once(event.seq, id, exposure.bookedSeq !== undefined, "booked");
      exposure.bookedSeq = event.seq;
      exposure.booking = fields;
    } else if (event.type === "shutter-opened") {
      exposure.openedSeq ??= event.seq;
      if (exposure.bookedSeq === undefined)
        findings.add(
          "error",
          "ledger.opened-unbooked",
          where,
          `exposure ${id} had no booking when the shutter opened`,
          ASK,
        );
    } else {
      once(event.seq, id, exposure.closedSeq !== undefined, "settled");
      exposure.closedSeq = event.seq;
      exposure.closing = fields;
      if (exposure.bookedSeq === undefined)
        findings.add("error", "ledger.settled-unbooked", where, `exposure ${id} was settled without a booking`, ASK);
    }
  }

  return {
    event(event) {
      if (READ.has(event.type)) readEvent(event);
    },
    finish(rows) {
      const open = new Map<string, LedgerRow>();
      let exposures = 0;
      let ledgerRows = 0;
      for (const scanned of rows) {
        if (scanned.kind === "damaged") {
          const where = `ledger rows ${scanned.from} to ${scanned.to}`;
          findings.add("error", "store.damaged", where, `cannot be read: ${scanned.reason}`, ASK);
          continue;
        }
        const row = scanned.row;
        const where = `ledger row ${scanned.key} (${row.kind} of exposure ${row.exposureId}, ${row.position})`;
        ledgerRows += 1;
        compareWithEvent(row, told.get(row.exposureId), where);
        if (row.kind === "booking") {
          if (isProvenFailure(row)) {
            const what = `was given for ${durationText(row.openTimeS)} while the shutter read closed, and no exposure had asked for it`;
            const advice = "A shutter whose switch lies; the excess is charged. The cell's owner must know.";
            findings.add("warning", "ledger.lit-while-closed", where, what, advice);
          }
          open.set(row.exposureId, row);
          continue;
        }
        const booking = open.get(row.exposureId);
        if (booking === undefined)
          findings.add("error", "ledger.settled-unbooked", where, "has no booking before it", ASK);
        else compareWithBooking(row, booking, where);
        open.delete(row.exposureId);
        if (row.openTimeS > 0) exposures += 1;
        doses.given(row);
      }
      for (const [id, exposure] of told) {
        if (exposure.booking !== undefined || exposure.closing !== undefined)
          findings.add(
            "error",
            "ledger.row-missing",
            `exposure ${id}`,
            "the log tells of it, the ledger does not",
            ASK,
          );
      }
      for (const [id, row] of open) {
        const what = `was booked after ${durationText(row.atMs / 1000)} of campaign time and is not settled; it counts in full`;
        const advice = "Resume the campaign, which settles it, or account for it by hand.";
        findings.add("warning", "ledger.not-settled", `exposure ${id} (${row.position})`, what, advice);
        doses.given(row);
      }
      return { exposures, ledgerRows, openBookings: open.size, limitFractionMax: doses.judge(limits, plan) };
    },
  };

  /** Takes from `told` what was found, so that what is left has no row. */
  function compareWithEvent(row: LedgerRow, exposure: ToldExposure | undefined, where: string): void {
    const data = row.kind === "booking" ? exposure?.booking : exposure?.closing;
    if (exposure === undefined || data === undefined) {
      findings.add("error", "ledger.event-missing", where, "the log does not tell of it", ASK);
      return;
    }
    for (const [key, value] of Object.entries(ledgerEventData(row))) {
      const stated = data[key];
      if (stated === undefined || canonicalJson(stated) !== canonicalJson(value)) {
        const said = stated === undefined ? "nothing" : canonicalJson(stated);
        const what = `${key} is ${canonicalJson(value)} here, the log says ${said}`;
        findings.add("error", "ledger.differs-from-log", where, what, ASK);
        break;
      }
    }
    if (row.kind === "booking") delete exposure.booking;
    else delete exposure.closing;
  }

  function compareWithBooking(row: LedgerRow, booking: LedgerRow, where: string): void {
    if (row.position !== booking.position || row.spotIndex !== booking.spotIndex) {
      const what = `closes a booking for ${booking.position} spot ${booking.spotIndex}`;
      findings.add("error", "ledger.other-place", where, what, ASK);
    }
    const beyond = row.layerDosesGy.find((dose) => {
      const bound = booking.layerDosesGy.find((item) => item.layer === dose.layer);
      // Written so that a bound that is missing or not a number does not pass.
      return !(
        dose.meanGy <= (bound?.meanGy ?? Number.NaN) * (1 + ROUNDING) &&
        dose.surfaceGy <= (bound?.surfaceGy ?? Number.NaN) * (1 + ROUNDING)
      );
    });
    if (beyond === undefined) return;
    const isFailure = isProvenFailure(row);
    findings.add(
      isFailure ? "warning" : "error",
      "ledger.beyond-booking",
      where,
      `${beyond.layer} was given more than the ${booking.kind} allowed for`,
      isFailure ? "The shutter or a filter failed; the excess is charged." : ASK,
    );
  }
}
