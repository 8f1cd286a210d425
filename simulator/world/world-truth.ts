/** What the world found, in the form of the summary's `truth`, `checks` and `violations`. */
import { HAZARD_INVARIANT } from "./hazard-judge.ts";
import type { ClaimedCharge } from "./judge-charges.ts";
import type { ClaimedCount } from "./judge-counts.ts";
import type { AskedRequest } from "./request-truth.ts";
import { AT_STANDARD } from "./standards.ts";
import { knowableEndMs, type TimeSpan, type Unknowable } from "./unknowable.ts";
import { isOnDisc, type Deposit, type Opening } from "./shutter-truth.ts";

/** An exposure as the controller's own records have it, on the world's clock. */
export interface AccountedExposure {
  /** -2 of what stands beside the cells. */
  readonly positionIndex: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** What the controller claims, to be held against the truth. */
export interface ControllerClaims {
  readonly exposures: readonly AccountedExposure[];
  readonly isolatedPositions: readonly number[];
  /** Samples that reached the host's end of the cables, and samples found in the store. */
  readonly samplesDelivered: number;
  readonly samplesStored: number;
  /** Absent when nobody kept them: then nothing is said of what was feasible. */
  readonly requests?: readonly AskedRequest[];
  /** When nobody could look at the shutters: no controller lived, or their unit did not answer. */
  readonly unattended?: readonly TimeSpan[];
  /** What is charged for each exposure. Absent: nothing is said of it. */
  readonly charges?: readonly ClaimedCharge[];
  /** What was counted of each cell's charge, in the order of time. Absent: nothing is said of it. */
  readonly counts?: readonly ClaimedCount[];
  /** Of the cells that a code told to lie elsewhere, or another one in their place: when it was read. */
  readonly foundOutMs?: ReadonlyMap<number, number>;
}

/** Keys as in CONTRACTS. */
export interface TruthSummary {
  readonly shutter_openings: number;
  readonly exposures: number;
  readonly exposures_unaccounted: number;
  readonly dose_limit_fraction_max: number;
  readonly shutter_failure_excess_Gy: number;
  readonly requests_feasible: number | null;
  readonly cells_isolated_without_fault: number;
  readonly voltage_excursions: number;
  readonly current_excursions: number;
  readonly beam_losses: number;
  readonly cells_disturbed_by_beam_loss: number;
  readonly samples_lost: number;
  /** Photons charged over photons given, by all exposures; null without any. Only where the charges were claimed. */
  readonly charged_over_given?: number | null;
}

export interface Violation {
  readonly invariant: string;
  readonly at_s: number;
  readonly what: string;
}

export interface WorldFindings {
  readonly truth: TruthSummary;
  /** How often each invariant was looked at. */
  readonly checks: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
}

/** Counts checks and keeps violations, the first of them in words. */
export interface Ledger {
  check(invariant: string, holds: boolean, atMs: number, what: () => string): void;
  count(invariant: string, times: number): void;
  readonly checks: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
}

const VIOLATIONS_KEPT = 1000;

export function createLedger(invariants: readonly string[]): Ledger {
  const checks: Record<string, number> = Object.fromEntries(invariants.map((name) => [name, 0]));
  const violations: Violation[] = [];
  const count = (invariant: string, times: number): void => {
    checks[invariant] = (checks[invariant] ?? 0) + times;
  };
  return {
    check(invariant, holds, atMs, what) {
      count(invariant, 1);
      if (!holds && violations.length < VIOLATIONS_KEPT) {
        violations.push({ invariant, at_s: atMs / 1000, what: what() });
      }
    },
    count,
    checks,
    violations,
  };
}

/** Instants of controller and world may differ by the links' latency and the shutter's travel. */
const MATCH_MS = 500;

/** What one follows the other by where light that was found late is accounted for by itself, behind an exposure. */
const FOLLOWS_MS = 50;

/**
 * Openings that gave photons and that no accounted exposure on the same cell covers, nor several without a gap, up to when
 * that can be known.
 */
export function unaccounted(
  openings: readonly Opening[],
  claimed: readonly AccountedExposure[],
  unknowable?: Unknowable,
): readonly Opening[] {
  const byPosition = new Map<number, AccountedExposure[]>();
  for (const exposure of claimed) {
    const list = byPosition.get(exposure.positionIndex);
    if (list === undefined) byPosition.set(exposure.positionIndex, [exposure]);
    else list.push(exposure);
  }
  for (const list of byPosition.values()) list.sort((a, b) => a.startMs - b.startMs);
  return openings.filter((opening) => {
    if (opening.photons === 0) return false;
    const cells = new Set(opening.deposits.filter(isToTell).map((deposit) => deposit.positionIndex));
    const lit = { startMs: opening.startMs, litEndMs: knowableEndMs(opening, unknowable) };
    return ![...cells].every((positionIndex) => isCovered(lit, byPosition.get(positionIndex) ?? []));
  });
}

/** On a cell, or on what stands beside them for the beam. */
function isToTell(deposit: Deposit): boolean {
  return isOnDisc(deposit) || deposit.positionIndex === AT_STANDARD;
}

/** `claimed` in the order of their starts. */
function isCovered(
  { startMs, litEndMs }: Pick<Opening, "startMs" | "litEndMs">,
  claimed: readonly AccountedExposure[],
): boolean {
  let coveredMs: number | null = null;
  for (const claim of claimed) {
    const reachesMs = Math.max(startMs + MATCH_MS, (coveredMs ?? -Infinity) + FOLLOWS_MS);
    if (claim.startMs > reachesMs || claim.endMs + MATCH_MS < startMs) continue;
    coveredMs = Math.max(coveredMs ?? claim.endMs, claim.endMs);
  }
  return coveredMs !== null && litEndMs <= coveredMs + MATCH_MS;
}

/** Openings that the controller has down for another cell than the one in the beam. */
export function onOtherCell(openings: readonly Opening[], claimed: readonly AccountedExposure[]): readonly Opening[] {
  return openings.filter((opening) => {
    const claims = claimed.filter(
      (exposure) => exposure.startMs - MATCH_MS <= opening.startMs && opening.litEndMs <= exposure.endMs + MATCH_MS,
    );
    const cells = new Set(opening.deposits.filter(isToTell).map((deposit) => deposit.positionIndex));
    return claims.length > 0 && !claims.some((exposure) => cells.has(exposure.positionIndex));
  });
}

/** Invariants that a run without an exposure has no occasion to check. */
const OF_THE_BEAM: ReadonlySet<string> = new Set([
  "dose",
  "exposures-accounted",
  "two-clocks-apart",
  "shutter-interlocks",
  "stage-at-rest",
  "motion-permit",
  "right-cell",
  "exposed-as-asked",
  "person-rearmed",
  HAZARD_INVARIANT,
]);

/** What was never looked at counts as broken; a run that made no exposure is excused from what only exposures show. */
export function neverChecked(
  checks: Readonly<Record<string, number>>,
  hasExposures: boolean,
  atMs: number,
): readonly Violation[] {
  return Object.entries(checks)
    .filter(([name, count]) => count === 0 && (hasExposures || !OF_THE_BEAM.has(name)))
    .map(([invariant]) => ({ invariant, at_s: atMs / 1000, what: "was never checked in this run" }));
}

export function total<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}
