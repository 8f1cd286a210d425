/**
 * Whether a channel can drive a step's current over its leads as well as over the cell. The sensed voltage is the
 * cell's; between its current terminals the channel drives that and current times lead resistance, either way.
 *
 * The wire references name no compliance of any family beside its range of voltage (MethodSCRIPT instruments: EmStat4 LR
 * +-3 V, HR +-6 V, Nexus +-10 V, in the limits that follow its range indices), so the range that the site gives counts.
 */
import { stepCurrentA } from "../echem/channel-step.ts";
import type { ConstantCurrentStep, ProtocolStep, TechniqueStep } from "../echem/protocol.ts";
import type { CellLimits } from "../roles/channel.ts";
import type { SiteChannel } from "../site/site.ts";

export interface ComplianceCase {
  readonly steps: readonly ProtocolStep[];
  readonly channel: SiteChannel | undefined;
  /** Undefined where the cell has not all of them; what only they bound is not judged then. */
  readonly limits: CellLimits | undefined;
  readonly nominalCapacityMah: number;
  /** For a step whose rate will refer to what is measured: the most that may come to, over what it has now. */
  readonly mostMeasured: (stepIndex: number) => number;
}

export interface ComplianceVerdict {
  /** The key of the step, as files spell it. */
  readonly key: string;
  readonly what: string;
  readonly advice: string;
}

/** An end of a step: the cell's voltage there, and the strongest current that may flow at it, charging positive. */
interface Extreme {
  readonly key: string;
  readonly voltageV: number;
  readonly currentA: number;
  readonly remedy: string;
}

const LOWER = "lower the current";
const LOWER_LIMIT = "lower the cell's limit of current";
const LEAD_TO = "lower the cell's limit of current, or lead to this voltage at constant current first";
/** Sums of decimals are off by less. */
const ROUNDING_V = 1e-9;

/**
 * The first end of the step that takes more than the channel drives; undefined where none does, or where the site gives
 * no lead resistance. Spectra are left out: their sines are millivolts about the cell's own voltage.
 */
export function judgeCompliance(
  one: ComplianceCase,
  step: TechniqueStep,
  stepIndex: number,
): ComplianceVerdict | undefined {
  const { channel } = one;
  const leadOhm = channel?.leadResistanceOhm ?? 0;
  if (channel === undefined || leadOhm === 0) return undefined;
  for (const { key, voltageV, currentA, remedy } of extremesOf(one, step, stepIndex)) {
    // What the range does not hold without leads is refused elsewhere.
    if (voltageV > channel.voltageMaxV || voltageV < channel.voltageMinV) continue;
    const drivenV = voltageV + currentA * leadOhm;
    const isAbove = drivenV > channel.voltageMaxV + ROUNDING_V;
    if (!isAbove && drivenV >= channel.voltageMinV - ROUNDING_V) continue;
    const boundV = isAbove ? channel.voltageMaxV : channel.voltageMinV;
    // Down, so that what is advised holds.
    const mostMa = Math.floor((1e7 * Math.abs(boundV - voltageV)) / leadOhm) / 1e4;
    return {
      key,
      what: `${short(voltageV)} V of the cell and ${short(1000 * currentA)} mA over ${short(leadOhm)} Ohm of leads take ${short(drivenV)} V, ${isAbove ? "above" : "below"} the ${short(boundV)} V that the channel drives`,
      advice: `At this voltage it drives ${mostMa} mA: ${remedy}; or shorten the leads, and correct lead_resistance_ohm of the site.`,
    };
  }
  return undefined;
}

function extremesOf(one: ComplianceCase, step: TechniqueStep, stepIndex: number): readonly Extreme[] {
  switch (step.kind) {
    case "constant-current": {
      const currentA = currentOf(one, step, stepIndex);
      // Without a cut-off the cell's limit is as far as its voltage comes.
      const voltageV = step.untilVoltageV ?? (currentA > 0 ? one.limits?.voltageMaxV : one.limits?.voltageMinV);
      const key = step.rateC === null ? "current_mA" : "rate_C";
      return voltageV === undefined ? [] : [{ key, voltageV, currentA, remedy: LOWER }];
    }
    case "constant-voltage": {
      const approachA = approachOf(one, step.voltageV, stepIndex);
      const [currentsA, remedy] = approachA === undefined ? [strongest(one), LEAD_TO] : [[approachA], LOWER];
      return currentsA.map((currentA) => ({ key: "voltage_V", voltageV: step.voltageV, currentA, remedy }));
    }
    case "voltage-scan":
      return strongest(one).flatMap((currentA) => [
        { key: "start_voltage_V", voltageV: step.startVoltageV, currentA, remedy: LOWER_LIMIT },
        { key: "end_voltage_V", voltageV: step.endVoltageV, currentA, remedy: LOWER_LIMIT },
      ]);
    case "open-circuit-voltage":
    case "impedance-spectroscopy":
      return [];
  }
}

function currentOf(one: ComplianceCase, step: ConstantCurrentStep, stepIndex: number): number {
  return stepCurrentA(step, one.nominalCapacityMah) * Math.max(1, one.mostMeasured(stepIndex));
}

/** What a hold begins with where a current led to its voltage right before, whichever pass it is. */
function approachOf(one: ComplianceCase, voltageV: number, stepIndex: number): number | undefined {
  const before = one.steps[stepIndex - 1];
  if (before?.kind !== "constant-current" || before.untilVoltageV !== voltageV) return undefined;
  const isLoopedTo = one.steps.some((step) => step.kind === "loop" && step.targetIndex === stepIndex);
  return isLoopedTo ? undefined : currentOf(one, before, stepIndex - 1);
}

/** Nothing but the cell's limits bounds the current of a voltage that is set. */
function strongest({ limits }: ComplianceCase): readonly number[] {
  return limits === undefined ? [] : [limits.currentMaxA, limits.currentMinA];
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
