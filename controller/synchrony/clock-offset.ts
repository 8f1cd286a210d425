/**
 * An instrument's clock against the campaign's, bracketed: it cannot have begun to count before it was asked to, and it
 * cannot have measured after its word was here. Between the two lies the truth; nothing is assumed of the link but that
 * it is a link. Pure; campaign milliseconds.
 */

export interface ClockOffset {
  /** To be added to the instrument's times as they are on record, seconds. */
  readonly offsetS: number;
  /** Half-width. */
  readonly uncertaintyS: number;
  /** In words: what it follows from. */
  readonly by: string;
}

export interface HeardChannel {
  /** From the command that began the step until the instrument said that it runs; NaN after a restart of ours. */
  readonly startTookMs: number;
  /** Since then, milliseconds. */
  readonly sinceStartMs: number;
  /** Least time from a sample's stamp to its arrival, of those heard about now; may be below 0. Infinity without any. */
  readonly leastLagMs: number;
}

/** What an uncompensated quartz may be off by (chosen; those of instruments are better). */
const DRIFT_SHARE = 1e-4;
/** After a restart nobody knows when the step was asked for: a sample is thought to be on its way no longer than this. */
const ON_ITS_WAY_MS = 1000;

/** Of a channel, whose samples count from the moment at which its step was known to run. */
export function channelOffset({ startTookMs, sinceStartMs, leastLagMs }: HeardChannel): ClockOffset | null {
  if (!Number.isFinite(leastLagMs)) return null;
  const isBracketed = Number.isFinite(startTookMs);
  const driftMs = DRIFT_SHARE * Math.max(0, sinceStartMs);
  const earliestMs = isBracketed ? -startTookMs - driftMs : leastLagMs - ON_ITS_WAY_MS;
  if (earliestMs > leastLagMs) {
    const aheadS = (earliestMs - leastLagMs) / 1000;
    return {
      ...between(leastLagMs - startTookMs, leastLagMs),
      by: `arrivals alone: its timer is ${aheadS.toFixed(3)} s fast`,
    };
  }
  const by = isBracketed
    ? "start asked before, samples heard after"
    : "samples heard after; a second at most on their way";
  return { ...between(earliestMs, leastLagMs), by };
}

export interface HeardDetector {
  readonly askedAtMs: number;
  /** When it said that it counts. */
  readonly countsAtMs: number;
  readonly exposureS: number;
  /** When it said that the exposure was over; null where it did not come to that. */
  readonly finishedAtMs: number | null;
}

export interface DetectorTimes {
  /** Middle of the bracket of its beginning. */
  readonly beganAtMs: number;
  readonly uncertaintyMs: number;
}

/** When a detector that was told to count began to. */
export function detectorTimes({ askedAtMs, countsAtMs, exposureS, finishedAtMs }: HeardDetector): DetectorTimes {
  const latestMs = Math.min(countsAtMs, (finishedAtMs ?? Infinity) - 1000 * exposureS);
  const untilMs = Math.max(askedAtMs, latestMs);
  return { beganAtMs: (askedAtMs + untilMs) / 2, uncertaintyMs: (untilMs - askedAtMs) / 2 };
}

/** Of a detector, against the moment at which it was asked to begin. */
export function detectorOffset(heard: HeardDetector): ClockOffset {
  const { beganAtMs, uncertaintyMs } = detectorTimes(heard);
  const by = heard.finishedAtMs === null ? "start asked and answered" : "start asked and answered, end told";
  return { offsetS: (beganAtMs - heard.askedAtMs) / 1000, uncertaintyS: uncertaintyMs / 1000, by };
}

function between(fromMs: number, toMs: number): Pick<ClockOffset, "offsetS" | "uncertaintyS"> {
  return { offsetS: (fromMs + toMs) / 2000, uncertaintyS: (toMs - fromMs) / 2000 };
}
