/** Whether a reading that wavers about its alarm level is above it. Pure but for what it remembers. */

/** One reading may be wrong; this many in a row are believed. */
export const READINGS_IN_ROW = 2;
/** It is over when readings have been this far below the level, as a share of it (chosen)... */
const CLEARED_SHARE = 0.95;
/** ...all of them, for so long (chosen): what comes and goes is one alarm. */
const CLEARED_AFTER_MS = 120_000;

export interface SensorLevel {
  /** `isOpen`: its alarm is. Null where nothing changes. */
  judge(value: number, atMs: number, isOpen: boolean): "raise" | "clear" | null;
  /** It was silent for so long. What it read above counts on. */
  missed(forMs: number): void;
}

/** `level` in the sensor's unit, above zero or below it. */
export function createSensorLevel(level: number): SensorLevel {
  const clearBelow = level - (1 - CLEARED_SHARE) * Math.abs(level);
  let aboveCount = 0;
  let belowSinceMs: number | null = null;
  return {
    judge(value, atMs, isOpen) {
      aboveCount = value >= level ? aboveCount + 1 : 0;
      if (!(value < clearBelow)) belowSinceMs = null;
      else belowSinceMs ??= atMs;
      if (!isOpen) return aboveCount >= READINGS_IN_ROW ? "raise" : null;
      return belowSinceMs !== null && atMs - belowSinceMs >= CLEARED_AFTER_MS ? "clear" : null;
    },
    missed(forMs) {
      // Nobody knows that it was below all the time.
      if (forMs >= CLEARED_AFTER_MS) belowSinceMs = null;
    },
  };
}
