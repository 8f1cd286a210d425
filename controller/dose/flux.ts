/**
 * Where the flux of an exposure comes from: monitor counts during it, else the ring current times the reference,
 * else the highest flux the site can give. Never zero, never a guess that flatters (reference/dose, section 2).
 */

export interface FluxReference {
  /** Photons per second at the sample position, before filters, at the reference ring current. */
  readonly fluxPhS: number;
  readonly ringCurrentMa: number;
  /** The most the beam can ever give. */
  readonly highestPhS: number;
}

export type FluxSource = "monitor" | "ring-current" | "reference" | "highest-possible";

export interface FluxEstimate {
  readonly fluxPhS: number;
  readonly source: FluxSource;
}

export function settledFlux(
  monitorPhS: number | null,
  ringCurrentMa: number | null,
  reference: FluxReference,
): FluxEstimate {
  if (monitorPhS !== null && Number.isFinite(monitorPhS) && monitorPhS >= 0) {
    return { fluxPhS: monitorPhS, source: "monitor" };
  }
  if (ringCurrentMa !== null && ringCurrentMa >= 0) {
    const fluxPhS = (reference.fluxPhS * ringCurrentMa) / reference.ringCurrentMa;
    if (Number.isFinite(fluxPhS)) return { fluxPhS, source: "ring-current" };
  }
  return { fluxPhS: reference.highestPhS, source: "highest-possible" };
}

/** For a booking only the highest possible flux is an upper bound. */
export function bookedFlux(reference: FluxReference): FluxEstimate {
  return { fluxPhS: reference.highestPhS, source: "highest-possible" };
}

export interface FluxHistory {
  add(atMs: number, fluxPhS: number): void;
  /** Mean of the readings between the two times, or null when there is none. */
  meanBetween(fromMs: number, toMs: number): number | null;
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
  };
}
