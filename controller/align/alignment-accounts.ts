/**
 * The books of an alignment's points: each on the spot nearest to it of the cells' own ledger, before as the longest it can last and
 * after by the highest flux, as one that is opened by hand. Of all other exposures the books are kept as ever.
 */
import { Fault } from "../../protocols/base/fault.ts";
import type { ExposureAccounts } from "../beam/exposure-accounts.ts";
import { openTimeS } from "../beam/open-time.ts";
import { proposalOf, type BeamOnCell, type DoseLedger } from "../dose/dose-ledger.ts";
import { bookedFlux, type FluxReference } from "../dose/flux.ts";
import type { ExposureOrder, ShutterMarks } from "../machines/exposure-order.ts";
import type { Recorder } from "../machines/recorder.ts";
import { SHUTTER_FAILURE_REASON } from "../record/ledger-row.ts";
import type { AlignDesk } from "./align-desk.ts";

export interface AlignmentAccountsDeps {
  readonly desk: Pick<AlignDesk, "noteSettled">;
  readonly ledger: Pick<DoseLedger, "refusals" | "book" | "settle" | "hasOpenBooking">;
  readonly recorder: Recorder;
  readonly commit: () => Promise<void>;
  readonly fluxReference: FluxReference;
  readonly beam: (filtersIn: readonly boolean[]) => BeamOnCell;
  readonly cycleOf: (cellIndex: number) => number | null;
  readonly longestOpenS: (exposureS: number) => number;
  readonly shutterTravelMs: number;
  readonly nowMs: () => number;
  /** Told of each for which the shutter was asked open. */
  readonly accounted: (startMs: number, endMs: number) => void;
}

const PURPOSE = "alignment";

export function withAlignment(others: ExposureAccounts, deps: AlignmentAccountsDeps): ExposureAccounts {
  const { ledger, recorder, desk } = deps;
  /** The one that is booked and not settled. */
  let open: ExposureOrder | null = null;
  let isDurable = false;
  /** Of those asked for, the filters that no reading has shown out of the beam since it was opened. */
  let held: readonly boolean[] | null = null;

  function settle(order: ExposureOrder, marks: ShutterMarks): void {
    const { exposureId, position, spotIndex, exposureS } = order;
    const filters = held ?? order.filtersIn;
    open = null;
    held = null;
    if (!ledger.hasOpenBooking(exposureId)) return;
    const openS = openTimeS(marks, deps.shutterTravelMs);
    if (marks.openAskedAtMs !== null) {
      const endMs = marks.closedSeenAtMs ?? marks.litUntilAtMs ?? deps.nowMs();
      deps.accounted(marks.openAskedAtMs, endMs);
      recorder.record("shutter-opened", { exposure_id: exposureId, position, by: "beamrack align" });
    }
    const flux = bookedFlux(deps.fluxReference);
    const isLost = order.filtersIn.some((asked, index) => asked && filters[index] !== true);
    const longestS = deps.longestOpenS(exposureS);
    const reason =
      openS === null ? "the shutter was not seen closed" : openS > longestS ? SHUTTER_FAILURE_REASON : PURPOSE;
    // The booking reckoned with every filter: with one of them gone it is no bound.
    const chargedS = openS ?? (isLost ? longestS : null);
    const measured = chargedS === null ? null : { openTimeS: chargedS, flux, beam: deps.beam(filters), reason };
    const row = ledger.settle(exposureId, measured, reason);
    recorder.record("beam-by-hand", {
      ...{ exposure_id: exposureId, position, spot: spotIndex, what: "shutter" },
      ...{ asked_s: exposureS, open_s: openS, charged: row.kind },
    });
  }

  return {
    ...others,
    async book(order) {
      if (order.alignment === undefined) return others.book(order);
      open = order;
      isDurable = false;
      held = null;
      const { spotIndex, alignment } = order;
      const cellIndex = alignment.chargedIndex;
      const bound = {
        ...{ openTimeS: deps.longestOpenS(order.exposureS), flux: bookedFlux(deps.fluxReference) },
        ...{ beam: deps.beam(order.filtersIn), reason: `upper bound: highest flux, longest closing; ${PURPOSE}` },
      };
      const cycle = deps.cycleOf(cellIndex);
      const proposal = proposalOf(spotIndex, bound.openTimeS, bound.flux, bound.beam, cycle);
      const refusals = ledger.refusals(cellIndex, proposal);
      if (refusals.length > 0) {
        throw new Fault("dose.limit", order.position, refusals.map(({ text }) => text).join("; "));
      }
      const seq = ledger.book(order.exposureId, cellIndex, spotIndex, order.filtersIn, bound, cycle);
      await deps.commit();
      isDurable = open === order;
      return seq;
    },
    isDurable: (bookingSeq) => (open === null ? others.isDurable(bookingSeq) : isDurable),
    noteOpening(order) {
      if (order.alignment === undefined) others.noteOpening(order);
      else held = order.filtersIn;
    },
    noteOpened(order, atMs) {
      if (order.alignment === undefined) others.noteOpened(order, atMs);
    },
    noteFilters(filtersIn) {
      others.noteFilters(filtersIn);
      held = held?.map((one, index) => one && filtersIn[index] === true) ?? null;
    },
    settle(order, marks, outcome, framePath) {
      if (order.alignment === undefined) {
        others.settle(order, marks, outcome, framePath);
        return;
      }
      settle(order, marks);
      desk.noteSettled(order, marks);
    },
  };
}
