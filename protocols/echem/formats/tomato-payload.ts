/**
 * A protocol as a payload of tomato 0.2 for an MPG2 cycler, as upstream writes it. The file knows no safety limits, no
 * impedance and no scan, and a hold in it ends by a rate or by time only.
 */
import { TECHNIQUE_NAMES } from "../channel-step.ts";
import type { Protocol, ProtocolStep } from "../protocol.ts";
import { decimalText, loopStarts, needsCapacity } from "./written-step.ts";

/** What upstream sets for every step: the instrument's own choice has no name in the protocol. */
export const TOMATO_CURRENT_RANGE = "10 mA";
export const TOMATO_VOLTAGE_RANGE = "+-5.0 V";
export const TOMATO_DEVICE = "MPG2";
const OUTPUT_FOLDER = "C:/tomato_data";
const NO_NAME = "$NAME";

export type TomatoStep = Readonly<Record<string, string | number>>;

export interface TomatoPayload {
  readonly version: "0.1";
  readonly sample: { readonly name: string; readonly capacity_mAh: number | null };
  readonly method: readonly TomatoStep[];
  readonly tomato: {
    readonly unlock_when_done: boolean;
    readonly verbosity: string;
    readonly output: { readonly path: string; readonly prefix: string };
  };
}

export type WrittenTomato =
  | { readonly ok: true; readonly payload: TomatoPayload }
  | { readonly ok: false; readonly reason: string };

/** Refused: no sample name, a rate without a capacity, and techniques the payload has no form for. */
export function tomatoPayload(protocol: Protocol): WrittenTomato {
  const { sampleName: name, sampleCapacityMah } = protocol;
  if (name === "" || name === NO_NAME) return { ok: false, reason: "the protocol names no sample; give a name" };
  if (sampleCapacityMah === null && protocol.steps.some(needsCapacity)) {
    return { ok: false, reason: "a rate needs the sample's capacity" };
  }
  const starts = loopStarts(protocol);
  const method: TomatoStep[] = [];
  for (const step of protocol.steps) {
    if (step.kind === "tag") continue;
    const written = tomatoStep(step, protocol, starts);
    if (written === undefined) {
      return { ok: false, reason: `step ${method.length + 1}: tomato 0.2 has no ${techniqueName(step)}` };
    }
    method.push(written);
  }
  return {
    ok: true,
    payload: {
      version: "0.1",
      sample: { name, capacity_mAh: sampleCapacityMah },
      method,
      tomato: { unlock_when_done: true, verbosity: "DEBUG", output: { path: OUTPUT_FOLDER, prefix: name } },
    },
  };
}

function techniqueName(step: ProtocolStep): string {
  return step.kind === "tag" || step.kind === "loop" ? step.kind : TECHNIQUE_NAMES[step.kind];
}

function tomatoStep(step: ProtocolStep, { record }: Protocol, starts: readonly number[]): TomatoStep | undefined {
  const device = { device: TOMATO_DEVICE, technique: techniqueName(step) };
  const common = {
    ...device,
    measure_every_dt: record.timeS,
    ...(record.currentMa === null ? {} : { measure_every_dI: record.currentMa }),
    ...(record.voltageV === null ? {} : { measure_every_dE: record.voltageV }),
    I_range: TOMATO_CURRENT_RANGE,
    E_range: TOMATO_VOLTAGE_RANGE,
  };
  const time = (timeS: number | null): TomatoStep => (timeS === null ? {} : { time: timeS });
  switch (step.kind) {
    case "open-circuit-voltage":
      return { ...common, time: step.untilTimeS };
    case "constant-current": {
      const { rateC, currentMa, untilVoltageV } = step;
      const isCharge = (rateC ?? currentMa ?? 0) > 0;
      return {
        ...common,
        current: rateC === null ? (currentMa ?? 0) / 1000 : rateText(rateC),
        ...time(step.untilTimeS),
        ...(untilVoltageV === null ? {} : { [isCharge ? "limit_voltage_max" : "limit_voltage_min"]: untilVoltageV }),
      };
    }
    case "constant-voltage": {
      const { untilRateC } = step;
      return {
        ...common,
        voltage: step.voltageV,
        ...time(step.untilTimeS),
        ...(untilRateC === null
          ? {}
          : { [untilRateC > 0 ? "limit_current_min" : "limit_current_max"]: rateText(untilRateC) }),
      };
    }
    case "loop":
      return { ...device, goto: starts[step.targetIndex] ?? 0, n_gotos: step.cycleCount - 1 };
    case "impedance-spectroscopy":
    case "voltage-scan":
    case "tag":
      return undefined;
  }
}

function rateText(rateC: number): string {
  return `${decimalText(Math.abs(rateC))}${rateC > 0 ? "C" : "D"}`;
}
