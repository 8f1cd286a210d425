/**
 * One cell through a protocol, on a channel without flaws: every end of a step is located exactly, whatever the
 * interval of reporting. Steps in between are short after each switch and grow; at constant current they are exact
 * anyway and serve to see a crossing, at constant voltage they follow the taper.
 */
import { unreachable } from "../../protocols/base/assert.ts";
import { stepCurrentA, taperCurrentA } from "../../protocols/echem/channel-step.ts";
import { expandProtocol } from "../../protocols/echem/cursor.ts";
import type { Protocol, TechniqueStep } from "../../protocols/echem/protocol.ts";
import type { Cell } from "./cell.ts";
import { cellHeatW, type ThermalParameters, temperatureAfterC } from "./thermal-balance.ts";

export interface RunChannel {
  /** Beyond these a step at constant current ends by its limit. */
  readonly voltageMinV: number;
  readonly voltageMaxV: number;
  /** Largest current, charging (positive) and discharging (negative). */
  readonly currentMaxA: number;
  readonly currentMinA: number;
}

export interface RunOptions {
  readonly nominalCapacityMah: number;
  /** Either every so many seconds from each step's start, or at these times from the start of all (rising). */
  readonly sampleS: number;
  readonly sampleTimesS: readonly number[] | undefined;
  readonly thermal: ThermalParameters | undefined;
  readonly channel: RunChannel;
  /** Internal steps this many times as long: above 1 for long ageing, where a tenth of a per cent does not matter. */
  readonly pace?: number;
}

export interface RunSample {
  readonly timeS: number;
  readonly currentA: number;
  readonly voltageV: number;
  readonly chargeC: number;
  readonly temperatureC: number;
  /** Number of the step as given, counted from 1. */
  readonly step: number;
  readonly negativeMean: number;
  readonly negativeSurface: number;
  readonly positiveMean: number;
  readonly positiveSurface: number;
}

export type EndedBy = "voltage" | "current" | "time" | "limit";

export interface StepRun {
  readonly index: number;
  readonly startS: number;
  readonly endS: number;
  readonly endedBy: EndedBy;
  /** Net charge of the step, charging positive. */
  readonly chargeC: number;
}

type Drive =
  | { readonly kind: "current"; readonly currentA: number; readonly untilV: number | null }
  | { readonly kind: "voltage"; readonly voltageV: number; readonly untilA: number | null };

interface Crossing {
  readonly atS: number;
  readonly endedBy: EndedBy;
}

/** No step goes on for longer than this; it counts as a limit. */
const STEP_MAX_S = 366 * 86_400;
const SAME_TIME_S = 1e-9;
const FIRST_STEP_S = { current: 0.01, voltage: 1e-3 } as const;
/** Part of the time since the switch that the next step may take. */
const GROWTH = { current: 0.15, voltage: 0.02 } as const;
const LONGEST_S = { current: 600, voltage: 5, thermal: 2 } as const;
/** Part of a full charge that one step at constant current may pass. */
const CHARGE_PER_STEP = 0.004;

/** Runs the protocol to its end; `onSample` is called in order of time. Impedance and scans are not run here. */
export function runProtocol(
  cell: Cell,
  protocol: Protocol,
  options: RunOptions,
  onSample: (sample: RunSample) => void,
): readonly StepRun[] {
  const { thermal, channel, sampleTimesS } = options;
  const { state } = cell;
  const pace = options.pace ?? 1;
  const run = { startS: 0, temperatureC: state.temperatureC, nextTime: 0, hasBegun: false };
  const steps: StepRun[] = [];

  function report(timeS: number, step: number): void {
    onSample({
      timeS,
      step,
      currentA: state.currentA,
      voltageV: state.voltageV,
      chargeC: state.chargeC,
      temperatureC: run.temperatureC,
      negativeMean: state.negativeMean,
      negativeSurface: state.negativeSurface,
      positiveMean: state.positiveMean,
      positiveSurface: state.positiveSurface,
    });
  }

  /** The next time to report, from the step's start; `passed` is the one just reported. */
  function nextSampleS(sinceS: number): number {
    if (sampleTimesS === undefined) return (Math.floor(sinceS / options.sampleS + 1e-9) + 1) * options.sampleS;
    while ((sampleTimesS[run.nextTime] ?? Infinity) <= run.startS + sinceS + SAME_TIME_S) run.nextTime += 1;
    return (sampleTimesS[run.nextTime] ?? Infinity) - run.startS;
  }

  function apply(drive: Drive): void {
    if (drive.kind === "current") cell.setCurrent(drive.currentA);
    else cell.setVoltage(drive.voltageV, currentLimitA(drive));
  }

  function currentLimitA(drive: { readonly voltageV: number }): number {
    return drive.voltageV >= cell.openCircuitV() ? channel.currentMaxA : -channel.currentMinA;
  }

  function longestS(drive: Drive, sinceS: number): number {
    const grown = Math.max(FIRST_STEP_S[drive.kind], GROWTH[drive.kind] * sinceS);
    const bound = pace * Math.min(grown, LONGEST_S[drive.kind], thermal === undefined ? Infinity : LONGEST_S.thermal);
    if (drive.kind === "voltage" || drive.currentA === 0) return bound;
    return Math.min(bound, (pace * CHARGE_PER_STEP * options.nominalCapacityMah * 3.6) / Math.abs(drive.currentA));
  }

  function crossing(drive: Drive, dtS: number): Crossing | undefined {
    if (drive.kind === "voltage") {
      if (Math.abs(state.currentA) >= currentLimitA(drive)) return { atS: 0, endedBy: "limit" };
      if (drive.untilA === null) return undefined;
      const atS = cell.timeToCurrent(dtS, drive.voltageV, currentLimitA(drive), drive.untilA);
      return atS === undefined ? undefined : { atS, endedBy: "current" };
    }
    const { currentA, untilV } = drive;
    if (currentA === 0) return undefined;
    const voltageAtS = untilV === null ? undefined : cell.timeToVoltage(dtS, currentA, untilV);
    if (currentA > channel.currentMaxA || currentA < channel.currentMinA) return { atS: 0, endedBy: "limit" };
    const limitV = currentA > 0 ? channel.voltageMaxV : channel.voltageMinV;
    const limitAtS = Math.min(
      cell.timeToVoltage(dtS, currentA, limitV) ?? Infinity,
      cell.timeToDepletion(dtS, currentA) ?? Infinity,
    );
    if (voltageAtS !== undefined && voltageAtS <= limitAtS) return { atS: voltageAtS, endedBy: "voltage" };
    return limitAtS === Infinity ? undefined : { atS: limitAtS, endedBy: "limit" };
  }

  function advance(drive: Drive, dtS: number): void {
    if (dtS > 0) {
      if (drive.kind === "current") cell.advance(dtS, drive.currentA);
      else cell.advanceAtVoltage(dtS, drive.voltageV, currentLimitA(drive));
      if (thermal !== undefined) {
        run.temperatureC = temperatureAfterC(thermal, run.temperatureC, cellHeatW(cell), dtS);
      }
    }
  }

  function isDepleted(): boolean {
    const { negativeSurface, positiveSurface } = state;
    return negativeSurface < 0 || negativeSurface > 1 || positiveSurface < 0 || positiveSurface > 1;
  }

  /** Seconds the step took, and why it ended. */
  function runStep(drive: Drive, endS: number, step: number): Crossing {
    apply(drive);
    if (!run.hasBegun) {
      run.hasBegun = true;
      if (sampleTimesS === undefined || sampleTimesS[0] === 0) report(0, step);
    }
    let sinceS = 0;
    for (;;) {
      if (thermal !== undefined) cell.setTemperature(run.temperatureC);
      const sampleS = nextSampleS(sinceS);
      const targetS = reached(sinceS + longestS(drive, sinceS), endS, sampleS);
      const crossed = crossing(drive, targetS - sinceS);
      advance(drive, crossed?.atS ?? targetS - sinceS);
      if (crossed !== undefined) return { atS: sinceS + crossed.atS, endedBy: crossed.endedBy };
      sinceS = targetS;
      if (drive.kind === "voltage" && isDepleted()) return { atS: sinceS, endedBy: "limit" };
      if (sinceS >= endS) return { atS: endS, endedBy: endS >= STEP_MAX_S ? "limit" : "time" };
      if (sinceS === sampleS) report(sampleTimesS?.[run.nextTime] ?? run.startS + sinceS, step);
    }
  }

  for (const { cursor, step } of expandProtocol(protocol)) {
    const { drive, endS } = driveOf(step, options.nominalCapacityMah);
    const index = cursor.stepIndex + 1;
    const { startS } = run;
    const startC = state.chargeC;
    const { atS, endedBy } = runStep(drive, Math.min(endS, STEP_MAX_S), index);
    run.startS = startS + atS;
    report(run.startS, index);
    steps.push({ index, startS, endS: run.startS, endedBy, chargeC: state.chargeC - startC });
  }
  return steps;
}

/** The earliest of the three; a step that ends a hair before a time to report, or before the end, goes up to it. */
function reached(grownS: number, endS: number, sampleS: number): number {
  if (Math.min(endS, sampleS) > grownS + 2 * SAME_TIME_S) return grownS;
  return endS <= sampleS + 2 * SAME_TIME_S ? endS : sampleS;
}

function driveOf(step: TechniqueStep, nominalCapacityMah: number): { readonly drive: Drive; readonly endS: number } {
  switch (step.kind) {
    case "open-circuit-voltage":
      return { drive: { kind: "current", currentA: 0, untilV: null }, endS: step.untilTimeS };
    case "constant-current": {
      const currentA = stepCurrentA(step, nominalCapacityMah);
      return { drive: { kind: "current", currentA, untilV: step.untilVoltageV }, endS: step.untilTimeS ?? Infinity };
    }
    case "constant-voltage": {
      const untilA = taperCurrentA(step, nominalCapacityMah);
      return { drive: { kind: "voltage", voltageV: step.voltageV, untilA }, endS: step.untilTimeS ?? Infinity };
    }
    case "impedance-spectroscopy":
    case "voltage-scan":
      throw new RangeError(`${step.kind} is not run here`);
    default:
      return unreachable(step);
  }
}
