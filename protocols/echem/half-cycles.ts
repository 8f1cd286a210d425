/**
 * Half cycles: stretches of a protocol in which the current flows one way. Rests do not end one, and a hold belongs to
 * the half cycle it holds; a hold whose charge flows the other way begins the next. Pure; the state is plain JSON.
 */
import { difference, type ChargeTotals, type Mark } from "./counting.ts";
import type { Direction } from "./cursor.ts";

/** What a step was, and what had flowed when it was over. */
export interface EndedStep {
  readonly stepNumber: number;
  readonly cycleNumber: number;
  /** By the step's own current; null for a hold, whose charge tells; 0 at rest. */
  readonly direction: Direction | null;
  readonly startedAt: ChargeTotals;
  readonly endedAt: ChargeTotals;
  /** The cut-off at which it ended, if it says that the cell is full or empty. */
  readonly mark: Mark | null;
  /** Skipped or ended by a person: its charge says nothing of the cell. */
  readonly isCut: boolean;
}

interface OpenHalfCycle {
  readonly direction: 1 | -1;
  readonly cycleNumber: number;
  /** The last step whose own current flowed this way: a capacity is compared with others of the same step. */
  readonly stepNumber: number;
  readonly startedAt: ChargeTotals;
  readonly beganAt: Mark | null;
  readonly endedAt: Mark | null;
  readonly isCut: boolean;
}

export interface HalfCycle {
  /** Counts from 1 at the first current. */
  readonly number: number;
  readonly cycleNumber: number;
  readonly stepNumber: number;
  readonly direction: "charge" | "discharge";
  /** Net charge that flowed its way. */
  readonly capacityAh: number;
  readonly doubtAh: number;
  /** From one cut-off to the other, without a person's hand in it: a capacity of the cell. */
  readonly isWhole: boolean;
  /** A person skipped or ended a step of it. */
  readonly isCut: boolean;
  readonly endedAt: Mark | null;
  /** Of a whole discharge after a whole charge: the one over the other. */
  readonly coulombicEfficiency: number | null;
  /** Half-width from charge that is not known; null without efficiency. */
  readonly coulombicEfficiencyDoubt: number | null;
}

export interface HalfCycleCount {
  readonly closedCount: number;
  readonly open: OpenHalfCycle | null;
  readonly last: HalfCycle | null;
  /** The last cut-off passed; null when a person's hand or nothing came after it. */
  readonly mark: Mark | null;
}

export const NO_HALF_CYCLES: HalfCycleCount = { closedCount: 0, open: null, last: null, mark: null };

/** A hold that moved less than this share of the larger of its two sums moved nothing. */
const NOTHING_SHARE = 1e-3;

export interface Counted {
  readonly count: HalfCycleCount;
  /** What came to its end before this step or with it, in order. */
  readonly closed: readonly HalfCycle[];
}

/** A step is over: it belongs to the half cycle under way, or begins the next one. */
export function countStep(count: HalfCycleCount, step: EndedStep): Counted {
  const direction = flowOf(step);
  if (direction === 0) return { count: step.isCut && count.open !== null ? cut(count) : count, closed: [] };
  let current = count;
  const closed: HalfCycle[] = [];
  if (current.open !== null && current.open.direction !== direction) {
    const turned = close(current, step.startedAt);
    current = turned.count;
    closed.push(...turned.closed);
  }
  const open: OpenHalfCycle = current.open ?? {
    direction,
    cycleNumber: step.cycleNumber,
    stepNumber: step.stepNumber,
    startedAt: step.startedAt,
    beganAt: current.mark,
    endedAt: null,
    isCut: false,
  };
  return {
    count: {
      ...current,
      open: {
        ...open,
        cycleNumber: step.cycleNumber,
        stepNumber: step.direction === null ? open.stepNumber : step.stepNumber,
        endedAt: step.mark ?? (step.direction === null ? open.endedAt : null),
        isCut: open.isCut || step.isCut,
      },
    },
    closed,
  };
}

/** The half cycle under way is over: the current turns, or the protocol ends. */
export function close(count: HalfCycleCount, now: ChargeTotals): Counted {
  const { open, last } = count;
  if (open === null) return { count, closed: [] };
  const flowed = difference(now, open.startedAt);
  const capacityAh = open.direction * (flowed.chargedAh - flowed.dischargedAh);
  const isWhole =
    !open.isCut && open.endedAt !== null && open.beganAt !== null && open.beganAt !== open.endedAt && capacityAh > 0;
  // The first charge of a cell begins wherever it was delivered; what counts here is all that went in.
  const isAllThatWentIn =
    last !== null && last.direction === "charge" && last.endedAt === "full" && (last.isWhole || last.number === 1);
  const isAllThatCameOut = open.direction === -1 && open.endedAt === "empty" && !open.isCut;
  const efficiency =
    isAllThatWentIn && isAllThatCameOut && last.capacityAh > 0 && capacityAh > 0 ? capacityAh / last.capacityAh : null;
  const half: HalfCycle = {
    number: count.closedCount + 1,
    cycleNumber: open.cycleNumber,
    stepNumber: open.stepNumber,
    direction: open.direction === 1 ? "charge" : "discharge",
    capacityAh,
    doubtAh: flowed.doubtAh,
    isWhole,
    isCut: open.isCut,
    endedAt: open.isCut ? null : open.endedAt,
    coulombicEfficiency: efficiency,
    coulombicEfficiencyDoubt:
      efficiency === null || last === null
        ? null
        : efficiency * (flowed.doubtAh / capacityAh + last.doubtAh / last.capacityAh),
  };
  return {
    count: { closedCount: half.number, open: null, last: half, mark: half.endedAt },
    closed: [half],
  };
}

/** True when a step that drives the current this way does not belong to the half cycle under way. */
export function turnsAt(count: HalfCycleCount, direction: Direction | null): boolean {
  return count.open !== null && direction !== null && direction !== 0 && direction !== count.open.direction;
}

function cut(count: HalfCycleCount): HalfCycleCount {
  return count.open === null ? count : { ...count, open: { ...count.open, isCut: true } };
}

function flowOf(step: EndedStep): Direction {
  if (step.direction !== null) return step.direction;
  const { chargedAh, dischargedAh } = difference(step.endedAt, step.startedAt);
  const netAh = chargedAh - dischargedAh;
  if (!(Math.abs(netAh) > NOTHING_SHARE * Math.max(chargedAh, dischargedAh))) return 0;
  return netAh > 0 ? 1 : -1;
}
