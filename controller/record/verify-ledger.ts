/**
 * Holds the dose ledger against the hash-chained events, and sums what was given against the limits that the log
 * states. Dose is summed per spot at its centre; what neighbouring spots add is the planner's matter.
 */
import { canonicalJson, type Json } from "../../protocols/base/canonical-json.ts";
import { DOSE_LIMITS_EVENT, parseDoseLimits, type RecordedDoseLimit } from "./dose-limits-event.ts";
import type { FindingList } from "./finding-list.ts";
import { isRecord, ledgerEventData, SHUTTER_FAILURE_REASON, type LedgerRow } from "./ledger-row.ts";
import { parseJson } from "./record-header.ts";
import type { StoredEvent } from "./record-rows.ts";
import type { Scanned } from "./damage-scan.ts";

export interface LedgerResult {
  /** Exposures in which the shutter opened, by their closing rows. */
  readonly exposures: number;
  readonly ledgerRows: number;
  readonly openBookings: number;
  /** Largest share of a limit that a spot has had, open bookings counted in full; null without limits or exposures. */
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

/** Doses are sums of rounded products: a limit met exactly is kept. */
const ROUNDING = 1e-9;

const ASK = "Do not expose this cell again before it is known what it was given.";

interface ToldExposure {
  bookedSeq?: number;
  booking?: Readonly<Record<string, Json>>;
  openedSeq?: number;
  closedSeq?: number;
  closing?: Readonly<Record<string, Json>>;
}

interface SpotDose {
  readonly row: LedgerRow;
  readonly layer: string;
  surfaceGy: number;
  meanGy: number;
  hasShutterFailure: boolean;
}

export function createLedgerAudit(findings: FindingList): LedgerAudit {
  const told = new Map<string, ToldExposure>();
  let limits: readonly RecordedDoseLimit[] | undefined;

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
      if (event.type === BOOKED || event.type === "shutter-opened" || event.type === DOSE_LIMITS_EVENT)
        readEvent(event);
      else if (CLOSED.includes(event.type)) readEvent(event);
    },
    finish(rows) {
      const open = new Map<string, LedgerRow>();
      const spots = new Map<string, SpotDose>();
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
          open.set(row.exposureId, row);
          continue;
        }
        const booking = open.get(row.exposureId);
        if (booking === undefined)
          findings.add("error", "ledger.settled-unbooked", where, "has no booking before it", ASK);
        else compareWithBooking(row, booking, where);
        open.delete(row.exposureId);
        if (row.openTimeS > 0) exposures += 1;
        addDose(spots, row);
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
        const what = `is booked since ${(row.atMs / 1000).toFixed(1)} s of campaign time and not settled; it counts in full`;
        const advice = "Resume the campaign, which settles it, or account for it by hand.";
        findings.add("warning", "ledger.not-settled", `exposure ${id} (${row.position})`, what, advice);
        addDose(spots, row);
      }
      return { exposures, ledgerRows, openBookings: open.size, limitFractionMax: judge(spots) };
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
    const isFailure = row.reason === SHUTTER_FAILURE_REASON;
    findings.add(
      isFailure ? "warning" : "error",
      "ledger.beyond-booking",
      where,
      `${beyond.layer} was given more than the ${booking.kind} allowed for`,
      isFailure ? "The shutter failed; the excess is charged." : ASK,
    );
  }

  /** An exposed cell without a limit, or with one for a layer whose dose nobody reckoned, was never protected. */
  function requireLimits(spots: ReadonlyMap<string, SpotDose>, stated: readonly RecordedDoseLimit[]): void {
    for (const [position, layers] of exposedLayers(spots)) {
      if (!stated.some((limit) => layers.has(limit.layer) && (limit.position ?? position) === position))
        findings.add("error", "dose.no-limits", position, "was exposed and no limit covers any of its layers", ASK);
      for (const limit of stated)
        if (limit.position === position && !layers.has(limit.layer)) {
          const what = `its limit names layer ${limit.layer}, for which the ledger has no dose`;
          findings.add("error", "dose.layer-unaccounted", position, what, ASK);
        }
    }
  }

  function judge(spots: ReadonlyMap<string, SpotDose>): number | null {
    if (spots.size === 0) return null;
    if (limits === undefined || limits.length === 0) {
      findings.add(
        "error",
        "dose.no-limits",
        "campaign.db",
        "cells were exposed and the log states no dose limit",
        ASK,
      );
      return null;
    }
    let fractionMax: number | null = null;
    for (const { row, layer, surfaceGy, meanGy, hasShutterFailure } of spots.values()) {
      for (const limit of limitsFor(limits, row.position, layer)) {
        const doseGy = limit.location === "mean" ? meanGy : surfaceGy;
        const fraction = doseGy / limit.doseGy;
        fractionMax = Math.max(fractionMax ?? 0, fraction);
        if (doseGy <= limit.doseGy * (1 + ROUNDING)) continue;
        findings.add(
          hasShutterFailure ? "warning" : "error",
          "dose.beyond-limit",
          `${row.position} spot ${row.spotIndex}`,
          `${layer} (${limit.location}) has ${doseGy} Gy, its limit is ${limit.doseGy} Gy`,
          hasShutterFailure ? "The shutter failed on this spot; its owner must know." : ASK,
        );
      }
    }
    requireLimits(spots, limits);
    return fractionMax;
  }
}

/** Layers of the exposed positions for which the ledger has a dose. */
function exposedLayers(spots: ReadonlyMap<string, SpotDose>): ReadonlyMap<string, ReadonlySet<string>> {
  const layers = new Map<string, Set<string>>();
  for (const { row, layer } of spots.values())
    layers.set(row.position, (layers.get(row.position) ?? new Set<string>()).add(layer));
  return layers;
}

function addDose(spots: Map<string, SpotDose>, row: LedgerRow): void {
  for (const { layer, surfaceGy, meanGy } of row.layerDosesGy) {
    const key = `${row.position} ${row.spotIndex} ${layer}`;
    const spot = spots.get(key) ?? { row, layer, surfaceGy: 0, meanGy: 0, hasShutterFailure: false };
    spot.surfaceGy += surfaceGy;
    spot.meanGy += meanGy;
    if (row.reason === SHUTTER_FAILURE_REASON) spot.hasShutterFailure = true;
    spots.set(key, spot);
  }
}

/** A position's own limits go before those for all. */
function limitsFor(
  limits: readonly RecordedDoseLimit[],
  position: string,
  layer: string,
): readonly RecordedDoseLimit[] {
  const ofLayer = limits.filter((limit) => limit.layer === layer);
  const own = ofLayer.filter((limit) => limit.position === position);
  return [
    ...own,
    ...ofLayer.filter((limit) => limit.position === null && !own.some((item) => item.location === limit.location)),
  ];
}
