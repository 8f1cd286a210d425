/**
 * The seam for scans that hardware times: the stage sweeps the beam over a line of one cell while a trigger box counts
 * its encoder and gates the detector, with the shutter open from the first frame to the last. No site runs one yet;
 * this says what whoever builds it is asked for, and what the rest of beamrack relies on.
 *
 * - It is one exposure: one order, one booking, one permit, one settlement. Booked before is the whole opening on every
 *   spot that the line crosses, each as if the beam had stayed there for as long as it takes to cross its footprint at
 *   the slowest speed that is allowed, plus the site's worst closing time at the end where it is.
 * - The gate that holds `stage at rest` today must instead hold the stage's place against the line at every frame, by
 *   the captured encoder: a stage that stalls under the open beam closes the shutter through the trigger box itself.
 * - The order of the exposure machine stays: bring, book and arm side by side, permit, open, expose, close, settle.
 *   `FlyScanner.arm` belongs to arming, `run` to exposing; `bring` brings the cell to `line.from`.
 */
import type { Instrument } from "./instrument.ts";

/** On one cell, in its own coordinates. */
export interface FlyScanLine {
  readonly fromXMm: number;
  readonly fromYMm: number;
  readonly toXMm: number;
  readonly toYMm: number;
}

export interface FlyScanPlan {
  readonly line: FlyScanLine;
  /** Evenly along the line. */
  readonly frameCount: number;
  readonly frameS: number;
  /** Slower than this at any frame, and the shutter closes: the dose was booked for no less. */
  readonly speedMinMmS: number;
}

export interface FlyScanFrame {
  readonly path: string;
  /** By the captured encoder, at the middle of the frame. */
  readonly xMm: number;
  readonly yMm: number;
  /** On the monotonic clock. */
  readonly openedAtMs: number;
  readonly lengthS: number;
}

export interface FlyScanner extends Instrument {
  /** Loads line and gates; nothing moves. Rejects with `device.refused` for a line or a pace that it cannot keep. */
  arm(plan: FlyScanPlan): Promise<void>;
  /** With the shutter open: moves and takes the frames. Frames that were taken before a failure are told all the same. */
  run(told: (frame: FlyScanFrame) => void, signal: AbortSignal): Promise<void>;
  /** Stops motion and gates. Safe to repeat. */
  abort(): Promise<void>;
}
