/**
 * What fell on the rack while the fast shutter was not fully closed: flux x filters x opening, summed over time and
 * attributed to the place under the beam, along the path when the stage moved.
 */
import type { ObservedBeamPlant } from "../plant/beam-plant.ts";
import type { WorldClock } from "../plant/plant.ts";
import type { ObservedStagePlant } from "../plant/stage-plant.ts";
import { cellUnderBeam, type WorldSite } from "./world-site.ts";

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
  readonly stageMoved: boolean;
  /** When the last photon fell; `startMs` when none did. */
  readonly litEndMs: number;
  /** Photons that fell after the shutter, ordered shut, should have been closed. */
  readonly excessPhotons: number;
}

export interface ShutterTruthDeps {
  readonly clock: WorldClock;
  readonly site: WorldSite;
  readonly beam: ObservedBeamPlant;
  readonly stage: ObservedStagePlant;
  /** Share of photons each filter lets through. */
  readonly filterPasses: readonly number[];
  readonly onOpened: (atMs: number) => void;
  readonly onClosed: (opening: Opening) => void;
}

export interface ShutterTruth {
  /** Accounts an opening that is still going on. */
  finish(atMs: number): void;
}

/** Along a path the beam is set down every this often. */
const PATH_STEP_MS = 2;
const PATH_STEPS_MOST = 5000;

export function watchShutter(deps: ShutterTruthDeps): ShutterTruth {
  const { clock, site, beam, stage, filterPasses } = deps;
  let openedMs: number | undefined;

  /** Flux on the sample at an instant of the opening. */
  function samplePhS(atMs: number): number {
    let flux = beam.fluxPhS(atMs) * beam.shutterFraction(atMs) * beam.safetyShutterFraction(atMs);
    for (const [index, share] of filterPasses.entries()) flux *= 1 - (1 - share) * beam.filterFraction(atMs, index);
    return flux;
  }

  function integrate(startMs: number, endMs: number): Opening {
    const dueShutMs = beam.shutterOrderedShutMs() + site.shutter.travelS * 1000;
    const breaks = [startMs, endMs];
    beam.addBreaks(startMs, endMs, breaks);
    stage.addBreaks(startMs, endMs, breaks);
    if (dueShutMs > startMs && dueShutMs < endMs) breaks.push(dueShutMs);
    breaks.sort((a, b) => a - b);
    const deposits: Deposit[] = [];
    const sum = { photons: 0, peakPhS: 0, stageMoved: false, litEndMs: startMs, excessPhotons: 0 };
    for (let index = 1; index < breaks.length; index += 1) {
      const fromMs = breaks[index - 1] ?? startMs;
      const toMs = breaks[index] ?? endMs;
      if (!(toMs > fromMs)) continue;
      const moves = stage.isMoving((fromMs + toMs) / 2);
      const pieces = moves ? Math.min(PATH_STEPS_MOST, Math.ceil((toMs - fromMs) / PATH_STEP_MS)) : 1;
      for (let piece = 0; piece < pieces; piece += 1) {
        const pieceFromMs = fromMs + ((toMs - fromMs) * piece) / pieces;
        const pieceToMs = fromMs + ((toMs - fromMs) * (piece + 1)) / pieces;
        const photons = simpson(samplePhS, pieceFromMs, pieceToMs, sum);
        if (photons <= 0) continue;
        if (moves) sum.stageMoved = true;
        sum.litEndMs = pieceToMs;
        // Strictly after: a shutter that obeys closes at this very instant.
        if (dueShutMs > startMs && pieceFromMs >= dueShutMs) sum.excessPhotons += photons;
        const middleMs = (pieceFromMs + pieceToMs) / 2;
        sum.photons += photons;
        addDeposit(deposits, { ...cellUnderBeam(site, stage.xMm(middleMs), stage.yMm(middleMs)), photons });
      }
    }
    return { startMs, endMs, deposits, ...sum };
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
      if (beam.shutterClosedSwitch(closedMs) && beam.shutterArrivalMs() === closedMs) close(closedMs);
    });
  });

  return { finish: close };
}

/** Pieces end where the integrand bends, so a few points are enough. Photons; tracks the largest flux seen. */
function simpson(phS: (atMs: number) => number, fromMs: number, toMs: number, seen: { peakPhS: number }): number {
  const steps = 4;
  // A jump at an end belongs to the neighbouring piece.
  const inwardMs = (toMs - fromMs) * 1e-9;
  let sum = 0;
  for (let step = 0; step <= steps; step += 1) {
    const atMs = Math.min(toMs - inwardMs, fromMs + inwardMs + ((toMs - fromMs) * step) / steps);
    const value = phS(atMs);
    if (value > seen.peakPhS) seen.peakPhS = value;
    sum += value * (step === 0 || step === steps ? 1 : step % 2 === 1 ? 4 : 2);
  }
  return (sum * (toMs - fromMs)) / 1000 / (3 * steps);
}

function addDeposit(deposits: Deposit[], added: Deposit): void {
  const last = deposits[deposits.length - 1];
  if (last?.positionIndex === added.positionIndex && last.xMm === added.xMm && last.yMm === added.yMm) {
    deposits[deposits.length - 1] = { ...last, photons: last.photons + added.photons };
  } else deposits.push(added);
}
