/**
 * Orders to the controller and its answers. A user publishes envelopes to `command/<user>`, where nobody else may
 * write, and is answered on `reply/<user>/<client>`.
 */
import * as z from "zod";
import { dayTime } from "./controller-views.ts";
import { BUS_VERSION, TOPIC_NAME } from "./topics.ts";
import { count } from "./view-parts.ts";

export const STOP_CLASSES = ["exposing", "motion", "step", "open-circuit", "emergency"] as const;
export type StopClass = (typeof STOP_CLASSES)[number];

const position = z.string().regex(/^[A-H](?:[1-9]|1[0-2])$/, "Give a position, A1 to H12.");
const alarm = z.int().positive();
/** Longest time for which an alarm is put aside: a shift. */
const SHELVE_MAX_S = 12 * 3600;

export const NOTE_LENGTH_MAX = 280;

const none = z.strictObject({});
/** As printed on a cell. */
const code = z.string().trim().min(1).max(64);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "Give a SHA-256, 64 hexadecimal digits.");

/** What each command takes. */
export const COMMAND_ARGS = {
  /** Nothing more is exposed until somebody resumes; or one cell is switched off and waits. */
  hold: z.strictObject({ position: position.exactOptional() }),
  resume: z.strictObject({ position: position.exactOptional() }),
  /** One cell's step counts as not done. */
  "skip-step": z.strictObject({ position }),
  /** One cell's step has done enough. */
  "end-step": z.strictObject({ position }),
  /** A position, or the cells of one group: of the classes that switch cells off; left out: all. */
  stop: z
    .strictObject({
      class: z.enum(STOP_CLASSES),
      position: position.exactOptional(),
      group: z.string().min(1).max(64).exactOptional(),
    })
    .refine(
      ({ class: stopClass, position: one, group }) =>
        (one === undefined || group === undefined) &&
        ((one === undefined && group === undefined) || stopClass === "step" || stopClass === "open-circuit"),
      "Give a position or a group with step and open-circuit only, and not both.",
    ),
  ack: z.strictObject({ alarm }),
  shelve: z.strictObject({ alarm, for_s: z.number().positive().max(SHELVE_MAX_S) }),
  /** One exposure beside the sweeps, if dose and beam allow it, within so long. */
  expose: z.strictObject({ position, within_s: z.number().min(1).max(86_400).exactOptional() }),
  /** A word about a cell, for whoever looks next: on record, and on its screen. */
  note: z.strictObject({ position, text: z.string().trim().min(1).max(NOTE_LENGTH_MAX) }),
  /**
   * The campaign is amended by a proposal in the run's folder, named by its SHA-256; obeyed only while the campaign in
   * force is the one that it was previewed against. `name`: who answers for it.
   */
  amend: z.strictObject({ proposal: sha256, based_on: sha256, name: z.string().trim().min(1).max(80) }),
  /**
   * Access of a person to one cell, while the others cycle, or to the whole rack: `begin` proves it off and locks the
   * stage, `end` gives it back. Of `end`: the code that was read on the cell that lies there now, or that the cell does not
   * come back; `aim`: a person answers for the rack's place since it was out; of the rack's the codes by their positions, as many as were read.
   */
  swap: z
    .strictObject({
      act: z.enum(["begin", "end", "aim"]),
      position: position.exactOptional(),
      rack: z.literal(true).exactOptional(),
      cell: code.exactOptional(),
      cells: z.record(position, code).exactOptional(),
      left_out: z.literal(true).exactOptional(),
    })
    .refine(
      ({ position: one, rack }) => (one === undefined) !== (rack === undefined),
      "Give a position, or rack, and not both.",
    )
    .refine(({ act, rack }) => act !== "aim" || rack === true, "aim is of the rack.")
    .refine(
      ({ act, cell, cells, left_out: isLeftOut, rack }) =>
        (act === "end" || (cell ?? cells ?? isLeftOut) === undefined) &&
        (rack === undefined ? cells === undefined : (cell ?? isLeftOut) === undefined) &&
        (cell === undefined || isLeftOut === undefined),
      "Give cell or left_out with the end of one position only, and cells with the rack's.",
    ),
  /** The controller measures where its rack stands, the beam held for that alone. `site`: by its name; `name`: who answers for it. */
  align: z.strictObject({ site: z.string().min(1).max(80), name: z.string().trim().min(1).max(80) }),
  /** A program beside the controller has trouble of its own: an alarm by its name; null: it is over. */
  trouble: z.strictObject({ of: z.string().regex(TOPIC_NAME), what: z.string().min(1).max(300).nullable() }),
  /** After a broken interlock. */
  "re-arm": none,
  "take-control": none,
  "release-control": none,
} as const;
export type CommandName = keyof typeof COMMAND_ARGS;
export const COMMAND_NAMES = Object.keys(COMMAND_ARGS) as readonly CommandName[];

/** A command with what it takes. */
export type BusCommand = {
  readonly [Name in CommandName]: { readonly command: Name; readonly args: z.output<(typeof COMMAND_ARGS)[Name]> };
}[CommandName];

const name = z.string().regex(TOPIC_NAME);

export const envelopeSchema = z.strictObject({
  v: z.literal(BUS_VERSION),
  id: z
    .string()
    .regex(/^[A-Za-z0-9._-]{8,64}$/, "Give an id of 8 to 64 letters and digits that was never used before."),
  author: name.meta({ description: "the user; the same as in the topic" }),
  reply_to: name.meta({ description: "the client's part of `reply/<user>/<client>`" }),
  deadline: dayTime.meta({ description: "after which it must not be obeyed; at most 10 minutes ahead" }),
  precondition: z
    .strictObject({ topic: z.string().max(64), version: count })
    .nullable()
    .meta({ description: "obeyed only while this topic (`campaign`, `cell/B7`) has this version" }),
  command: z.enum(COMMAND_NAMES),
  args: z.record(z.string(), z.unknown()),
  reason: z.string().max(400),
});
export type BusEnvelope = z.output<typeof envelopeSchema>;

/** Why a command was refused; for programs. */
export const REFUSALS = [
  "unreadable",
  "other-author",
  "late",
  "too-far-ahead",
  "role",
  "not-in-control",
  "precondition",
  "not-now",
  "unknown-place",
  "no-reason",
] as const;
export type Refusal = (typeof REFUSALS)[number];

/**
 * The one answer to a command. `done`: the order was given to the machines, whose states tell what comes of it. A stop
 * is answered once every device has confirmed it, or after two seconds, with those named that have not; an amendment once it is
 * in force, or refused.
 */
export const replySchema = z.object({
  v: z.literal(BUS_VERSION),
  id: z.string(),
  outcome: z.enum(["done", "refused"]),
  refusal: z.enum(REFUSALS).nullable(),
  what: z.string(),
  advice: z.string(),
  /** Of a stop that was obeyed: devices that have not confirmed it, none where all have. */
  not_confirmed: z.array(z.string()).exactOptional(),
  /** Number of the amendment that is in force now. */
  amended: z.int().positive().exactOptional(),
  said_at: dayTime,
});
export type BusReply = z.output<typeof replySchema>;
