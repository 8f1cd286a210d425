/** The books of beam let in by hand: on a spot of a cell, in its campaign's dose ledger; beside all cells, as frames of what is no cell. */
import { aboutJson, BEGUN_EVENT, ENDED_EVENT, frameId } from "../../controller/corrections/correction-events.ts";
import { proposalOf } from "../../controller/dose/dose-ledger.ts";
import { bookedFlux, fluxReferenceOf, settledFlux } from "../../controller/dose/flux.ts";
import { createBeamOnCell } from "../../controller/dose/ledger-cells.ts";
import type { RecordedLedger } from "../../controller/dose/recorded-ledger.ts";
import { SHUTTER_FAILURE_REASON } from "../../controller/record/ledger-row.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { CorrectionFrame } from "../../protocols/calibration/correction-frames.ts";
import type { AttenuationTables } from "../../protocols/dose/attenuation.ts";
import type { InputLevels } from "../../protocols/roles/beam-io.ts";
import { longestOpenS } from "../../protocols/site/longest-open.ts";
import type { ActBench } from "./act.ts";
import type { Opening, OpeningOrder } from "./beam-opening.ts";

/** What became of an opening. */
export interface Given {
  /** When the fast shutter was first asked open; null when it never was. */
  readonly askedAtMs: number | null;
  /** When it was seen closed after that. */
  readonly closedAtMs: number | null;
  /** Why it ended before its time. */
  readonly trouble: Error | null;
}

export interface OpeningBooking {
  readonly seq: number;
  /** Resolves with what a person is told, once it is durable. */
  settle(given: Given): Promise<Json>;
}

/** Rejects with `dose.limit`, `dose.unknown`, `store.unwritable`. */
export async function bookOnCell(bench: ActBench, order: OpeningOrder, levels: InputLevels): Promise<OpeningBooking> {
  const { ledger: recorded, site, clock } = bench;
  const purpose = order.purpose ?? "opened by hand";
  const exposureId = `${order.purpose ?? "device"}-${new Date(clock.wallMs()).toISOString()}`;
  // A dry run opens nothing and has nothing to book.
  if (recorded === undefined)
    return { seq: 1, settle: (given: Given): Promise<Json> => Promise.resolve(openedJson(order, given)) };
  const { ledger } = recorded;
  const cellIndex = recorded.cellAt(order.position);
  if (cellIndex === undefined) {
    throw new Fault(
      "dose.unknown",
      order.position,
      `the campaign ${recorded.campaign} has no cell here, so nothing bounds its dose`,
    );
  }
  if (order.spotIndex >= recorded.spotCountAt(cellIndex)) {
    throw new Fault(
      "dose.unknown",
      order.position,
      `the campaign has ${recorded.spotCountAt(cellIndex)} spots on a cell`,
    );
  }
  const beam = createBeamOnCell(site, order.tables())(levels.filtersIn);
  const flux = bookedFlux(fluxReferenceOf(site));
  const openTimeS = longestOpenS(site.shutter, order.forS);
  const refusals = ledger.refusals(cellIndex, proposalOf(order.spotIndex, openTimeS, flux, beam));
  if (refusals.length > 0) {
    throw new Fault("dose.limit", order.position, refusals.map((refusal) => refusal.text).join("; "));
  }
  const reason = `upper bound: highest flux, longest closing; ${purpose}`;
  const seq = ledger.book(exposureId, cellIndex, order.spotIndex, levels.filtersIn, { openTimeS, flux, beam, reason });
  await recorded.commit();
  return {
    seq,
    async settle(given: Given): Promise<Json> {
      const openS = openTimeOf(given);
      if (given.askedAtMs !== null) {
        const by = `beamrack ${order.purpose === undefined ? "device" : "align"}`;
        recorded.record("shutter-opened", { exposure_id: exposureId, position: order.position, by });
      }
      const why =
        openS === null ? "the shutter was not seen closed" : openS > openTimeS ? SHUTTER_FAILURE_REASON : purpose;
      const measured = openS === null ? null : { openTimeS: openS, flux, beam, reason: why };
      const row = ledger.settle(exposureId, measured, why);
      recorded.record("beam-by-hand", {
        exposure_id: exposureId,
        position: order.position,
        spot: order.spotIndex,
        what: order.what,
        asked_s: order.forS,
        open_s: openS,
        charged: row.kind,
      });
      await recorded.commit();
      return {
        ...openedJson(order, given),
        exposure_id: exposureId,
        booked_s: openTimeS,
        charged: row.kind,
        dose: row.layerDosesGy.map(({ layer, meanGy, surfaceGy }) => ({
          layer,
          mean_Gy: meanGy,
          surface_Gy: surfaceGy,
        })),
      };
    },
  };
}

export interface BesideOrder {
  readonly opening: Opening;
  readonly frame: CorrectionFrame;
  readonly ledger: RecordedLedger;
  readonly tables: () => AttenuationTables;
  /** What the machine's ring holds now; null where nobody tells. */
  readonly ringCurrentMa: () => number | null;
  /** The image by the detector's own word; null where there is none. */
  readonly framePath: () => string | null;
}

/** No cell stands in the beam: the bound of photons goes on record as a running campaign has it. Rejects with `store.unwritable`. */
export async function bookBeside(bench: ActBench, order: BesideOrder, levels: InputLevels): Promise<OpeningBooking> {
  const { site, clock } = bench;
  const { ledger, frame, opening } = order;
  const number = ledger.correctionCount + 1;
  const about = aboutJson(frameId(number, frame.kind), frame);
  const reference = fluxReferenceOf(site);
  const { filterTransmission } = createBeamOnCell(site, order.tables())(levels.filtersIn);
  const openTimeS = longestOpenS(site.shutter, opening.forS);
  const photonsMax = bookedFlux(reference).fluxPhS * filterTransmission * openTimeS;
  const place = frame.place === null ? {} : { x_mm: frame.place.xMm, y_mm: frame.place.yMm };
  ledger.record(BEGUN_EVENT, {
    ...{ ...about, ...place, exposure_s: frame.exposureS },
    ...{ filters_in: [...levels.filtersIn], photons_max: photonsMax, by: "beamrack calibrate" },
  });
  await ledger.commit();
  return {
    seq: number,
    async settle(given) {
      const openS = openTimeOf(given);
      const path = order.framePath();
      const isFailure = openS === null || openS > openTimeS;
      const outcome = isFailure ? "shutter-failure" : path === null || given.trouble !== null ? "aborted" : "made";
      const ringCurrentMa = order.ringCurrentMa();
      const flux = settledFlux(null, ringCurrentMa, reference);
      const campaignMs = (ms: number | null): number | null =>
        ms === null ? null : Math.round(ledger.nowMs() - clock.monoMs() + ms);
      ledger.record(ENDED_EVENT, {
        ...{ ...about, outcome, exposure_s: frame.exposureS },
        ...{ open_asked_at_ms: campaignMs(given.askedAtMs), closed_seen_at_ms: campaignMs(given.closedAtMs) },
        ...{ open_s: openS, photons: openS === null ? photonsMax : flux.fluxPhS * filterTransmission * openS },
        ...{ i0_ph_s: flux.fluxPhS, flux_source: flux.source, filter_transmission: filterTransmission },
        ...{ ring_current_mA: ringCurrentMa, frame: path },
      });
      await ledger.commit();
      return { ...about, outcome, open_s: openS, booked_s: openTimeS };
    },
  };
}

/** Null where it is not known; then the booking is charged in full. */
function openTimeOf({ askedAtMs, closedAtMs }: Given): number | null {
  if (askedAtMs === null) return 0;
  return closedAtMs === null ? null : (closedAtMs - askedAtMs) / 1000;
}

function openedJson(order: OpeningOrder, given: Given): { readonly [key: string]: Json } {
  return { opened: order.what, position: order.position, spot: order.spotIndex + 1, open_s: openTimeOf(given) };
}
