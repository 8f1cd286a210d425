/** What the controller claims at the end, held against what the world saw. */
import type { Opening } from "./shutter-truth.ts";
import type { Unknowable } from "./unknowable.ts";
import { type ControllerClaims, type Ledger, onOtherCell, unaccounted } from "./world-truth.ts";

export interface ClaimFacts {
  readonly ledger: Ledger;
  readonly openings: readonly Opening[];
  /** Where there was a fault on the cell's path. */
  readonly faultyPositions: ReadonlySet<number>;
  readonly cellCount: number;
  readonly atMs: number;
  /** Left out: all can be known. */
  readonly unknowable?: Unknowable;
}

export interface JudgedClaims {
  readonly exposuresUnaccounted: number;
  readonly isolatedWithoutFault: number;
  readonly samplesLost: number;
}

export function judgeClaims(claims: ControllerClaims, facts: ClaimFacts): JudgedClaims {
  const { ledger, openings, faultyPositions, atMs } = facts;
  const missing = new Set(unaccounted(openings, claims.exposures, facts.unknowable));
  for (const opening of openings) {
    ledger.check(
      "exposures-accounted",
      !missing.has(opening),
      opening.startMs,
      () => "an exposure the controller has no record of",
    );
  }
  for (const opening of onOtherCell([...missing], claims.exposures)) {
    ledger.check("right-cell", false, opening.startMs, () => {
      const hit = opening.deposits.map((deposit) => deposit.positionIndex).join(", ");
      return `the beam fell on ${hit} in an exposure of another cell`;
    });
  }
  const withoutFault = claims.isolatedPositions.filter((index) => !faultyPositions.has(index));
  for (const index of claims.isolatedPositions) {
    const hasFault = faultyPositions.has(index);
    ledger.check("faults-stay-local", hasFault, atMs, () => `cell ${index} was isolated without a fault`);
  }
  ledger.count("faults-stay-local", facts.cellCount - claims.isolatedPositions.length);
  const samplesLost = Math.max(0, claims.samplesDelivered - claims.samplesStored);
  const isKept = samplesLost === 0;
  ledger.check("samples-kept", isKept, atMs, () => `${samplesLost} samples were delivered and not stored`);
  return {
    exposuresUnaccounted: missing.size,
    isolatedWithoutFault: withoutFault.length,
    samplesLost,
  };
}
