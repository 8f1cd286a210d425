/** What the detector took, told to the world: a frame per exposure, with its instants. */
import type { FramePlant } from "./plant.ts";

export interface TakenFrame {
  readonly startMs: number;
  readonly endMs: number;
  /** On the detector's own disk. */
  readonly path: string;
}

export interface ObservedFramePlant extends FramePlant {
  /** Told of every frame at its end; one handler. */
  onTaken(handler: (frame: TakenFrame) => void): void;
}

export function createFramePlant(): ObservedFramePlant {
  let takenHandler: ((frame: TakenFrame) => void) | undefined;
  return {
    onTaken(handler) {
      takenHandler = handler;
    },
    frameTaken(startMs, endMs, path) {
      takenHandler?.({ startMs, endMs, path });
    },
  };
}
