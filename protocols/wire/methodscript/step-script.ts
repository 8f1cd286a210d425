/**
 * From a channel step to the script that the instrument runs alone, limits inside. Each step is a script of its
 * own, so that a refused load proves nothing was applied.
 *
 * Safety limits come before cut-offs and end by `abort`; cut-offs end by `breakloop`; there is one comparison per
 * condition, as the language wants. Both are checked once per sample interval: overshoot is slope x interval.
 */
import type { ChannelStep } from "../../roles/channel.ts";
import type { DeviceModel } from "./device-models.ts";
import { inEvenIntervals } from "./even-intervals.ts";
import { impedanceBody } from "./impedance-script.ts";
import { finishedLines, packageLines, sayLine, SCRIPT_WORDS, type ScriptWord } from "./script-lines.ts";
import { createStepWriter, type StepWriter } from "./step-writer.ts";

export interface ScriptOptions {
  /** Record the measured potential in a potential hold through `add_meas`; without it the set potential is all there is. */
  readonly measuresHeldPotential: boolean;
}

/** A step without its declarations and without its end, so that several can follow each other in one script. */
export interface StepBody {
  /** Names to declare before the lines, each once. */
  readonly variables: readonly string[];
  /** From a cell in any state to the end of the measurement, said by its word. The cell may be left on. */
  readonly lines: readonly string[];
}

export type CompiledBody =
  | { readonly ok: true; readonly body: StepBody }
  | { readonly ok: false; readonly reason: string };

export type CompiledStep =
  | { readonly ok: true; readonly lines: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** Lines without line ends and without the leading command; every reason at once when the step is refused. */
export function compileStep(step: ChannelStep, device: DeviceModel, options: ScriptOptions): CompiledStep {
  const compiled = compileStepBody(step, device, options);
  if (!compiled.ok) return compiled;
  const { variables, lines } = compiled.body;
  return { ok: true, lines: [...variables.map((name) => `var ${name}`), ...lines, ...finishedLines()] };
}

/** As `compileStep`, for a step among others. */
export function compileStepBody(asked: ChannelStep, device: DeviceModel, options: ScriptOptions): CompiledBody {
  const step = inEvenIntervals(asked);
  const reasons: string[] = [];
  const refuse = (reason: string): void => {
    if (!reasons.includes(reason)) reasons.push(reason);
  };
  const writer = createStepWriter(step, device, refuse);
  writer.checkLimits();
  const body =
    step.kind === "impedance" ? impedanceBody(step, device, writer, refuse) : stepBody(step, writer, options);
  return reasons.length === 0 ? { ok: true, body } : { ok: false, reason: reasons.join("; ") };
}

function stepBody(
  step: Exclude<ChannelStep, { kind: "impedance" }>,
  writer: StepWriter,
  options: ScriptOptions,
): StepBody {
  switch (step.kind) {
    case "rest":
      return restBody(step, writer);
    case "constant-current":
      return constantCurrentBody(step, writer);
    case "constant-voltage":
      return constantVoltageBody(step, writer, options);
    case "voltage-scan":
      return voltageScanBody(step, writer, options);
  }
}

function restBody(step: Extract<ChannelStep, { kind: "rest" }>, writer: StepWriter): StepBody {
  const range = writer.volts(writer.measuredVoltageMaxV, "measuring range");
  return {
    variables: ["t", "p"],
    lines: [
      "set_pgstat_chan 0",
      "set_pgstat_mode 3",
      writer.bandwidth(),
      `set_range ab ${range}`,
      `set_autoranging ab ${range} ${range}`,
      "cell_off",
      "timer_start",
      `meas_loop_ocp p ${writer.interval()} ${writer.seconds(step.untilTimeS)}`,
      "timer_get t",
      ...packageLines("t", "p"),
      ...writer.voltageLimits("p"),
      "endloop",
      sayLine(SCRIPT_WORDS.endTime),
    ],
  };
}

function constantCurrentBody(step: Extract<ChannelStep, { kind: "constant-current" }>, writer: StepWriter): StepBody {
  const { currentA, untilVoltageV } = step;
  const chargeMaxAs = chargeMaxAsOf(step);
  writer.checkCurrent(currentA);
  if (untilVoltageV !== null) writer.checkVoltage("cut-off voltage", untilVoltageV);
  const range = writer.amperes(writer.currentRange(currentA), "range");
  const window = writer.voltageWindow();
  const comparison = currentA > 0 ? ">=" : "<=";
  return {
    variables: ["t", "p", "c", "w", ...(chargeMaxAs === undefined ? [] : ["q"])],
    lines: [
      UNBROKEN,
      ...(chargeMaxAs === undefined ? [] : [NO_CHARGE]),
      "set_pgstat_chan 0",
      "set_pgstat_mode 6",
      writer.bandwidth(),
      `set_range_minmax ab ${window}`,
      `set_autoranging ab ${window}`,
      `set_range db ${range}`,
      `set_autoranging db ${range} ${range}`,
      // The cell is taken over without current; the loop then sets it.
      "set_i 0",
      "cell_on",
      "timer_start",
      `meas_loop_cp p c ${writer.amperes(currentA, "current")} ${writer.interval()} ${writer.seconds(step.untilTimeS)}`,
      "timer_get t",
      ...packageLines("t", "p", "c"),
      ...writer.voltageLimits("p"),
      ...writer.currentLimits("c"),
      ...(chargeMaxAs === undefined ? [] : writer.chargeLimits("c", chargeMaxAs)),
      ...(untilVoltageV === null
        ? []
        : cutOffLines(`if p ${comparison} ${writer.volts(untilVoltageV, "cut-off voltage")}`, SCRIPT_WORDS.endVoltage)),
      "endloop",
      ...timeEnd(),
    ],
  };
}

function constantVoltageBody(
  step: Extract<ChannelStep, { kind: "constant-voltage" }>,
  writer: StepWriter,
  { measuresHeldPotential: measured }: ScriptOptions,
): StepBody {
  const { voltageV, untilCurrentA, limits } = step;
  const chargeMaxAs = chargeMaxAsOf(step);
  writer.checkVoltage("voltage", voltageV);
  if (untilCurrentA !== null) writer.checkTaper(untilCurrentA);
  const level = writer.volts(voltageV, "voltage");
  const largest = writer.currentRange(Math.max(limits.currentMaxA, -limits.currentMinA));
  const smallest = Math.min(largest, writer.currentRange(untilCurrentA ?? largest / 100));
  // `p` of a potential hold is the set potential; the cell's own voltage needs a further measurement.
  const voltage = measured ? "v" : "p";
  return {
    variables: ["t", "p", "c", ...(measured ? ["v"] : []), "w", ...(chargeMaxAs === undefined ? [] : ["q"])],
    lines: [
      UNBROKEN,
      ...(chargeMaxAs === undefined ? [] : [NO_CHARGE]),
      "set_pgstat_chan 0",
      "set_pgstat_mode 3",
      writer.bandwidth(),
      `set_range_minmax da ${level} ${level}`,
      `set_range ba ${writer.amperes(largest, "range")}`,
      `set_autoranging ba ${writer.amperes(smallest, "range")} ${writer.amperes(largest, "range")}`,
      `set_e ${level}`,
      "cell_on",
      "timer_start",
      `meas_loop_ca p c ${level} ${writer.interval()} ${writer.seconds(step.untilTimeS)}${measured ? " add_meas(0 ab v)" : ""}`,
      "timer_get t",
      ...packageLines("t", voltage, "c"),
      ...writer.voltageLimits(voltage),
      ...writer.currentLimits("c"),
      ...(chargeMaxAs === undefined ? [] : writer.chargeLimits("c", chargeMaxAs)),
      ...(untilCurrentA === null ? [] : taperLines(writer.amperes(untilCurrentA, "cut-off current"))),
      "endloop",
      ...timeEnd(),
    ],
  };
}

/** Stairs of equal height that end at the end voltage; a scan of less time than it takes begins further on. */
function voltageScanBody(
  step: Extract<ChannelStep, { kind: "voltage-scan" }>,
  writer: StepWriter,
  { measuresHeldPotential: measured }: ScriptOptions,
): StepBody {
  const chargeMaxAs = chargeMaxAsOf(step);
  const { startVoltageV, endVoltageV, scanRateVS, sampleIntervalS, limits } = step;
  writer.checkVoltage("start voltage", startVoltageV);
  writer.checkVoltage("end voltage", endVoltageV);
  writer.checkScanRate(scanRateVS);
  const wayV = Math.min(Math.abs(endVoltageV - startVoltageV), scanRateVS * step.untilTimeS);
  const stairs = Math.max(1, Math.ceil(wayV / (scanRateVS * sampleIntervalS) - 1e-9));
  const begin = writer.volts(endVoltageV - Math.sign(endVoltageV - startVoltageV) * wayV, "start voltage");
  const end = writer.volts(endVoltageV, "end voltage");
  const [lowest, highest] = endVoltageV > startVoltageV ? [begin, end] : [end, begin];
  const largest = writer.currentRange(Math.max(limits.currentMaxA, -limits.currentMinA));
  const voltage = measured ? "v" : "p";
  return {
    variables: ["t", "p", "c", ...(measured ? ["v"] : []), ...(chargeMaxAs === undefined ? [] : ["q"])],
    lines: [
      ...(chargeMaxAs === undefined ? [] : [NO_CHARGE]),
      "set_pgstat_chan 0",
      "set_pgstat_mode 3",
      writer.bandwidth(),
      `set_range_minmax da ${lowest} ${highest}`,
      `set_range ba ${writer.amperes(largest, "range")}`,
      `set_autoranging ba ${writer.amperes(Math.min(largest, writer.currentRange(largest / 1000)), "range")} ${writer.amperes(largest, "range")}`,
      `set_e ${begin}`,
      "cell_on",
      "timer_start",
      `meas_loop_lsv p c ${begin} ${end} ${writer.fineVolts(wayV / stairs, "stair")} ${writer.fineVolts(scanRateVS, "scan rate")}${measured ? " add_meas(0 ab v)" : ""}`,
      "timer_get t",
      ...packageLines("t", voltage, "c"),
      ...writer.voltageLimits(voltage),
      ...writer.currentLimits("c"),
      ...(chargeMaxAs === undefined ? [] : writer.chargeLimits("c", chargeMaxAs)),
      "endloop",
      sayLine(SCRIPT_WORDS.endVoltage),
    ],
  };
}

/** Charge either way at which the step stops as at a limit, ampere seconds. */
function chargeMaxAsOf({ chargeMaxAh }: ChannelStep): number | undefined {
  return chargeMaxAh === undefined ? undefined : 3600 * chargeMaxAh;
}

/** |I| <= x takes two comparisons, so two nested conditions. */
function taperLines(level: string): readonly string[] {
  return [`if c <= ${level}`, ...cutOffLines(`if c >= -${level}`, SCRIPT_WORDS.endCurrent), "endif"];
}

function cutOffLines(condition: string, word: ScriptWord): readonly string[] {
  return [condition, sayLine(word), "store_var w 1i ja", "breakloop", "endif"];
}

/** `w` remembers that a cut-off broke the loop, so that the time's end is said, not guessed from silence. */
const UNBROKEN = "store_var w 0i ja";
/** `q` adds up the current of each sample. */
const NO_CHARGE = "store_var q 0 ja";

function timeEnd(): readonly string[] {
  return ["if w == 0i", sayLine(SCRIPT_WORDS.endTime), "endif"];
}
