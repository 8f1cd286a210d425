/**
 * The aurora-unicycler 0.4 form of a cycling protocol, as JSON or YAML of the same shape. Keys it does not know are
 * refused. Field rules follow the published schema; rules between fields are in `read-protocol.ts`.
 */
import * as z from "zod";
import { strictObject } from "../input/section.ts";
import { countWithDefault, optionalNumber, requiredNumber } from "./numbers.ts";

const stepId = z.string().nullable().default(null);
const text = z.string().min(1);

const openCircuitVoltage = strictObject({
  id: stepId,
  step: z.literal("open_circuit_voltage"),
  until_time_s: requiredNumber({ above: 0 }),
});

const constantCurrent = strictObject({
  id: stepId,
  step: z.literal("constant_current"),
  rate_C: optionalNumber({ isRate: true }),
  current_mA: optionalNumber({}),
  until_time_s: optionalNumber({}),
  until_voltage_V: optionalNumber({}),
});

const constantVoltage = strictObject({
  id: stepId,
  step: z.literal("constant_voltage"),
  voltage_V: requiredNumber({}),
  until_time_s: optionalNumber({}),
  until_rate_C: optionalNumber({ isRate: true }),
  until_current_mA: optionalNumber({}),
});

const frequency = requiredNumber({ atLeast: 1e-5, atMost: 1e7 });

const impedanceSpectroscopy = strictObject({
  id: stepId,
  step: z.literal("impedance_spectroscopy"),
  amplitude_V: optionalNumber({}),
  amplitude_mA: optionalNumber({}),
  start_frequency_Hz: frequency,
  end_frequency_Hz: frequency,
  points_per_decade: countWithDefault({ above: 0 }, 10),
  measures_per_point: countWithDefault({ above: 0 }, 1),
  drift_correction: z
    .boolean()
    .nullable()
    .default(false)
    .transform((value) => value ?? false),
});

const voltageScan = strictObject({
  id: stepId,
  step: z.literal("voltage_scan"),
  start_voltage_V: requiredNumber({}),
  end_voltage_V: requiredNumber({}),
  scan_rate_mV_per_s: requiredNumber({ above: 0 }),
});

const loop = strictObject({
  id: stepId,
  step: z.literal("loop"),
  loop_to: z.union([z.int(), text], "a tag, or a step number counted from 1").default(1),
  cycle_count: requiredNumber({ atLeast: 1, isWhole: true }),
});

const tag = strictObject({ id: stepId, step: z.literal("tag"), tag: text });

export const stepSchema = z.discriminatedUnion("step", [
  openCircuitVoltage,
  constantCurrent,
  constantVoltage,
  impedanceSpectroscopy,
  voltageScan,
  loop,
  tag,
]);

export const STEP_NAMES = stepSchema.options.map((option) => option.shape.step.value);

export const sampleSchema = strictObject({
  name: z
    .string()
    .default("$NAME")
    .transform((name) => (name === "" ? "$NAME" : name)),
  capacity_mAh: optionalNumber({ above: 0 }),
});

export const recordSchema = strictObject({
  time_s: requiredNumber({ above: 0 }),
  voltage_V: optionalNumber({ above: 0 }),
  current_mA: optionalNumber({ above: 0 }),
});

export const safetySchema = strictObject({
  max_voltage_V: optionalNumber({}),
  min_voltage_V: optionalNumber({}),
  max_current_mA: optionalNumber({}),
  min_current_mA: optionalNumber({}),
  max_capacity_mAh: optionalNumber({ atLeast: 0 }),
  delay_s: optionalNumber({ atLeast: 0 }),
});

export const unicyclerSchema = strictObject({ version: z.string() });

export const PROTOCOL_KEYS = ["unicycler", "sample", "record", "safety", "method"] as const;

export type StepRecord = z.output<typeof stepSchema>;
export type SafetyRecord = z.output<typeof safetySchema>;
