/** Counts the spectra of the log, and holds each against itself: whole columns, and the resistances that follow. */
import type { FindingList } from "./finding-list.ts";
import { parseJson } from "./record-header.ts";
import type { StoredEvent } from "./record-rows.ts";
import { parseSpectrum, resistancesOf, SPECTRUM_EVENT } from "./spectrum-event.ts";

export interface SpectraAudit {
  /** To be told every event in order. */
  event(event: StoredEvent): void;
  /** Spectra that can be read. */
  readonly count: number;
  readonly points: number;
}

const ADVICE = "Ask who wrote this record with what; the hash chain tells whether it was changed since.";
const ROUNDING = 1e-9;

export function createSpectraAudit(findings: FindingList): SpectraAudit {
  let count = 0;
  let points = 0;

  return {
    event(event) {
      if (event.type !== SPECTRUM_EVENT) return;
      const where = `event ${event.seq} (${event.type})`;
      const parsed = parseSpectrum(parseJson(event.dataText));
      if (typeof parsed === "string") {
        findings.add("error", "record.spectrum", where, parsed, ADVICE);
        return;
      }
      count += 1;
      points += parsed.spectrum.points.length;
      const follows = resistancesOf(parsed.spectrum.points);
      const { series_ohm: series, charge_transfer_ohm: transfer } = parsed.stated;
      if (!isSame(series, follows?.seriesOhm) || !isSame(transfer, follows?.chargeTransferOhm))
        findings.add("error", "record.spectrum", where, "states resistances that its points do not give", ADVICE);
    },
    get count() {
      return count;
    },
    get points() {
      return points;
    },
  };
}

function isSame(stated: unknown, follows: number | null | undefined): boolean {
  if (stated === null) return (follows ?? null) === null;
  if (typeof stated !== "number" || typeof follows !== "number") return false;
  return Math.abs(stated - follows) <= ROUNDING * Math.max(1, Math.abs(follows));
}
