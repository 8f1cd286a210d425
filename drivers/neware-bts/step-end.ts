/** Why a step ended: the client says only that its test is over, and how; the rest is read off the last row. */
import type { ChannelStep, StepEnd } from "../../protocols/roles/channel.ts";
import type { BtsRow } from "../../protocols/wire/neware/bts-replies.ts";

/** Rows carry the time to 0.1 s. */
const TIME_TOLERANCE_S = 0.2;
/** Recorded ends lie within 0.1 mV of the voltage asked for. */
const VOLTAGE_TOLERANCE_V = 0.001;
const CURRENT_TOLERANCE = 0.02;

/** Null when the last row explains no end that the step has. */
export function stepEndOf(status: string, step: ChannelStep, last: BtsRow | null): StepEnd | null {
  if (status === "protect") return "limit";
  if (status === "stop") return "aborted";
  if (status !== "finish" || last === null) return null;
  if (step.kind === "constant-current" && step.untilVoltageV !== null) {
    const beyondV = step.currentA > 0 ? last.voltageV - step.untilVoltageV : step.untilVoltageV - last.voltageV;
    if (beyondV >= -VOLTAGE_TOLERANCE_V) return "voltage";
  }
  if (step.kind === "constant-voltage" && step.untilCurrentA !== null) {
    if (Math.abs(last.currentA) <= step.untilCurrentA * (1 + CURRENT_TOLERANCE)) return "current";
  }
  return last.stepTimeMs / 1000 >= step.untilTimeS - TIME_TOLERANCE_S ? "time" : null;
}
