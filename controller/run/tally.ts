/** What became of requests, exposures and sweeps: plain counting, fed by facts as they are recorded. */
import type { Miss } from "../beam/sweeps.ts";
import type { ExposureOutcome } from "../machines/exposure-order.ts";

/** From where, and the visits in order: what the hardware needs for them at least, seconds. */
export type SweepBoundS = (from: { readonly xMm: number; readonly yMm: number }, visits: readonly Visit[]) => number;

export interface TallyOptions {
  readonly sweepBoundS?: SweepBoundS;
  /** Each request and each opening is kept, for whoever holds them against a truth in the end: memory that only grows. */
  readonly keepsClaims?: boolean;
}

/** One visit of a sweep: where, and for how long the shutter was to be open. */
export interface Visit {
  readonly xMm: number;
  readonly yMm: number;
  readonly exposureS: number;
}

export interface SweepRecord {
  readonly sweep: number;
  readonly askedCount: number;
  /** First order given to last shutter closed and frame read. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Stops of the stage with a cell to expose. */
  readonly visitCount: number;
  /** The least that it could have taken, seconds; null where nobody reckons it. */
  readonly boundS: number | null;
  /** Every cell asked for was exposed or refused for its dose, without a pause: fit to be compared with the bound. */
  readonly isUndisturbed: boolean;
}

/** An exposure as the controller's record has it: when it may have given photons to which cell. */
export interface AccountedExposure {
  readonly positionIndex: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** A measurement that a sweep asks for: one spot of one cell within a window. */
export interface AskedRequest {
  readonly positionIndex: number;
  readonly xMm: number;
  readonly yMm: number;
  readonly earliestMs: number;
  readonly latestMs: number;
  readonly exposureS: number;
  readonly filtersIn: readonly boolean[];
}

export interface RequestCounts {
  readonly asked: number;
  readonly met: number;
  readonly late: number;
  readonly missed: number;
  readonly missedByReason: Readonly<Record<string, number>>;
}

export interface Tally {
  sweepBegun(sweep: number, askedCount: number): void;
  /** `number`: of one beside the sweeps, which may be timed anew or withdrawn. */
  asked(request: AskedRequest, number?: number): void;
  /** It has another window. */
  retimed(request: AskedRequest, number: number): void;
  /** What was wanted beside the sweeps is not wanted any more. */
  withdrawn(number: number): void;
  /** A step of a cell asked for an exposure beside the sweeps. */
  wanted(): void;
  /** It got one that another had asked for. */
  answered(): void;
  /** The stage goes somewhere between two visits of the sweep. */
  aside(visit: Visit): void;
  /** The same for a frame beside the cells, which disturbs no sweep that has made all its visits. */
  beside(visit: Visit): void;
  missed(miss: Miss): void;
  ordered(sweep: number, atMs: number, visit: Visit): void;
  /** `isAccepted`: cut short, and taken as it is by the campaign's rule. */
  exposed(
    sweep: number,
    atMs: number,
    outcome: ExposureOutcome,
    isInWindow: boolean,
    missReason: string,
    isAccepted?: boolean,
  ): void;
  /** The sweep under way was cut: a restart, of which nobody knows how long its parts took. */
  cut(): void;
  /** The shutter was asked open for this exposure. */
  accounted(exposure: AccountedExposure): void;
  /** Empty where claims are not kept, and so are the requests. */
  readonly accountedExposures: readonly AccountedExposure[];
  readonly askedRequests: readonly AskedRequest[];
  readonly requests: RequestCounts;
  readonly exposures: { readonly made: number; readonly partial: number; readonly aborted: number };
  readonly doseRefusedCount: number;
  readonly sweepNumber: number;
  /** Sweeps that are over, oldest first; of the last one every cell is accounted for. */
  finishedSweeps(): readonly SweepRecord[];
}

interface OpenSweep {
  readonly sweep: number;
  readonly askedCount: number;
  /** Of those asked, neither exposed nor missed. */
  leftCount: number;
  /** By a restart. */
  isCut: boolean;
  startedAtMs: number | null;
  endedAtMs: number;
  fromXMm: number;
  fromYMm: number;
  visits: Visit[];
  isUndisturbed: boolean;
}

/** @param homeXMm,homeYMm where the stage stands before the first visit */
export function createTally(homeXMm: number, homeYMm: number, options: TallyOptions = {}): Tally {
  const { sweepBoundS, keepsClaims = false } = options;
  const missedByReason: Record<string, number> = {};
  const finished: SweepRecord[] = [];
  const accountedExposures: AccountedExposure[] = [];
  const askedRequests: AskedRequest[] = [];
  /** Where in the list what was wanted beside the sweeps stands, by its number. */
  const placeOf = new Map<number, number>();
  const isWithdrawn = new Set<number>();
  const requests = { asked: 0, met: 0, late: 0, missed: 0 };
  const exposures = { made: 0, partial: 0, aborted: 0 };
  let doseRefusedCount = 0;
  let current: OpenSweep | null = null;
  let lastXMm = homeXMm;
  let lastYMm = homeYMm;

  function miss(reason: string): void {
    requests.missed += 1;
    missedByReason[reason] = (missedByReason[reason] ?? 0) + 1;
  }

  function close(): void {
    if (current?.startedAtMs == null) return;
    const { sweep, askedCount, startedAtMs, endedAtMs, fromXMm, fromYMm, visits } = current;
    // What the next one cut off is told missed only after that has begun.
    const isUndisturbed = current.isUndisturbed && current.leftCount <= 0;
    const boundS = sweepBoundS?.({ xMm: fromXMm, yMm: fromYMm }, visits) ?? null;
    finished.push({ sweep, askedCount, startedAtMs, endedAtMs, visitCount: visits.length, boundS, isUndisturbed });
    current = null;
  }

  function aside({ xMm, yMm }: Visit): void {
    if (current?.startedAtMs != null) current.isUndisturbed = false;
    else if (current !== null) [current.fromXMm, current.fromYMm] = [xMm, yMm];
    [lastXMm, lastYMm] = [xMm, yMm];
  }

  return {
    sweepBegun(sweep, askedCount) {
      close();
      requests.asked += askedCount;
      current = {
        sweep,
        askedCount,
        leftCount: askedCount,
        isCut: false,
        startedAtMs: null,
        endedAtMs: 0,
        fromXMm: lastXMm,
        fromYMm: lastYMm,
        visits: [],
        isUndisturbed: true,
      };
    },
    asked(request, number) {
      if (!keepsClaims) return;
      askedRequests.push(request);
      if (number !== undefined) placeOf.set(number, askedRequests.length - 1);
    },
    retimed(request, number) {
      const place = placeOf.get(number);
      if (place !== undefined) askedRequests[place] = request;
    },
    withdrawn(number) {
      requests.asked -= 1;
      const place = placeOf.get(number);
      if (place !== undefined) isWithdrawn.add(place);
    },
    wanted() {
      requests.asked += 1;
    },
    answered() {
      requests.met += 1;
    },
    beside(visit) {
      const isOver = current !== null && current.startedAtMs !== null && current.visits.length >= current.askedCount;
      if (isOver) [lastXMm, lastYMm] = [visit.xMm, visit.yMm];
      else aside(visit);
    },
    aside,
    missed(item) {
      miss(item.reason);
      if (item.reason === "dose") doseRefusedCount += 1;
      if (current?.sweep !== item.sweep) return;
      current.leftCount -= 1;
      if (item.reason !== "dose") current.isUndisturbed = false;
    },
    ordered(sweep, atMs, visit) {
      if (current?.sweep !== sweep) return;
      current.startedAtMs ??= atMs;
      current.visits.push(visit);
    },
    exposed(sweep, atMs, outcome, isInWindow, missReason, isAccepted = false) {
      if (outcome === "made") exposures.made += 1;
      else if (outcome === "aborted") exposures.aborted += 1;
      else exposures.partial += 1;
      if (outcome !== "made" && !isAccepted) miss(missReason);
      else if (isInWindow) requests.met += 1;
      else requests.late += 1;
      if (current?.sweep !== sweep) return;
      current.leftCount -= 1;
      if (current.isCut) current.startedAtMs ??= atMs;
      current.endedAtMs = atMs;
      const visit = current.visits.at(-1);
      if (visit !== undefined) {
        lastXMm = visit.xMm;
        lastYMm = visit.yMm;
      }
      if (outcome !== "made") current.isUndisturbed = false;
    },
    cut() {
      if (current === null) return;
      current.isCut = true;
      current.isUndisturbed = false;
    },
    accounted(exposure) {
      if (keepsClaims) accountedExposures.push(exposure);
    },
    accountedExposures,
    get askedRequests() {
      return isWithdrawn.size === 0 ? askedRequests : askedRequests.filter((_, index) => !isWithdrawn.has(index));
    },
    get requests() {
      return { ...requests, missedByReason: { ...missedByReason } };
    },
    exposures,
    get doseRefusedCount() {
      return doseRefusedCount;
    },
    get sweepNumber() {
      return current?.sweep ?? finished.at(-1)?.sweep ?? 0;
    },
    finishedSweeps() {
      if (current !== null && current.leftCount <= 0) close();
      return finished;
    },
  };
}
