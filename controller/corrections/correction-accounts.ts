/**
 * The books of correction frames, apart from the cells' ledger, for no cell stands in the beam: a bound on record before the
 * shutter may open, and after it what was given. Of all other exposures the cells' own books are kept as ever.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import { transmittedJson, type ExposureAccounts } from "../beam/exposure-accounts.ts";
import { meanOrLargest } from "../beam/exposure-flux.ts";
import { openTimeS } from "../beam/open-time.ts";
import type { BeamOnCell } from "../dose/dose-ledger.ts";
import { bookedFlux, settledFlux, type FluxHistory, type FluxReference } from "../dose/flux.ts";
import type { ExposureOrder, ExposureOutcome, ShutterMarks } from "../machines/exposure-order.ts";
import { marksJson, REHEARSED } from "../machines/exposure-order.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { TransmittedBeam } from "../run/beam-readings.ts";
import { aboutJson, BEGUN_EVENT, ENDED_EVENT } from "./correction-events.ts";

export interface CorrectionAccountsDeps {
  readonly clock: Pick<Clock, "monoMs">;
  readonly recorder: Recorder;
  readonly commit: () => Promise<void>;
  readonly fluxReference: FluxReference;
  readonly monitor: FluxHistory;
  /** Behind the rack; left out where nothing tells what came through. */
  readonly transmitted?: TransmittedBeam;
  readonly ringCurrentMa: () => number | null;
  readonly beam: (filtersIn: readonly boolean[]) => BeamOnCell;
  readonly shutterTravelMs: number;
  readonly longestOpenS: (exposureS: number) => number;
  /** Told of each for which the shutter was asked open. */
  readonly accounted: (startMs: number, endMs: number) => void;
}

/** What a sensor says may be of so long ago. */
const HEARD_LATE_MS = 3000;

/** Says which exposures they are, and otherwise does what the cells' books do. */
export function withCorrections(
  cells: ExposureAccounts,
  deps: CorrectionAccountsDeps,
): ExposureAccounts & { isBesideCells(): boolean } {
  const { clock, recorder } = deps;
  /** The one that is begun and not ended. */
  let open: ExposureOrder | null = null;
  let isDurable = false;
  /** When the last one was over. */
  let overMs = -Infinity;

  function settle(order: ExposureOrder, marks: ShutterMarks, outcome: ExposureOutcome, framePath: string | null): void {
    if (order.beside === undefined || open?.exposureId !== order.exposureId) return;
    open = null;
    overMs = clock.monoMs();
    const openS = openTimeS(marks, deps.shutterTravelMs);
    const fromMs = (marks.openAskedAtMs ?? clock.monoMs()) - deps.shutterTravelMs;
    const ringCurrentMa = deps.ringCurrentMa();
    const fluxBy = (monitorPhS: number | null) => settledFlux(monitorPhS, ringCurrentMa, deps.fluxReference);
    // What the frame is normalised by is a mean; what was given is no less than the largest word about it.
    const flux = fluxBy(deps.monitor.meanBetween(fromMs, clock.monoMs()));
    const givenPhS = Math.max(
      flux.fluxPhS,
      fluxBy(meanOrLargest(deps.monitor, fromMs, clock.monoMs())).fluxPhS,
      ...(outcome === "made" ? [] : [fluxBy(null).fluxPhS]),
    );
    const { filterTransmission } = deps.beam(order.filtersIn);
    if (marks.openAskedAtMs !== null) {
      deps.accounted(marks.openAskedAtMs, marks.closedSeenAtMs ?? marks.litUntilAtMs ?? clock.monoMs());
    }
    recorder.record(ENDED_EVENT, {
      ...aboutJson(order.exposureId, order.beside),
      outcome: outcome === "made" && marks.rehearsedAtMs !== undefined ? REHEARSED : outcome,
      exposure_s: order.exposureS,
      ...marksJson(marks),
      open_s: openS,
      // Never seen closed: the bound stands.
      photons: openS === null ? photonsMax(order) : givenPhS * filterTransmission * openS,
      i0_ph_s: flux.fluxPhS,
      flux_source: flux.source,
      filter_transmission: filterTransmission,
      ring_current_mA: ringCurrentMa,
      ...transmittedJson(deps.transmitted, marks),
      frame: framePath,
    });
  }

  function photonsMax({ exposureS, filtersIn }: ExposureOrder): number {
    const { filterTransmission } = deps.beam(filtersIn);
    return bookedFlux(deps.fluxReference).fluxPhS * filterTransmission * deps.longestOpenS(exposureS);
  }

  return {
    ...cells,
    async book(order) {
      if (order.beside === undefined) return cells.book(order);
      open = order;
      isDurable = false;
      recorder.record(BEGUN_EVENT, {
        ...aboutJson(order.exposureId, order.beside),
        ...{ x_mm: order.stageXMm, y_mm: order.stageYMm, exposure_s: order.exposureS },
        filters_in: [...order.filtersIn] satisfies Json,
        photons_max: photonsMax(order),
      });
      await deps.commit();
      isDurable = open === order;
      return order.beside.number;
    },
    isBesideCells: () => open !== null || clock.monoMs() - overMs < HEARD_LATE_MS,
    isDurable: (bookingSeq) => (open === null ? cells.isDurable(bookingSeq) : isDurable),
    noteOpening(order) {
      if (order.beside === undefined) cells.noteOpening(order);
    },
    noteOpened(order, atMs) {
      if (order.beside === undefined) cells.noteOpened(order, atMs);
    },
    settle(order, marks, outcome, framePath) {
      if (order.beside === undefined) cells.settle(order, marks, outcome, framePath);
      else settle(order, marks, outcome, framePath);
    },
  };
}
