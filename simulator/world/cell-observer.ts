/**
 * Watches one cell from inside the world: every time its channel looks at it or acts on it, the true voltage and
 * current are held against the cell's safety limits.
 */
import type { Writable } from "../../protocols/base/writable.ts";
import type { Cell } from "../cell/cell.ts";
import type { ObservedCellPlant } from "../cell/cell-plant.ts";
import type { CellPlant } from "../plant/plant.ts";
import type { WorldCell } from "./world-site.ts";

export interface CellObserver {
  /** What the channel is given. */
  readonly plant: CellPlant;
  /** The true cell, as of `seenMs`. */
  readonly cell: Cell;
  /** When its channel last looked at it or acted on it; 0 before that, when no current has flowed. */
  readonly seenMs: number;
  readonly checks: number;
  readonly voltageExcursions: number;
  readonly currentExcursions: number;
  readonly isDriven: boolean;
  /** Told at the instant the channel switches a driven cell off; one handler. */
  onSwitchedOff(handler: () => void): void;
  /** Told at the instant the channel begins to drive a cell that was off; one handler. */
  onSwitchedOn(handler: () => void): void;
  /** Told after every look and act; `isChange`: the channel set something. For truth kept beside a run. */
  onSeen(handler: (atMs: number, isChange: boolean) => void): void;
  /**
   * The cell has fallen ill: from now on its channel finds this. What is between cell and terminals, such as a
   * short's current, is the cell's own doing; the channel answers for what it gives and takes.
   */
  become(plant: ObservedCellPlant): void;
  /** Whoever drives the cell from now on did not look at it first; null: it may be driven. */
  forbid(why: string | null): void;
}

export interface ObserverTolerances {
  /** An instrument sees its limit passed only at its next sample, and no better than its own accuracy. */
  readonly voltageV: number;
  readonly currentFraction: number;
  readonly currentA: number;
  /** An instrument that looks less often than this is not watching its cell. */
  readonly lookMaxMs: number;
}

export const TOLERANCES: ObserverTolerances = {
  ...{ voltageV: 0.01, currentFraction: 0.01, currentA: 1e-5 },
  lookMaxMs: 12_000,
};
/** Of a cell that jumps or is ill an instrument knows only by its next sample; so long after that it must have let go. */
const REACTION_MS = 2500;

export function observeCell(
  healthy: ObservedCellPlant,
  limits: WorldCell["limits"],
  onExcursion: (atMs: number, what: string) => void,
  tolerances: ObserverTolerances = TOLERANCES,
): CellObserver {
  const highV = limits.voltageMaxV + tolerances.voltageV;
  const lowV = limits.voltageMinV - tolerances.voltageV;
  const highA = limits.currentMaxA * (1 + tolerances.currentFraction) + tolerances.currentA;
  const lowA = limits.currentMinA * (1 + tolerances.currentFraction) - tolerances.currentA;
  let inner = healthy;
  let forbidden: string | null = null;
  const seen = {
    atMs: 0,
    checks: 0,
    voltage: 0,
    current: 0,
    isVoltageOut: false,
    isCurrentOut: false,
    /** The cell's last jump, and the channel's first look after it. */
    jumpedMs: NaN,
    jumpSeenMs: Infinity,
    /** The look that first found an ill cell beyond its limits; NaN while it lies within. */
    foundMs: NaN,
  };

  let switchedOff: (() => void) | undefined;
  let switchedOn: (() => void) | undefined;
  const watchers: ((atMs: number, isChange: boolean) => void)[] = [];

  function check(atMs: number, isChange: boolean): void {
    const lookedMs = seen.atMs;
    seen.checks += 1;
    seen.atMs = atMs;
    noteJump(atMs);
    const { voltageV, currentA } = inner;
    plant.voltageV = voltageV;
    plant.currentA = currentA;
    // A cell at rest beyond its window (as assembled, say) is nobody's doing; driving it further out is.
    const isVoltageBeyond = (voltageV > highV && currentA > 0) || (voltageV < lowV && currentA < 0);
    const isCurrentBeyond = currentA > highA || currentA < lowA;
    if (isVoltageBeyond || isCurrentBeyond) noteFound(atMs, lookedMs, isChange);
    else seen.foundMs = NaN;
    const isExcused = (isVoltageBeyond || isCurrentBeyond) && (hasJustJumped(atMs) || hasJustFound(atMs));
    const isVoltageOut = isVoltageBeyond && !isExcused;
    const isCurrentOut = isCurrentBeyond && !isExcused;
    if (isVoltageOut && !seen.isVoltageOut) {
      seen.voltage += 1;
      onExcursion(atMs, `true voltage ${voltageV} V at ${currentA} A`);
    }
    if (isCurrentOut && !seen.isCurrentOut) {
      seen.current += 1;
      onExcursion(atMs, `true current ${currentA} A`);
    }
    seen.isVoltageOut = isVoltageOut;
    seen.isCurrentOut = isCurrentOut;
    if (watchers.length > 0) for (const watcher of watchers) watcher(atMs, isChange);
  }

  function noteJump(atMs: number): void {
    if (inner.jumpedMs === undefined) return;
    if (inner.jumpedMs !== seen.jumpedMs) {
      seen.jumpedMs = inner.jumpedMs;
      seen.jumpSeenMs = Infinity;
    }
    if (seen.jumpSeenMs === Infinity && atMs > seen.jumpedMs) seen.jumpSeenMs = atMs;
  }

  function hasJustJumped(atMs: number): boolean {
    if (inner.jumpedMs === undefined) return false;
    return atMs - Math.min(seen.jumpSeenMs, seen.jumpedMs + tolerances.lookMaxMs) <= REACTION_MS;
  }

  /**
   * What is wrong with an ill cell carries it as far as it will between two looks. Whoever looks often enough knows of it
   * by the next one; an act that drives it further is no look.
   */
  function noteFound(atMs: number, lookedMs: number, isChange: boolean): void {
    const isFirst = Number.isNaN(seen.foundMs);
    if (isFirst && inner !== healthy && !isChange && atMs - lookedMs <= tolerances.lookMaxMs) seen.foundMs = atMs;
  }

  function hasJustFound(atMs: number): boolean {
    return atMs - seen.foundMs <= REACTION_MS;
  }

  function drive(atMs: number, act: () => void): void {
    if (forbidden !== null) onExcursion(atMs, `was driven: ${forbidden}`);
    const wasDriven = inner.mode !== "open";
    act();
    if (!wasDriven) switchedOn?.();
    check(atMs, true);
  }

  const plant: Writable<CellPlant> = {
    voltageV: healthy.voltageV,
    currentA: healthy.currentA,
    disconnect(atMs) {
      const wasDriven = inner.mode !== "open";
      inner.disconnect(atMs);
      if (wasDriven) switchedOff?.();
      check(atMs, wasDriven);
    },
    applyCurrent(atMs, currentA) {
      drive(atMs, () => {
        inner.applyCurrent(atMs, currentA);
      });
    },
    applyVoltage(atMs, voltageV) {
      drive(atMs, () => {
        inner.applyVoltage(atMs, voltageV);
      });
    },
    applyVoltageWithin(atMs, voltageV, leastA, mostA) {
      drive(atMs, () => {
        inner.applyVoltageWithin(atMs, voltageV, leastA, mostA);
      });
    },
    read(atMs) {
      inner.read(atMs);
      check(atMs, false);
    },
    impedanceOhm: (frequencyHz) => inner.impedanceOhm(frequencyHz),
  };

  return {
    plant,
    cell: healthy.cell,
    get seenMs() {
      return seen.atMs;
    },
    get checks() {
      return seen.checks;
    },
    get voltageExcursions() {
      return seen.voltage;
    },
    get currentExcursions() {
      return seen.current;
    },
    get isDriven() {
      return inner.mode !== "open";
    },
    onSwitchedOff(handler) {
      switchedOff = handler;
    },
    onSwitchedOn(handler) {
      switchedOn = handler;
    },
    onSeen(handler) {
      watchers.push(handler);
    },
    become(ill) {
      inner = ill;
      plant.voltageV = ill.voltageV;
      plant.currentA = ill.currentA;
    },
    forbid(why) {
      forbidden = why;
    },
  };
}
