/** What goes wrong in a simulated run, and when: seeded profiles, and lists from a file. */
import { z } from "zod";
import { Fault } from "../../protocols/base/fault.ts";
import { pathText, valueAt, valueText } from "../../protocols/input/document.ts";
import { HUTCH_CONDITIONS } from "../plant/beam-plant.ts";
import type { Chance } from "../plant/plant.ts";
import { HOST_FAULT_SHAPES, type HostFault, hostFault, isHostEntry } from "./host-faults.ts";
import { EQUIPMENT_FAULT_SHAPES, type EquipmentFault, equipmentFault, isEquipment } from "./equipment-faults.ts";
import {
  CELL_COMES_SHAPE,
  CELL_FAULT_SHAPES,
  type CellComes,
  type CellGoesWrong,
  cellGoesWrong,
  drawBadCells,
} from "./cell-faults.ts";

export type WorldFault =
  /** The machine is full again at the end; the last `refillMs`, by default none, are filling. */
  | { readonly kind: "beam-dump"; readonly fromMs: number; readonly toMs: number; readonly refillMs?: number }
  /** Without an end it lasts. */
  | { readonly kind: "link-hang"; readonly link: string; readonly fromMs: number; readonly toMs?: number }
  | { readonly kind: "link-cut"; readonly link: string; readonly fromMs: number }
  | { readonly kind: "interlock"; readonly name: string; readonly fromMs: number; readonly toMs?: number }
  /** The fast shutter's blades stay where they are once they are there. */
  | { readonly kind: "shutter-stuck"; readonly at: "open" | "closed"; readonly fromMs: number; readonly toMs?: number }
  /** Neither that one nor the one upstream closes once it is open; at the end a person has freed both. */
  | { readonly kind: "shutters-stuck"; readonly fromMs: number; readonly toMs: number }
  /** Nothing lies in the place before: it is put there now. */
  | CellComes
  /** The first move from then on stalls, and leaves the table short by this much of where the counters say. */
  | { readonly kind: "stage-lost-steps"; readonly fromMs: number; readonly xMm: number; readonly yMm: number }
  | CellGoesWrong
  | HostFault
  | EquipmentFault;

const HOUR_MS = 3_600_000;
/** From nothing to full current. */
const REFILL_MS = 60_000;

/**
 * About one beam loss in eight hours, one hung or cut channel in twelve, and two bad cells in a hundred; nothing a good
 * day does not know.
 */
export function lightFaults(
  chance: Chance,
  hours: number,
  channelLinks: readonly string[],
  /** Where there are cells. */
  positions: readonly number[],
): readonly WorldFault[] {
  const faults: WorldFault[] = [...drawBadCells(chance.stream("cells"), hours, positions)];
  for (const fromMs of instants(chance.stream("beam-dump"), hours, 8)) {
    const lastsMs = 60_000 * (4 + 16 * chance.stream(`dump at ${fromMs}`).uniform());
    faults.push({ kind: "beam-dump", fromMs, toMs: fromMs + lastsMs, refillMs: REFILL_MS });
  }
  for (const fromMs of instants(chance.stream("link"), hours, 12)) {
    const draw = chance.stream(`link at ${fromMs}`);
    const link = channelLinks[Math.floor(draw.uniform() * channelLinks.length)];
    if (link === undefined) continue;
    if (draw.uniform() < 0.5) faults.push({ kind: "link-cut", link, fromMs });
    else faults.push({ kind: "link-hang", link, fromMs, toMs: fromMs + 1000 * (5 + 40 * draw.uniform()) });
  }
  return faults.sort((a, b) => a.fromMs - b.fromMs);
}

/** Independent instants, on average one in `everyH` hours, none in the first half hour. */
function instants(chance: Chance, hours: number, everyH: number): readonly number[] {
  const found: number[] = [];
  let atH = 0.5;
  for (;;) {
    atH -= everyH * Math.log(1 - chance.uniform());
    if (atH >= hours) return found;
    found.push(Math.round(atH * HOUR_MS));
  }
}

const atS = z.number().min(0);
const lostMm = z.number().min(-300).max(300).default(0);
const fileSchema = z.array(
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("beam-dump"), from_s: atS, to_s: atS, refill_s: atS.optional() }),
    z.strictObject({ kind: z.literal("link-hang"), link: z.string(), from_s: atS, to_s: atS.optional() }),
    z.strictObject({ kind: z.literal("link-cut"), link: z.string(), from_s: atS }),
    z.strictObject({ kind: z.literal("interlock"), name: z.enum(HUTCH_CONDITIONS), from_s: atS, to_s: atS.optional() }),
    z.strictObject({
      kind: z.literal("shutter-stuck"),
      at: z.enum(["open", "closed"]),
      from_s: atS,
      to_s: atS.optional(),
    }),
    z.strictObject({ kind: z.literal("shutters-stuck"), from_s: atS, to_s: atS }),
    z.strictObject({ kind: z.literal("stage-lost-steps"), from_s: atS, x_mm: lostMm, y_mm: lostMm }),
    CELL_COMES_SHAPE,
    ...CELL_FAULT_SHAPES,
    ...EQUIPMENT_FAULT_SHAPES,
    ...HOST_FAULT_SHAPES,
  ]),
);

/** Reads a list of faults (seconds from the start); throws Fault `file.schema` naming the entry. */
export function parseWorldFaults(json: unknown, where: string): readonly WorldFault[] {
  const result = fileSchema.safeParse(json);
  if (!result.success) {
    throw new Fault("file.schema", where, result.error.issues.map((issue) => issueText(issue, json)).join("; "));
  }
  return result.data.map((entry, index): WorldFault => {
    if (entry.kind === "cell-comes") {
      return { kind: entry.kind, positionIndex: entry.position, fromMs: entry.at_s * 1000 };
    }
    if ("position" in entry) return cellGoesWrong(entry);
    if ("to_s" in entry && entry.to_s !== undefined && !(entry.to_s > entry.from_s)) {
      const what = `[${index}].to_s: is ${entry.to_s}, not after from_s, ${entry.from_s}`;
      throw new Fault("file.schema", where, what);
    }
    if (isEquipment(entry)) return equipmentFault(entry);
    if (isHostEntry(entry)) return hostFault(entry);
    const fromMs = entry.from_s * 1000;
    if (entry.kind === "beam-dump") {
      const refill = entry.refill_s === undefined ? {} : { refillMs: entry.refill_s * 1000 };
      return { kind: entry.kind, fromMs, toMs: entry.to_s * 1000, ...refill };
    }
    if (entry.kind === "shutters-stuck") return { kind: entry.kind, fromMs, toMs: entry.to_s * 1000 };
    if (entry.kind === "link-cut") return { kind: entry.kind, link: entry.link, fromMs };
    if (entry.kind === "stage-lost-steps") return { kind: entry.kind, fromMs, xMm: entry.x_mm, yMm: entry.y_mm };
    const end = entry.to_s === undefined ? {} : { toMs: entry.to_s * 1000 };
    if (entry.kind === "link-hang") return { kind: entry.kind, link: entry.link, fromMs, ...end };
    if (entry.kind === "shutter-stuck") return { kind: entry.kind, at: entry.at, fromMs, ...end };
    return { kind: entry.kind, name: entry.name, fromMs, ...end };
  });
}

function issueText(issue: z.core.$ZodIssue, json: unknown): string {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (path.length === 0) return "is no list; give a list of faults, [ { kind, ... }, ... ]";
  if (issue.code === "unrecognized_keys") {
    return `${pathText(path)}: has no field ${issue.keys.join(", ")}; leave it out or spell it as the handbook does`;
  }
  const value = valueAt(json, path);
  return `${pathText(path)}: ${value === undefined ? "is missing" : `is ${valueText(value)}`}; ${issue.message}`;
}
