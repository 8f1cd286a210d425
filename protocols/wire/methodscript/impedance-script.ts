/**
 * A spectrum as a script: the open-circuit voltage is read with the cell off and held under the sine, or no current
 * under a sine of current. What the cell stands at is told with every point and held against its limits there; between
 * two points of a low frequency it is the instrument's own hold that keeps them.
 */
import { frequencyAtHz, placeWithS, SPECTRUM_POINTS_MAX, type SpectrumPlan } from "../../echem/spectrum-plan.ts";
import type { ChannelStep } from "../../roles/channel.ts";
import type { DeviceModel } from "./device-models.ts";
import { packageLines, sayLine, SCRIPT_WORDS } from "./script-lines.ts";
import type { StepBody } from "./step-script.ts";
import type { StepWriter } from "./step-writer.ts";

/** What a sine drives is held to the cell's limit where half a period is longer than limits commonly wait: 10 ms. */
const SLOW_HZ = 50;
/** No coin cell has less; the range must take what a fast sine drives through it. */
const LEAST_OHM = 0.5;

type ImpedanceStep = Extract<ChannelStep, { kind: "impedance" }>;

/** Twice the amplitude of a sine is not far from a step any more; above this nothing is small about it (chosen). */
const PEAK_MAX_V = 0.1;

export function impedanceBody(
  step: ImpedanceStep,
  device: DeviceModel,
  writer: StepWriter,
  refuse: (reason: string) => void,
): StepBody {
  checkSpectrum(step, device, refuse);
  const { excitation, limits } = step;
  const peakV = excitation.kind === "voltage" ? excitation.peakV : 0;
  const isVoltage = excitation.kind === "voltage";
  const measuring = writer.volts(writer.measuredVoltageMaxV, "measuring range");
  return {
    variables: ["t", "f", "r", "j", "x", "v", "y", "c", "p", ...(step.sweepCount > 1 ? ["s"] : [])],
    lines: [
      "set_pgstat_chan 0",
      "set_pgstat_mode 3",
      `set_range ab ${measuring}`,
      `set_autoranging ab ${measuring} ${measuring}`,
      "cell_off",
      "meas 100m p ab",
      ...limitLines(`if p > ${writer.volts(limits.voltageMaxV - peakV, "voltage limit", "down")}`),
      ...limitLines(`if p < ${writer.volts(limits.voltageMinV + peakV, "voltage limit", "up")}`),
      ...(isVoltage ? voltageLines(step, peakV, writer) : currentLines(step, writer)),
      "cell_on",
      "timer_start",
      ...sweepLines(step, writer),
      sayLine(SCRIPT_WORDS.endTime),
    ],
  };
}

function voltageLines(step: ImpedanceStep, peakV: number, writer: StepWriter): string[] {
  const { limits, startFrequencyHz, endFrequencyHz } = step;
  const largest = writer.currentRange(Math.max(limits.currentMaxA, -limits.currentMinA, peakV / LEAST_OHM));
  return [
    // Repeated after each choice of mode: 3 is the fast one, which spectra need.
    "set_pgstat_mode 3",
    `set_max_bandwidth ${writer.hertz(Math.max(startFrequencyHz, endFrequencyHz))}`,
    `set_range_minmax da ${writer.volts(limits.voltageMinV, "voltage limit")} ${writer.volts(limits.voltageMaxV, "voltage limit")}`,
    `set_range ba ${writer.amperes(largest, "range")}`,
    `set_autoranging ba ${writer.amperes(Math.min(largest, writer.currentRange(largest / 1000)), "range")} ${writer.amperes(largest, "range")}`,
    "set_e p",
  ];
}

function currentLines({ excitation, startFrequencyHz, endFrequencyHz }: ImpedanceStep, writer: StepWriter): string[] {
  const range = writer.amperes(writer.currentRange(excitation.kind === "current" ? excitation.peakA : 0), "range");
  return [
    "set_pgstat_mode 6",
    `set_max_bandwidth ${writer.hertz(Math.max(startFrequencyHz, endFrequencyHz))}`,
    `set_range_minmax ab ${writer.voltageWindow()}`,
    `set_autoranging ab ${writer.voltageWindow()}`,
    `set_range db ${range}`,
    `set_autoranging db ${range} ${range}`,
    "set_i 0",
  ];
}

/** What is left of the sweep in which the time left begins, then whole ones. */
function sweepLines(step: ImpedanceStep, writer: StepWriter): readonly string[] {
  const place = placeWithS(step, step.untilTimeS);
  const whole = step.sweepCount - place.sweep - (place.point > 0 ? 1 : 0);
  const begun = place.point > 0 ? measuringLines(step, place.point, writer) : [];
  if (whole === 0) return begun;
  const sweep = measuringLines(step, 0, writer);
  if (whole === 1) return [...begun, ...sweep];
  return [...begun, "store_var s 0i ja", `loop s < ${whole}i`, ...sweep, "add_var s 1i", "endloop"];
}

function measuringLines(step: ImpedanceStep, fromPoint: number, writer: StepWriter): readonly string[] {
  const plan: SpectrumPlan = step;
  const { excitation, limits } = step;
  const from = writer.hertz(frequencyAtHz(plan, fromPoint));
  const to = writer.hertz(plan.endFrequencyHz);
  const count = `${plan.pointCount - fromPoint}i`;
  // The language wants effective values.
  const loop =
    excitation.kind === "voltage"
      ? `meas_loop_eis f r j ${writer.fineVolts(excitation.peakV / Math.SQRT2, "amplitude")} ${from} ${to} ${count} p`
      : `meas_loop_geis f r j ${writer.amperes(excitation.peakA / Math.SQRT2, "amplitude")} ${from} ${to} ${count} 0`;
  const largestA = Math.min(limits.currentMaxA, -limits.currentMinA) / Math.SQRT2;
  return [
    `${loop} eis_acdc(x v y c)`,
    "timer_get t",
    ...packageLines("t", "f", "r", "j", "v", "c"),
    ...writer.voltageLimits("v"),
    ...writer.currentLimits("c"),
    `if f < ${SLOW_HZ}`,
    ...limitLines(`if y > ${writer.amperes(largestA, "current limit", "down")}`),
    "endif",
    "endloop",
  ];
}

function limitLines(condition: string): readonly string[] {
  return [condition, sayLine(SCRIPT_WORDS.endLimit), "abort", "endif"];
}

/** Written so that NaN is refused everywhere. */
function checkSpectrum(step: ImpedanceStep, { impedance, product }: DeviceModel, refuse: (reason: string) => void) {
  const { excitation, limits, startFrequencyHz, endFrequencyHz } = step;
  if (impedance === null) {
    refuse(`the ${product} measures no impedance`);
    return;
  }
  const isVoltage = excitation.kind === "voltage";
  const highestHz = isVoltage ? impedance.frequencyMaxHz : impedance.currentFrequencyMaxHz;
  for (const frequencyHz of [startFrequencyHz, endFrequencyHz]) {
    if (!(frequencyHz >= impedance.frequencyMinHz && frequencyHz <= highestHz))
      refuse(`frequency ${frequencyHz} Hz is not between ${impedance.frequencyMinHz} and ${highestHz} Hz`);
  }
  const points = step.pointCount * step.sweepCount;
  const areWhole = Number.isInteger(step.pointCount) && Number.isInteger(step.sweepCount);
  if (!(areWhole && step.pointCount >= 1 && step.sweepCount >= 1 && points <= SPECTRUM_POINTS_MAX))
    refuse(`${step.pointCount} points in ${step.sweepCount} sweeps are not between 1 and ${SPECTRUM_POINTS_MAX}`);
  if (isVoltage) {
    const highestV = Math.min(PEAK_MAX_V, impedance.amplitudeMaxVrms * Math.SQRT2);
    if (!(excitation.peakV >= 1e-4 && excitation.peakV <= highestV))
      refuse(`amplitude ${excitation.peakV} V is not between 0.0001 and ${highestV} V`);
    if (!(limits.voltageMaxV - limits.voltageMinV > 2 * excitation.peakV))
      refuse("the voltage limits leave no room for the amplitude");
    return;
  }
  const highestA = Math.min(limits.currentMaxA, -limits.currentMinA);
  if (!(excitation.peakA >= 1e-8 && excitation.peakA <= highestA))
    refuse(`amplitude ${excitation.peakA} A is not between 0.00000001 and the cell's limit ${highestA} A`);
}
