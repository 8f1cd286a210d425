/**
 * One timer for any number of channels that must not fall silent. Nothing is set or cleared per sample: each
 * channel says when its silence would be too long, and the watch looks again no earlier than the next such time.
 */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import type { ChannelStep } from "../../protocols/roles/channel.ts";

export interface SilenceWatch {
  /**
   * Calls `onSilent` once when the monotonic clock has passed `deadlineMs()`, at most about a second late; where this
   * computer stood still meanwhile, after what it did not read has been read.
   * Returns the way to stop watching.
   */
  watch(deadlineMs: () => number, onSilent: () => void): () => void;
}

interface Watched {
  readonly deadlineMs: () => number;
  readonly onSilent: () => void;
}

/** Two looks are at least this far apart, so that 96 channels cost one timer a second. */
const LOOK_INTERVAL_MS = 1000;

/** A timer that is so late tells of this computer, not of a channel: what came meanwhile is still to be read. */
const LATE_MS = 500;

export function createSilenceWatch(clock: Clock): SilenceWatch {
  const watched = new Set<Watched>();
  let timer: TimerHandle = null;
  let timerAtMs = Number.POSITIVE_INFINITY;
  let wasLate = false;

  function arm(): void {
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const entry of watched) earliestMs = Math.min(earliestMs, entry.deadlineMs());
    if (earliestMs === Number.POSITIVE_INFINITY) return;
    const nowMs = clock.monoMs();
    timerAtMs = Math.max(earliestMs, nowMs + LOOK_INTERVAL_MS);
    timer = clock.setTimeout(look, timerAtMs - nowMs);
  }

  function look(): void {
    const nowMs = clock.monoMs();
    // Once: one that is always late is to be told of silence too.
    wasLate = !wasLate && nowMs - timerAtMs >= LATE_MS;
    timerAtMs = Number.POSITIVE_INFINITY;
    if (wasLate) {
      arm();
      return;
    }
    for (const entry of [...watched]) {
      if (nowMs < entry.deadlineMs() || !watched.delete(entry)) continue;
      entry.onSilent();
    }
    if (timerAtMs === Number.POSITIVE_INFINITY) arm();
  }

  return {
    watch(deadlineMs, onSilent) {
      const entry: Watched = { deadlineMs, onSilent };
      watched.add(entry);
      if (deadlineMs() < timerAtMs) {
        if (timerAtMs !== Number.POSITIVE_INFINITY) clock.clearTimeout(timer);
        arm();
      }
      return () => {
        watched.delete(entry);
      };
    },
  };
}

/** For how long nothing came of this step. */
export function silenceText(step: ChannelStep, marginMs: number): string {
  return step.kind === "impedance"
    ? `no point of the spectrum for longer than the next frequency takes, and ${marginMs} ms`
    : `no sample for three intervals of ${step.sampleIntervalS} s and ${marginMs} ms`;
}
