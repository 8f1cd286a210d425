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

export function isCurrentPossible(currentMa: number | null, reference: FluxReference): boolean {
  return currentMa !== null && currentMa <= mostCurrentMa(reference);
}

/** Of the reference's; with less the machine has lost its beam. */
export const LEAST_CURRENT_SHARE = 0.4;

/**
 * With no current to hold it against, a monitor that reads less is not believed: photons per second of the least current that
 * is exposed with, by as much as both may differ.
 */
function aloneFromPhS({ fluxPhS, uncertainty }: FluxReference): number {
  return (LEAST_CURRENT_SHARE * fluxPhS * (1 - uncertainty.ringCurrent)) / (1 + uncertainty.monitor);
}

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
  const isPossible = byCurrentPhS !== null && isCurrentPossible(ringCurrentMa, reference);
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
    if (isPossible && monitored * (1 + uncertainty.monitor) < byCurrentPhS * (1 - uncertainty.ringCurrent)) {
      const doubt = `the flux monitor reads ${short(monitored)} ph/s, the ring current makes ${short(byCurrentPhS)} ph/s`;
      return { ...withinBound(byCurrent, highest), doubt };
    }
    if (!isPossible && monitored < aloneFromPhS(reference)) {
      const doubt = `the flux monitor reads ${short(monitored)} ph/s, and no ring current is there to confirm it`;
      return { ...highest, doubt };
    }
    return { fluxPhS: Math.min(monitored, reference.highestPhS), source: "monitor", doubt: null };
  }
  if (isPossible) return { ...withinBound(byCurrent, highest), doubt: null };
  const doubt =
    byCurrentPhS === null
      ? "neither flux monitor nor ring current can be believed"
      : `the ring current of ${short(ringCurrentMa ?? NaN)} mA makes ${short(byCurrentPhS)} ph/s, more than the beam can give`;
  return { ...highest, doubt };
}

/**
 * A monitor that reads less than the ring current makes tells of optics that dim, and of nothing but the time that it saw: what
 * it did not see is charged by the ring current.
 *
 * @param byCurrent with no monitor; one that is in doubt says nothing
 * @param unreadShare of the open time
 */
export function withUnread(
  read: SettledFlux,
  byCurrent: SettledFlux,
  unreadShare: number,
  { uncertainty }: FluxReference,
): SettledFlux {
  const isLess = read.source === "monitor" && read.fluxPhS * (1 + uncertainty.monitor) < byCurrent.fluxPhS;
  if (!isLess || byCurrent.doubt !== null) return read;
  const mixed = (ofRead: number, ofUnread: number): number => ofRead + unreadShare * (ofUnread - ofRead);
  const fluxPhS = mixed(read.fluxPhS, byCurrent.fluxPhS);
  return { ...read, fluxPhS, uncertaintyFactor: mixed(upperPhS(read), upperPhS(byCurrent)) / fluxPhS };
}

function upperPhS({ fluxPhS, uncertaintyFactor = 1 }: FluxEstimate): number {
  return fluxPhS * uncertaintyFactor;
}

/** For a booking only the highest possible flux is an upper bound. */
export function bookedFlux(reference: FluxReference): FluxEstimate {
  return { fluxPhS: reference.highestPhS, source: "highest-possible" };
}

/** The highest possible flux bounds the upper value too, so no estimate is charged beyond it. */
function withinBound(estimate: FluxEstimate, highest: FluxEstimate): FluxEstimate {
  return estimate.fluxPhS * (estimate.uncertaintyFactor ?? 1) <= highest.fluxPhS ? estimate : highest;
}

/** Null for what is no number, or below zero. */
export function amountOrNull(value: number | null): number | null {
  return value !== null && isAmount(value) ? value : null;
}

function isAmount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

export interface FluxHistory {
  add(atMs: number, fluxPhS: number): void;
  /** Mean of the readings between the two times, or null when there is none. */
  meanBetween(fromMs: number, toMs: number): number | null;
  /**
   * How much of the time between the two lies between readings no further apart than `apartMs`, ms. Two that are the same to
   * the last digit are of a monitor that is stuck, and saw nothing; so did one that gives no number.
   */
  seenBetween(fromMs: number, toMs: number, apartMs: number): number;
  /** Largest reading from then on that is no larger than `mostValue`, or null when there is none. */
  largestSince(fromMs: number, mostValue?: number): number | null;
  /**
   * The same without single readings that stand out by more than `share` of both their neighbours: no beam comes and goes so
   * fast.
   */
  largestBorneOut(fromMs: number, mostValue: number, share: number): number | null;
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
      for (const [index, atMs] of times.entries()) {
        // Written so that a place still empty, which is NaN, is left out.
        if (!(atMs >= fromMs && atMs <= toMs)) continue;
        sum += values[index] ?? NaN;
        count += 1;
      }
      return count === 0 ? null : sum / count;
    },
    seenBetween(fromMs, toMs, apartMs) {
      let seenMs = 0;
      let beforeMs = NaN;
      let before = NaN;
      for (const step of times.keys()) {
        const index = (next + step) % capacity;
        const atMs = times[index] ?? NaN;
        const value = values[index] ?? NaN;
        // A place still empty is no neighbour.
        if (atMs - beforeMs <= apartMs && isAmount(value) && isAmount(before) && value !== before) {
          seenMs += Math.max(0, Math.min(atMs, toMs) - Math.max(beforeMs, fromMs));
        }
        [beforeMs, before] = [atMs, value];
      }
      return seenMs;
    },
    largestSince(fromMs, mostValue = Infinity) {
      let largest: number | null = null;
      for (const [index, value] of values.entries()) {
        // A place still empty is at no time; what is no number is no reading.
        if ((times[index] ?? NaN) >= fromMs && value <= mostValue) largest = Math.max(largest ?? -Infinity, value);
      }
      return largest;
    },
    largestBorneOut(fromMs, mostValue, share) {
      const at = (step: number): number => values[(next + step) % capacity] ?? NaN;
      const isEmpty = (step: number): boolean => Number.isNaN(times[(next + step) % capacity] ?? NaN);
      let largest: number | null = null;
      for (const step of times.keys()) {
        const value = at(step);
        if (!((times[(next + step) % capacity] ?? NaN) >= fromMs && value <= mostValue)) continue;
        const isFirst = step === 0 || isEmpty(step - 1);
        const isSpike = !isFirst && step < capacity - 1 && at(step - 1) * share < value && at(step + 1) * share < value;
        if (!isSpike) largest = Math.max(largest ?? -Infinity, value);
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
