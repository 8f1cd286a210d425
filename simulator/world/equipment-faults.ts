/** Faults of shutter, detector, trigger, monitors, optics, stage, cables and of the controller itself, with what a person does. */
import { z } from "zod";
import type { MonitorFeed } from "./beamline-trouble.ts";

interface Lasting {
  readonly fromMs: number;
  /** Without an end it lasts. */
  readonly toMs?: number;
}

export type EquipmentFault =
  | (Lasting & { readonly kind: "shutter-slow"; readonly travelMs: number })
  /** A switch of the fast shutter reads this, wherever the blades are. */
  | (Lasting & { readonly kind: "shutter-switch"; readonly which: "open" | "closed"; readonly reads: boolean })
  | (Lasting & { readonly kind: "detector-dead" })
  | (Lasting & { readonly kind: "detector-late"; readonly lateMs: number })
  /** Every exposure is refused after its start. */
  | (Lasting & { readonly kind: "detector-refuses" })
  /** The trigger obeys and answers nothing. */
  | (Lasting & { readonly kind: "trigger-silent" })
  /** Its gate, once high, stays so. */
  | (Lasting & { readonly kind: "trigger-holds" })
  /** No gate reaches the shutter. */
  | (Lasting & { readonly kind: "trigger-withheld" })
  /** Each gate comes once more, so long after its end. */
  | (Lasting & { readonly kind: "trigger-repeats"; readonly afterMs: number })
  | (Lasting & { readonly kind: "feed-stops"; readonly feed: MonitorFeed })
  | (Lasting & { readonly kind: "feed-jumps"; readonly feed: MonitorFeed; readonly factor: number })
  | (Lasting & { readonly kind: "feed-not-a-number"; readonly feed: MonitorFeed })
  /** The optics pass only this share of the photons. */
  | (Lasting & { readonly kind: "beam-dim"; readonly share: number })
  /** A limit switch closes although the table is nowhere near: the stage stops and has lost its reference. */
  | { readonly kind: "stage-trip"; readonly fromMs: number }
  | (Lasting & { readonly kind: "link-unplugged"; readonly link: string })
  /** Everything on the cable takes so much longer. */
  | (Lasting & { readonly kind: "link-late"; readonly link: string; readonly lateMs: number })
  /** One message in four is lost; comes twice; is the one before it once more. */
  | (Lasting & { readonly kind: "link-drops" | "link-doubles" | "link-repeats"; readonly link: string })
  /** Half open: the device hears nothing; nothing of it is heard. */
  | (Lasting & { readonly kind: "link-deaf" | "link-mute"; readonly link: string })
  /** It closes again and again, as often as it is opened. */
  | (Lasting & { readonly kind: "link-flaps"; readonly link: string })
  /** The instrument behind the cable loses its power for a moment, and what it was doing. */
  | { readonly kind: "instrument-reboots"; readonly fromMs: number; readonly link: string }
  /** It answers every command with an error of its firmware; what it runs runs on. */
  | (Lasting & { readonly kind: "instrument-errors"; readonly link: string })
  /** What it runs ends with an error of its firmware; the cell stays as it is. */
  | { readonly kind: "instrument-fails"; readonly fromMs: number; readonly link: string }
  /** Its clock runs fast by this share, or slow where that is negative. */
  | (Lasting & { readonly kind: "instrument-clock"; readonly link: string; readonly share: number })
  /** Every other reading is taken in a range of current that is too small for it. */
  | (Lasting & { readonly kind: "range-jumps"; readonly link: string })
  /** The next cell that the robot carries falls; the next pick takes the one beside it along. */
  | { readonly kind: "robot-drops" | "robot-picks-two"; readonly fromMs: number }
  /** Somebody lets two cells change places, which so have each other's codes. */
  | { readonly kind: "cells-swapped"; readonly fromMs: number; readonly one: string; readonly other: string }
  /** The feed says again and again what it said first. */
  | (Lasting & { readonly kind: "feed-sticks"; readonly feed: MonitorFeed })
  /** The beamline takes its permission back in the middle of the next exposure. */
  | (Lasting & { readonly kind: "permit-withdrawn" })
  /** One chunk in so many arrives with a wrong character. */
  | (Lasting & { readonly kind: "link-garbled"; readonly link: string })
  /** What an input of the rack is there for: its button is pressed, its detector sees smoke, its fan stands still. */
  | (Lasting & { readonly kind: "safety-input"; readonly input: string })
  | { readonly kind: "controller-kill"; readonly fromMs: number; readonly toMs: number }
  /** Somebody says that exposing may go on, re-arms the hutch, or finds the cells of a robot that asks where they are. */
  | { readonly kind: "person"; readonly fromMs: number; readonly act: PersonAct };

export type PersonAct = "resume" | "re-arm" | "find-cells";

const atS = z.number().min(0);
const lasting = { from_s: atS, to_s: atS.optional() };
const place = z.string().regex(/^[A-H](?:[1-9]|1[0-2])$/, "a position, A1 to H12");
const feed = z.enum(["ring-current", "flux"]);

/** Sizes that are left out are those of a plain case. */
export const EQUIPMENT_FAULT_SHAPES = [
  z.strictObject({
    kind: z.literal("shutter-slow"),
    ...lasting,
    travel_s: z.number().min(0.001).max(600).default(0.5),
  }),
  z.strictObject({
    kind: z.literal("shutter-switch"),
    ...{ ...lasting, which: z.enum(["open", "closed"]), reads: z.boolean() },
  }),
  z.strictObject({ kind: z.literal("detector-dead"), ...lasting }),
  z.strictObject({ kind: z.literal("detector-late"), ...lasting, late_s: z.number().min(0).max(3600).default(10) }),
  z.strictObject({ kind: z.literal("detector-refuses"), ...lasting }),
  z.strictObject({ kind: z.literal("trigger-silent"), ...lasting }),
  z.strictObject({ kind: z.literal("trigger-holds"), ...lasting }),
  z.strictObject({ kind: z.literal("trigger-withheld"), ...lasting }),
  z.strictObject({ kind: z.literal("trigger-repeats"), ...lasting, after_s: z.number().min(0).max(600).default(0.1) }),
  z.strictObject({ kind: z.literal("feed-stops"), ...lasting, feed }),
  z.strictObject({
    kind: z.literal("feed-jumps"),
    ...lasting,
    feed,
    factor: z.number().min(-1000).max(1000).default(2),
  }),
  z.strictObject({ kind: z.literal("feed-not-a-number"), ...lasting, feed }),
  z.strictObject({ kind: z.literal("beam-dim"), ...lasting, share: z.number().min(0).max(1).default(0.7) }),
  z.strictObject({ kind: z.literal("stage-trip"), from_s: atS }),
  z.strictObject({ kind: z.literal("link-unplugged"), ...lasting, link: z.string() }),
  z.strictObject({ kind: z.literal("link-garbled"), ...lasting, link: z.string() }),
  z.strictObject({
    kind: z.literal("link-late"),
    ...{ ...lasting, link: z.string(), late_s: z.number().min(0).max(60).default(0.3) },
  }),
  z.strictObject({ kind: z.literal("link-drops"), ...lasting, link: z.string() }),
  z.strictObject({ kind: z.literal("link-doubles"), ...lasting, link: z.string() }),
  z.strictObject({ kind: z.literal("link-repeats"), ...lasting, link: z.string() }),
  z.strictObject({ kind: z.literal("link-deaf"), ...lasting, link: z.string() }),
  z.strictObject({ kind: z.literal("link-mute"), ...lasting, link: z.string() }),
  z.strictObject({ kind: z.literal("link-flaps"), ...lasting, link: z.string() }),
  z.strictObject({ kind: z.literal("instrument-reboots"), from_s: atS, link: z.string() }),
  z.strictObject({ kind: z.literal("instrument-errors"), ...lasting, link: z.string() }),
  z.strictObject({ kind: z.literal("instrument-fails"), from_s: atS, link: z.string() }),
  z.strictObject({
    kind: z.literal("instrument-clock"),
    ...{ ...lasting, link: z.string(), share: z.number().min(-0.2).max(0.2).default(0.01) },
  }),
  z.strictObject({ kind: z.literal("range-jumps"), ...lasting, link: z.string() }),
  z.strictObject({ kind: z.literal("robot-drops"), from_s: atS }),
  z.strictObject({ kind: z.literal("robot-picks-two"), from_s: atS }),
  z.strictObject({ kind: z.literal("cells-swapped"), from_s: atS, one: place, other: place }),
  z.strictObject({ kind: z.literal("feed-sticks"), ...lasting, feed }),
  z.strictObject({ kind: z.literal("permit-withdrawn"), ...lasting }),
  z.strictObject({ kind: z.literal("safety-input"), ...lasting, input: z.string() }),
  z.strictObject({ kind: z.literal("controller-kill"), from_s: atS, to_s: atS }),
  z.strictObject({ kind: z.literal("person"), from_s: atS, act: z.enum(["resume", "re-arm", "find-cells"]) }),
] as const;

type EquipmentEntry = z.output<(typeof EQUIPMENT_FAULT_SHAPES)[number]>;

const KINDS: ReadonlySet<string> = new Set(EQUIPMENT_FAULT_SHAPES.map(({ shape }) => shape.kind.value));

export function isEquipment(entry: { readonly kind: string }): entry is EquipmentEntry {
  return KINDS.has(entry.kind);
}

export function equipmentFault(entry: EquipmentEntry): EquipmentFault {
  const fromMs = entry.from_s * 1000;
  if (entry.kind === "stage-trip") return { kind: entry.kind, fromMs };
  if (entry.kind === "robot-drops" || entry.kind === "robot-picks-two") return { kind: entry.kind, fromMs };
  if (entry.kind === "cells-swapped") {
    return { kind: entry.kind, fromMs, one: entry.one, other: entry.other };
  }
  if (entry.kind === "instrument-reboots" || entry.kind === "instrument-fails") {
    return { kind: entry.kind, fromMs, link: entry.link };
  }
  if (entry.kind === "person") return { kind: entry.kind, fromMs, act: entry.act };
  if (entry.kind === "controller-kill") return { kind: entry.kind, fromMs, toMs: entry.to_s * 1000 };
  return { ...lastingFault(entry), fromMs, ...(entry.to_s === undefined ? {} : { toMs: entry.to_s * 1000 }) };
}

type Momentary = {
  readonly kind:
    | ("stage-trip" | "person" | "controller-kill" | "instrument-reboots" | "instrument-fails")
    | ("robot-drops" | "robot-picks-two" | "cells-swapped");
};
type LastingEntry = Exclude<EquipmentEntry, Momentary>;
type LastingFault = Exclude<EquipmentFault, Momentary>;
type WithoutTimes<Fault> = Fault extends unknown ? Omit<Fault, keyof Lasting> : never;

function lastingFault(entry: LastingEntry): WithoutTimes<LastingFault> {
  switch (entry.kind) {
    case "shutter-slow":
      return { kind: entry.kind, travelMs: entry.travel_s * 1000 };
    case "shutter-switch":
      return { kind: entry.kind, which: entry.which, reads: entry.reads };
    case "detector-late":
      return { kind: entry.kind, lateMs: entry.late_s * 1000 };
    case "trigger-repeats":
      return { kind: entry.kind, afterMs: entry.after_s * 1000 };
    case "feed-jumps":
      return { kind: entry.kind, feed: entry.feed, factor: entry.factor };
    case "feed-stops":
    case "feed-not-a-number":
    case "feed-sticks":
      return { kind: entry.kind, feed: entry.feed };
    case "beam-dim":
      return { kind: entry.kind, share: entry.share };
    case "safety-input":
      return { kind: entry.kind, input: entry.input };
    case "instrument-clock":
      return { kind: entry.kind, link: entry.link, share: entry.share };
    case "link-late":
      return { kind: entry.kind, link: entry.link, lateMs: entry.late_s * 1000 };
    case "link-unplugged":
    case "link-garbled":
    case "link-drops":
    case "link-doubles":
    case "link-repeats":
    case "link-deaf":
    case "link-mute":
    case "link-flaps":
    case "instrument-errors":
    case "range-jumps":
      return { kind: entry.kind, link: entry.link };
    case "detector-dead":
    case "detector-refuses":
    case "trigger-silent":
    case "trigger-holds":
    case "trigger-withheld":
    case "permit-withdrawn":
      return { kind: entry.kind };
  }
}
