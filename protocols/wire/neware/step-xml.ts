/**
 * The step file that a BTS channel runs by itself, limits inside. Units in the file: 0.1 mV, mA (positive in a
 * step, whose type gives the direction; signed in a protection limit), ms, mA s. Six decimals, as the public
 * converter writes them.
 */
import { escapeXml } from "./xml-reader.ts";

export type BtsStep =
  | { readonly kind: "rest"; readonly timeS: number }
  | {
      readonly kind: "constant-current";
      /** Charge positive. */
      readonly currentMa: number;
      /** Only told to the reader: the file runs on the current. */
      readonly rateC: number | null;
      readonly timeS: number | null;
      readonly stopVoltageV: number | null;
    }
  | {
      readonly kind: "constant-voltage";
      readonly direction: "charge" | "discharge";
      readonly voltageV: number;
      readonly timeS: number | null;
      readonly stopRateC: number | null;
      readonly stopCurrentMa: number | null;
      /** The most the step may draw while it approaches its voltage. */
      readonly ceiling: { readonly currentMa: number; readonly rateC: number | null } | null;
    }
  | {
      readonly kind: "loop";
      /** Counts from 1. */
      readonly startStep: number;
      /** Passes in all, the first included. */
      readonly cycleCount: number;
    };

export interface BtsProtection {
  readonly voltageMaxV: number | null;
  readonly voltageMinV: number | null;
  /** Charge positive. */
  readonly currentMaxMa: number | null;
  /** The largest discharge current, as a negative number. */
  readonly currentMinMa: number | null;
  /** How long a limit must be passed before it trips. */
  readonly delayS: number | null;
  readonly capacityMaxMah: number | null;
}

export interface StepFile {
  readonly creator: string;
  /** Shown to people at the instrument's computer. */
  readonly remark: string;
  /** `20260131235959`. */
  readonly date: string;
  readonly guid: string;
  readonly capacityMah: number | null;
  readonly protection: BtsProtection;
  readonly record: { readonly timeS: number; readonly voltageV: number | null; readonly currentMa: number | null };
  /** Without the end step, which the writer adds. */
  readonly steps: readonly BtsStep[];
}

/** By the reference's table of step types. */
const STEP_TYPE = {
  chargeCurrent: 1,
  dischargeCurrent: 2,
  chargeVoltage: 3,
  rest: 4,
  cycle: 5,
  end: 6,
  dischargeVoltage: 19,
} as const;

/** Which BTS client the form was taken from. */
const CLIENT_VERSION = "BTS Client 8.0.0.478(2024.06.24)(R3)";

export function encodeStepFile(file: StepFile): string {
  const { protection, record, steps } = file;
  const config = `config type="Step File" version="17" client_version="${CLIENT_VERSION}" date="${escapeXml(file.date)}" Guid="${escapeXml(file.guid)}"`;
  const tree = nested("root", [
    nested(config, [
      nested("Head_Info", [
        valued("Operate", "66"),
        valued("Scale", "1"),
        ['<Start_Step Value="1" Hide_Ctrl_Step="0"/>'],
        valued("Creator", file.creator),
        valued("Remark", file.remark),
        valued("RateType", "103"),
        amount("MultCap", file.capacityMah, 3600),
      ]),
      nested("Whole_Prt", [
        nested("Protect", [
          nested("Main", [
            nested("Volt", [
              amount("Upper", protection.voltageMaxV, 10_000),
              amount("Lower", protection.voltageMinV, 10_000),
            ]),
            nested("Curr", [amount("Upper", protection.currentMaxMa, 1), amount("Lower", protection.currentMinMa, 1)]),
            amount("Delay_Time", protection.delayS, 1000),
            nested("Cap", [amount("Upper", protection.capacityMaxMah, 3600)]),
          ]),
        ]),
        nested("Record", [
          nested("Main", [
            amount("Time", record.timeS, 1000),
            amount("Volt", record.voltageV, 10_000),
            amount("Curr", record.currentMa, 1),
          ]),
        ]),
      ]),
      nested(`Step_Info Num="${steps.length + 1}"`, [
        ...steps.map((step, index) => stepElement(step, index + 1)),
        [`<${stepTag(steps.length + 1, STEP_TYPE.end)}/>`],
      ]),
      nested("SMBUS", [['<SMBUS_Info Num="0" AdjacentInterval="0"/>']]),
    ]),
  ]);
  return `<?xml version="1.0" ?>\n${tree.join("\n")}\n`;
}

type Lines = readonly string[];

function stepElement(step: BtsStep, number: number): Lines {
  const limited = (type: number, group: "Main" | "Other", children: readonly Lines[]): Lines =>
    nested(stepTag(number, type), [nested("Limit", [nested(group, children)])]);
  switch (step.kind) {
    case "rest":
      return limited(STEP_TYPE.rest, "Main", [amount("Time", step.timeS, 1000)]);
    case "constant-current":
      return limited(step.currentMa > 0 ? STEP_TYPE.chargeCurrent : STEP_TYPE.dischargeCurrent, "Main", [
        amount("Rate", positive(step.rateC), 1),
        amount("Curr", Math.abs(step.currentMa), 1),
        amount("Time", step.timeS, 1000),
        amount("Stop_Volt", step.stopVoltageV, 10_000),
      ]);
    case "constant-voltage":
      return limited(step.direction === "charge" ? STEP_TYPE.chargeVoltage : STEP_TYPE.dischargeVoltage, "Main", [
        amount("Volt", step.voltageV, 10_000),
        amount("Time", step.timeS, 1000),
        amount("Stop_Rate", positive(step.stopRateC), 1),
        amount("Stop_Curr", positive(step.stopCurrentMa), 1),
        amount("Rate", positive(step.ceiling?.rateC ?? null), 1),
        amount("Curr", positive(step.ceiling?.currentMa ?? null), 1),
      ]);
    case "loop":
      return limited(STEP_TYPE.cycle, "Other", [
        valued("Start_Step", String(step.startStep)),
        valued("Cycle_Count", String(step.cycleCount)),
      ]);
  }
}

function stepTag(number: number, type: number): string {
  return `Step${number} Step_ID="${number}" Step_Type="${type}"`;
}

function positive(value: number | null): number | null {
  return value === null ? null : Math.abs(value);
}

function valued(name: string, value: string): Lines {
  return [`<${name} Value="${escapeXml(value)}"/>`];
}

function amount(name: string, value: number | null, scale: number): Lines {
  return value === null ? [] : valued(name, (value * scale).toFixed(6));
}

/** `head` is the name with its attributes. */
function nested(head: string, children: readonly Lines[]): Lines {
  const inner = children.flat();
  if (inner.length === 0) return [`<${head}/>`];
  return [`<${head}>`, ...inner.map((line) => `  ${line}`), `</${head.split(" ")[0] ?? head}>`];
}
