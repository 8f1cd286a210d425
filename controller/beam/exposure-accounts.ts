/**
 * The books of an exposure: the upper bound before, the measured dose after, each with its event. One durable
 * commit per exposure: the booking's commit carries the settlement of the one before.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { proposalOf, type BeamOnCell, type DoseLedger } from "../dose/dose-ledger.ts";
import { bookedFlux, settledFlux, type FluxEstimate, type FluxHistory, type FluxReference } from "../dose/flux.ts";
import { marksJson, type ExposureOrder, type ExposureOutcome, type ShutterMarks } from "../machines/exposure-order.ts";
import type { Recorder } from "../machines/recorder.ts";
import { SHUTTER_FAILURE_REASON } from "../record/ledger-row.ts";
import { openTimeS } from "./open-time.ts";

export interface ExposureAccounts {
  book(order: ExposureOrder): Promise<number>;
  isDurable(bookingSeq: number): boolean;
  noteOpened(order: ExposureOrder, atMs: number): void;
  settle(order: ExposureOrder, marks: ShutterMarks, outcome: ExposureOutcome, framePath: string | null): void;
}

export interface ExposureAccountsDeps {
  readonly clock: Clock;
  readonly ledger: DoseLedger;
  readonly recorder: Recorder;
  readonly commit: () => Promise<void>;
  readonly fluxReference: FluxReference;
  readonly monitor: FluxHistory;
  readonly ringCurrentMa: () => number | null;
  readonly beam: (filtersIn: readonly boolean[]) => BeamOnCell;
  /** The cell's electrochemical state, to be joined to the frame. */
  readonly cellState: (cellIndex: number) => { readonly [key: string]: Json };
  /** Told of each exposure for which the shutter was asked open. */
  readonly accounted: (order: ExposureOrder, startMs: number, endMs: number) => void;
  readonly shutterTravelMs: number;
  /** Longest the beam can be on a cell for an exposure of this length before something else has closed it. */
  readonly longestOpenS: (exposureS: number) => number;
}

export function createExposureAccounts(deps: ExposureAccountsDeps): ExposureAccounts {
  const { clock, ledger, recorder } = deps;
  let durableSeq = 0;
  let ringCurrentWithBeamMa: number | null = null;

  /** Watched for less than the booking reckoned with, so that the booking is the better bound. */
  function isWithinBooking(order: ExposureOrder, flux: FluxEstimate, openS: number): boolean {
    return flux.fluxPhS * openS <= bookedFlux(deps.fluxReference).fluxPhS * deps.longestOpenS(order.exposureS);
  }

  return {
    async book(order) {
      ringCurrentWithBeamMa = deps.ringCurrentMa();
      const beam = deps.beam(order.filtersIn);
      const flux = bookedFlux(deps.fluxReference);
      const openS = deps.longestOpenS(order.exposureS);
      const refusals = ledger.refusals(order.cellIndex, proposalOf(order.spotIndex, openS, flux, beam));
      if (refusals.length > 0) {
        throw new Fault("dose.limit", order.position, refusals.map((item) => item.text).join("; "));
      }
      const seq = ledger.book(order.exposureId, order.cellIndex, order.spotIndex, order.filtersIn, {
        openTimeS: openS,
        flux,
        beam,
        reason: "upper bound: highest flux, longest closing",
      });
      await deps.commit();
      durableSeq = Math.max(durableSeq, seq);
      return seq;
    },
    isDurable: (bookingSeq) => bookingSeq <= durableSeq,
    noteOpened(order, atMs) {
      ringCurrentWithBeamMa = larger(ringCurrentWithBeamMa, deps.ringCurrentMa());
      recorder.record("shutter-opened", {
        exposure_id: order.exposureId,
        position: order.position,
        open_seen_at_ms: atMs,
        cell_state: deps.cellState(order.cellIndex),
      });
    },
    settle(order, marks, outcome, framePath) {
      if (!ledger.hasOpenBooking(order.exposureId)) return;
      const openS = openTimeS(marks, deps.shutterTravelMs);
      const beam = deps.beam(order.filtersIn);
      const fromMs = (marks.openAskedAtMs ?? clock.monoMs()) - deps.shutterTravelMs;
      const monitorPhS = deps.monitor.meanBetween(fromMs, clock.monoMs());
      // A beam lost on the way leaves no current behind; what was given before was given at the larger one.
      const ringCurrentMa = larger(ringCurrentWithBeamMa, deps.ringCurrentMa());
      const measured = settledFlux(monitorPhS, ringCurrentMa, deps.fluxReference);
      // An exposure cut short may have its only reading from after the beam was lost.
      const byCurrent = settledFlux(null, ringCurrentMa, deps.fluxReference);
      const flux = outcome !== "made" && byCurrent.fluxPhS > measured.fluxPhS ? byCurrent : measured;
      if (marks.openAskedAtMs !== null) {
        deps.accounted(order, marks.openAskedAtMs, marks.closedSeenAtMs ?? marks.litUntilAtMs ?? clock.monoMs());
      }
      const reason = settlementReason(outcome, openS);
      const isWhole = openS !== null && !(isEndUnseen(marks) && isWithinBooking(order, flux, openS));
      const row = ledger.settle(order.exposureId, isWhole ? { openTimeS: openS, flux, beam, reason } : null, reason);
      recorder.record("exposure-ended", {
        exposure_id: order.exposureId,
        request_id: order.requestId,
        position: order.position,
        outcome,
        spot: order.spotIndex,
        exposure_s: order.exposureS,
        ...marksJson(marks),
        open_s: openS,
        charged: row.kind,
        monitor_ph_s: monitorPhS,
        ring_current_mA: ringCurrentMa,
        frame: framePath,
      });
    },
  };
}

/** Watched to stay open, and the watch was ended without a closing. */
function isEndUnseen(marks: ShutterMarks): boolean {
  return marks.closedSeenAtMs === null && marks.litUntilAtMs !== null;
}

/** Null when either is not known. */
function larger(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b);
}

function settlementReason(outcome: ExposureOutcome, openS: number | null): string {
  if (outcome === "shutter-failure") return SHUTTER_FAILURE_REASON;
  if (openS === null) return "the shutter was never seen closed";
  if (openS === 0) return "the shutter was never asked open";
  return outcome === "made" ? "measured" : `measured, exposure ${outcome}`;
}
