/**
 * What fell on cells while the shutter read closed and was not: in no booking, since nobody asked for it. It is charged at
 * the highest flux for all the time from which no reading proves otherwise, to every spot that may have stood in the beam
 * meanwhile, apart from the exposures and as a failure of the shutter. On the way from one spot to the next both are
 * charged; cells that were only crossed had milliseconds, and are not.
 */
import type { BeamOnCell, DoseLedger } from "../dose/dose-ledger.ts";
import { bookedFlux, type FluxReference } from "../dose/flux.ts";
import type { Recorder } from "../machines/recorder.ts";
import { SHUTTER_FAILURE_REASON } from "../record/ledger-row.ts";

export interface LitSpot {
  readonly cellIndex: number;
  readonly position: string;
  readonly spotIndex: number;
}

export interface ClosedCharge {
  /** The stage begins to bring this spot into the beam; what stood there may leave any time now. */
  bringing(spot: LitSpot): void;
  /** It is there, and nothing else is. */
  arrived(): void;
  /** No cell stands in the beam. */
  away(): void;
  /** Photons may have come between the two times, though the shutter read closed. */
  charge(fromMs: number, toMs: number): void;
}

export interface ClosedChargeDeps {
  readonly ledger: Pick<DoseLedger, "book" | "settle">;
  readonly recorder: Recorder;
  readonly fluxReference: FluxReference;
  readonly beam: (filtersIn: readonly boolean[]) => BeamOnCell;
  /** As last read; filters that no reading shows in the beam are not reckoned with. */
  readonly filtersIn: () => readonly boolean[];
  readonly cycleOf: (cellIndex: number) => number | null;
  readonly nowMs: () => number;
  /** What may stand in the beam before anything is brought there: after a restart, what was last. */
  readonly standing?: readonly LitSpot[];
  readonly accounted: (spot: LitSpot, fromMs: number, toMs: number) => void;
}

interface Stay {
  readonly spot: LitSpot;
  readonly fromMs: number;
  toMs: number;
}

/** What is older is no longer asked for. */
const KEPT_MS = 600_000;

export function createClosedCharge(deps: ClosedChargeDeps): ClosedCharge {
  const { ledger, recorder } = deps;
  let stays: Stay[] = (deps.standing ?? []).map((spot) => ({ spot, fromMs: -Infinity, toMs: Infinity }));

  function leaveAllBut(last: Stay | undefined): void {
    const nowMs = deps.nowMs();
    for (const stay of stays) if (stay !== last) stay.toMs = Math.min(stay.toMs, nowMs);
    if (stays.length > 1) stays = stays.filter(({ toMs }) => toMs > nowMs - KEPT_MS);
  }

  function chargeStay({ spot }: Stay, fromMs: number, toMs: number): void {
    const { cellIndex, position, spotIndex } = spot;
    const exposureId = `L-${toMs.toFixed(0)}-${position}-${spotIndex}`;
    const filtersIn = deps.filtersIn();
    const given = {
      openTimeS: (toMs - fromMs) / 1000,
      flux: bookedFlux(deps.fluxReference),
      beam: deps.beam(filtersIn),
      reason: SHUTTER_FAILURE_REASON,
    };
    ledger.book(exposureId, cellIndex, spotIndex, filtersIn, given, deps.cycleOf(cellIndex));
    const row = ledger.settle(exposureId, given, SHUTTER_FAILURE_REASON);
    recorder.record("lit-while-closed", {
      ...{ exposure_id: exposureId, position, spot: spotIndex, lit_from_ms: fromMs, lit_until_ms: toMs },
      excess_Gy: Math.max(...row.layerDosesGy.map((dose) => dose.surfaceGy)),
    });
    deps.accounted(spot, fromMs, toMs);
  }

  return {
    bringing(spot) {
      stays.push({ spot, fromMs: deps.nowMs(), toMs: Infinity });
    },
    arrived() {
      leaveAllBut(stays.at(-1));
    },
    away() {
      leaveAllBut(undefined);
    },
    charge(fromMs, toMs) {
      // Of one spot that was there twice, the two stays are two rows: they have ids of their own by their ends.
      for (const stay of stays) {
        const [startMs, endMs] = [Math.max(fromMs, stay.fromMs), Math.min(toMs, stay.toMs)];
        if (endMs > startMs) chargeStay(stay, startMs, endMs);
      }
    },
  };
}
