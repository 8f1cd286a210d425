/** What the detector took, kept by the world: a frame per exposure, with its instants. */
import type { FramePlant } from "./plant.ts";

export interface TakenFrame {
  readonly startMs: number;
  readonly endMs: number;
  /** On the detector's own disk. */
  readonly path: string;
}

export interface ObservedFramePlant extends FramePlant {
  readonly frames: readonly TakenFrame[];
  /** Told of every frame at its end; one handler. */
  onTaken(handler: (frame: TakenFrame) => void): void;
}

export function createFramePlant(): ObservedFramePlant {
  const frames: TakenFrame[] = [];
  let takenHandler: ((frame: TakenFrame) => void) | undefined;
  return {
    frames,
    onTaken(handler) {
      takenHandler = handler;
    },
    frameTaken(startMs, endMs, path) {
      const frame = { startMs, endMs, path };
      frames.push(frame);
      takenHandler?.(frame);
    },
  };
}
