/**
 * What a forecast on nameplate values finds in a protocol before anything moves: steps that would be ended by the
 * cell's limits, cut-offs that are never reached or reached at once, records too coarse for a step, currents no such
 * cell is meant for. One finding per step and kind, at its first run.
 */
import { durationText } from "../base/duration-text.ts";
import type { FindingSeverity } from "../base/finding.ts";
import { stepCurrentA, taperCurrentA } from "../echem/channel-step.ts";
import { forecastProtocol, type StepForecast } from "../echem/forecast/forecast-protocol.ts";
import type { CellNameplate } from "../echem/forecast/nameplate.ts";
import { beyondCurrents, judgeLimits } from "./judge-limits.ts";
import type { ConstantCurrentStep, Protocol, TechniqueStep } from "../echem/protocol.ts";

export interface ForecastVerdict {
  readonly severity: FindingSeverity;
  readonly code: string;
  /** Counted from 0 over all steps. */
  readonly stepIndex: number;
  /** The key of the step, as files spell it; empty for the step itself. */
  readonly key: string;
  readonly what: string;
  readonly advice: string;
}

export interface JudgedCell extends CellNameplate {
  /** Largest current of the channel either way; undefined where no site is known. */
  readonly channelMaxA: number | undefined;
  /** Geometric area of the electrodes; undefined where the campaign does not give it. */
  readonly electrodeAreaCm2: number | undefined;
}

/** Faster than any coin cell is built for; slower, a cycle takes more than a month. */
const RATE_HIGH_C = 5;
const RATE_LOW_C = 1 / 300;
/** Charging faster than this plates lithium on graphite of usual loading sooner or later (common practice). */
const CHARGE_DENSITY_MAX_MA_CM2 = 4;
/** A record of fewer samples shows nothing of a step. */
const SAMPLES_MIN = 10;
/** A channel's converter tells this part of its range from noise. */
const RANGE_PART_MIN = 1 / 10_000;
/** A step at current that passes more than this part of the capacity was meant to reach its cut-off. */
const NEARLY_WHOLE = 0.6;
const AT_ONCE_S = 1;
/** A cell of a batch may hold this much more than its nameplate says, and more than the forecast. */
const MORE_CAPACITY = 1.15;

export function judgeForecast(protocol: Protocol, cell: JudgedCell): readonly ForecastVerdict[] {
  const verdicts: ForecastVerdict[] = [];
  const seen = new Set<number>();
  const passesMuch = new Set<number>();
  const { steps } = forecastProtocol(protocol, cell, null, { isCentralOnly: true });
  for (const run of steps) {
    const step = protocol.steps[run.stepIndex];
    if (step === undefined || step.kind === "tag" || step.kind === "loop") continue;
    const isFirst = !seen.has(run.stepIndex);
    seen.add(run.stepIndex);
    if (isFirst) verdicts.push(...judgeCurrents(step, run.stepIndex, cell));
    // A limit may end a later run of a step that went well before.
    if (isFirst || run.endedBy === "limit") verdicts.push(...judgeRun(protocol, step, run, cell));
    // From here on the cell is off, whatever the protocol says.
    if (run.endedBy === "limit") break;
    const ofCharge = passesMuch.has(run.stepIndex) ? null : judgeCharge(protocol, step, run);
    if (ofCharge === null) continue;
    passesMuch.add(run.stepIndex);
    verdicts.push(ofCharge);
    if (ofCharge.code === "protocol.limit-ends-step") break;
  }
  const isByLimit = steps.some(({ endedBy }) => endedBy === "limit");
  for (const verdict of judgeLimits(protocol, cell)) {
    // What the cell as its nameplate has it does not get through, no other needs to be asked.
    if (isByLimit && verdict.code === "protocol.limit-may-end-step") continue;
    verdicts.push({ severity: "error", ...verdict });
  }
  return verdicts;
}

function judgeCurrents(step: TechniqueStep, stepIndex: number, cell: JudgedCell): readonly ForecastVerdict[] {
  const verdicts: ForecastVerdict[] = [];
  const say = (severity: FindingSeverity, code: string, key: string, what: string, advice: string): void => {
    verdicts.push({ severity, code, stepIndex, key, what, advice });
  };
  if (step.kind === "constant-current") {
    const currentMa = 1000 * stepCurrentA(step, cell.nominalCapacityMah);
    const rateC = Math.abs(currentMa) / cell.nominalCapacityMah;
    const key = currentKey(step);
    const text = `${short(currentMa)} mA are ${short(rateC)} C of ${cell.nominalCapacityMah} mAh`;
    if (rateC > RATE_HIGH_C) {
      say("warning", "protocol.rate", key, text, `Coin cells are cycled at up to ${RATE_HIGH_C} C; check the unit.`);
    } else if (rateC < RATE_LOW_C) {
      say("warning", "protocol.rate", key, text, `Below C/300 a cycle takes months; check the unit.`);
    }
    const densityMaCm2 = cell.electrodeAreaCm2 === undefined ? 0 : currentMa / cell.electrodeAreaCm2;
    if (densityMaCm2 > CHARGE_DENSITY_MAX_MA_CM2) {
      const what = `charges at ${short(densityMaCm2)} mA/cm2 of electrode; lithium may plate`;
      say("warning", "protocol.current-density", key, what, `Stay below ${CHARGE_DENSITY_MAX_MA_CM2} mA/cm2.`);
    }
  }
  if (step.kind === "constant-voltage" && cell.channelMaxA !== undefined) {
    const untilA = taperCurrentA(step, cell.nominalCapacityMah);
    const leastA = RANGE_PART_MIN * cell.channelMaxA;
    if (untilA !== null && untilA < leastA) {
      const key = step.untilRateC === null ? "until_current_mA" : "until_rate_C";
      const what = `the hold ends at ${short(1000 * untilA)} mA, less than a ten-thousandth of the channel's range of ${short(1000 * cell.channelMaxA)} mA`;
      say("warning", "protocol.resolution", key, what, `Give at least ${short(1000 * leastA)} mA, or until_time_s.`);
    }
  }
  return verdicts;
}

/** What flows in a step against `max_capacity_mAh` of the protocol's safety block. */
function judgeCharge({ safety }: Protocol, step: TechniqueStep, run: StepForecast): ForecastVerdict | null {
  const { maxCapacityMah } = safety;
  if (maxCapacityMah === null) return null;
  const chargeMah = Math.abs(1000 * run.chargeAh);
  const isByTime = step.kind === "constant-current" && run.endedBy === "time";
  if (chargeMah * (isByTime ? 1 : MORE_CAPACITY) <= maxCapacityMah) return null;
  const isSure = chargeMah > maxCapacityMah;
  return {
    severity: "error",
    code: isSure ? "protocol.limit-ends-step" : "protocol.limit-may-end-step",
    ...{ stepIndex: run.stepIndex, key: "" },
    what: `by the forecast ${short(chargeMah)} mAh flow in the step, ${isSure ? "more than" : `and in some cells of a batch ${MORE_CAPACITY} times as much; more than`} max_capacity_mAh ${maxCapacityMah}; the cell would be taken off`,
    advice: "Raise max_capacity_mAh of the safety block, or end the step sooner.",
  };
}

function judgeRun(
  protocol: Protocol,
  step: TechniqueStep,
  run: StepForecast,
  cell: JudgedCell,
): readonly ForecastVerdict[] {
  const { stepIndex } = run;
  const durationS = run.endS - run.startS;
  const isCurrent = step.kind === "constant-current";
  const one = (severity: FindingSeverity, code: string, key: string, what: string, advice: string) => [
    { severity, code, stepIndex, key, what, advice },
  ];
  if (run.endedBy === "limit") {
    return one(
      "error",
      "protocol.limit-ends-step",
      "",
      isCurrent
        ? `the forecast passes the cell's limit of ${short(run.endVoltageV)} V after ${durationText(durationS)}; the cell would be taken off`
        : `the forecast asks for ${short(1000 * run.currentPeakA)} mA at once, ${beyondCurrents(cell)}; the cell would be taken off`,
      isCurrent ? "End the step by voltage or sooner." : "Charge at constant current up to this voltage first.",
    );
  }
  const isByState = run.endedBy === "voltage" || run.endedBy === "current";
  if (isByState && durationS < AT_ONCE_S && step.kind !== "voltage-scan") {
    const at = isCurrent ? "until_voltage_V" : "voltage_V";
    const what = `by the forecast the step ends at once: where the steps before leave the cell it is past its end`;
    return one("note", "protocol.ends-at-once", at, what, "Nothing to do if the cell arrives in another state.");
  }
  if (isCurrent && run.endedBy === "time" && step.untilVoltageV !== null && step.untilTimeS !== null) {
    const isNearly = Math.abs(1000 * run.chargeAh) > NEARLY_WHOLE * cell.nominalCapacityMah;
    const what = `by the forecast until_time_s ${step.untilTimeS} ends the step near ${run.endVoltageV.toFixed(2)} V, before until_voltage_V ${step.untilVoltageV}`;
    const advice = "Nothing to do if the time is meant to end it; otherwise give more time.";
    return one(isNearly ? "warning" : "note", "protocol.cut-off-not-reached", "until_time_s", what, advice);
  }
  if (isByState && durationS < SAMPLES_MIN * protocol.record.timeS) {
    const what = `by the forecast the step takes ${durationText(durationS)}; at a sample every ${protocol.record.timeS} s that is ${Math.floor(durationS / protocol.record.timeS)} samples`;
    return one(
      "note",
      "protocol.record-coarse",
      "",
      what,
      `Record every ${short(durationS / SAMPLES_MIN)} s or faster.`,
    );
  }
  return [];
}

function currentKey(step: ConstantCurrentStep): string {
  return step.rateC === null ? "current_mA" : "rate_C";
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
