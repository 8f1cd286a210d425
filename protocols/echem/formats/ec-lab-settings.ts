/**
 * A protocol as BioLogic EC-Lab settings (`.mps`): one Modulo Bat technique, as upstream writes it. Rates become
 * currents, and every number has three decimals: what would be written as zero is refused, what is rounded is told.
 */
import type {
  ConstantCurrentStep,
  ConstantVoltageStep,
  ImpedanceSpectroscopyStep,
  Protocol,
  SafetyRule,
  TechniqueStep,
} from "../protocol.ts";
import {
  currentRangeName,
  EC_LAB_COLUMN_WIDTH,
  EC_LAB_DEFAULTS,
  EC_LAB_RANGE_V,
  EC_LAB_TECHNIQUE,
  EC_LAB_TITLE,
  type EcLabStep,
} from "./ec-lab-table.ts";
import { currentMaOf, decimalText, loopStarts, needsCapacity } from "./written-step.ts";

const NO_NAME = "$NAME";
/** A number that three decimals move by more than this part of it is told. */
const ROUNDED = 1e-3;

export type WrittenSettings =
  /** `rounded` says which values are not written as they are. */
  | { readonly ok: true; readonly text: string; readonly rounded: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** Lines end by a line feed; see `ecLabBytes` for the file itself. Every reason at once when it is refused. */
export function ecLabSettings(protocol: Protocol): WrittenSettings {
  const { sampleName: name, sampleCapacityMah } = protocol;
  if (name === "" || name === NO_NAME) return { ok: false, reason: "the protocol names no sample; give a name" };
  if (/[\r\n\t]/.test(name)) return { ok: false, reason: "the sample's name is more than one line" };
  if (sampleCapacityMah === null && protocol.steps.some(needsCapacity)) {
    return { ok: false, reason: "a rate needs the sample's capacity" };
  }
  const reasons = new Set<string>();
  const rounded = new Set<string>();
  const writer = createWriter(reasons, rounded);
  const columns = columnsOf(protocol, writer);
  const rows = Object.keys(EC_LAB_DEFAULTS).map(
    (row) => padded(row) + columns.map((column) => padded(column[row] ?? "")).join(""),
  );
  const text = [...headerLines(protocol), ...rows, ""].join("\n");
  if (reasons.size > 0) return { ok: false, reason: [...reasons].join("; ") };
  return { ok: true, text, rounded: [...rounded] };
}

function padded(text: string): string {
  return text.padEnd(EC_LAB_COLUMN_WIDTH);
}

interface Writer {
  refuse(reason: string): void;
  /** Three decimals. */
  number(value: number, unit: string): string;
  /** Refuses what lies outside the range that the file is written for. */
  volts(value: number): string;
}

function createWriter(reasons: Set<string>, rounded: Set<string>): Writer {
  const number = (value: number, unit: string): string => {
    const text = value.toFixed(3);
    if (Number(text) === 0 && value !== 0) {
      reasons.add(`${value} ${unit} would be written as ${text} ${unit}: the settings have three decimals`);
    } else if (Math.abs(Number(text) - value) > ROUNDED * Math.abs(value)) {
      rounded.add(`${value} ${unit} is written as ${text} ${unit}`);
    }
    if (text.length >= EC_LAB_COLUMN_WIDTH) reasons.add(`${value} ${unit} has no room in a column`);
    return text;
  };
  return {
    refuse: (reason) => reasons.add(reason),
    number,
    volts(value) {
      const { min, max } = EC_LAB_RANGE_V;
      if (!(value >= min && value <= max)) {
        reasons.add(`${value} V is outside ${min}..${max} V, the range the settings are written for`);
      }
      return number(value, "V");
    },
  };
}

function headerLines({ sampleName, sampleCapacityMah, safety }: Protocol): readonly string[] {
  const { min, max } = EC_LAB_RANGE_V;
  return [
    EC_LAB_TITLE,
    "",
    "Number of linked techniques : 1",
    `Ewe ctrl range : min = ${min.toFixed(2)} V, max = ${max.toFixed(2)} V`,
    ...safetyLines(safety),
    `Comments : ${sampleName}`,
    ...(sampleCapacityMah === null ? [] : [`Battery capacity : ${capacityText(sampleCapacityMah)}`]),
    "Cycle Definition : Charge/Discharge alternance",
    "",
    "Technique : 1",
    EC_LAB_TECHNIQUE,
  ];
}

/** One current for both directions: the larger of the two. */
function safetyLines(safety: SafetyRule): readonly string[] {
  const { minVoltageV, maxVoltageV, minCurrentMa, maxCurrentMa, delayS } = safety;
  const hasCurrent = minCurrentMa !== null || maxCurrentMa !== null;
  const currentMa = Math.max(Math.abs(minCurrentMa ?? 0), Math.abs(maxCurrentMa ?? 0));
  const delayMs = (delayS ?? 0) * 1000;
  return [
    "Safety Limits :",
    ...(minVoltageV === null ? [] : [`\tEwe min = ${minVoltageV.toFixed(5)} V`]),
    ...(maxVoltageV === null ? [] : [`\tEwe max = ${maxVoltageV.toFixed(5)} V`]),
    ...(hasCurrent ? [`\t|I| = ${currentMa.toFixed(5)} mA`] : []),
    `\tfor t > ${delayMs === 0 ? "0" : decimalText(delayMs)} ms`,
    "\tDo not start on E overload",
  ];
}

function capacityText(capacityMah: number): string {
  if (capacityMah < 1) return `${(capacityMah * 1000).toFixed(3)} \u00b5A.h`;
  return capacityMah < 1000 ? `${capacityMah.toFixed(3)} mA.h` : `${(capacityMah / 1000).toFixed(3)} A.h`;
}

function columnsOf(protocol: Protocol, writer: Writer): readonly EcLabStep[] {
  const starts = loopStarts(protocol);
  const columns: EcLabStep[] = [];
  let previous: TechniqueStep | undefined;
  for (const step of protocol.steps) {
    if (step.kind === "tag") continue;
    const index = columns.length;
    const next = String(index + 1);
    const own =
      step.kind === "loop"
        ? {
            ctrl_type: "Loop",
            ctrl_seq: String(starts[step.targetIndex] ?? 0),
            ctrl_repeat: String(step.cycleCount - 1),
          }
        : techniqueRows(step, previous, protocol, writer);
    columns.push({ ...EC_LAB_DEFAULTS, Ns: String(index), lim1_seq: next, lim2_seq: next, ...own });
    previous = step.kind === "loop" ? undefined : step;
  }
  return columns;
}

function techniqueRows(
  step: TechniqueStep,
  previous: TechniqueStep | undefined,
  protocol: Protocol,
  writer: Writer,
): EcLabStep {
  const { sampleCapacityMah: capacityMah } = protocol;
  switch (step.kind) {
    case "open-circuit-voltage":
      return {
        ctrl_type: "Rest",
        ...limitRows([timeLimit(step.untilTimeS, writer)]),
        ...recordRows(protocol, ["time", "voltage"], writer),
      };
    case "constant-current":
      return {
        ...constantCurrentRows(step, capacityMah, writer),
        ...recordRows(protocol, ["time", "voltage"], writer),
      };
    case "constant-voltage":
      return {
        ...constantVoltageRows(step, previous, capacityMah, writer),
        ...recordRows(protocol, ["time", "current"], writer),
      };
    case "impedance-spectroscopy":
      return impedanceRows(step, writer);
    case "voltage-scan": {
      writer.volts(step.startVoltageV);
      writer.volts(step.endVoltageV);
      return {
        ctrl_type: "VS",
        ctrl1_val: decimalText(step.scanRateMvS),
        ctrl1_val_unit: "mV/s",
        ctrl2_val: decimalText(step.startVoltageV),
        ctrl2_val_unit: "V",
        ctrl2_val_vs: "Ref",
        ctrl3_val: decimalText(step.endVoltageV),
        ctrl3_val_unit: "V",
        ctrl3_val_vs: "Ref",
        ...recordRows(protocol, ["time", "voltage", "current"], writer),
      };
    }
  }
}

function constantCurrentRows(step: ConstantCurrentStep, capacityMah: number | null, writer: Writer): EcLabStep {
  const currentMa = currentMaOf(step.rateC, step.currentMa, capacityMah) ?? 0;
  const range = currentRangeName(currentMa);
  if (range === undefined) writer.refuse(`${currentMa} mA is more than the largest current range, 1 A`);
  const limits = [
    ...(step.untilTimeS === null ? [] : [timeLimit(step.untilTimeS, writer)]),
    ...(step.untilVoltageV === null
      ? []
      : [{ type: "Ewe", comp: currentMa > 0 ? ">" : "<", value: writer.volts(step.untilVoltageV), unit: "V" }]),
  ];
  return {
    ctrl_type: "CC",
    ...currentRow(currentMa, writer),
    ctrl1_val_vs: "<None>",
    ...limitRows(limits),
    "I Range": range ?? "Auto",
  };
}

function constantVoltageRows(
  step: ConstantVoltageStep,
  previous: TechniqueStep | undefined,
  capacityMah: number | null,
  writer: Writer,
): EcLabStep {
  const untilMa = currentMaOf(step.untilRateC, step.untilCurrentMa, capacityMah);
  // The range can only change at a rest: a hold that goes on from a current keeps the range of that current.
  const goesOn = previous?.kind === "constant-current" && previous.untilVoltageV === step.voltageV ? previous : null;
  const cameMa = goesOn === null ? null : currentMaOf(goesOn.rateC, goesOn.currentMa, capacityMah);
  const limits = [
    ...(step.untilTimeS === null ? [] : [timeLimit(step.untilTimeS, writer)]),
    ...(untilMa === null
      ? []
      : [{ type: "|I|", comp: "<", value: writer.number(Math.abs(untilMa), "mA"), unit: "mA" }]),
  ];
  return {
    ctrl_type: "CV",
    ctrl1_val: writer.volts(step.voltageV),
    ctrl1_val_unit: "V",
    ctrl1_val_vs: "Ref",
    ...limitRows(limits),
    "I Range": (cameMa === null ? undefined : currentRangeName(cameMa)) ?? "Auto",
  };
}

function impedanceRows(step: ImpedanceSpectroscopyStep, writer: Writer): EcLabStep {
  const { amplitudeV, amplitudeMa } = step;
  return {
    ...(amplitudeV === null ? galvanicRows(amplitudeMa ?? 0, writer) : potentialRows(amplitudeV, writer)),
    ...frequencyRows(2, step.startFrequencyHz, writer),
    ...frequencyRows(3, step.endFrequencyHz, writer),
    ctrl_Nd: String(step.pointsPerDecade),
    ctrl_Na: String(step.measuresPerPoint),
    ctrl_corr: step.driftCorrection ? "1" : "0",
  };
}

function potentialRows(amplitudeV: number, writer: Writer): EcLabStep {
  const [factor, unit] = amplitudeV >= 1 ? [1, "V"] : amplitudeV >= 0.001 ? [1e3, "mV"] : [1e6, "uV"];
  return { ctrl_type: "PEIS", ctrl1_val: writer.number(amplitudeV * factor, unit), ctrl1_val_unit: unit };
}

function galvanicRows(amplitudeMa: number, writer: Writer): EcLabStep {
  // Of a sine the range must hold twice the amplitude.
  const range = currentRangeName(2 * amplitudeMa);
  if (range === undefined) writer.refuse(`an amplitude of ${amplitudeMa} mA is more than half of 1 A`);
  const isMilli = amplitudeMa >= 1;
  return {
    ctrl_type: "GEIS",
    ctrl1_val: writer.number(isMilli ? amplitudeMa : amplitudeMa * 1000, isMilli ? "mA" : "uA"),
    ctrl1_val_unit: isMilli ? "mA" : "uA",
    "I Range": range ?? "Auto",
  };
}

function frequencyRows(row: 2 | 3, frequencyHz: number, writer: Writer): EcLabStep {
  const [factor, unit] = frequencyHz >= 1e3 ? [1e-3, "kHz"] : frequencyHz >= 1 ? [1, "Hz"] : [1e3, "mHz"];
  if (frequencyHz < 1e-3) writer.refuse(`${frequencyHz} Hz is below 1 mHz, the lowest that the settings name`);
  return {
    [`ctrl${row}_val`]: writer.number(frequencyHz * factor, unit),
    [`ctrl${row}_val_unit`]: unit,
  };
}

/** Below a milliampere in microamperes, with a plain u. */
function currentRow(currentMa: number, writer: Writer): EcLabStep {
  const isMilli = Math.abs(currentMa) >= 1;
  const unit = isMilli ? "mA" : "uA";
  return { ctrl1_val: writer.number(isMilli ? currentMa : currentMa * 1000, unit), ctrl1_val_unit: unit };
}

interface Limit {
  readonly type: string;
  readonly comp: string;
  readonly value: string;
  readonly unit: string;
}

function timeLimit(timeS: number, writer: Writer): Limit {
  return { type: "Time", comp: ">", value: writer.number(timeS, "s"), unit: "s" };
}

function limitRows(limits: readonly Limit[]): EcLabStep {
  const rows = limits.map(({ type, comp, value, unit }, index) => ({
    [`lim${index + 1}_type`]: type,
    [`lim${index + 1}_comp`]: comp,
    [`lim${index + 1}_value`]: value,
    [`lim${index + 1}_value_unit`]: unit,
  }));
  return Object.assign({ lim_nb: String(limits.length) }, ...rows) as EcLabStep;
}

/** The table has rows for two rules; a third is counted, as upstream does, and stands nowhere. */
function recordRows(
  { record }: Protocol,
  modes: readonly ("time" | "voltage" | "current")[],
  writer: Writer,
): EcLabStep {
  const rules = modes.flatMap((mode): readonly (readonly [type: string, value: number, unit: string])[] => {
    if (mode === "time") return [["Time", record.timeS, "s"]];
    if (mode === "voltage") return record.voltageV === null ? [] : [["Ewe", record.voltageV, "V"]];
    return record.currentMa === null ? [] : [["I", record.currentMa, "mA"]];
  });
  const rows = rules.slice(0, 2).map(([type, value, unit], index) => ({
    [`rec${index + 1}_type`]: type,
    [`rec${index + 1}_value`]: writer.number(value, unit),
    [`rec${index + 1}_value_unit`]: unit,
  }));
  return Object.assign({ rec_nb: String(rules.length) }, ...rows) as EcLabStep;
}
