/** A two-axis stage that brings a spot into the beam. Coordinates are the rack's own, in millimetres. */
import type { Instrument } from "./instrument.ts";

export interface StagePosition {
  readonly xMm: number;
  readonly yMm: number;
}

export interface StageReading extends StagePosition {
  readonly atRest: boolean;
  /** Of a move that has ended: at rest from then on, on the host's clock, by the controller's word; left out where none is given. */
  readonly restSinceMs?: number;
}

export interface Stage extends Instrument {
  /** Finds the position reference. May take minutes. */
  home(): Promise<void>;
  /**
   * Resolves when the stage has come to rest and reads back at the target, settling not included. Being there
   * already is success. Rejects with `stage.position`, `stage.alarm`, `link.timeout`; an aborted signal stops the
   * motion in a controlled way and rejects.
   */
  moveTo(target: StagePosition, signal?: AbortSignal): Promise<StageReading>;
  read(): Promise<StageReading>;
  /** Controlled stop that keeps the position. Bypasses the queue. */
  halt(): Promise<void>;
}
