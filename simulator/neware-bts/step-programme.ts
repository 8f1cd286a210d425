/** A step file as the simulated channel runs it, in volts, amperes and milliseconds. */
import { markupAt, scanMarkup, type Markup } from "./markup-scan.ts";

/** null: that condition does not end the step. */
export interface ProgrammeStep {
  readonly type: number;
  /** Magnitude. For a hold its ceiling. */
  readonly currentA: number | null;
  readonly voltageV: number | null;
  readonly timeMs: number | null;
  readonly stopVoltageV: number | null;
  readonly stopCurrentA: number | null;
  readonly stopCapacityAh: number | null;
  readonly startStep: number;
  readonly cycleCount: number;
}

export interface StepProgramme {
  readonly steps: readonly ProgrammeStep[];
  readonly recordMs: number;
  readonly protection: {
    readonly voltageMaxV: number;
    readonly voltageMinV: number;
    readonly currentMaxA: number;
    readonly currentMinA: number;
    readonly capacityMaxAh: number;
    readonly delayMs: number;
  };
}

const SUPPORTED: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 7, 19, 20]);
const STEPS_MAX = 1000;
const DEFAULT_RECORD_MS = 10_000;

/** Why the client would turn the file down, or the programme in it. */
export function readStepProgramme(text: string): StepProgramme | string {
  const config = markupAt(scanMarkup(text), "root", "config");
  if (config?.attributes["type"] !== "Step File") return "not a step file";
  const stepInfo = markupAt(config, "Step_Info");
  const steps = stepInfo?.inside.map(programmeStep) ?? [];
  if (steps.length === 0 || steps.length > STEPS_MAX) return "no steps, or too many";
  if (Number(stepInfo?.attributes["Num"]) !== steps.length) return "Num does not count the steps";
  const misnamed = stepInfo?.inside.findIndex(
    (step, index) => step.name !== `Step${index + 1}` || step.attributes["Step_ID"] !== String(index + 1),
  );
  if (misnamed !== -1) return "the steps are not numbered in order";
  for (const [index, step] of steps.entries()) {
    const trouble = stepTrouble(step, index);
    if (trouble !== null) return `step ${index + 1}: ${trouble}`;
  }
  if (steps[steps.length - 1]?.type !== 6) return "no end step";
  const main = markupAt(config, "Whole_Prt", "Protect", "Main");
  const record = markupAt(config, "Whole_Prt", "Record", "Main");
  const protect = (...names: readonly string[]): number | null => value(main, names);
  return {
    steps,
    recordMs: value(record, ["Time"]) ?? DEFAULT_RECORD_MS,
    protection: {
      voltageMaxV: (protect("Volt", "Upper") ?? Infinity) / 10_000,
      voltageMinV: (protect("Volt", "Lower") ?? -Infinity) / 10_000,
      currentMaxA: (protect("Curr", "Upper") ?? Infinity) / 1000,
      currentMinA: (protect("Curr", "Lower") ?? -Infinity) / 1000,
      capacityMaxAh: (protect("Cap", "Upper") ?? Infinity) / 3_600_000,
      delayMs: protect("Delay_Time") ?? 0,
    },
  };
}

function programmeStep(step: Markup): ProgrammeStep {
  const main = markupAt(step, "Limit", "Main");
  const other = markupAt(step, "Limit", "Other");
  const scaled = (name: string, scale: number): number | null => {
    const found = value(main, [name]);
    return found === null ? null : found / scale;
  };
  return {
    type: Number(step.attributes["Step_Type"]),
    currentA: scaled("Curr", 1000),
    voltageV: scaled("Volt", 10_000),
    timeMs: scaled("Time", 1),
    stopVoltageV: scaled("Stop_Volt", 10_000),
    stopCurrentA: scaled("Stop_Curr", 1000),
    stopCapacityAh: scaled("Cap", 3_600_000),
    startStep: value(other, ["Start_Step"]) ?? 0,
    cycleCount: value(other, ["Cycle_Count"]) ?? 0,
  };
}

function stepTrouble(step: ProgrammeStep, index: number): string | null {
  if (!SUPPORTED.has(step.type)) return `type ${step.type} is not simulated`;
  const { currentA, voltageV, timeMs, stopVoltageV, stopCurrentA, stopCapacityAh } = step;
  switch (step.type) {
    case 1:
    case 2:
      if (currentA === null || !(currentA > 0)) return "no current";
      return timeMs === null && stopVoltageV === null && stopCapacityAh === null ? "no end" : null;
    case 3:
    case 19:
    case 7:
    case 20:
      if (voltageV === null) return "no voltage";
      return timeMs === null && stopCurrentA === null ? "no end" : null;
    case 4:
      return timeMs === null ? "no time" : null;
    case 5:
      return step.startStep >= 1 && step.startStep <= index && step.cycleCount >= 1 ? null : "no such loop";
    default:
      return null;
  }
}

function value(from: Markup | undefined, names: readonly string[]): number | null {
  const text = from === undefined ? undefined : markupAt(from, ...names)?.attributes["Value"];
  const read = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(read) ? read : null;
}
