/**
 * From a channel step to the script that the instrument runs alone, limits inside. Each step is a script of its
 * own, so that a refused load proves nothing was applied.
 *
 * Safety limits come before cut-offs and end by `abort`; cut-offs end by `breakloop`; there is one comparison per
 * condition, as the language wants. Both are checked once per sample interval: overshoot is slope x interval.
 */
import type { ChannelStep } from "../../roles/channel.ts";
import type { DeviceModel } from "./device-models.ts";
import { formatLiteral, type Rounding } from "./literal.ts";
import { finishedLines, packageLines, sayLine, SCRIPT_WORDS, type ScriptWord } from "./script-lines.ts";

/** Shortest interval this project asks of an instrument: a package of 40 bytes must leave the wire in time. */
export const SAMPLE_INTERVAL_MIN_S = 0.02;

export interface ScriptOptions {
  /** Record the measured potential in a potential hold through `add_meas`; without it the set potential is all there is. */
  readonly measuresHeldPotential: boolean;
}

export type CompiledStep =
  { readonly ok: true; readonly lines: readonly string[] } | { readonly ok: false; readonly reason: string };

/** Lines without line ends and without the leading command; every reason at once when the step is refused. */
export function compileStep(step: ChannelStep, device: DeviceModel, options: ScriptOptions): CompiledStep {
  const reasons: string[] = [];
  const writer = createWriter(step, device, (reason) => {
    if (!reasons.includes(reason)) reasons.push(reason);
  });
  writer.checkLimits();
  const lines = stepLines(step, writer, options);
  return reasons.length === 0 ? { ok: true, lines } : { ok: false, reason: reasons.join("; ") };
}

function stepLines(step: ChannelStep, writer: Writer, options: ScriptOptions): readonly string[] {
  switch (step.kind) {
    case "rest":
      return restLines(step, writer);
    case "constant-current":
      return constantCurrentLines(step, writer);
    case "constant-voltage":
      return constantVoltageLines(step, writer, options);
  }
}

function restLines(step: Extract<ChannelStep, { kind: "rest" }>, writer: Writer): readonly string[] {
  const range = writer.volts(writer.measuredVoltageMaxV, "measuring range");
  return [
    "var t",
    "var p",
    "set_pgstat_chan 0",
    "set_pgstat_mode 3",
    writer.bandwidth(),
    `set_range ab ${range}`,
    `set_autoranging ab ${range} ${range}`,
    "cell_off",
    "timer_start",
    `meas_loop_ocp p ${writer.seconds(step.sampleIntervalS)} ${writer.seconds(step.untilTimeS)}`,
    "timer_get t",
    ...packageLines("t", "p"),
    ...writer.voltageLimits("p"),
    "endloop",
    sayLine(SCRIPT_WORDS.endTime),
    ...finishedLines(),
  ];
}

function constantCurrentLines(
  step: Extract<ChannelStep, { kind: "constant-current" }>,
  writer: Writer,
): readonly string[] {
  const { currentA, untilVoltageV } = step;
  writer.checkCurrent(currentA);
  if (untilVoltageV !== null) writer.checkVoltage("cut-off voltage", untilVoltageV);
  const range = writer.amperes(writer.currentRange(currentA), "range");
  const window = writer.voltageWindow();
  const comparison = currentA > 0 ? ">=" : "<=";
  return [
    "var t",
    "var p",
    "var c",
    ...brokenFlag(),
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
    `meas_loop_cp p c ${writer.amperes(currentA, "current")} ${writer.seconds(step.sampleIntervalS)} ${writer.seconds(step.untilTimeS)}`,
    "timer_get t",
    ...packageLines("t", "p", "c"),
    ...writer.voltageLimits("p"),
    ...writer.currentLimits("c"),
    ...(untilVoltageV === null
      ? []
      : cutOffLines(`if p ${comparison} ${writer.volts(untilVoltageV, "cut-off voltage")}`, SCRIPT_WORDS.endVoltage)),
    "endloop",
    ...timeEnd(),
    ...finishedLines(),
  ];
}

function constantVoltageLines(
  step: Extract<ChannelStep, { kind: "constant-voltage" }>,
  writer: Writer,
  options: ScriptOptions,
): readonly string[] {
  const { voltageV, untilCurrentA, limits } = step;
  writer.checkVoltage("voltage", voltageV);
  if (untilCurrentA !== null) writer.checkTaper(untilCurrentA);
  const level = writer.volts(voltageV, "voltage");
  const largest = writer.currentRange(Math.max(limits.currentMaxA, -limits.currentMinA));
  const smallest = Math.min(largest, writer.currentRange(untilCurrentA ?? largest / 100));
  // `p` of a potential hold is the set potential; the cell's own voltage needs a further measurement.
  const measured = options.measuresHeldPotential;
  const voltage = measured ? "v" : "p";
  return [
    "var t",
    "var p",
    "var c",
    ...(measured ? ["var v"] : []),
    ...brokenFlag(),
    "set_pgstat_chan 0",
    "set_pgstat_mode 3",
    writer.bandwidth(),
    `set_range_minmax da ${level} ${level}`,
    `set_range ba ${writer.amperes(largest, "range")}`,
    `set_autoranging ba ${writer.amperes(smallest, "range")} ${writer.amperes(largest, "range")}`,
    `set_e ${level}`,
    "cell_on",
    "timer_start",
    `meas_loop_ca p c ${level} ${writer.seconds(step.sampleIntervalS)} ${writer.seconds(step.untilTimeS)}${measured ? " add_meas(0 ab v)" : ""}`,
    "timer_get t",
    ...packageLines("t", voltage, "c"),
    ...writer.voltageLimits(voltage),
    ...writer.currentLimits("c"),
    ...(untilCurrentA === null ? [] : taperLines(writer.amperes(untilCurrentA, "cut-off current"))),
    "endloop",
    ...timeEnd(),
    ...finishedLines(),
  ];
}

/** |I| <= x takes two comparisons, so two nested conditions. */
function taperLines(level: string): readonly string[] {
  return [`if c <= ${level}`, ...cutOffLines(`if c >= -${level}`, SCRIPT_WORDS.endCurrent), "endif"];
}

function cutOffLines(condition: string, word: ScriptWord): readonly string[] {
  return [condition, sayLine(word), "store_var w 1i ja", "breakloop", "endif"];
}

/** `w` remembers that a cut-off broke the loop, so that the time's end is said, not guessed from silence. */
function brokenFlag(): readonly string[] {
  return ["var w", "store_var w 0i ja"];
}

function timeEnd(): readonly string[] {
  return ["if w == 0i", sayLine(SCRIPT_WORDS.endTime), "endif"];
}

/** Numbers, ranges, limits and checks of one step on one device; what cannot be done is refused with its reason. */
interface Writer {
  readonly measuredVoltageMaxV: number;
  checkLimits(): void;
  checkVoltage(name: string, voltageV: number): void;
  checkCurrent(currentA: number): void;
  checkTaper(untilCurrentA: number): void;
  volts(value: number, name: string, rounding?: Rounding): string;
  amperes(value: number, name: string, rounding?: Rounding): string;
  seconds(value: number): string;
  bandwidth(): string;
  /** The smallest decade that covers the current, from 1 uA to the device's end. */
  currentRange(currentA: number): number;
  voltageWindow(): string;
  voltageLimits(variable: string): readonly string[];
  currentLimits(variable: string): readonly string[];
}

function createWriter(step: ChannelStep, device: DeviceModel, refuse: (reason: string) => void): Writer {
  const { limits, sampleIntervalS, untilTimeS } = step;
  const voltageText = `${limits.voltageMinV}..${limits.voltageMaxV} V`;
  const currentText = `${limits.currentMinA}..${limits.currentMaxA} A`;
  const measuredVoltageMaxV = Math.max(Math.abs(limits.voltageMaxV), Math.abs(limits.voltageMinV));

  function literal(value: number, decimals: number, rounding: Rounding, name: string): string {
    const text = formatLiteral(value, decimals, rounding);
    if (text === undefined) refuse(`${name} ${value} cannot be written as a script number`);
    return text ?? "0";
  }
  function volts(value: number, name: string, rounding: Rounding = "nearest"): string {
    return literal(value, 6, rounding, name);
  }
  // Nanoamperes, or picoamperes where a nanoampere would be more than a hundred-thousandth of the value.
  function amperes(value: number, name: string, rounding: Rounding = "nearest"): string {
    return literal(value, Math.abs(value) < 100e-6 ? 12 : 9, rounding, name);
  }
  function limitLines(condition: string): readonly string[] {
    return [condition, sayLine(SCRIPT_WORDS.endLimit), "abort", "endif"];
  }

  return {
    measuredVoltageMaxV,
    checkLimits() {
      if (!(sampleIntervalS >= SAMPLE_INTERVAL_MIN_S))
        refuse(`sample interval ${sampleIntervalS} s is below ${SAMPLE_INTERVAL_MIN_S} s`);
      if (!(untilTimeS >= sampleIntervalS)) refuse(`end time ${untilTimeS} s is shorter than one sample interval`);
      if (!(limits.voltageMinV < limits.voltageMaxV)) refuse(`voltage limits ${voltageText} leave no window`);
      // A limit that the instrument cannot measure is no limit.
      if (!(limits.voltageMinV >= device.voltageRangeV.min && limits.voltageMaxV <= device.voltageRangeV.max))
        refuse(`voltage limits ${voltageText} reach beyond the ${device.product}`);
      if (!(limits.currentMaxA > 0 && limits.currentMinA < 0))
        refuse(`current limits ${currentText} must lie on both sides of zero`);
      if (!(limits.currentMaxA <= device.currentMaxA && -limits.currentMinA <= device.currentMaxA))
        refuse(`current limits ${currentText} reach beyond the ${device.product}`);
    },
    checkVoltage(name, voltageV) {
      if (!(voltageV >= limits.voltageMinV && voltageV <= limits.voltageMaxV))
        refuse(`${name} ${voltageV} V is outside the cell's limits ${voltageText}`);
    },
    checkCurrent(currentA) {
      if (currentA === 0) refuse("a constant current of 0 A is a rest");
      if (!(currentA <= limits.currentMaxA && currentA >= limits.currentMinA))
        refuse(`current ${currentA} A is outside the cell's limits ${currentText}`);
    },
    checkTaper(untilCurrentA) {
      // At a picoampere the literal would be zero and the condition never met.
      if (!(untilCurrentA >= 1e-12 && untilCurrentA <= device.currentMaxA))
        refuse(`cut-off current ${untilCurrentA} A is not between 0 and ${device.currentMaxA} A`);
    },
    volts,
    amperes,
    seconds: (value) => literal(value, 3, "nearest", "time"),
    // Vendor cycling templates use about 5.85 divided by the interval.
    bandwidth: () => `set_max_bandwidth ${literal(5.85 / sampleIntervalS, 3, "nearest", "bandwidth")}`,
    currentRange(currentA) {
      const magnitude = Math.abs(currentA);
      for (let decade = -6; decade <= 0; decade += 1) {
        const range = Number(`1e${decade}`);
        if (magnitude <= range && range <= device.currentMaxA) return range;
      }
      return device.currentMaxA;
    },
    // Vendor cycling templates hand the voltage window to the ranging commands; one around zero has no lower end.
    voltageWindow() {
      const lowest = limits.voltageMinV > 0 ? limits.voltageMinV : measuredVoltageMaxV;
      return `${volts(lowest, "voltage limit")} ${volts(measuredVoltageMaxV, "voltage limit")}`;
    },
    // Limits are rounded to the safe side, so that a script is never laxer than what was asked.
    voltageLimits: (variable) => [
      ...limitLines(`if ${variable} > ${volts(limits.voltageMaxV, "voltage limit", "down")}`),
      ...limitLines(`if ${variable} < ${volts(limits.voltageMinV, "voltage limit", "up")}`),
    ],
    currentLimits: (variable) => [
      ...limitLines(`if ${variable} > ${amperes(limits.currentMaxA, "current limit", "down")}`),
      ...limitLines(`if ${variable} < ${amperes(limits.currentMinA, "current limit", "up")}`),
    ],
  };
}
