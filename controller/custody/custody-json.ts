/** An entry of the custody ledger as its file has it: one line of JSON, names with units, times in UTC. */
import * as z from "zod";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { parsePosition, type Position } from "../../protocols/base/position.ts";
import { CHEMISTRY_IDS, type ChemistryId } from "../../protocols/campaign/chemistry.ts";
import { HAZARDS } from "../../protocols/manifest/manifest.ts";
import type { CustodyAct, CustodyEntry } from "./custody.ts";

const barcode = z.string().min(1).max(64);
const number = z.number();
const position = z.string().transform((text, context): Position => {
  const found = parsePosition(text);
  if (found !== undefined) return found;
  context.addIssue({ code: "custom", message: "no position" });
  return z.NEVER;
});
const chemistry = z.enum(CHEMISTRY_IDS as [ChemistryId, ...ChemistryId[]]);

const expected = z.object({
  barcode,
  shipment: z.string(),
  group: z.string(),
  chemistry,
  after: z.enum(["return", "dispose"]),
  hazards: z.array(z.enum(HAZARDS)),
  open_circuit_V: number.nullable(),
  impedance_ohm: number.nullable(),
  measured_ms: number.nullable(),
});

const act = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("expect"), cell: expected }),
  z.object({ kind: z.literal("receive"), barcode }),
  z.object({ kind: z.literal("close-box"), shipment: z.string() }),
  z.object({ kind: z.literal("inspect"), barcode, is_sound: z.boolean(), note: z.string() }),
  z.object({ kind: z.literal("load"), barcode: barcode.nullable(), position, planned: position.nullable() }),
  z.object({
    kind: z.literal("verify"),
    barcode,
    position,
    open_circuit_V: number,
    resistance_ohm: number.nullable(),
    happened_ms: number.exactOptional(),
  }),
  z.object({ kind: z.enum(["cycle", "finish"]), barcode, happened_ms: number.exactOptional() }),
  z.object({ kind: z.enum(["unload", "return", "dispose"]), barcode }),
  z.object({ kind: z.literal("empty"), position }),
  z.object({
    kind: z.literal("prepare"),
    barcode,
    open_circuit_V: number,
    leaks: z.boolean(),
    is_labelled: z.boolean(),
  }),
  z.object({ kind: z.literal("settle"), barcode, reason: z.string() }),
]);

const entry = z.object({ seq: z.int().positive(), at: z.iso.datetime(), by: z.string().min(1), act });

export function entryJson({ seq, atMs, by, act: done }: CustodyEntry): Json {
  return { seq, at: new Date(atMs).toISOString(), by, act: actJson(done) };
}

function actJson(done: CustodyAct): Json {
  switch (done.kind) {
    case "expect": {
      const { openCircuitV, impedanceOhm, measuredMs, hazards, ...rest } = done.cell;
      const measured = { open_circuit_V: openCircuitV, impedance_ohm: impedanceOhm, measured_ms: measuredMs };
      return { kind: done.kind, cell: { ...rest, hazards: [...hazards], ...measured } };
    }
    case "inspect":
      return { kind: done.kind, barcode: done.barcode, is_sound: done.isSound, note: done.note };
    case "verify": {
      const { kind, openCircuitV, resistanceOhm } = done;
      const measured = { open_circuit_V: openCircuitV, resistance_ohm: resistanceOhm };
      return { kind, barcode: done.barcode, position: done.position, ...measured, ...happenedJson(done) };
    }
    case "prepare": {
      const { kind, openCircuitV, leaks, isLabelled } = done;
      return { kind, barcode: done.barcode, open_circuit_V: openCircuitV, leaks, is_labelled: isLabelled };
    }
    case "cycle":
    case "finish":
      return { kind: done.kind, barcode: done.barcode, ...happenedJson(done) };
    case "receive":
    case "close-box":
    case "load":
    case "unload":
    case "empty":
    case "return":
    case "dispose":
    case "settle":
      return { ...done };
  }
}

/** Entries written before say nothing of it, and keep their hash. */
function happenedJson({ happenedMs }: { readonly happenedMs?: number }): { readonly happened_ms?: number } {
  return happenedMs === undefined ? {} : { happened_ms: happenedMs };
}

/** The entry, or undefined: nothing that comes from a file is believed. */
export function entryOf(value: unknown): CustodyEntry | undefined {
  const read = entry.safeParse(value);
  if (!read.success) return undefined;
  const { seq, at, by, act: done } = read.data;
  return { seq, atMs: Date.parse(at), by, act: actOf(done) };
}

function actOf(done: z.output<typeof act>): CustodyAct {
  switch (done.kind) {
    case "expect": {
      const { open_circuit_V: openCircuitV, impedance_ohm: impedanceOhm, measured_ms: measuredMs, ...rest } = done.cell;
      return { kind: done.kind, cell: { ...rest, openCircuitV, impedanceOhm, measuredMs } };
    }
    case "inspect":
      return { kind: done.kind, barcode: done.barcode, isSound: done.is_sound, note: done.note };
    case "verify": {
      const { open_circuit_V: openCircuitV, resistance_ohm: resistanceOhm } = done;
      const measured = { openCircuitV, resistanceOhm, ...happenedOf(done) };
      return { kind: done.kind, barcode: done.barcode, position: done.position, ...measured };
    }
    case "cycle":
    case "finish":
      return { kind: done.kind, barcode: done.barcode, ...happenedOf(done) };
    case "prepare": {
      const { kind, leaks, open_circuit_V: openCircuitV, is_labelled: isLabelled } = done;
      return { kind, barcode: done.barcode, openCircuitV, leaks, isLabelled };
    }
    case "receive":
    case "close-box":
    case "load":
    case "unload":
    case "empty":
    case "return":
    case "dispose":
    case "settle":
      return done;
  }
}

function happenedOf({ happened_ms: happenedMs }: { readonly happened_ms?: number }): { readonly happenedMs?: number } {
  return happenedMs === undefined ? {} : { happenedMs };
}
