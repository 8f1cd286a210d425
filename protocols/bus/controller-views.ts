/** What the bus says of the controller itself and of who holds control; and its log. */
import * as z from "zod";
import { count, header, known, time } from "./view-parts.ts";

/** By the day's own clock, which is that of people and of deadlines. */
export const dayTime = z.iso.datetime().meta({ description: "UTC, by the machine's clock" });

/**
 * `controller`. The broker says `gone` in the controller's stead when its connection breaks (Last Will); since when, the
 * last heartbeat tells.
 */
export const controllerViewSchema = z.object({
  v: header.v,
  state: z.enum(["present", "ended", "gone"]),
  instance: z.string().meta({ description: "another after every start" }),
  campaign: z.string(),
  version: z.string(),
  host: z.string(),
  pid: z.int(),
  started_at: dayTime,
  said_at: dayTime,
  how: z.string().nullable().meta({ description: "why it ended" }),
});
export type BusController = z.output<typeof controllerViewSchema>;

/** `heartbeat`, once a second. */
export const heartbeatSchema = z.object({
  ...header,
  instance: z.string(),
  said_at: dayTime,
  beat: count,
  period_s: z.number().meta({ description: "three of them without a beat: what is shown is no longer live" }),
  pace: z.number().meta({ description: "seconds of the campaign for one of the day; 0 when it stands still" }),
  elapsed_s: z.number(),
  log_seq: count,
  log_digest: z
    .string()
    .nullable()
    .meta({ description: "of event log_seq: a log that ends before it, or has another there, was cut or changed" }),
  dropped: count.meta({ description: "stream messages given up because the broker was slow" }),
  refused: count.meta({ description: "messages to the controller that were no commands, or were refused" }),
  loop_delay_ms: known,
});
export type BusHeartbeat = z.output<typeof heartbeatSchema>;

/** `control`: who may give orders. */
export const controlViewSchema = z.object({
  v: header.v,
  said_at: dayTime,
  holder: z
    .object({ author: z.string(), role: z.string(), since: dayTime, until: dayTime, reason: z.string() })
    .nullable()
    .meta({ description: "until: lapses then unless the holder gives another order" }),
  taking_over: z
    .object({ author: z.string(), role: z.string(), at: dayTime, reason: z.string() })
    .nullable()
    .meta({ description: "announced; control passes then, or as soon as the holder lets go" }),
  last_commands: z
    .array(
      z.object({
        id: z.string(),
        author: z.string(),
        command: z.string(),
        said_at: dayTime,
        outcome: z.enum(["done", "refused"]),
        what: z.string(),
      }),
    )
    .meta({ description: "newest first, at most 10" }),
});
export type BusControl = z.output<typeof controlViewSchema>;

/** One line of the event log. */
const logLine = {
  seq: count,
  at: time,
  type: z.string(),
  where: z.string().nullable().meta({ description: "position or instrument" }),
  text: z.string(),
} as const;
/** `log`, a stream. */
export const logSchema = z.object({ v: header.v, ...logLine });
export type BusLog = z.output<typeof logSchema>;
/** `recent`: the last lines of the log, oldest first, for whoever comes late. */
export const recentSchema = z.object({ ...header, lines: z.array(z.object(logLine)) });
export type BusRecent = z.output<typeof recentSchema>;

/** `notice`, a stream: what went out to people, and why. Said by the program that sends notifications. */
export const noticeSchema = z.object({
  v: header.v,
  said_at: dayTime,
  rule: z.string(),
  severity: z.enum(["retry", "hold", "stop", "refuse"]).nullable().meta({ description: "null for a milestone" }),
  title: z.string().max(200),
  lines: z.array(z.string().max(600)).max(60),
  held_back: count.meta({ description: "notices that the limits of the rule kept back since the last one" }),
});
export type BusNotice = z.output<typeof noticeSchema>;
