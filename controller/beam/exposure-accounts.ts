/**
 * The books of an exposure: the upper bound before, the measured dose after, each with its event. One durable
 * commit per exposure: the booking's commit carries the settlement of the one before.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { proposalOf, type BeamOnCell, type DoseLedger } from "../dose/dose-ledger.ts";
import {
  bookedFlux,
  isCurrentPossible,
  type FluxEstimate,
  type FluxHistory,
  type FluxReference,
} from "../dose/flux.ts";
import {
  marksJson,
  REHEARSED,
  type ExposureOrder,
  type ExposureOutcome,
  type ShutterMarks,
} from "../machines/exposure-order.ts";
import type { Recorder } from "../machines/recorder.ts";
import { FILTER_FAILURE_REASON, SHUTTER_FAILURE_REASON, type LedgerRow } from "../record/ledger-row.ts";
import type { TransmittedBeam } from "../run/beam-readings.ts";
import { exposureFlux, larger } from "./exposure-flux.ts";
import { openTimeS } from "./open-time.ts";

/** A reading of the diode that comes so soon after the shutter was seen open was begun before. */
const READING_BEGUN_MS = 150;

export interface ExposureAccounts {
  book(order: ExposureOrder): Promise<number>;
  isDurable(bookingSeq: number): boolean;
  /** Whether it is the one that was accounted for last; what was never booked is none. */
  isEnded(exposureId: string): boolean;
  /** The shutter is asked open now. */
  noteOpening(order: ExposureOrder): void;
  noteOpened(order: ExposureOrder, atMs: number): void;
  /** Filters as they are read back, whenever they are: one that leaves the beam on the way is charged as never there. */
  noteFilters(filtersIn: readonly boolean[]): void;
  settle(order: ExposureOrder, marks: ShutterMarks, outcome: ExposureOutcome, framePath: string | null): void;
}

export interface ExposureAccountsDeps {
  readonly clock: Clock;
  readonly ledger: DoseLedger;
  readonly recorder: Recorder;
  readonly commit: () => Promise<void>;
  readonly fluxReference: FluxReference;
  readonly monitor: FluxHistory;
  readonly ringCurrent: FluxHistory;
  readonly ringCurrentMa: () => number | null;
  readonly transmitted?: TransmittedBeam;
  /** Cycle that the cell is in, from 1; null where it is not known. */
  readonly cycleOf: (cellIndex: number) => number | null;
  /** Told when a source of the flux was not believed, or when all were again. */
  readonly fluxDoubted: (fault: Fault | null) => void;
  /** Told what both sources said over an exposure that was made, where neither jumped. */
  readonly fluxCompared?: (monitorPhS: number, ringCurrentMa: number) => void;
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
  let endedId: string | null = null;
  let bookedPhCm2 = Infinity;
  let ringCurrentWithBeamMa: number | null = null;
  /** Of the exposure under way: those asked for that no reading since has shown out of the beam. */
  let filtersHeld: readonly boolean[] | null = null;

  /** Watched for less than the booking reckoned with, so that the booking is the better bound. */
  function isWithinBooking(order: ExposureOrder, flux: FluxEstimate, openS: number): boolean {
    return flux.fluxPhS * openS <= bookedFlux(deps.fluxReference).fluxPhS * deps.longestOpenS(order.exposureS);
  }

  return {
    async book(order) {
      ringCurrentWithBeamMa = deps.ringCurrentMa();
      filtersHeld = null;
      const cycle = deps.cycleOf(order.cellIndex);
      const beam = deps.beam(order.filtersIn);
      const flux = bookedFlux(deps.fluxReference);
      const openS = deps.longestOpenS(order.exposureS);
      const refusals = ledger.refusals(order.cellIndex, proposalOf(order.spotIndex, openS, flux, beam, cycle));
      if (refusals.length > 0) {
        throw new Fault("dose.limit", order.position, refusals.map((item) => item.text).join("; "));
      }
      const reason = "upper bound: highest flux, longest closing";
      const bound = { openTimeS: openS, flux, beam, reason };
      bookedPhCm2 = proposalOf(order.spotIndex, openS, flux, beam).fluencePhCm2;
      const seq = ledger.book(order.exposureId, order.cellIndex, order.spotIndex, order.filtersIn, bound, cycle);
      await deps.commit();
      durableSeq = Math.max(durableSeq, seq);
      return seq;
    },
    isDurable: (bookingSeq) => bookingSeq <= durableSeq,
    isEnded: (exposureId) => exposureId === endedId,
    noteOpening(order) {
      filtersHeld = order.filtersIn;
    },
    noteFilters(filtersIn) {
      // What is read before the shutter is asked open is the gate's matter.
      if (filtersHeld === null) return;
      filtersHeld = filtersHeld.map((held, index) => held && filtersIn[index] === true);
    },
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
      endedId = order.exposureId;
      const openS = openTimeS(marks, deps.shutterTravelMs);
      const held = filtersHeld ?? order.filtersIn;
      filtersHeld = null;
      const isFilterLost = order.filtersIn.some((asked, index) => asked && held[index] !== true);
      const beam = deps.beam(held);
      const endMs = marks.closedSeenAtMs ?? marks.litUntilAtMs;
      const settled = exposureFlux({
        ...{ monitor: deps.monitor, ringCurrent: deps.ringCurrent, reference: deps.fluxReference },
        fromMs: (marks.openAskedAtMs ?? clock.monoMs()) - deps.shutterTravelMs,
        ...{ endMs, nowMs: clock.monoMs(), openS, isMade: outcome === "made" },
        ...{ currentWithBeamMa: ringCurrentWithBeamMa, currentNowMa: deps.ringCurrentMa() },
      });
      const { flux, doubt, monitorPhS, ringCurrentMa } = settled;
      if (marks.openAskedAtMs !== null) {
        deps.accounted(order, marks.openAskedAtMs, endMs ?? clock.monoMs());
        deps.fluxDoubted(
          doubt === null
            ? null
            : new Fault("dose.flux-doubtful", order.position, `${doubt}; charged ${chargedText(flux)}`),
        );
        if (
          outcome === "made" &&
          monitorPhS !== null &&
          ringCurrentMa !== null &&
          isCurrentPossible(ringCurrentMa, deps.fluxReference)
        ) {
          deps.fluxCompared?.(monitorPhS, ringCurrentMa);
        }
      }
      const reason = settlementReason(outcome, openS, isFilterLost);
      const isWhole = openS !== null && !(isEndUnseen(marks) && isWithinBooking(order, flux, openS));
      const known = isWhole ? { openTimeS: openS, flux, beam, reason } : null;
      // The booking reckoned with every filter: with one of them gone it is no bound.
      const unknown = isFilterLost
        ? { openTimeS: deps.longestOpenS(order.exposureS), flux: bookedFlux(deps.fluxReference), beam, reason }
        : null;
      const row = ledger.settle(order.exposureId, known ?? unknown, reason);
      recorder.record("exposure-ended", {
        exposure_id: order.exposureId,
        request_id: order.requestId,
        position: order.position,
        outcome: outcome === "made" && marks.rehearsedAtMs !== undefined ? REHEARSED : outcome,
        spot: order.spotIndex,
        exposure_s: order.exposureS,
        ...marksJson(marks),
        open_s: openS,
        charged: row.kind,
        flux_source: row.fluxSource,
        ...excessJson(row, bookedPhCm2),
        monitor_ph_s: monitorPhS,
        ring_current_mA: ringCurrentMa,
        compared_mA: settled.comparedMa,
        unread_share: settled.unreadShare,
        i0_ph_s: settled.i0.fluxPhS,
        i0_source: settled.i0.source,
        ...transmittedJson(deps.transmitted, marks),
        frame: framePath,
      });
    },
  };
}

/** It: what the diode behind the rack read while the shutter was wholly open; nulls where it read nothing, or too much to tell. */
export function transmittedJson(
  of: TransmittedBeam | undefined,
  marks: ShutterMarks,
): { readonly [key: string]: Json } {
  if (of === undefined) return {};
  const fromMs = (marks.openSeenAtMs ?? Infinity) + READING_BEGUN_MS;
  const toMs = marks.closeAskedAtMs ?? marks.closedSeenAtMs ?? -Infinity;
  const meanA = of.history.meanBetween(fromMs, toMs);
  const isTold = meanA !== null && (of.history.largestSince(fromMs) ?? Infinity) < of.saturatedFromA;
  if (!isTold) return { it_A: null, it_ph_s: null };
  return { it_A: meanA, it_ph_s: of.photonsPerAs === null ? null : meanA * of.photonsPerAs };
}

/** Watched to stay open, and the watch was ended without a closing. */
function isEndUnseen(marks: ShutterMarks): boolean {
  return marks.closedSeenAtMs === null && marks.litUntilAtMs !== null;
}

/** What a proven failure gave beyond the booking, apart from the rest: by the layer that took most of it. */
function excessJson(row: LedgerRow, bookedPhCm2: number): { readonly [key: string]: Json } {
  if (!(row.fluencePhCm2 > bookedPhCm2)) return {};
  const share = 1 - bookedPhCm2 / row.fluencePhCm2;
  return { excess_Gy: share * Math.max(...row.layerDosesGy.map((dose) => dose.surfaceGy)) };
}

function chargedText({ fluxPhS, source }: FluxEstimate): string {
  const by = source === "highest-possible" ? "the highest possible flux" : `by ${source.replace("-", " ")}`;
  return `${by}, ${Number(fluxPhS.toPrecision(3))} ph/s`;
}

function settlementReason(outcome: ExposureOutcome, openS: number | null, isFilterLost: boolean): string {
  if (outcome === "shutter-failure") return SHUTTER_FAILURE_REASON;
  if (isFilterLost) return FILTER_FAILURE_REASON;
  if (openS === null) return "the shutter was never seen closed";
  if (openS === 0) return "the shutter was never asked open";
  return outcome === "made" ? "measured" : `measured, exposure ${outcome}`;
}
