/** A cell on its channel: the seam through which a simulated potentiostat acts on it, in virtual milliseconds. */
import type { Writable } from "../../protocols/base/writable.ts";
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

export interface ObservedCellPlant extends CellPlant, ChannelDrive {
  impedanceOhm(frequencyHz: number): { readonly re: number; readonly im: number };
  /** The cell behind the seam, for the world's truth. */
  readonly cell: Cell;
  /** When something last changed faster than an instrument can follow; left out by cells in order. */
  readonly jumpedMs?: number;
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
  const currentLimitA = options.currentLimitA ?? 0.25;
  const sine = options.sine ?? IDEAL_SINE;
  const state = cell.state;
  const seam = {
    atMs: startMs,
    mode: "open" as ChannelDrive["mode"],
    setpoint: 0,
    /** Bounds of the current under a voltage. */
    leastA: -Infinity,
    mostA: Infinity,
    switchedMs: startMs,
  };

  function advance(atMs: number): void {
    if (!(atMs > seam.atMs)) return;
    if (seam.mode === "voltage") holdVoltage(atMs);
    else cell.advance((atMs - seam.atMs) / 1000, seam.setpoint);
    seam.atMs = atMs;
  }

  /** Implicit steps, short after the switch where the current falls fast, longer as it settles. */
  function holdVoltage(atMs: number): void {
    let remainingS = (atMs - seam.atMs) / 1000;
    let sinceS = (seam.atMs - seam.switchedMs) / 1000;
    const limitA = Math.min(seam.mostA, currentLimitA);
    const dischargeLimitA = Math.min(-seam.leastA, currentLimitA);
    while (remainingS > 0) {
      const wantedS = Math.min(LONGEST_HELD_STEP_S, Math.max(SHORTEST_HELD_STEP_S, HELD_STEP_GROWTH * sinceS));
      const stepS = wantedS * 1.5 >= remainingS ? remainingS : wantedS;
      cell.advanceAtVoltage(stepS, seam.setpoint, limitA, dischargeLimitA);
      remainingS -= stepS;
      sinceS += stepS;
    }
  }

  function setCurrent(atMs: number, mode: "open" | "current", currentA: number): void {
    advance(atMs);
    seam.mode = mode;
    seam.setpoint = currentA;
    cell.setCurrent(currentA);
    show();
  }

  function setVoltage(atMs: number, voltageV: number, leastA: number, mostA: number): void {
    advance(atMs);
    const isHeld = seam.mode === "voltage" && seam.setpoint === voltageV;
    // Asking again for the voltage that is held is no new switch.
    if (!isHeld || seam.leastA !== leastA || seam.mostA !== mostA) {
      seam.mode = "voltage";
      seam.setpoint = voltageV;
      seam.leastA = plant.leastA = leastA;
      seam.mostA = plant.mostA = mostA;
      seam.switchedMs = seam.atMs;
      cell.setVoltage(voltageV, Math.min(mostA, currentLimitA), Math.min(-leastA, currentLimitA));
    }
    show();
  }

  /** What the seam shows after everything that was done to the cell. */
  function show(): void {
    plant.mode = seam.mode;
    plant.setpoint = seam.setpoint;
    plant.voltageV = state.voltageV;
    plant.currentA = state.currentA;
  }

  const plant: Writable<ObservedCellPlant> = {
    cell,
    leastA: seam.leastA,
    mostA: seam.mostA,
    mode: seam.mode,
    setpoint: seam.setpoint,
    voltageV: state.voltageV,
    currentA: state.currentA,
    disconnect(atMs) {
      setCurrent(atMs, "open", 0);
    },
    applyCurrent(atMs, currentA) {
      setCurrent(atMs, "current", currentA);
    },
    applyVoltage(atMs, voltageV) {
      setVoltage(atMs, voltageV, -Infinity, Infinity);
    },
    applyVoltageWithin: setVoltage,
    read(atMs) {
      advance(atMs);
      show();
    },
    impedanceOhm: (frequencyHz) => cellImpedanceOhm(cell, sine, frequencyHz),
  };
  return plant;
}
