/**
 * A cell with something wrong on its channel. A short lies across its terminals, so that the cell itself passes less
 * than the channel gives; resistance lies in series; what is burnt warms the cell in its holder, and warmth or a leak
 * lets vapour out, which the rack's sensor can smell.
 */
import type { Writable } from "../../protocols/base/writable.ts";
import type { Felt } from "../plant/felt.ts";
import type { Chance } from "../plant/plant.ts";
import type { CellFault } from "./cell-fault.ts";
import {
  cellImpedanceOhm,
  IDEAL_SINE,
  type ChannelDrive,
  type ObservedCellPlant,
  type LostContact,
  type SineTraits,
} from "./cell-plant.ts";
import type { Cell } from "./cell.ts";
import { inverse, plus } from "./complex.ts";
import { fallingRoot } from "./falling-root.ts";
import { cellHeatW, temperatureAfterC, type ThermalParameters } from "./thermal-balance.ts";

export interface FaultyCellPlant extends ObservedCellPlant {
  /** Something more goes wrong, now; `atMs` is not before the last call. */
  begin(atMs: number, fault: CellFault, felt?: Felt): void;
  readonly faults: readonly CellFault[];
  readonly temperatureC: number;
  /** Vapour and gas let out so far, millilitre at ambient. */
  readonly gasMl: number;
  readonly hasVented: boolean;
}

export interface FaultyCellOptions {
  /** Wrong from the start. */
  readonly faults?: readonly CellFault[];
  readonly thermal: ThermalParameters;
  /** The cell's own stream. */
  readonly chance: Chance;
  readonly currentLimitA?: number;
  readonly sine?: SineTraits;
  /** What a channel was doing to the cell when it fell ill; nothing by default. */
  readonly drive?: ChannelDrive;
}

/** A fault as it stands with one cell. */
interface Ailment {
  readonly fault: CellFault;
  readonly felt: Felt | undefined;
  /** Since it began. */
  ageS: number;
  /** Of one that comes and goes. */
  isOn: boolean;
  /** Of a contact that went under a held voltage. */
  lostContact: Writable<LostContact> | null;
  /** Until it comes or goes next. */
  untilS: number;
}

const FIRST_STEP_S = 0.02;
const GROWTH = 0.2;
const LONGEST_STEP_S = 2;
/** Where a channel ends up that finds no cell. */
const COMPLIANCE_V = 10;
/** What is measured where no current flows. */
const OPEN_OHM = 1e9;
const GASSING_FROM_C = 60;
/** Gas per second just above that temperature, doubled every ten kelvin (placeholder). */
const GASSING_ML_S = 1e-5;
const LEAK_ML = 3;
/** What the electrodes of a coin cell hold when they decompose, and the gas that makes (`models.json`, abuse). */
const DECOMPOSITION_J = 45;
const DECOMPOSITION_ML = 4;
const VENT_AT_C = 125;
const VENT_ML = 5;
const VENT_OHM = 5;
/** Warmer than this the cell is dead and its model means nothing. */
const HOTTEST_C = 150;

export function createFaultyCellPlant(cell: Cell, startMs: number, options: FaultyCellOptions): FaultyCellPlant {
  const { thermal, chance, drive } = options;
  const currentLimitA = options.currentLimitA ?? 0.25;
  const ailments: Ailment[] = [];
  const seam = {
    mode: drive?.mode ?? "open",
    setpoint: drive?.setpoint ?? 0,
    /** Bounds of the channel's current under a held voltage, and where it stands at one of them; NaN inside. */
    leastA: drive?.leastA ?? -Infinity,
    mostA: drive?.mostA ?? Infinity,
    boundA: NaN,
    atMs: startMs,
    sinceS: 0,
  };
  const wiring = { isOpen: false, sign: 1 };
  const guess = { ohm: 25 };
  const plant = {
    cell,
    voltageV: 0,
    currentA: 0,
    chargeC: cell.state.chargeC,
    temperatureC: cell.state.temperatureC,
    gasMl: 0,
    hasVented: false,
    jumpedMs: startMs,
    lostContacts: [] as LostContact[],
    get faults() {
      return ailments.map(({ fault }) => fault);
    },
    get mode() {
      return seam.mode;
    },
    get setpoint() {
      return seam.setpoint;
    },
    begin(atMs: number, fault: CellFault, felt?: Felt) {
      read(atMs);
      add(fault, felt);
      plant.jumpedMs = atMs;
      seam.sinceS = 0;
      settle();
    },
    disconnect(atMs: number) {
      set(atMs, "open", 0);
    },
    applyCurrent(atMs: number, currentA: number) {
      set(atMs, "current", wiring.sign * currentA);
    },
    applyVoltage(atMs: number, voltageV: number) {
      plant.applyVoltageWithin(atMs, voltageV, -Infinity, Infinity);
    },
    applyVoltageWithin(atMs: number, voltageV: number, leastA: number, mostA: number) {
      const wantedV = wiring.sign * voltageV;
      const [lowA, highA] = wiring.sign > 0 ? [leastA, mostA] : [-mostA, -leastA];
      const isHeld = seam.mode === "voltage" && seam.setpoint === wantedV;
      read(atMs);
      if (isHeld && seam.leastA === lowA && seam.mostA === highA) return;
      seam.leastA = lowA;
      seam.mostA = highA;
      set(atMs, "voltage", wantedV);
    },
    read,
    /** The series resistance of what is wrong stands in the cell's own; a short lies beside it. */
    impedanceOhm(frequencyHz: number) {
      if (wiring.isOpen) return { re: OPEN_OHM, im: 0 };
      const own = cellImpedanceOhm(cell, options.sine ?? IDEAL_SINE, frequencyHz);
      const ohm = shortOhm();
      return ohm === Infinity ? own : inverse(plus(inverse(own), { re: 1 / ohm, im: 0 }));
    },
  };

  function waiting(meanS: number): number {
    return -meanS * Math.log(1 - chance.uniform());
  }

  function add(fault: CellFault, felt?: Felt): void {
    const untilS = "meanOffS" in fault ? waiting(fault.meanOffS) : Infinity;
    ailments.push({ fault, felt, ageS: 0, isOn: false, lostContact: null, untilS });
    // What comes and goes is there once it has come.
    if (untilS === Infinity) felt?.();
    if (fault.kind === "open-circuit") wiring.isOpen = true;
    if (fault.kind === "reversed") wiring.sign = -1;
  }

  function shortOhm(): number {
    let siemens = 0;
    for (const { fault, ageS, isOn } of ailments) {
      if (fault.kind === "internal-short" || (fault.kind === "dendrite" && isOn)) siemens += 1 / fault.ohm;
      if (fault.kind === "overheating") siemens += -Math.expm1(-ageS / fault.growthS) / fault.ohm;
    }
    return 1 / siemens;
  }

  function seriesOhm(): number {
    let ohm = plant.hasVented ? VENT_OHM : 0;
    for (const { fault, ageS, isOn } of ailments) {
      if (fault.kind === "high-resistance" || (fault.kind === "intermittent-contact" && isOn)) ohm += fault.ohm;
      if (fault.kind === "leaking") ohm += cell.parameters.contactOhm * Math.expm1(Math.min(12, ageS / fault.dryingS));
    }
    return ohm;
  }

  /** The charge current of the cell itself that goes with the channel's setting at this instant. */
  function settle(): void {
    cell.setSeriesOhm(seriesOhm());
    const ohm = shortOhm();
    seam.boundA = NaN;
    if (wiring.isOpen) cell.setCurrent(0);
    else if (seam.mode === "voltage") holdVoltage(ohm);
    else give(seam.setpoint, ohm);
    publish(ohm);
  }

  function holdVoltage(ohm: number): void {
    cell.setVoltage(seam.setpoint, currentLimitA);
    const { currentA, voltageV } = cell.state;
    const throughChannelA = currentA + voltageV / ohm;
    const boundedA = Math.min(seam.mostA, Math.max(seam.leastA, throughChannelA));
    if (boundedA === throughChannelA) return;
    seam.boundA = boundedA;
    give(boundedA, ohm);
  }

  function give(throughChannelA: number, ohm: number): void {
    cell.setCurrent(ohm === Infinity ? throughChannelA : -dischargeBesideShort(ohm, throughChannelA));
  }

  /** V(d) = R x (what the channel gives + d), d being the discharge of the cell. */
  function dischargeBesideShort(ohm: number, throughChannelA: number): number {
    const voltageOf = (dischargeA: number): number => {
      cell.setCurrent(-dischargeA);
      return cell.state.voltageV - ohm * (throughChannelA + dischargeA);
    };
    return fallingRoot(voltageOf, 0, -cell.state.currentA, guess, currentLimitA + Math.abs(throughChannelA));
  }

  function publish(ohm: number): void {
    const { state } = cell;
    if (wiring.isOpen) {
      plant.currentA = 0;
      plant.voltageV = terminalsOpenV();
      return;
    }
    const heldA = Number.isNaN(seam.boundA) ? state.currentA + state.voltageV / ohm : seam.boundA;
    const throughChannelA = seam.mode === "voltage" ? heldA : seam.setpoint;
    plant.voltageV = wiring.sign * state.voltageV;
    plant.currentA = wiring.sign * throughChannelA;
  }

  function terminalsOpenV(): number {
    if (seam.mode === "voltage") return wiring.sign * seam.setpoint;
    return seam.mode === "current" ? wiring.sign * Math.sign(seam.setpoint) * COMPLIANCE_V : 0;
  }

  /** What the channel passes in a step in which the cell itself takes `takenC`: a short takes its own beside it. */
  function passedC(dtS: number, takenC: number, ohm: number): number {
    if (wiring.isOpen) return 0;
    if (seam.mode !== "voltage") return wiring.sign * seam.setpoint * dtS;
    return wiring.sign * (Number.isNaN(seam.boundA) ? takenC + (seam.setpoint / ohm) * dtS : seam.boundA * dtS);
  }

  function endLostContact(ailment: Ailment): void {
    if (ailment.lostContact !== null) ailment.lostContact.toMs = seam.atMs;
    ailment.lostContact = null;
  }

  function noteLostContact(ailment: Ailment): void {
    endLostContact(ailment);
    if (!ailment.isOn || ailment.fault.kind !== "intermittent-contact" || seam.mode !== "voltage") return;
    ailment.lostContact = { fromMs: seam.atMs, toMs: Infinity, beforeA: Math.abs(plant.currentA) };
    plant.lostContacts.push(ailment.lostContact);
  }

  function step(dtS: number): void {
    const ohm = shortOhm();
    const isHolding = seam.mode === "voltage" && Number.isNaN(seam.boundA);
    const beforeC = cell.state.chargeC;
    if (isHolding && !wiring.isOpen) cell.advanceAtVoltage(dtS, seam.setpoint, currentLimitA);
    else cell.advance(dtS, cell.state.currentA);
    plant.chargeC += passedC(dtS, cell.state.chargeC - beforeC, ohm);
    const burntW = ohm === Infinity ? 0 : cell.state.voltageV ** 2 / ohm;
    const heatW = cellHeatW(cell) + burntW + decomposition() * DECOMPOSITION_J;
    const warmerC = temperatureAfterC(thermal, plant.temperatureC, heatW, dtS);
    plant.temperatureC = Math.min(HOTTEST_C, warmerC);
    cell.setTemperature(plant.temperatureC);
    letOut(dtS);
    seam.atMs += dtS * 1000;
    seam.sinceS += dtS;
    for (const ailment of ailments) {
      const { fault } = ailment;
      ailment.ageS += dtS;
      ailment.untilS -= dtS;
      if (ailment.untilS > 0 || !("meanOffS" in fault)) continue;
      ailment.isOn = !ailment.isOn;
      noteLostContact(ailment);
      ailment.felt?.();
      ailment.untilS = waiting(ailment.isOn ? fault.meanOnS : fault.meanOffS);
      plant.jumpedMs = seam.atMs;
      seam.sinceS = 0;
    }
    settle();
  }

  /** Part of the whole per second. */
  function decomposition(): number {
    let rate = 0;
    for (const { fault, ageS } of ailments) {
      if (fault.kind === "overheating") rate += Math.exp(-ageS / fault.growthS) / fault.growthS;
    }
    return rate;
  }

  function letOut(dtS: number): void {
    plant.gasMl += decomposition() * DECOMPOSITION_ML * dtS;
    if (plant.temperatureC > GASSING_FROM_C) {
      plant.gasMl += GASSING_ML_S * 2 ** ((plant.temperatureC - GASSING_FROM_C) / 10) * dtS;
    }
    for (const { fault, ageS } of ailments) {
      if (fault.kind === "leaking") plant.gasMl += (LEAK_ML / fault.dryingS) * Math.exp(-ageS / fault.dryingS) * dtS;
    }
    if (!plant.hasVented && plant.temperatureC > VENT_AT_C) {
      plant.hasVented = true;
      plant.gasMl += VENT_ML;
    }
  }

  function read(atMs: number): void {
    let remainingS = (atMs - seam.atMs) / 1000;
    if (!(remainingS > 0)) return;
    while (remainingS > 0) {
      const soonestS = ailments.reduce((soonest, { untilS }) => Math.min(soonest, Math.max(1e-3, untilS)), Infinity);
      const wantedS = Math.min(LONGEST_STEP_S, Math.max(FIRST_STEP_S, GROWTH * seam.sinceS), soonestS);
      const stepS = wantedS >= remainingS ? remainingS : wantedS;
      step(stepS);
      remainingS -= stepS;
    }
    seam.atMs = atMs;
  }

  function set(atMs: number, mode: "open" | "current" | "voltage", setpoint: number): void {
    read(atMs);
    ailments.forEach(endLostContact);
    seam.mode = mode;
    seam.setpoint = setpoint;
    seam.sinceS = 0;
    plant.jumpedMs = atMs;
    settle();
  }

  for (const fault of options.faults ?? []) add(fault);
  settle();
  return plant;
}
