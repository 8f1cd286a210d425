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
  mostCurrentMa,
  settledFlux,
  withUnread,
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
import { openTimeS } from "./open-time.ts";

/** A top-up makes no more of the ring current within one exposure; a feed that jumps further is not believed. */
const RING_CURRENT_RISE_MAX = 1.05;
/** Beyond its mean, what noise and a top-up make of a monitor's largest reading. */
const MONITOR_EVEN = 1.03;
/** A monitor's reading is good for so long where there is no newer one. */
const LATELY_MS = 5000;
/** Where nothing but the ring current is heard, a fall of it is believed after this. */
const FALL_BELIEVED_MS = 120_000;
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
      const fromMs = (marks.openAskedAtMs ?? clock.monoMs()) - deps.shutterTravelMs;
      const monitorPhS = meanOrLargest(deps.monitor, fromMs, clock.monoMs());
      // A beam lost on the way leaves no current behind; what was given before was given at the larger one.
      const isSteady = deps.ringCurrent.riseBetween(fromMs, clock.monoMs()) <= RING_CURRENT_RISE_MAX;
      const ringCurrentMa = isSteady ? larger(ringCurrentWithBeamMa, deps.ringCurrentMa()) : null;
      // A feed that fell silent or jumped still says by what it said before whether the monitor can be believed.
      const mostMa = mostCurrentMa(deps.fluxReference);
      const comparedMa =
        monitorPhS === null
          ? ringCurrentMa
          : ([ringCurrentMa, isSteady ? ringCurrentWithBeamMa : null].find((ma) => ma !== null && ma <= mostMa) ??
            deps.ringCurrent.largestSince(fromMs - FALL_BELIEVED_MS, mostMa));
      const measured = withUnread(
        settledFlux(monitorPhS, comparedMa, deps.fluxReference),
        settledFlux(null, comparedMa, deps.fluxReference),
        unreadShare(deps.monitor, fromMs, marks.closedSeenAtMs ?? clock.monoMs()),
        deps.fluxReference,
      );
      // Shorter than the monitor's period: what it said just before stands in for it.
      const lately = monitorPhS === null ? deps.monitor.meanBetween(fromMs - LATELY_MS, clock.monoMs()) : null;
      // Alone, a current that has just fallen is not believed: what it was before may be what the beam still is.
      const largestMa =
        ringCurrentMa === null
          ? null
          : Math.max(ringCurrentMa, deps.ringCurrent.largestSince(fromMs - FALL_BELIEVED_MS) ?? 0);
      // An exposure cut short may have its only reading from after the beam was lost.
      const byCurrent = settledFlux(null, ringCurrentMa, deps.fluxReference);
      const flux = [
        ...(outcome === "made" ? [] : [byCurrent]),
        ...(lately === null ? [] : [settledFlux(lately, ringCurrentMa, deps.fluxReference)]),
        ...(lately === null && monitorPhS === null ? [settledFlux(null, largestMa, deps.fluxReference)] : []),
      ].reduce((most, other) => (other.fluxPhS > most.fluxPhS ? other : most), measured);
      if (marks.openAskedAtMs !== null) {
        deps.accounted(order, marks.openAskedAtMs, marks.closedSeenAtMs ?? marks.litUntilAtMs ?? clock.monoMs());
        // With the beam lost on the way, the monitor's mean is no mean over the beam: that it reads less is no doubt.
        const doubtOfSteady = outcome === "made" ? flux.doubt : byCurrent.doubt;
        const doubt = isSteady ? doubtOfSteady : "the ring current jumped while the shutter was open";
        deps.fluxDoubted(
          doubt === null
            ? null
            : new Fault("dose.flux-doubtful", order.position, `${doubt}; charged ${chargedText(flux)}`),
        );
        if (outcome === "made" && monitorPhS !== null && ringCurrentMa !== null) {
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
        ...transmittedJson(deps.transmitted, marks),
        frame: framePath,
      });
    },
  };
}

/**
 * Readings that differ by more than noise, because beam or feed changed on the way, are no mean: the largest stands. So does
 * one from just before: what is less since may be a wrong digit in the only reading of a short exposure.
 */
export function meanOrLargest(monitor: FluxHistory, fromMs: number, toMs: number): number | null {
  const mean = monitor.meanBetween(fromMs, toMs);
  const largest = monitor.largestSince(fromMs - LATELY_MS);
  return mean !== null && largest !== null && largest > mean * MONITOR_EVEN ? largest : mean;
}

/** Of the time between the two, what lies behind the monitor's last reading; all of it where it has none. */
function unreadShare(monitor: FluxHistory, fromMs: number, toMs: number): number {
  const lastMs = monitor.lastBetween(fromMs, toMs) ?? fromMs;
  return toMs > fromMs ? (toMs - lastMs) / (toMs - fromMs) : 1;
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

/** Null when either is not known. */
function larger(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b);
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
