/** The numbers, ranges, limits and checks that the scripts of all steps share. */
import type { ChannelStep } from "../../roles/channel.ts";
import type { DeviceModel } from "./device-models.ts";
import { intervalDecimals, SAMPLE_INTERVAL_MIN_S } from "./even-intervals.ts";
import { formatLiteral, type Rounding } from "./literal.ts";
import { sayLine, SCRIPT_WORDS } from "./script-lines.ts";

/** One step on one device; what cannot be done is refused with its reason. */
export interface StepWriter {
  readonly measuredVoltageMaxV: number;
  checkLimits(): void;
  checkVoltage(name: string, voltageV: number): void;
  checkCurrent(currentA: number): void;
  checkTaper(untilCurrentA: number): void;
  checkScanRate(scanRateVS: number): void;
  volts(value: number, name: string, rounding?: Rounding): string;
  amperes(value: number, name: string, rounding?: Rounding): string;
  /** To the nanovolt: the stairs of a scan add up. */
  fineVolts(value: number, name: string): string;
  seconds(value: number): string;
  /** Between two samples, to the microsecond. */
  interval(): string;
  /** To seven digits. */
  hertz(value: number): string;
  bandwidth(): string;
  /** The smallest decade that covers the current, from 1 uA to the device's end. */
  currentRange(currentA: number): number;
  voltageWindow(): string;
  voltageLimits(variable: string): readonly string[];
  currentLimits(variable: string): readonly string[];
  /** Adds up `variable` in `q` with every sample; the sum stands for `chargeMaxAs` either way. */
  chargeLimits(variable: string, chargeMaxAs: number): readonly string[];
}

export function createStepWriter(step: ChannelStep, device: DeviceModel, refuse: (reason: string) => void): StepWriter {
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
    checkScanRate(scanRateVS) {
      // Below a nanovolt a second the literal would be zero; a volt a second is no battery's scan.
      if (!(scanRateVS >= 1e-9 && scanRateVS <= 1)) refuse(`scan rate ${scanRateVS} V/s is not between 0 and 1 V/s`);
    },
    volts,
    amperes,
    fineVolts: (value, name) => literal(value, 9, "nearest", name),
    seconds: (value) => literal(value, 3, "nearest", "time"),
    interval: () => literal(sampleIntervalS, intervalDecimals(sampleIntervalS), "down", "sample interval"),
    hertz: (value) => literal(Number(value.toPrecision(7)), hertzDecimals(value), "nearest", "frequency"),
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
    chargeLimits: (variable, chargeMaxAs) => {
      // Ampere samples: a few to thousands, so a millionth is fine enough and fits the instrument's integers.
      const sum = literal(chargeMaxAs / sampleIntervalS, 6, "down", "charge limit");
      return [`add_var q ${variable}`, ...limitLines(`if q > ${sum}`), ...limitLines(`if q < -${sum}`)];
    },
  };
}

/** As fine as seven digits want it and the instrument's integers take it. */
function hertzDecimals(value: number): number {
  return value >= 2000 ? 3 : value >= 2 ? 6 : value >= 0.002 ? 9 : 12;
}
