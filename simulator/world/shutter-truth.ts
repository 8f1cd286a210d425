/**
 * What fell on the rack while the fast shutter was not fully closed: flux x filters x opening, summed over time and
 * attributed to the place under the beam, along the path when the stage moved.
 */
import type { ObservedBeamPlant } from "../plant/beam-plant.ts";
import type { WorldClock } from "../plant/plant.ts";
import type { ObservedStagePlant } from "../plant/stage-plant.ts";
import type { BeamTrace } from "./beam-trace.ts";
import type { WorldSite } from "./world-site.ts";

export interface Deposit {
  /** -1 beside the rack. */
  readonly positionIndex: number;
  /** From the cell's centre. */
  readonly xMm: number;
  readonly yMm: number;
  /** Photons that reached the cell's outer face, after the filters. */
  readonly photons: number;
}

/** One opening of the fast shutter, from leaving the closed switch to reaching it again. */
export interface Opening {
  readonly startMs: number;
  readonly endMs: number;
  readonly deposits: readonly Deposit[];
  readonly photons: number;
  /** Largest flux on the sample meanwhile. */
  readonly peakPhS: number;
  /** When the fast shutter was told to close again, obeyed or not; Infinity where it was not. */
  readonly orderedShutMs: number;
  /** While the shutter was meant to be open. */
  readonly stageMoved: boolean;
  /** When the last photon fell, on a cell if the shutter had failed by then; `startMs` when none did. */
  readonly litEndMs: number;
  /** Photons that fell on a cell after the shutter, ordered shut, should have been closed. */
  readonly excessPhotons: number;
}

/** An electrode's. */
const DISC_RADIUS_MM = 7;

/** Whether it fell on an electrode, and not between the cells or beside the rack. */
export function isOnDisc({ positionIndex, xMm, yMm }: Omit<Deposit, "photons">): boolean {
  return positionIndex >= 0 && Math.hypot(xMm, yMm) <= DISC_RADIUS_MM;
}

export interface ShutterTruthDeps {
  readonly clock: WorldClock;
  readonly site: WorldSite;
  readonly beam: ObservedBeamPlant;
  readonly stage: ObservedStagePlant;
  readonly trace: BeamTrace;
  readonly onOpened: (atMs: number) => void;
  readonly onClosed: (opening: Opening) => void;
}

export interface ShutterTruth {
  /** Accounts an opening that is still going on. */
  finish(atMs: number): void;
}

export function watchShutter(deps: ShutterTruthDeps): ShutterTruth {
  const { clock, site, beam, stage, trace } = deps;
  let openedMs: number | undefined;

  function integrate(startMs: number, endMs: number): Opening {
    const lastOrderedMs = beam.shutterOrderedShutMs();
    const orderedShutMs = lastOrderedMs >= startMs ? lastOrderedMs : Infinity;
    const dueShutMs = lastOrderedMs + site.shutter.travelS * 1000;
    const deposits: Deposit[] = [];
    const sum = { photons: 0, peakPhS: 0, stageMoved: false, litEndMs: startMs, excessPhotons: 0 };
    for (const piece of trace.pieces(startMs, endMs, dueShutMs)) {
      const { photons, positionIndex, xMm, yMm } = piece;
      sum.peakPhS = Math.max(sum.peakPhS, piece.peakPhS);
      // A shutter that does not obey is fled from: that is no motion of an exposure.
      const isFailing = dueShutMs > startMs && piece.fromMs >= dueShutMs;
      if (piece.isMoving && !isFailing) sum.stageMoved = true;
      const isBeside = !isOnDisc(piece);
      // In the shadow, and on the way there, no cell is lit.
      if (!isFailing || !isBeside) sum.litEndMs = piece.toMs;
      // Strictly after: a shutter that obeys closes at this very instant.
      if (isFailing && !isBeside) sum.excessPhotons += photons;
      sum.photons += photons;
      addDeposit(deposits, { positionIndex, xMm, yMm, photons });
    }
    const { photons, peakPhS, stageMoved, litEndMs, excessPhotons } = sum;
    // Kept for good, so without the room that a list has which was added to.
    const own = { startMs, endMs, orderedShutMs, deposits: [...deposits] };
    return { ...own, photons, peakPhS, stageMoved, litEndMs, excessPhotons };
  }

  function close(atMs: number): void {
    if (openedMs === undefined) return;
    const startMs = openedMs;
    openedMs = undefined;
    deps.onClosed(integrate(startMs, atMs));
  }

  beam.onShutterDrive((atMs, open) => {
    if (open) {
      if (openedMs !== undefined) return;
      openedMs = atMs;
      beam.forgetBefore(atMs);
      stage.forgetBefore(atMs);
      deps.onOpened(atMs);
      return;
    }
    const closedMs = beam.shutterArrivalMs();
    clock.at(closedMs, () => {
      if (beam.shutterFraction(closedMs) <= 0 && beam.shutterArrivalMs() === closedMs) close(closedMs);
    });
  });

  return { finish: close };
}

function addDeposit(deposits: Deposit[], added: Deposit): void {
  const last = deposits[deposits.length - 1];
  if (last?.positionIndex === added.positionIndex && last.xMm === added.xMm && last.yMm === added.yMm) {
    deposits[deposits.length - 1] = { ...last, photons: last.photons + added.photons };
  } else deposits.push(added);
}
