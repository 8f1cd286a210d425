/** What the detector took, kept by the world: a frame per exposure, with its instants. */
import type { FramePlant } from "./plant.ts";

export interface TakenFrame {
  readonly startMs: number;
  readonly endMs: number;
  readonly path: string;
}

export interface ObservedFramePlant extends FramePlant {
  readonly frames: readonly TakenFrame[];
}

export function createFramePlant(): ObservedFramePlant {
  const frames: TakenFrame[] = [];
  return {
    frames,
    frameTaken(startMs, endMs, path) {
      frames.push({ startMs, endMs, path });
    },
  };
}
