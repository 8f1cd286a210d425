/** What `protocol convert --to methodscript` is told: the instrument, and the limits that go into the script. */
import { Fault } from "../../protocols/base/fault.ts";
import { CHEMISTRIES, CHEMISTRY_IDS, isChemistryId } from "../../protocols/campaign/chemistry.ts";
import { stepCurrentA } from "../../protocols/echem/channel-step.ts";
import type { Protocol } from "../../protocols/echem/protocol.ts";
import { wordAdvice } from "../../protocols/input/suggest.ts";
import type { CellLimits } from "../../protocols/roles/channel.ts";
import { deviceModel, type DeviceModel } from "../../protocols/wire/methodscript/device-models.ts";

/** Names of `--model`, and the type codes by which the instruments call themselves. */
const MODELS = { mes4hr: "mes4hr", es4hr: "es4_hr", nexus: "nexus1" } as const;

/** Throws Fault `command.usage`. */
export function deviceOf(model: string): DeviceModel {
  const typeCode = Object.hasOwn(MODELS, model) ? MODELS[model as keyof typeof MODELS] : undefined;
  const device = typeCode === undefined ? undefined : deviceModel(typeCode);
  if (device === undefined)
    throw new Fault(
      "command.usage",
      "--model",
      `${model} is no model; ${wordAdvice(model, Object.keys(MODELS), "Models here")}`,
    );
  return device;
}

/** A window per quantity; what is not given stays open. */
interface Windows {
  readonly voltageV?: readonly [number, number];
  readonly currentMa?: readonly [number, number];
}

const WINDOW = /^([+-]?[\d.]+)\.\.([+-]?[\d.]+)\s*(V|mA)$/;

/**
 * The tightest of the protocol's own safety block, the chemistry's hard window and the limits given
 * (`2.4..4.3V,-5..5mA`). Throws Fault `command.usage`, and `protocol.invalid` where a limit is given by none of them.
 */
export function limitsOf(
  protocol: Protocol,
  capacityMah: number | null,
  chemistry: string | undefined,
  given: string | undefined,
): CellLimits {
  const windows = given === undefined ? {} : windowsOf(given);
  const design = chemistryWindow(chemistry);
  const { safety } = protocol;
  const voltageMaxV = least(safety.maxVoltageV, design?.[1], windows.voltageV?.[1]);
  const voltageMinV = most(safety.minVoltageV, design?.[0], windows.voltageV?.[0]);
  const currentMaxMa = least(safety.maxCurrentMa, windows.currentMa?.[1]);
  const currentMinMa = most(safety.minCurrentMa, windows.currentMa?.[0]);
  if (voltageMaxV === null || voltageMinV === null)
    throw new Fault(
      "protocol.invalid",
      protocol.name,
      "no voltage limits go into the script: give --chemistry ID, --limits such as 2.4..4.3V, or a safety block",
    );
  if (currentMaxMa === null || currentMinMa === null)
    throw new Fault(
      "protocol.invalid",
      protocol.name,
      `no current limits go into the script: give --limits such as ${usualLimits(protocol, capacityMah)}, or a safety block`,
    );
  return { voltageMaxV, voltageMinV, currentMaxA: currentMaxMa / 1000, currentMinA: currentMinMa / 1000 };
}

function chemistryWindow(chemistry: string | undefined): readonly [number, number] | undefined {
  if (chemistry === undefined) return undefined;
  if (!isChemistryId(chemistry))
    throw new Fault(
      "command.usage",
      "--chemistry",
      `${chemistry} is no chemistry; ${wordAdvice(chemistry, CHEMISTRY_IDS, "Known here")}`,
    );
  const { hardMinV, hardMaxV } = CHEMISTRIES[chemistry];
  return [hardMinV, hardMaxV];
}

function windowsOf(text: string): Windows {
  const windows: { -readonly [K in keyof Windows]: Windows[K] } = {};
  for (const part of text.split(",")) {
    const match = WINDOW.exec(part.trim());
    const window = [Number(match?.[1] ?? NaN), Number(match?.[2] ?? NaN)] as const;
    if (!(window[0] < window[1]))
      throw new Fault("command.usage", "--limits", `${part} is no window; write such as 2.4..4.3V,-5..5mA`);
    if (match?.[3] === "V") windows.voltageV = window;
    else windows.currentMa = window;
  }
  return windows;
}

/** 1.2 times the largest step current, as is common practice. */
function usualLimits(protocol: Protocol, capacityMah: number | null): string {
  let largestMa = 0;
  for (const step of protocol.steps) {
    if (step.kind === "constant-current" && (step.rateC === null || capacityMah !== null))
      largestMa = Math.max(largestMa, 1000 * Math.abs(stepCurrentA(step, capacityMah ?? 0)));
  }
  if (largestMa === 0) return "-5..5mA";
  const text = String(Number((1.2 * largestMa).toPrecision(2)));
  return `-${text}..${text}mA (1.2 times the largest current of a step)`;
}

function least(...values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value) => typeof value === "number");
  return known.length === 0 ? null : Math.min(...known);
}

function most(...values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value) => typeof value === "number");
  return known.length === 0 ? null : Math.max(...known);
}
