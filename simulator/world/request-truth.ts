/**
 * Which requests could have been met at all: the beam there for long enough in the window, the cell there, and its
 * true dose with this exposure within its limits. The beam serves one after the other, earliest deadline first. What
 * was met in truth was feasible, whatever this reckoning says.
 */
import type { DoseTruth } from "./dose-truth.ts";
import type { Deposit, Opening } from "./shutter-truth.ts";

export interface AskedRequest {
  readonly positionIndex: number;
  /** Spot on the cell. */
  readonly xMm: number;
  readonly yMm: number;
  readonly earliestMs: number;
  readonly latestMs: number;
  readonly exposureS: number;
  /** By filter of the site. */
  readonly filtersIn: readonly boolean[];
}

/** A time in which no exposure could be made, or none of one cell. */
export interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
  /** Absent when it concerns the whole rack. */
  readonly positionIndex?: number;
  /** Nothing that is ordered may be heard either, of any cell. */
  readonly isDeaf?: true;
}

export interface RequestTruthDeps {
  readonly outages: readonly Outage[];
  readonly hasCell: (positionIndex: number) => boolean;
  readonly openings: readonly Opening[];
  readonly dose: Pick<DoseTruth, "fractionWith">;
  /** At the reference ring current, before filters. */
  readonly fluxPhS: number;
  readonly filterPasses: readonly number[];
  /** True dose over limit up to which a controller that knows its dose no better than stated may go. */
  readonly limitFractionMax: number;
  /** The least that hop, settling, shutter and read-out take around an exposure. */
  readonly overheadS: number;
  /** Where a robot brings the cells: the least that it takes to have another one in the beam; 0 with a stage. */
  readonly exchangeS?: number;
  readonly endMs: number;
}

export function countFeasible(requests: readonly AskedRequest[], deps: RequestTruthDeps): number {
  const inOrder = [...requests].sort((a, b) => a.latestMs - b.latestMs || a.earliestMs - b.earliestMs);
  const given = depositsByCell(deps.openings);
  /** What had been given if every feasible request before had been met as asked. */
  const planned = new Map<number, Deposit[]>();
  let beamFreeMs = 0;
  let inBeam = -1;
  let count = 0;
  for (const request of inOrder) {
    if (!deps.hasCell(request.positionIndex)) continue;
    const exchangeMs = request.positionIndex === inBeam ? 0 : 1000 * (deps.exchangeS ?? 0);
    const lengthMs = (request.exposureS + deps.overheadS) * 1000;
    // The robot may have come before the window opens.
    const readyMs = Math.max(beamFreeMs + exchangeMs, request.earliestMs);
    const freeMs = firstFree(readyMs, lengthMs, request.positionIndex, deps.outages);
    const photons = nominalPhotons(request, deps);
    const isInTime = freeMs + lengthMs <= Math.min(request.latestMs, deps.endMs);
    if (!wasMet(request, given)) {
      if (!isInTime) continue;
      const fraction = Math.max(
        fractionAfter(request, givenBefore(given, request), photons, deps),
        fractionAfter(request, planned.get(request.positionIndex) ?? [], photons, deps),
      );
      if (!(fraction <= deps.limitFractionMax)) continue;
    }
    add(planned, { positionIndex: request.positionIndex, xMm: request.xMm, yMm: request.yMm, photons });
    count += 1;
    inBeam = request.positionIndex;
    // One that was met against this reckoning takes its time, and no outage of its own, from the others.
    beamFreeMs = (isInTime ? freeMs : readyMs) + lengthMs;
  }
  return count;
}

/** Of the time asked for, what an opening must have lit the spot to be that exposure. */
const MET_SHARE_MIN = 0.5;
/** How far from the spot it may have fallen. */
const MET_OFFSET_MM = 0.5;

function wasMet(request: AskedRequest, given: ReadonlyMap<number, readonly Given[]>): boolean {
  return (given.get(request.positionIndex) ?? []).some(
    ({ startMs, atMs, litMs, deposit }) =>
      startMs >= request.earliestMs &&
      atMs <= request.latestMs &&
      litMs >= MET_SHARE_MIN * request.exposureS * 1000 &&
      Math.hypot(deposit.xMm - request.xMm, deposit.yMm - request.yMm) <= MET_OFFSET_MM,
  );
}

/** First instant from which nothing stands in the way for so long. */
function firstFree(fromMs: number, lengthMs: number, positionIndex: number, outages: readonly Outage[]): number {
  let startMs = fromMs;
  for (;;) {
    const blocking = outages.find(
      (outage) =>
        (outage.positionIndex === undefined || outage.positionIndex === positionIndex) &&
        outage.fromMs < startMs + lengthMs &&
        outage.toMs > startMs,
    );
    if (blocking === undefined) return startMs;
    startMs = blocking.toMs;
    if (startMs === Infinity) return startMs;
  }
}

interface Given {
  readonly startMs: number;
  readonly atMs: number;
  readonly litMs: number;
  readonly deposit: Deposit;
}

function depositsByCell(openings: readonly Opening[]): ReadonlyMap<number, readonly Given[]> {
  const byCell = new Map<number, Given[]>();
  for (const opening of openings) {
    for (const deposit of opening.deposits) {
      const { startMs, endMs: atMs, litEndMs } = opening;
      const one = { startMs, atMs, litMs: litEndMs - startMs, deposit };
      const list = byCell.get(deposit.positionIndex);
      if (list === undefined) byCell.set(deposit.positionIndex, [one]);
      else list.push(one);
    }
  }
  return byCell;
}

function givenBefore(given: ReadonlyMap<number, readonly Given[]>, request: AskedRequest): readonly Deposit[] {
  return (given.get(request.positionIndex) ?? [])
    .filter((item) => item.atMs < request.earliestMs)
    .map((item) => item.deposit);
}

/** Adds up what falls on the same spot. */
function add(planned: Map<number, Deposit[]>, deposit: Deposit): void {
  const list = planned.get(deposit.positionIndex) ?? [];
  const index = list.findIndex((other) => other.xMm === deposit.xMm && other.yMm === deposit.yMm);
  const before = list[index];
  if (before === undefined) list.push(deposit);
  else list[index] = { ...before, photons: before.photons + deposit.photons };
  planned.set(deposit.positionIndex, list);
}

/** Photons of an exposure as asked for, at the reference ring current. */
function nominalPhotons(request: AskedRequest, deps: RequestTruthDeps): number {
  const passing = request.filtersIn.reduce(
    (share, isIn, index) => (isIn ? share * (deps.filterPasses[index] ?? 1) : share),
    1,
  );
  return deps.fluxPhS * passing * request.exposureS;
}

/** True dose of the spot over its tightest limit, by these deposits and one exposure more. */
function fractionAfter(
  request: AskedRequest,
  deposits: readonly Deposit[],
  photons: number,
  deps: RequestTruthDeps,
): number {
  return deps.dose.fractionWith(request.positionIndex, deposits, request.xMm, request.yMm, photons);
}
