/** What falls on the rack between two instants: flux x filters x opening, summed over time, place by place. */
import type { ObservedBeamPlant } from "../plant/beam-plant.ts";
import type { ObservedStagePlant } from "../plant/stage-plant.ts";
import { cellUnderBeam, type PlacedOffset, type WorldSite } from "./world-site.ts";

/** A stretch of time with beam on one place. */
export interface LitPiece {
  readonly fromMs: number;
  readonly toMs: number;
  /** -1 beside the rack. */
  readonly positionIndex: number;
  /** From the cell's centre. */
  readonly xMm: number;
  readonly yMm: number;
  /** Photons that reached the cell's outer face, after the filters. */
  readonly photons: number;
  /** Largest flux on the sample meanwhile, photons per second. */
  readonly peakPhS: number;
  /** The stage was moving. */
  readonly isMoving: boolean;
}

export interface BeamTraceDeps {
  readonly site: WorldSite;
  readonly beam: ObservedBeamPlant;
  readonly stage: ObservedStagePlant;
  /** Share of photons each filter lets through. */
  readonly filterPasses: readonly number[];
  /** What is in the beam, where the stage does not carry the whole rack. */
  readonly underBeam?: (atMs: number, stageXMm: number, stageYMm: number) => PlacedOffset;
}

export interface BeamTrace {
  /** Photons per second on the outer face of what is in the beam, through shutters and filters. */
  samplePhS(atMs: number): number;
  /** Pieces with photons, in order of time, cut at `alsoAtMs` too. The plants' past must not have been forgotten. */
  pieces(fromMs: number, toMs: number, alsoAtMs?: number): readonly LitPiece[];
}

/** Along a path the beam is set down every this often. */
const PATH_STEP_MS = 2;
const PATH_STEPS_MOST = 5000;

export function createBeamTrace(deps: BeamTraceDeps): BeamTrace {
  const { site, beam, stage, filterPasses } = deps;
  const underBeam = deps.underBeam ?? ((_, xMm, yMm) => cellUnderBeam(site, xMm, yMm));

  function samplePhS(atMs: number): number {
    let flux = beam.fluxPhS(atMs) * beam.shutterPasses(atMs) * beam.safetyShutterFraction(atMs);
    for (const [index, share] of filterPasses.entries()) flux *= 1 - (1 - share) * beam.filterFraction(atMs, index);
    return flux;
  }

  return {
    samplePhS,
    pieces(startMs, endMs, alsoAtMs) {
      const breaks = [startMs, endMs];
      beam.addBreaks(startMs, endMs, breaks);
      stage.addBreaks(startMs, endMs, breaks);
      if (alsoAtMs !== undefined && alsoAtMs > startMs && alsoAtMs < endMs) breaks.push(alsoAtMs);
      breaks.sort((a, b) => a - b);
      const found: LitPiece[] = [];
      for (let index = 1; index < breaks.length; index += 1) {
        const fromMs = breaks[index - 1] ?? startMs;
        const toMs = breaks[index] ?? endMs;
        if (!(toMs > fromMs)) continue;
        const isMoving = stage.isMoving((fromMs + toMs) / 2);
        const count = isMoving ? Math.min(PATH_STEPS_MOST, Math.ceil((toMs - fromMs) / PATH_STEP_MS)) : 1;
        for (let piece = 0; piece < count; piece += 1) {
          const pieceFromMs = fromMs + ((toMs - fromMs) * piece) / count;
          const pieceToMs = fromMs + ((toMs - fromMs) * (piece + 1)) / count;
          const { photons, peakPhS } = simpson(samplePhS, pieceFromMs, pieceToMs);
          if (photons <= 0) continue;
          const middleMs = (pieceFromMs + pieceToMs) / 2;
          const place = underBeam(middleMs, stage.tableXMm(middleMs), stage.tableYMm(middleMs));
          found.push({ fromMs: pieceFromMs, toMs: pieceToMs, ...place, photons, peakPhS, isMoving });
        }
      }
      return found;
    },
  };
}

/** Pieces end where the integrand bends, so a few points are enough. */
function simpson(phS: (atMs: number) => number, fromMs: number, toMs: number): { photons: number; peakPhS: number } {
  const steps = 4;
  // A jump at an end belongs to the neighbouring piece.
  const inwardMs = (toMs - fromMs) * 1e-9;
  let sum = 0;
  let peakPhS = 0;
  for (let step = 0; step <= steps; step += 1) {
    const atMs = Math.min(toMs - inwardMs, fromMs + inwardMs + ((toMs - fromMs) * step) / steps);
    const value = phS(atMs);
    if (value > peakPhS) peakPhS = value;
    sum += value * (step === 0 || step === steps ? 1 : step % 2 === 1 ? 4 : 2);
  }
  return { photons: (sum * (toMs - fromMs)) / 1000 / (3 * steps), peakPhS };
}
