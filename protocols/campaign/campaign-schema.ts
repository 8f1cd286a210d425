/** The sections of `campaign.yaml`. Units are in the names; times are UTC. */
import * as z from "zod";
import { CALLS } from "../base/fault-answers.ts";
import { FAULT_CATALOGUE } from "../base/fault-catalogue.ts";
import { parsePosition, type Position } from "../base/position.ts";
import { DOSE_CONVENTIONS } from "../dose/layer-stack.ts";
import { isTimeZone } from "../base/local-time.ts";
import { layerShape } from "../input/layer.ts";
import { strictObject } from "../input/section.ts";
import { CELL_ROLES } from "./campaign.ts";

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "Use letters, digits, points and hyphens, without blanks.");
const label = z.string().min(1).max(200);
const positive = z.number().positive();
const fraction = z.number().min(0).max(1);
const positions = z.union(
  [z.string().min(1), z.array(z.string().min(1)).min(1)],
  "Give a position, a range such as A1..D12, or a list of them.",
);

export const nameSchema = name;
export const labelSchema = label;
export const labelListSchema = z.array(z.string().min(1));
export const pathSchema = z.string().min(1);
export const startSchema = z.iso.datetime({ error: "Give a UTC time such as 2026-03-02T08:00:00Z." });
export const durationSchema = positive.max(24 * 366);
export const timeZoneSchema = z
  .string()
  .refine(isTimeZone, "Give a name of the IANA time zone database, such as Europe/Paris or America/Chicago.");

export const beamSchema = strictObject({
  energy_keV: positive,
  flux_ref_ph_s: positive,
  ring_current_ref_mA: positive,
});

/** What the site cannot know: how well thicknesses and composition of the cells are known. */
export const uncertaintySchema = strictObject({ stack: fraction });

export const protocolFileSchema = strictObject({ file: z.string().min(1) });

/** A protocol that comes with beamrack; its parameters are checked by the library. `record`: at this interval and at nothing else, whatever the recipe has. */
export const protocolLibrarySchema = strictObject({
  library: z.string().min(1),
  parameters: z.record(z.string(), z.number()).default({}),
  record: strictObject({ time_s: positive }).exactOptional(),
});

export const stackLayerSchema = strictObject({ ...layerShape, dose: z.boolean().default(false) });

const safetyShape = {
  max_voltage_V: z.number().exactOptional(),
  min_voltage_V: z.number().exactOptional(),
  max_current_mA: positive.exactOptional(),
  min_current_mA: z.number().negative().exactOptional(),
} as const;

/** Every value a cell needs may stand in its group, in the defaults for all cells, or in an override. */
const cellShape = {
  barcode: z
    .string()
    .min(1)
    .max(64)
    .regex(
      /^[A-Za-z0-9{][A-Za-z0-9{}._:/-]*$/,
      "Use letters, digits, points and hyphens; {position} stands for the position.",
    )
    .exactOptional(),
  chemistry: z.string().min(1).exactOptional(),
  electrolyte: label.exactOptional(),
  nominal_capacity_mAh: positive.max(1000).exactOptional(),
  electrode_area_cm2: positive.max(1000).exactOptional(),
  active_mass_mg: positive.max(1e6).exactOptional(),
  protocol: z.string().min(1).exactOptional(),
  stack: z.string().min(1).exactOptional(),
  role: z.enum(CELL_ROLES).exactOptional(),
  group: label.exactOptional(),
  /** Of a campaign under way: switched off, never exposed again. */
  withdrawn: z.boolean().exactOptional(),
  safety: strictObject(safetyShape).exactOptional(),
} as const;

export const cellDefaultsSchema = strictObject(cellShape);
/** Overrides are checked one by one, with the schema of the defaults. */
export const cellGroupSchema = strictObject({
  positions,
  ...cellShape,
  overrides: z.record(z.string(), z.unknown()).default({}),
});

const coordinate = z.number().min(-10).max(10);
const spotGrid = strictObject({
  grid: strictObject({
    columns: z.int().min(1).max(40),
    rows: z.int().min(1).max(40),
    pitch_mm: positive.max(10),
  }),
});
const spotList = strictObject({
  list: z
    .array(strictObject({ x_mm: coordinate, y_mm: coordinate }))
    .min(1)
    .max(1600),
});

const otherwise = z.enum(["skip", "repeat-once"], "Give skip or repeat-once.").default("skip");
const acceptable = strictObject({ accept_from_fraction: fraction.exactOptional(), otherwise });
/** Of what they leave there is no frame to be believed. */
const unacceptable = strictObject({ otherwise });

export const presetSchema = strictObject({
  technique: z.literal("diffraction"),
  exposure_s: positive.max(3600),
  frames: z.literal(1, "One frame per exposure.").default(1),
  filters: z.array(z.string()).default([]),
  spots: z.union([spotGrid, spotList], "Give grid: {columns, rows, pitch_mm}, or list: [{x_mm, y_mm}, ...]."),
  partial: strictObject({
    accept_from_fraction: fraction,
    otherwise: z.enum(["skip", "repeat-once"]),
    causes: strictObject({
      pause: acceptable.exactOptional(),
      beam_loss: acceptable.exactOptional(),
      shutter: acceptable.exactOptional(),
      detector: unacceptable.exactOptional(),
      controller_killed: unacceptable.exactOptional(),
    }).exactOptional(),
  }).default({ accept_from_fraction: 0.8, otherwise: "skip" }),
});

export const doseLimitSchema = strictObject({
  // one of the two: a layer by its name, or every layer of a material
  layer: z.string().exactOptional(),
  material: z.string().exactOptional(),
  location: z.enum(["surface", "mean"]),
  convention: z.enum(DOSE_CONVENTIONS),
  dose_Gy: positive.exactOptional(),
  dose_rate_Gy_s: positive.exactOptional(),
  scope: z.enum(["spot_total", "spot_cycle", "per_exposure"]),
  source: z.string().min(1).exactOptional(),
  vouched_by: z.string().min(1).exactOptional(),
  applies_to: strictObject({
    chemistry: z.array(z.string()).min(1).exactOptional(),
    group: z.array(z.string()).min(1).exactOptional(),
    positions: positions.exactOptional(),
  }).exactOptional(),
});

export const endConditionSchema = strictObject({
  protocol: z.string(),
  step: z.string(),
  when: z.literal("state_of_health_below"),
  fraction: z.number().positive().max(1),
  relative_to: z.enum(["first", "nominal"]),
});

const minutes = positive.max(31 * 24 * 60);

/** How a wait ends that comes to nothing: both parts must be said. */
const waitShape = {
  maximum_min: minutes,
  fallback: z.enum(["go-on", "end-protocol", "rest"]),
  /** With `fallback: rest`: for how long, before the protocol goes on. */
  rest_min: minutes.exactOptional(),
} as const;

/** What a step does by word of the campaign: the protocol file stays as it is. `step` is an id or a tag. */
export const stepRuleSchema = strictObject({
  protocol: z.string(),
  step: z.string().min(1),
  wait_for_exposure: strictObject({ ...waitShape, preset: z.string().exactOptional() }).exactOptional(),
  hold_at_state_of_charge: strictObject({
    ...waitShape,
    fraction: fraction.exactOptional(),
    charge_mAh: positive.exactOptional(),
    by: z.enum(["rest", "voltage"]).default("rest"),
    until: z.enum(["exposure", "maximum"]).default("exposure"),
    preset: z.string().exactOptional(),
  }).exactOptional(),
  end_on_cell: strictObject({
    ...waitShape,
    position: z.string(),
    step: z.string().min(1).exactOptional(),
  }).exactOptional(),
  expose: strictObject({
    at: z.enum(["before", "after", "both"]),
    within_min: minutes,
    preset: z.string().exactOptional(),
  }).exactOptional(),
});

/** Which capacity the rates of a protocol, or of some of its steps, refer to. */
export const rateSchema = strictObject({
  protocol: z.string(),
  steps: z.array(z.string().min(1)).min(1).exactOptional(),
  capacity: z.enum(["nominal", "areal", "mass", "measured"]),
  areal_capacity_mAh_cm2: positive.max(100).exactOptional(),
  specific_capacity_mAh_g: positive.max(5000).exactOptional(),
  measured_in: z.string().min(1).exactOptional(),
  until_then: z.enum(["nominal", "areal", "mass"]).exactOptional(),
});

const onePosition = z.string().transform((text, context): Position => {
  const found = parsePosition(text);
  if (found !== undefined) return found;
  context.addIssue({ code: "custom", message: "Give a position, A1..H12." });
  return z.NEVER;
});

/** For which faults somebody is called, where that is not as usual. */
export const callSchema = strictObject({
  faults: z
    .array(
      z
        .string()
        .refine(
          (name) => Object.keys(FAULT_CATALOGUE).some((code) => code === name || code.startsWith(`${name}.`)),
          "Give a code such as beam.lost, or a class such as cell; docs/faults.md lists them.",
        ),
    )
    .min(1),
  call: z.enum(CALLS, "Give now, day or none."),
});

/** What befalls the campaign in the virtual world; a run on instruments reads nothing of it. */
export const simulatedSchema = strictObject({
  boxes: z
    .array(
      strictObject({
        manifest: z.string().min(1),
        comes_h: z
          .number()
          .min(0)
          .max(24 * 366)
          .exactOptional(),
      }),
    )
    .default([]),
  exchanged: z.array(z.array(onePosition).length(2, "Give two positions, such as [A9, G7].")).default([]),
  /** Read by the simulated world. */
  faults: z.array(z.json()).default([]),
});

export const CAMPAIGN_KEYS = [
  "campaign",
  "title",
  "sources",
  "chosen",
  "start",
  "duration_h",
  "timezone",
  "site",
  "attended_by",
  "custody",
  "calls",
  "beam",
  "uncertainty",
  "protocols",
  "stacks",
  "cell_defaults",
  "cells",
  "presets",
  "triggers",
  "dose_limits",
  "controls",
  "frame_checks",
  "beam_forecast",
  "shares",
  "share_dark_controls",
  "end_conditions",
  "step_rules",
  "rates",
  "simulated",
] as const;

export type CellRecord = z.output<typeof cellDefaultsSchema>;
export type DoseLimitRecord = z.output<typeof doseLimitSchema>;
export type PresetRecord = z.output<typeof presetSchema>;
export type StepRuleRecord = z.output<typeof stepRuleSchema>;
export type RateRecord = z.output<typeof rateSchema>;
