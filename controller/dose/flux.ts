/**
 * Where the flux of an exposure comes from: monitor counts during it, else the ring current times the reference, else
 * the highest flux the site can give. Never zero, never a guess that flatters (reference/dose, section 2). A source
 * that contradicts the site's own numbers, or another source, is not believed, and the doubt is put into words.
 */
import type { Site } from "../../protocols/site/site.ts";

export interface FluxReference {
  /** Photons per second at the sample position, before filters, at the reference ring current. */
  readonly fluxPhS: number;
  readonly ringCurrentMa: number;
  /** The most the beam can ever give. */
  readonly highestPhS: number;
  /** How far the flux may really be from each source's word, fractions of it. */
  readonly uncertainty: { readonly monitor: number; readonly ringCurrent: number };
}

export type FluxSource = "monitor" | "ring-current" | "reference" | "highest-possible";

export interface FluxEstimate {
  readonly fluxPhS: number;
  readonly source: FluxSource;
  /** By how much more than the monitor's uncertainty this source asks for: 1 or larger. Left out for 1. */
  readonly uncertaintyFactor?: number;
}

export interface SettledFlux extends FluxEstimate {
  /** Why a source was not believed; null when there is nothing to say. */
  readonly doubt: string | null;
}

export function fluxReferenceOf({ beam }: Site): FluxReference {
  return {
    fluxPhS: beam.fluxReferencePhS,
    ringCurrentMa: beam.ringCurrentReferenceMa,
    highestPhS: beam.fluxMaxPhS,
    uncertainty: { monitor: beam.uncertainty.flux, ringCurrent: beam.uncertainty.fluxByRingCurrent },
  };
}

/** No ring current beyond it is believed: the beam could not give as much. */
export function mostCurrentMa({ fluxPhS, ringCurrentMa, highestPhS, uncertainty }: FluxReference): number {
  return (ringCurrentMa * highestPhS * (1 + uncertainty.ringCurrent)) / fluxPhS;
}

/**
 * With no current to hold it against, a monitor that reads less is not believed: of the reference, less than the least that the
 * ring makes while there is beam at all (`RING_CURRENT_LOST_SHARE`), by as much as both may differ.
 */
const ALONE_FROM_SHARE = 0.34;

/** Null for a source that said nothing. */
export function settledFlux(
  monitorPhS: number | null,
  ringCurrentMa: number | null,
  reference: FluxReference,
): SettledFlux {
  const { uncertainty } = reference;
  const highest = { fluxPhS: reference.highestPhS, source: "highest-possible" } as const;
  const byCurrentPhS = amountOrNull(
    ringCurrentMa === null ? null : (reference.fluxPhS * ringCurrentMa) / reference.ringCurrentMa,
  );
  // Each source has its own error on top of what the site calls possible.
  const isCurrentPossible = byCurrentPhS !== null && (ringCurrentMa ?? Infinity) <= mostCurrentMa(reference);
  const byCurrent = {
    fluxPhS: byCurrentPhS ?? NaN,
    source: "ring-current",
    uncertaintyFactor: Math.max(1, (1 + uncertainty.ringCurrent) / (1 + uncertainty.monitor)),
  } as const;
  const monitored = amountOrNull(monitorPhS);

  if (monitored !== null) {
    if (!(monitored <= reference.highestPhS * (1 + uncertainty.monitor))) {
      const doubt = `the flux monitor reads ${short(monitored)} ph/s, more than the ${short(reference.highestPhS)} ph/s the beam can give`;
      return { ...highest, doubt };
    }
    if (isCurrentPossible && monitored * (1 + uncertainty.monitor) < byCurrentPhS * (1 - uncertainty.ringCurrent)) {
      const doubt = `the flux monitor reads ${short(monitored)} ph/s, the ring current makes ${short(byCurrentPhS)} ph/s`;
      return { ...withinBound(byCurrent, highest), doubt };
    }
    if (!isCurrentPossible && monitored < ALONE_FROM_SHARE * reference.fluxPhS) {
      const doubt = `the flux monitor reads ${short(monitored)} ph/s, and no ring current can be believed that says as little`;
      return { ...highest, doubt };
    }
    return { fluxPhS: Math.min(monitored, reference.highestPhS), source: "monitor", doubt: null };
  }
  if (isCurrentPossible) return { ...withinBound(byCurrent, highest), doubt: null };
  const doubt =
    byCurrentPhS === null
      ? "neither flux monitor nor ring current can be believed"
      : `the ring current of ${short(ringCurrentMa ?? NaN)} mA makes ${short(byCurrentPhS)} ph/s, more than the beam can give`;
  return { ...highest, doubt };
}

/**
 * A monitor that reads less than the ring current makes tells of optics that dim, up to its last reading: by the next they may
 * have come back, so what it has not read is charged by the ring current. `unread`: share of the open time behind its last reading.
 */
export function withUnread(
  read: SettledFlux,
  byCurrent: FluxEstimate,
  unread: number,
  { uncertainty }: FluxReference,
): SettledFlux {
  const isLess = read.source === "monitor" && read.fluxPhS * (1 + uncertainty.monitor) < byCurrent.fluxPhS;
  if (!isLess || byCurrent.source !== "ring-current") return read;
  const mixed = (ofRead: number, ofUnread: number): number => ofRead + unread * (ofUnread - ofRead);
  return {
    ...read,
    fluxPhS: mixed(read.fluxPhS, byCurrent.fluxPhS),
    uncertaintyFactor: mixed(read.uncertaintyFactor ?? 1, byCurrent.uncertaintyFactor ?? 1),
  };
}

/** For a booking only the highest possible flux is an upper bound. */
export function bookedFlux(reference: FluxReference): FluxEstimate {
  return { fluxPhS: reference.highestPhS, source: "highest-possible" };
}

/** The highest possible flux bounds the upper value too, so no estimate is charged beyond it. */
function withinBound(estimate: FluxEstimate, highest: FluxEstimate): FluxEstimate {
  return estimate.fluxPhS * (estimate.uncertaintyFactor ?? 1) <= highest.fluxPhS ? estimate : highest;
}

function amountOrNull(value: number | null): number | null {
  return value !== null && Number.isFinite(value) && value >= 0 ? value : null;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

export interface FluxHistory {
  add(atMs: number, fluxPhS: number): void;
  /** Mean of the readings between the two times, or null when there is none. */
  meanBetween(fromMs: number, toMs: number): number | null;
  /** When the last reading between the two times was, or null when there is none. */
  lastBetween(fromMs: number, toMs: number): number | null;
  /** Largest reading from then on that is no larger than `most`, or null when there is none. */
  largestSince(fromMs: number, most?: number): number | null;
  /** Largest reading between the two times over an earlier one; 1 where none is larger than all before it. */
  riseBetween(fromMs: number, toMs: number): number;
}

/** The last `capacity` readings. */
export function createFluxHistory(capacity: number): FluxHistory {
  const times = new Float64Array(capacity).fill(NaN);
  const values = new Float64Array(capacity);
  let next = 0;
  return {
    add(atMs, fluxPhS) {
      times[next] = atMs;
      values[next] = fluxPhS;
      next = (next + 1) % capacity;
    },
    meanBetween(fromMs, toMs) {
      let sum = 0;
      let count = 0;
      for (let index = 0; index < capacity; index += 1) {
        const atMs = times[index] ?? NaN;
        // Written so that a place still empty, which is NaN, is left out.
        if (!(atMs >= fromMs && atMs <= toMs)) continue;
        sum += values[index] ?? NaN;
        count += 1;
      }
      return count === 0 ? null : sum / count;
    },
    lastBetween(fromMs, toMs) {
      const last = times.reduce(
        (latest, atMs) => (atMs >= fromMs && atMs <= toMs ? Math.max(latest, atMs) : latest),
        -Infinity,
      );
      return last === -Infinity ? null : last;
    },
    largestSince(fromMs, most = Infinity) {
      let largest: number | null = null;
      for (let index = 0; index < capacity; index += 1) {
        const value = values[index] ?? NaN;
        // A place still empty is at no time.
        if ((times[index] ?? NaN) >= fromMs && !(value > most)) largest = Math.max(largest ?? -Infinity, value);
      }
      return largest;
    },
    riseBetween(fromMs, toMs) {
      let lowest = Infinity;
      let rise = 1;
      for (let step = 0; step < capacity; step += 1) {
        const index = (next + step) % capacity;
        const atMs = times[index] ?? NaN;
        if (!(atMs >= fromMs && atMs <= toMs)) continue;
        const value = values[index] ?? NaN;
        lowest = Math.min(lowest, value);
        const ratio = lowest > 0 ? value / lowest : value === lowest ? 1 : Infinity;
        rise = Math.max(rise, ratio);
      }
      return rise;
    },
  };
}
