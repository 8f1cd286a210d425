/** `handover`: what one shift tells the next, hour by hour, so that whoever reads it chooses since when. */
import * as z from "zod";
import { count, header, time } from "./view-parts.ts";

const outcomes = z.record(z.string(), count);

const whereMore = count.optional().meta({ description: "places that did not find room; left out where all did" });
const text = z.string().meta({ description: "ends in ... where not all of it found room" });

const hour = z.object({
  from: time.meta({ description: "a full hour of UTC" }),
  sweeps: count,
  exposures: outcomes.meta({ description: "by outcome" }),
  missed: outcomes.meta({ description: "requests, by what stood in the way" }),
  steps_ended: count,
  beam_lost_s: z.number(),
  events: z.array(
    z.object({
      at: time.meta({ description: "of equal ones the first" }),
      where: z.array(z.string()),
      where_more: whereMore,
      text,
      count,
    }),
  ),
  notes: z.array(z.object({ at: time, position: z.string(), by: z.string(), text })),
  more: count.meta({ description: "events and notes that did not find room" }),
});
export type BusHandoverHour = z.output<typeof hour>;

const expected = z.object({
  at: time,
  spread_s: z.number().nullable().meta({ description: "in 95 of 100 cases no further off" }),
  where: z.string().nullable(),
  text,
});
export type BusExpected = z.output<typeof expected>;

export const handoverViewSchema = z.object({
  ...header,
  hours: z.array(hour).meta({ description: "oldest first; hours in which nothing happened are left out" }),
  waiting: z.array(
    z.object({
      who: z.string(),
      what: text,
      where: z.array(z.string()),
      where_more: whereMore,
      since: time.nullable(),
    }),
  ),
  waiting_more: count.optional().meta({ description: "matters that did not find room; left out where all did" }),
  expected: z.object({
    until: time,
    announced: z.array(expected),
    sweeps: z.object({ next: time, every_s: z.number(), count }).nullable(),
    requests: z.array(expected),
    steps: z.array(expected),
    more: count.meta({ description: "announced, requests and steps that did not find room" }),
  }),
});
export type BusHandover = z.output<typeof handoverViewSchema>;
