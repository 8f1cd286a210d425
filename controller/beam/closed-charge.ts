/**
 * What fell on cells while the shutter read closed and was not: in no booking, since nobody asked for it. It is charged at
 * the highest flux for all the time from which no reading proves otherwise, to every spot that may have stood in the beam
 * meanwhile, apart from the exposures and as a failure of the shutter. On the way from one spot to the next both are
 * charged; cells that were only crossed had milliseconds, and are not. A moment on a spot is charged once, whoever says that
 * there was light: the monitor behind the shutter, its switches, or an exposure that nobody saw end.
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
  /** Names that the record holds already. */
  readonly taken?: Iterable<string>;
  readonly accounted: (spot: LitSpot, fromMs: number, toMs: number) => void;
}

interface Stay {
  readonly spot: LitSpot;
  readonly fromMs: number;
  toMs: number;
}

/** Between these two times. */
interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Charged extends Stretch {
  readonly spot: LitSpot;
}

/** What is older is no longer asked for. */
const KEPT_MS = 600_000;

export function createClosedCharge(deps: ClosedChargeDeps): ClosedCharge {
  const { ledger, recorder } = deps;
  let stays: Stay[] = (deps.standing ?? []).map((spot) => ({ spot, fromMs: -Infinity, toMs: Infinity }));

  let charged: readonly Charged[] = [];
  const taken = new Set(deps.taken);

  function leaveAllBut(last: Stay | undefined): void {
    const nowMs = deps.nowMs();
    for (const stay of stays) if (stay !== last) stay.toMs = Math.min(stay.toMs, nowMs);
    if (stays.length > 1) stays = stays.filter(({ toMs }) => toMs > nowMs - KEPT_MS);
    charged = charged.filter(({ spot }) => stays.some((stay) => isSameSpot(stay.spot, spot)));
  }

  function newId({ position, spotIndex }: LitSpot, toMs: number): string {
    const id = `L-${toMs.toFixed(0)}-${position}-${spotIndex}`;
    let free = id;
    for (let count = 2; taken.has(free); count += 1) free = `${id}-${count}`;
    taken.add(free);
    return free;
  }

  /** Of a stretch on a spot what is not charged yet, in order. */
  function unchargedOf(stretch: Stretch, on: LitSpot): readonly Stretch[] {
    let left: readonly Stretch[] = [stretch];
    for (const { spot, fromMs, toMs } of charged) {
      if (!isSameSpot(spot, on)) continue;
      left = left.flatMap((part) => [
        ...(part.fromMs < fromMs ? [{ fromMs: part.fromMs, toMs: Math.min(part.toMs, fromMs) }] : []),
        ...(part.toMs > toMs ? [{ fromMs: Math.max(part.fromMs, toMs), toMs: part.toMs }] : []),
      ]);
    }
    return left;
  }

  function chargeSpot(spot: LitSpot, { fromMs, toMs }: Stretch): void {
    const { cellIndex, position, spotIndex } = spot;
    const exposureId = newId(spot, toMs);
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
    noteCharged(spot, fromMs, toMs);
  }

  /** What follows on what was charged before is one with it. */
  function noteCharged(spot: LitSpot, fromMs: number, toMs: number): void {
    const before = charged.find((one) => isSameSpot(one.spot, spot) && one.toMs === fromMs);
    charged = [...charged.filter((one) => one !== before), { spot, fromMs: before?.fromMs ?? fromMs, toMs }];
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
      for (const stay of stays) {
        const [startMs, endMs] = [Math.max(fromMs, stay.fromMs), Math.min(toMs, stay.toMs)];
        if (!(endMs > startMs)) continue;
        for (const stretch of unchargedOf({ fromMs: startMs, toMs: endMs }, stay.spot)) chargeSpot(stay.spot, stretch);
      }
    },
  };
}

function isSameSpot(one: LitSpot, other: LitSpot): boolean {
  return one.cellIndex === other.cellIndex && one.spotIndex === other.spotIndex;
}
