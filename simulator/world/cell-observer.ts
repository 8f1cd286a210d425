/**
 * Watches one cell from inside the world: every time its channel looks at it or acts on it, the true voltage and
 * current are held against the cell's safety limits.
 */
import type { Cell } from "../cell/cell.ts";
import type { ObservedCellPlant, LostContact } from "../cell/cell-plant.ts";
import type { CellPlant } from "../plant/plant.ts";
import type { WorldCell } from "./world-site.ts";

/** The net charge that a channel had passed as it began to drive its cell, as it let go, and so on in turn. */
export interface ChargeAtSwitches {
  /** Of even index: it began. */
  readonly atMs: readonly number[];
  readonly chargeC: readonly number[];
}

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
  readonly switches: ChargeAtSwitches;
  /** Net charge that the channel has passed so far, as of `seenMs`. */
  readonly chargeC: number;
  /** When a contact of the cell went for a moment under a held voltage. */
  readonly lostContacts: readonly LostContact[];
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
  return new Observed(healthy, limits, onExcursion, tolerances);
}

/** Observer and what the channel is given in one: a sample of each of 96 cells comes by, and what it touches is to be little. */
class Observed implements CellObserver, CellPlant {
  voltageV: number;
  currentA: number;
  private inner: ObservedCellPlant;
  checks = 0;
  seenMs = 0;
  private readonly highV: number;
  private readonly lowV: number;
  private readonly highA: number;
  private readonly lowA: number;
  private isVoltageOut = false;
  private isCurrentOut = false;
  /** The look that first found an ill cell beyond its limits; NaN while it lies within. */
  private foundMs = NaN;
  private readonly watchers: ((atMs: number, isChange: boolean) => void)[] = [];
  readonly plant: CellPlant = this;
  readonly cell: Cell;
  voltageExcursions = 0;
  currentExcursions = 0;
  private readonly healthy: ObservedCellPlant;
  private readonly onExcursion: (atMs: number, what: string) => void;
  private readonly tolerances: ObserverTolerances;
  private forbidden: string | null = null;
  /** The cell's last jump, and the channel's first look after it. */
  private jumpedMs = NaN;
  private jumpSeenMs = Infinity;
  private switchedOff: (() => void) | undefined;
  private switchedOn: (() => void) | undefined;
  readonly switches = { atMs: [] as number[], chargeC: [] as number[] };

  constructor(
    healthy: ObservedCellPlant,
    limits: WorldCell["limits"],
    onExcursion: (atMs: number, what: string) => void,
    tolerances: ObserverTolerances,
  ) {
    this.inner = healthy;
    this.healthy = healthy;
    this.cell = healthy.cell;
    this.voltageV = healthy.voltageV;
    this.currentA = healthy.currentA;
    this.highV = limits.voltageMaxV + tolerances.voltageV;
    this.lowV = limits.voltageMinV - tolerances.voltageV;
    this.highA = limits.currentMaxA * (1 + tolerances.currentFraction) + tolerances.currentA;
    this.lowA = limits.currentMinA * (1 + tolerances.currentFraction) - tolerances.currentA;
    this.onExcursion = onExcursion;
    this.tolerances = tolerances;
  }

  get isDriven(): boolean {
    return this.inner.mode !== "open";
  }

  get chargeC(): number {
    return this.inner.chargeC;
  }

  get lostContacts(): readonly LostContact[] {
    return this.inner.lostContacts ?? [];
  }

  private noteSwitch(atMs: number): void {
    this.switches.atMs.push(atMs);
    this.switches.chargeC.push(this.inner.chargeC);
  }

  private check(atMs: number, isChange: boolean): void {
    const { inner, watchers } = this;
    const lookedMs = this.seenMs;
    this.checks += 1;
    this.seenMs = atMs;
    if (inner.jumpedMs !== undefined) this.noteJump(atMs, inner.jumpedMs);
    const { voltageV, currentA } = inner;
    this.voltageV = voltageV;
    this.currentA = currentA;
    // A cell at rest beyond its window (as assembled, say) is nobody's doing; driving it further out is.
    const isVoltageBeyond = (voltageV > this.highV && currentA > 0) || (voltageV < this.lowV && currentA < 0);
    const isCurrentBeyond = currentA > this.highA || currentA < this.lowA;
    if (isVoltageBeyond || isCurrentBeyond) this.noteFound(atMs, lookedMs, isChange);
    else this.foundMs = NaN;
    const isExcused = (isVoltageBeyond || isCurrentBeyond) && (this.hasJustJumped(atMs) || this.hasJustFound(atMs));
    const isVoltageOut = isVoltageBeyond && !isExcused;
    const isCurrentOut = isCurrentBeyond && !isExcused;
    if (isVoltageOut && !this.isVoltageOut) {
      this.voltageExcursions += 1;
      this.onExcursion(atMs, `true voltage ${voltageV} V at ${currentA} A`);
    }
    if (isCurrentOut && !this.isCurrentOut) {
      this.currentExcursions += 1;
      this.onExcursion(atMs, `true current ${currentA} A`);
    }
    this.isVoltageOut = isVoltageOut;
    this.isCurrentOut = isCurrentOut;
    if (watchers.length > 0) for (const watcher of watchers) watcher(atMs, isChange);
  }

  private noteJump(atMs: number, jumpedMs: number): void {
    if (jumpedMs !== this.jumpedMs) {
      this.jumpedMs = jumpedMs;
      this.jumpSeenMs = Infinity;
    }
    if (this.jumpSeenMs === Infinity && atMs > this.jumpedMs) this.jumpSeenMs = atMs;
  }

  private hasJustJumped(atMs: number): boolean {
    if (this.inner.jumpedMs === undefined) return false;
    return atMs - Math.min(this.jumpSeenMs, this.jumpedMs + this.tolerances.lookMaxMs) <= REACTION_MS;
  }

  /**
   * What is wrong with an ill cell carries it as far as it will between two looks. Whoever looks often enough knows of it
   * by the next one; an act that drives it further is no look.
   */
  private noteFound(atMs: number, lookedMs: number, isChange: boolean): void {
    const isIll = this.inner !== this.healthy;
    const isFirst = Number.isNaN(this.foundMs);
    if (isFirst && isIll && !isChange && atMs - lookedMs <= this.tolerances.lookMaxMs) this.foundMs = atMs;
  }

  private hasJustFound(atMs: number): boolean {
    return atMs - this.foundMs <= REACTION_MS;
  }

  /** `isLook`: a unit that reads a voltage by sourcing no current. */
  private drive(atMs: number, act: () => void, isLook = false): void {
    if (this.forbidden !== null && !isLook) this.onExcursion(atMs, `was driven: ${this.forbidden}`);
    const wasDriven = this.isDriven;
    act();
    if (!wasDriven) {
      this.noteSwitch(atMs);
      this.switchedOn?.();
    }
    this.check(atMs, true);
  }

  disconnect(atMs: number): void {
    const wasDriven = this.isDriven;
    this.inner.disconnect(atMs);
    if (wasDriven) {
      this.noteSwitch(atMs);
      this.switchedOff?.();
    }
    this.check(atMs, wasDriven);
  }

  applyCurrent(atMs: number, currentA: number): void {
    this.drive(
      atMs,
      () => {
        this.inner.applyCurrent(atMs, currentA);
      },
      currentA === 0,
    );
  }

  applyVoltage(atMs: number, voltageV: number): void {
    this.drive(atMs, () => {
      this.inner.applyVoltage(atMs, voltageV);
    });
  }

  applyVoltageWithin(atMs: number, voltageV: number, leastA: number, mostA: number): void {
    this.drive(atMs, () => {
      this.inner.applyVoltageWithin(atMs, voltageV, leastA, mostA);
    });
  }

  read(atMs: number): void {
    this.inner.read(atMs);
    this.check(atMs, false);
  }

  impedanceOhm(frequencyHz: number): { readonly re: number; readonly im: number } {
    return this.inner.impedanceOhm(frequencyHz);
  }

  onSwitchedOff(handler: () => void): void {
    this.switchedOff = handler;
  }

  onSwitchedOn(handler: () => void): void {
    this.switchedOn = handler;
  }

  onSeen(handler: (atMs: number, isChange: boolean) => void): void {
    this.watchers.push(handler);
  }

  become(ill: ObservedCellPlant): void {
    this.inner = ill;
    this.voltageV = ill.voltageV;
    this.currentA = ill.currentA;
  }

  forbid(why: string | null): void {
    this.forbidden = why;
  }
}
