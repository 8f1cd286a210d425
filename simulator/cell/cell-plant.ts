/** A cell on its channel: the seam through which a simulated potentiostat acts on it, in virtual milliseconds. */
import type { CellPlant } from "../plant/plant.ts";
import type { Cell } from "./cell.ts";
import { impedanceOhm, type ImpedanceOptions } from "./impedance.ts";

/** What a channel does to a cell. */
export interface ChannelDrive {
  /** open: no current flows. */
  readonly mode: "open" | "current" | "voltage";
  /** Charge current or voltage; 0 when open. */
  readonly setpoint: number;
  /** Bounds of the current under a voltage; without them it has none. */
  readonly leastA?: number;
  readonly mostA?: number;
}

/** A contact that went for a moment under a held voltage. */
export interface LostContact {
  readonly fromMs: number;
  /** Infinity while it lasts. */
  readonly toMs: number;
  /** What flowed as it went, either way. */
  readonly beforeA: number;
}

export interface ObservedCellPlant extends CellPlant, ChannelDrive {
  impedanceOhm(frequencyHz: number): { readonly re: number; readonly im: number };
  /** The cell behind the seam, for the world's truth. */
  readonly cell: Cell;
  /** Net charge that the channel has passed since the start, charging positive: of a cell in order, the cell's own. */
  readonly chargeC: number;
  /** When something last changed faster than an instrument can follow; left out by cells in order. */
  readonly jumpedMs?: number;
  /** When a contact went under a held voltage, and what it kept from flowing at most; left out by cells in order. */
  readonly lostContacts?: readonly LostContact[];
}

export interface CellPlantOptions {
  /** What the cell can give or take at most when a voltage is forced on it. */
  readonly currentLimitA?: number;
  /** Default: no inductance, an ideal double layer. */
  readonly sine?: SineTraits;
}

export type SineTraits = Pick<ImpedanceOptions, "inductanceH" | "phaseExponent">;

export const IDEAL_SINE: SineTraits = { inductanceH: 0, phaseExponent: 1 };

/** Of the cell about its mean state, as if it were at rest. */
export function cellImpedanceOhm(
  cell: Cell,
  sine: SineTraits,
  frequencyHz: number,
): { readonly re: number; readonly im: number } {
  const rest = { negative: cell.state.negativeMean, positive: cell.state.positiveMean };
  return impedanceOhm(cell.parameters, rest, { ...sine, seriesOhm: cell.seriesOhm() }, frequencyHz);
}

const SHORTEST_HELD_STEP_S = 0.05;
const HELD_STEP_GROWTH = 0.2;
const LONGEST_HELD_STEP_S = 10;

export function createCellPlant(cell: Cell, startMs: number, options: CellPlantOptions = {}): ObservedCellPlant {
  return new HealthyPlant(cell, startMs, options);
}

/** A class, so that of 96 of them none brings functions of its own to the processor's cache. */
class HealthyPlant implements ObservedCellPlant {
  readonly cell: Cell;
  mode: ChannelDrive["mode"] = "open";
  setpoint = 0;
  voltageV: number;
  currentA: number;
  private atMs: number;
  /** Bounds of the current under a voltage. */
  leastA = -Infinity;
  mostA = Infinity;
  private switchedMs: number;
  private readonly currentLimitA: number;
  private readonly sine: SineTraits;

  constructor(cell: Cell, startMs: number, options: CellPlantOptions) {
    this.cell = cell;
    this.voltageV = this.cell.voltageV();
    this.currentA = this.cell.currentA();
    this.atMs = startMs;
    this.switchedMs = startMs;
    this.currentLimitA = options.currentLimitA ?? 0.25;
    this.sine = options.sine ?? IDEAL_SINE;
  }

  get chargeC(): number {
    return this.cell.state.chargeC;
  }

  private advance(atMs: number): void {
    if (!(atMs > this.atMs)) return;
    if (this.mode === "voltage") this.holdVoltage(atMs);
    else this.cell.advance((atMs - this.atMs) / 1000, this.setpoint);
    this.atMs = atMs;
  }

  /** Implicit steps, short after the switch where the current falls fast, longer as it settles. */
  private holdVoltage(atMs: number): void {
    let remainingS = (atMs - this.atMs) / 1000;
    let sinceS = (this.atMs - this.switchedMs) / 1000;
    const limitA = Math.min(this.mostA, this.currentLimitA);
    const dischargeLimitA = Math.min(-this.leastA, this.currentLimitA);
    while (remainingS > 0) {
      const wantedS = Math.min(LONGEST_HELD_STEP_S, Math.max(SHORTEST_HELD_STEP_S, HELD_STEP_GROWTH * sinceS));
      const stepS = wantedS * 1.5 >= remainingS ? remainingS : wantedS;
      this.cell.advanceAtVoltage(stepS, this.setpoint, limitA, dischargeLimitA);
      remainingS -= stepS;
      sinceS += stepS;
    }
  }

  /** What the seam shows after everything that was done to the cell. */
  private show(): void {
    this.voltageV = this.cell.voltageV();
    this.currentA = this.cell.currentA();
  }

  private set(atMs: number, mode: "open" | "current", currentA: number): void {
    this.advance(atMs);
    this.mode = mode;
    this.setpoint = currentA;
    this.cell.setCurrent(currentA);
    this.show();
  }

  disconnect(atMs: number): void {
    this.set(atMs, "open", 0);
  }

  applyCurrent(atMs: number, currentA: number): void {
    this.set(atMs, "current", currentA);
  }

  applyVoltage(atMs: number, voltageV: number): void {
    this.applyVoltageWithin(atMs, voltageV, -Infinity, Infinity);
  }

  applyVoltageWithin(atMs: number, voltageV: number, leastA: number, mostA: number): void {
    this.advance(atMs);
    const isHeld = this.mode === "voltage" && this.setpoint === voltageV;
    // Asking again for the voltage that is held is no new switch.
    if (!isHeld || this.leastA !== leastA || this.mostA !== mostA) {
      this.mode = "voltage";
      this.setpoint = voltageV;
      this.leastA = leastA;
      this.mostA = mostA;
      this.switchedMs = this.atMs;
      this.cell.setVoltage(voltageV, Math.min(mostA, this.currentLimitA), Math.min(-leastA, this.currentLimitA));
    }
    this.show();
  }

  read(atMs: number): void {
    this.advance(atMs);
    this.show();
  }

  impedanceOhm(frequencyHz: number): { readonly re: number; readonly im: number } {
    return cellImpedanceOhm(this.cell, this.sine, frequencyHz);
  }
}
