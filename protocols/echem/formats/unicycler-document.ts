/**
 * Writes a protocol in the aurora-unicycler form. Reading and writing lose nothing that the form can say: a rate or
 * a current of zero, which upstream takes for "not given", is written as null, and numbers given as text as numbers.
 */
import { stringify } from "yaml";
import { TECHNIQUE_NAMES } from "../channel-step.ts";
import { unreachable } from "../../base/assert.ts";
import type { Protocol, ProtocolStep } from "../protocol.ts";

/** The release of the form that is written. */
export const UNICYCLER_VERSION = "0.4.6";

type Field = string | number | boolean | null;
export type UnicyclerStep = Readonly<Record<string, Field>>;

export interface UnicyclerDocument {
  readonly unicycler: { readonly version: string };
  readonly sample: { readonly name: string; readonly capacity_mAh: number | null };
  readonly record: Readonly<Record<"time_s" | "voltage_V" | "current_mA", number | null>>;
  readonly safety: Readonly<
    Record<
      "max_voltage_V" | "min_voltage_V" | "max_current_mA" | "min_current_mA" | "max_capacity_mAh" | "delay_s",
      number | null
    >
  >;
  readonly method: readonly UnicyclerStep[];
}

export function unicyclerDocument(protocol: Protocol): UnicyclerDocument {
  const { record, safety } = protocol;
  return {
    unicycler: { version: UNICYCLER_VERSION },
    sample: { name: protocol.sampleName, capacity_mAh: protocol.sampleCapacityMah },
    record: { current_mA: record.currentMa, voltage_V: record.voltageV, time_s: record.timeS },
    safety: {
      max_voltage_V: safety.maxVoltageV,
      min_voltage_V: safety.minVoltageV,
      max_current_mA: safety.maxCurrentMa,
      min_current_mA: safety.minCurrentMa,
      max_capacity_mAh: safety.maxCapacityMah,
      delay_s: safety.delayS,
    },
    method: protocol.steps.map(unicyclerStep),
  };
}

/** The same document as YAML. */
export function unicyclerYaml(protocol: Protocol): string {
  return stringify(unicyclerDocument(protocol), { aliasDuplicateObjects: false, lineWidth: 0 });
}

function unicyclerStep(step: ProtocolStep): UnicyclerStep {
  switch (step.kind) {
    case "open-circuit-voltage":
      return { id: step.id, step: TECHNIQUE_NAMES[step.kind], until_time_s: step.untilTimeS };
    case "constant-current":
      return {
        id: step.id,
        step: TECHNIQUE_NAMES[step.kind],
        rate_C: step.rateC,
        current_mA: step.currentMa,
        until_time_s: step.untilTimeS,
        until_voltage_V: step.untilVoltageV,
      };
    case "constant-voltage":
      return {
        id: step.id,
        step: TECHNIQUE_NAMES[step.kind],
        voltage_V: step.voltageV,
        until_time_s: step.untilTimeS,
        until_rate_C: step.untilRateC,
        until_current_mA: step.untilCurrentMa,
      };
    case "impedance-spectroscopy":
      return {
        id: step.id,
        step: TECHNIQUE_NAMES[step.kind],
        amplitude_V: step.amplitudeV,
        amplitude_mA: step.amplitudeMa,
        start_frequency_Hz: step.startFrequencyHz,
        end_frequency_Hz: step.endFrequencyHz,
        points_per_decade: step.pointsPerDecade,
        measures_per_point: step.measuresPerPoint,
        drift_correction: step.driftCorrection,
      };
    case "voltage-scan":
      return {
        id: step.id,
        step: TECHNIQUE_NAMES[step.kind],
        start_voltage_V: step.startVoltageV,
        end_voltage_V: step.endVoltageV,
        scan_rate_mV_per_s: step.scanRateMvS,
      };
    case "loop":
      return { id: step.id, step: "loop", loop_to: step.loopTo, cycle_count: step.cycleCount };
    case "tag":
      return { id: step.id, step: "tag", tag: step.tag };
    default:
      return unreachable(step);
  }
}
