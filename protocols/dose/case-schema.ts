/**
 * Shape of a dose case, static and sequence, with the names and units of the file. Every object refuses keys it does
 * not know; each message says what would be right.
 */
import * as z from "zod";
import { BEAM_PROFILES } from "./beam-profile.ts";
import { DOSE_CONVENTIONS } from "./layer-stack.ts";

/** Numbers beyond these sizes are no quantity of a beamline, and keep every result a finite number. */
const LARGEST = 1e30;
const SMALLEST = 1e-30;

const positive = numberField("a number above 0", (value) => value >= SMALLEST && value <= LARGEST);
const notNegative = numberField("a number, 0 or more", (value) => value >= 0 && value <= LARGEST);
const coordinate = numberField("a number", (value) => Math.abs(value) <= LARGEST);
const transmission = numberField("a number from 0 to 1", (value) => value >= 0 && value <= 1);
const tilt = numberField("a number from 0 to less than 90 degrees", (value) => value >= 0 && value < 90);
const countFromZero = numberField("a whole number, 0 or more", (value) => Number.isSafeInteger(value) && value >= 0);
const text = z.custom<string>((value) => typeof value === "string" && value !== "", "a text");

/** Of a composite layer: what it is made of, grain by grain. */
const phase = z.strictObject({
  name: text,
  material: text.exactOptional(),
  mass_fractions: z.record(z.string(), notNegative, "fractions by element symbol").exactOptional(),
});

const layer = z.strictObject(
  {
    name: text,
    thickness_mm: positive,
    material: text.exactOptional(),
    density: positive.exactOptional(),
    mass_fractions: z.record(z.string(), notNegative, "fractions by element symbol").exactOptional(),
  },
  "a layer",
);

const widths = { width_mm: positive, height_mm: positive };
const beam = z.discriminatedUnion(
  "profile",
  [
    z.strictObject({
      profile: z.literal("gaussian"),
      fwhm_x_mm: positive,
      fwhm_y_mm: positive,
      slit_x_mm: positive.exactOptional(),
      slit_y_mm: positive.exactOptional(),
    }),
    z.strictObject({ profile: z.literal("tophat_rect"), ...widths }),
    z.strictObject({ profile: z.literal("tophat_ellipse"), ...widths }),
  ],
  `one of ${BEAM_PROFILES.join(", ")}`,
);

const place = { x_mm: coordinate, y_mm: coordinate };
const common = {
  energy_keV: positive,
  tilt_deg: tilt.default(0),
  convention: z.enum(DOSE_CONVENTIONS, `one of ${DOSE_CONVENTIONS.join(", ")}`).default("en"),
  beam,
  filters: z.array(layer, "a list of layers").default([]),
  layers: z.array(layer, "a list of layers").min(1, "at least one layer"),
};

export const staticCaseSchema = z.strictObject({
  ...common,
  layers: z
    .array(
      z.strictObject({ ...layer.shape, phases: z.array(phase, "a list of phases").default([]) }, "a layer"),
      "a list of layers",
    )
    .min(1, "at least one layer"),
  flux_ph_s: notNegative,
  exposure_s: notNegative,
});

const limit = z.strictObject(
  {
    layer: countFromZero,
    location: z.enum(["surface", "mean"], "surface or mean").default("mean"),
    dose_Gy: notNegative.nullable().default(null),
    dose_rate_Gy_s: notNegative.nullable().default(null),
  },
  "null, or a limit with its layer",
);

export const sequenceCaseSchema = z.strictObject({
  ...common,
  flux_ref_ph_s: notNegative,
  ring_current_ref_mA: positive,
  exposures: z.array(
    z.strictObject(
      {
        ...place,
        duration_s: notNegative,
        ring_current_start_mA: notNegative,
        ring_current_end_mA: notNegative,
        filter_transmission: transmission,
        cycle: countFromZero,
      },
      "an exposure",
    ),
    "a list of exposures",
  ),
  probes: z.array(z.strictObject(place, "x_mm and y_mm"), "a list of places").default([]),
  // no default: that there is no limit must be said, with null
  limit: limit.nullable(),
});

export type PhaseRecord = z.infer<typeof phase>;
export type LayerRecord = z.infer<typeof layer>;
export type BeamRecord = z.infer<typeof beam>;
export type StaticCaseRecord = z.infer<typeof staticCaseSchema>;
export type SequenceCaseRecord = z.infer<typeof sequenceCaseSchema>;

function numberField(right: string, holds: (value: number) => boolean): z.ZodCustom<number, number> {
  return z.custom<number>((value) => typeof value === "number" && Number.isFinite(value) && holds(value), right);
}
