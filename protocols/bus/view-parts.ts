/** Parts that the views on the bus share. Units are in the names; times are UTC, by the campaign's clock. */
import * as z from "zod";
import { BUS_VERSION } from "./topics.ts";

/** In the virtual world the campaign's clock is the world's, which may run many times faster than the day. */
export const time = z.iso.datetime().meta({ description: "UTC, by the campaign's clock" });
export const count = z.int().nonnegative();
/** Null where it is not known. */
export const known = z.number().nullable();

/** What every message begins with. */
export const header = { v: z.literal(BUS_VERSION), at: time } as const;

export const waiting = z
  .object({
    reason: z.string(),
    who: z.string().meta({ description: "the device or party that owes the answer; `operator` for a person" }),
    since: time,
    until: time.nullable().meta({ description: "when patience ends; null where a person decides" }),
  })
  .nullable();
export type BusWaiting = NonNullable<z.output<typeof waiting>>;

export const fault = z.object({ code: z.string(), where: z.string(), what: z.string(), advice: z.string() }).nullable();
export type BusFault = NonNullable<z.output<typeof fault>>;

/** Counts up with every change that an order may be about: what a precondition names. */
export const version = count.meta({ description: "for the precondition of a command" });

/** Of a cell that followed another in its place. */
export const occupant = z
  .string()
  .meta({ description: "name of a cell that followed another in its place: A7.2" })
  .exactOptional();
