/**
 * What a cell's steps came to: half cycles, state of charge, state of health. A pure fold over ended steps and the
 * sums of raw samples; plain JSON, so that it can be written down and picked up again.
 */
import type { CampaignCell } from "../../protocols/campaign/campaign.ts";
import { CHEMISTRIES } from "../../protocols/campaign/chemistry.ts";
import {
  anchorUncertainty,
  CAPACITY_DOUBT_SHARE,
  difference,
  NO_CHARGE,
  reach,
  startCount,
  stateOfCharge,
  type ChargeCount,
  type ChargeTotals,
  type Mark,
  type StateOfCharge,
} from "../../protocols/echem/counting.ts";
import type { Direction } from "../../protocols/echem/cursor.ts";
import {
  close,
  countStep,
  NO_HALF_CYCLES,
  turnsAt,
  type HalfCycle,
  type HalfCycleCount,
} from "../../protocols/echem/half-cycles.ts";
import type { ChannelStep, StepEnd } from "../../protocols/roles/channel.ts";

/** What the account must know of a cell. */
export interface AccountRules {
  readonly nominalCapacityAh: number;
  /** The chemistry's window: at these voltages a cell is full, or empty. */
  readonly fullV: number;
  readonly emptyV: number;
}

export function accountRules(cell: CampaignCell): AccountRules {
  const { voltageMinV, voltageMaxV } = CHEMISTRIES[cell.chemistry];
  return { nominalCapacityAh: cell.nominalCapacityMah / 1000, fullV: voltageMaxV, emptyV: voltageMinV };
}

export interface CellAccount {
  readonly halfCycles: HalfCycleCount;
  readonly charge: ChargeCount;
  /** When the step under way began. */
  readonly stepStartedAt: ChargeTotals;
  /** Capacity that a step's whole discharge gave first, A h by step number. */
  readonly firstCapacityAh: Readonly<Record<string, number>>;
  /** Of the last whole discharge: its capacity over the first one of the same step. */
  readonly stateOfHealth: number | null;
}

/**
 * How a step was ended; `skipped` and `operator` by a person, `awaited` because what it waited for had come, `unknown`
 * where no end was told.
 */
export type AccountedEnd = StepEnd | "skipped" | "operator" | "awaited" | "unknown";

export interface AccountedStep {
  readonly stepNumber: number;
  readonly cycleNumber: number;
  readonly channelStep: ChannelStep;
  readonly end: AccountedEnd;
  /** The last reading. */
  readonly currentA: number;
}

/** A half cycle that is over, with what was known of the cell then. */
export interface ClosedHalfCycle {
  readonly half: HalfCycle;
  readonly stateOfCharge: StateOfCharge | null;
  /** Null but after a whole discharge without doubt in it. */
  readonly stateOfHealth: number | null;
}

export interface Accounted {
  readonly account: CellAccount;
  readonly closed: readonly ClosedHalfCycle[];
}

/** An end as near to the window's as this has reached it. */
const MARK_TOLERANCE_V = 0.01;

export function openAccount(rules: AccountRules, now: ChargeTotals = NO_CHARGE): CellAccount {
  return {
    halfCycles: NO_HALF_CYCLES,
    charge: startCount(rules.nominalCapacityAh),
    stepStartedAt: now,
    firstCapacityAh: {},
    stateOfHealth: null,
  };
}

/** A step is over. `next` is the one that follows, null when the protocol is over. */
export function accountStep(
  account: CellAccount,
  rules: AccountRules,
  step: AccountedStep,
  now: ChargeTotals,
  next: ChannelStep | null,
): Accounted {
  const mark = markOf(step, rules);
  const counted = countStep(account.halfCycles, {
    stepNumber: step.stepNumber,
    cycleNumber: step.cycleNumber,
    direction: directionOf(step.channelStep),
    startedAt: account.stepStartedAt,
    endedAt: now,
    mark,
    isCut: step.end === "skipped" || step.end === "operator",
  });
  const charge = chargeCountAfter(account.charge, rules, step, now);
  const after = { ...account, halfCycles: counted.count, charge, stepStartedAt: now };
  const told = tell(after, counted.closed, now);
  if (next !== null && !turnsAt(counted.count, directionOf(next))) return told;
  const ended = closeAccount(told.account, now);
  return { account: ended.account, closed: [...told.closed, ...ended.closed] };
}

/** The half cycle under way is over: the current turns, or nothing more is done with the cell. */
export function closeAccount(account: CellAccount, now: ChargeTotals): Accounted {
  const { count, closed } = close(account.halfCycles, now);
  return tell({ ...account, halfCycles: count }, closed, now);
}

/** What is known of the cell once this step is over; null before it was ever full or empty. */
export function chargeAfter(
  { charge }: CellAccount,
  rules: AccountRules,
  step: AccountedStep,
  now: ChargeTotals,
): { readonly stateOfCharge: number; readonly uncertainty: number; readonly capacityAh: number } | null {
  const count = chargeCountAfter(charge, rules, step, now);
  const known = stateOfCharge(count, now);
  return known === null
    ? null
    : { stateOfCharge: known.value, uncertainty: known.uncertainty, capacityAh: count.capacityAh };
}

function chargeCountAfter(
  charge: ChargeCount,
  rules: AccountRules,
  step: AccountedStep,
  now: ChargeTotals,
): ChargeCount {
  const mark = markOf(step, rules);
  return mark === null ? charge : reach(charge, mark, anchorUncertainty(endCurrentA(step), charge.capacityAh), now);
}

export function chargeNow(account: CellAccount, now: ChargeTotals): StateOfCharge | null {
  return stateOfCharge(account.charge, now);
}

/** Net charge that has flowed this way in the half cycle under way, A h; 0 where the last current flowed the other way. */
export function halfCycleChargeAh(
  { halfCycles, stepStartedAt }: CellAccount,
  direction: "charge" | "discharge",
  now: ChargeTotals,
): number {
  const sign = direction === "charge" ? 1 : -1;
  const { open } = halfCycles;
  // The step under way is not yet in the count.
  const since = difference(now, open?.direction === sign ? open.startedAt : stepStartedAt);
  return Math.max(0, sign * (since.chargedAh - since.dischargedAh));
}

/** A person skipped or ended a step of the half cycle under way, or the last one. */
export function isDisturbed({ halfCycles }: CellAccount): boolean {
  return halfCycles.open?.isCut === true || (halfCycles.last !== null && halfCycles.last.isCut);
}

function tell(account: CellAccount, halves: readonly HalfCycle[], now: ChargeTotals): Accounted {
  let current = account;
  const closed = halves.map((half) => {
    let stateOfHealth: number | null = null;
    if (half.direction === "discharge" && half.isWhole && half.doubtAh <= CAPACITY_DOUBT_SHARE * half.capacityAh) {
      const key = String(half.stepNumber);
      const firstAh = current.firstCapacityAh[key] ?? half.capacityAh;
      stateOfHealth = half.capacityAh / firstAh;
      current = { ...current, stateOfHealth, firstCapacityAh: { ...current.firstCapacityAh, [key]: firstAh } };
    }
    return { half, stateOfCharge: chargeNow(current, now), stateOfHealth };
  });
  return { account: current, closed };
}

/** Null for steps that hold or sweep a voltage: their charge tells. What a spectrum leaves is a sine's, or relaxation. */
function directionOf(step: ChannelStep): Direction | null {
  if (step.kind === "rest" || step.kind === "impedance") return 0;
  if (step.kind !== "constant-current") return null;
  return step.currentA > 0 ? 1 : step.currentA < 0 ? -1 : 0;
}

function markOf({ channelStep: step, end }: AccountedStep, rules: AccountRules): Mark | null {
  const fullFromV = rules.fullV - MARK_TOLERANCE_V;
  const emptyToV = rules.emptyV + MARK_TOLERANCE_V;
  if (step.kind === "constant-current") {
    if (end !== "voltage" || step.untilVoltageV === null) return null;
    if (step.currentA > 0) return step.untilVoltageV >= fullFromV ? "full" : null;
    return step.untilVoltageV <= emptyToV ? "empty" : null;
  }
  if (step.kind !== "constant-voltage" || (end !== "current" && end !== "time")) return null;
  if (step.voltageV >= fullFromV) return "full";
  return step.voltageV <= emptyToV ? "empty" : null;
}

/** The current as ordered where it was; of a hold what was left of it. */
function endCurrentA(step: AccountedStep): number {
  if (step.channelStep.kind === "constant-current") return step.channelStep.currentA;
  return Number.isFinite(step.currentA) ? step.currentA : Infinity;
}
