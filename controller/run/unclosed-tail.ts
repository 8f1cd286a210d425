/**
 * The light of an exposure that was charged up to a moment with no shutter closed, as the campaign's time was over or the
 * controller was lost: nobody's wait any more, but charged on until a shutter reads closed.
 */
import { isSafetyShut, shutterState, type InputLevels } from "../../protocols/roles/beam-io.ts";

export interface UnclosedTail {
  /** Charged up to then. */
  note(fromMs: number): void;
  /** What is read after a while without a reading is the end of the while. */
  showLevels(levels: InputLevels): void;
}

export function createUnclosedTail(charge: (fromMs: number, toMs: number) => void, nowMs: () => number): UnclosedTail {
  let sinceMs: number | null = null;
  return {
    note(fromMs) {
      sinceMs = Math.min(sinceMs ?? fromMs, fromMs);
    },
    showLevels(levels) {
      if (sinceMs === null || !(isSafetyShut(levels) || shutterState(levels) === "closed")) return;
      const fromMs = sinceMs;
      sinceMs = null;
      charge(fromMs, nowMs());
    },
  };
}
