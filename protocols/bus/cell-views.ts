/** What the bus says of one cell: `cell/<position>`, `dose/<position>`, `trace/<position>`. */
import * as z from "zod";
import { count, fault, header, known, occupant, time, version, waiting } from "./view-parts.ts";

export const CELL_STATES = [
  "beginning",
  "awaitingChannel",
  "expected",
  "finding",
  "proving",
  "choosing",
  "keeping",
  "starting",
  "cycling",
  "awaitingReturn",
  "findingOut",
  "away",
  "returning",
  "awaitingContacts",
  "givingBack",
  "held",
  "opening",
  "stopping",
  "finishing",
  "isolated",
  "complete",
  "stopped",
] as const;

/** Older ones stand in the log. */
export const CELL_NOTES_MAX = 5;
/** Steps of the last pattern as it is shown small. */
export const FRAME_STEPS_MAX = 96;
/** Patterns of a cell that are shown one behind the other. */
export const FRAMES_SHOWN_MAX = 8;
/** Heights are told as one digit each, of base 36. */
const HEIGHT_MOST = 35;

/** Heights from 0 to 1 as digits, and back. */
export function heightDigits(heights: readonly number[]): string {
  return heights.map((height) => Math.round(HEIGHT_MOST * Math.min(1, Math.max(0, height))).toString(36)).join("");
}

export function digitHeights(digits: string): readonly number[] {
  return Array.from(digits, (digit) => Number.parseInt(digit, 36) / HEIGHT_MOST);
}

export const cellViewSchema = z.object({
  ...header,
  version,
  position: z.string(),
  cell: z.string().meta({ description: "barcode" }),
  occupant,
  group: z.string(),
  chemistry: z.string(),
  role: z.enum(["exposed", "rare-control", "dark-control"]),
  protocol: z.string(),
  nominal_capacity_mAh: z.number(),
  state: z.string().meta({ description: `one of ${CELL_STATES.join(", ")}` }),
  belief: z.enum(["confirmed", "believed", "unknown"]).meta({ description: "that it is the right cell" }),
  step: z.int().nullable().meta({ description: "number in the protocol file, from 1" }),
  step_count: count,
  label: z.string().nullable(),
  cycle: z.int().nullable(),
  half_cycle: count,
  waiting_for: waiting,
  voltage_V: known,
  current_A: known,
  sampled_at: time.nullable(),
  soc: known.meta({ description: "state of charge, fraction of the capacity" }),
  soc_uncertainty: known,
  state_of_health: known,
  coulombic_efficiency: known,
  last_half_cycle_mAh: known,
  held_by: z.string().nullable(),
  fault,
  dose: z.object({
    limit_fraction: z.number().meta({ description: "largest share of any dose limit that was given, upper value" }),
    exposures: count,
    refused: count,
  }),
  last_exposure: z.object({ id: z.string(), at: time, outcome: z.string() }).nullable(),
  next_exposure: z.object({ at: time.nullable(), reason: z.string() }).nullable(),
  forecast: z
    .object({
      step_ends_at: time.nullable(),
      step_spread_s: known,
      ends_at: time.nullable().meta({ description: "of the whole protocol; null while that lies too far ahead" }),
      ends_spread_s: known,
      paused_since: time.nullable(),
    })
    .nullable(),
  notes: z
    .array(z.object({ at: time, by: z.string(), text: z.string() }))
    .max(CELL_NOTES_MAX)
    .meta({ description: "what people wrote of it, newest first" }),
  beam_effect: z
    .object({ verdict: z.string(), look: count, pairs: count, lag: known, lag_low: known, lag_high: known })
    .nullable(),
  last_frame: z
    .object({
      exposure_id: z.string(),
      finding: z.string().meta({ description: "good, or what the first look at it found" }),
      what: z.string(),
      counts: count,
      most_in_one_bin: count,
      from_deg: z.number(),
      to_deg: z.number(),
      pattern: z.array(z.number().min(0).max(1)).max(FRAME_STEPS_MAX).meta({
        description: "logarithm of the counts, the smallest 0 and the largest 1, from the first angle to the last",
      }),
    })
    .nullable(),
});
export type BusCell = z.output<typeof cellViewSchema>;

export const doseViewSchema = z.object({
  ...header,
  position: z.string(),
  relative_uncertainty: known,
  limits: z.array(
    z.object({
      layer: z.string(),
      location: z.enum(["surface", "mean"]),
      scope: z.enum(["spot-total", "spot-cycle", "per-exposure"]),
      dose_Gy: known,
      dose_rate_Gy_s: known,
      source: z.string(),
      vouched_by: z.string(),
    }),
  ),
  limit_fraction: z.number(),
  spots: z.array(
    z.object({
      spot: count,
      x_mm: z.number(),
      y_mm: z.number(),
      exposures: count,
      booked: count.meta({ description: "open bookings, not yet settled" }),
      fluence_ph_cm2: z.number(),
      layers: z.array(z.object({ layer: z.string(), surface_Gy: z.number(), mean_Gy: z.number() })),
    }),
  ),
});
export type BusDose = z.output<typeof doseViewSchema>;

/** Few enough to be drawn as they come, and to be sent again and again. */
export const TRACE_POINTS_MAX = 240;

/** How voltage and current went, thinned out evenly over the campaign: columns of the same length, oldest first. */
export const traceViewSchema = z.object({
  ...header,
  position: z.string(),
  time_s: z.array(z.number()).max(TRACE_POINTS_MAX).meta({ description: "since the campaign began" }),
  voltage_V: z.array(z.number()).max(TRACE_POINTS_MAX),
  current_A: z.array(z.number()).max(TRACE_POINTS_MAX),
  capacity_mAh: z.array(z.number()).max(TRACE_POINTS_MAX).meta({ description: "net charge since the start" }),
  exposures_s: z.array(z.number()).max(TRACE_POINTS_MAX).meta({ description: "when it was exposed, the last ones" }),
  patterns: z
    .array(
      z.object({
        exposure_id: z.string(),
        finding: z.string(),
        heights: z
          .string()
          .regex(/^[0-9a-z]*$/)
          .max(FRAME_STEPS_MAX)
          .meta({
            description: "logarithm of the counts from the first angle to the last, a digit of base 36 each",
          }),
      }),
    )
    .max(FRAMES_SHOWN_MAX)
    .default([])
    .meta({ description: "of the last frames that were looked at, oldest first" }),
});
export type BusTrace = z.output<typeof traceViewSchema>;
