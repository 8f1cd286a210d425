/**
 * Who had which cell when: what may be said of a cell's way from the box to its return, and what stands of it now. Plain
 * JSON values; names as in the ledger's file are in `custody-json.ts`.
 */
import type { Position } from "../../protocols/base/position.ts";
import type { ChemistryId } from "../../protocols/campaign/chemistry.ts";
import type { Hazard } from "../../protocols/manifest/manifest.ts";

/** In the order in which a cell goes through them; from `unloaded` it may be loaded again. */
export const CUSTODY_STATES = [
  "expected",
  "received",
  "inspected",
  "loaded",
  "verified",
  "cycling",
  "done",
  "unloaded",
  "ready-to-leave",
  "returned",
  "disposed",
] as const;
export type CustodyState = (typeof CUSTODY_STATES)[number];

/** A cell as its group's manifest announces it. */
export interface ExpectedCell {
  readonly barcode: string;
  readonly shipment: string;
  readonly group: string;
  readonly chemistry: ChemistryId;
  readonly after: "return" | "dispose";
  readonly hazards: readonly Hazard[];
  readonly openCircuitV: number | null;
  readonly impedanceOhm: number | null;
  readonly measuredMs: number | null;
}

/** What is done with a cell. A barcode of null is a code that could not be read. */
export type CustodyAct =
  | { readonly kind: "expect"; readonly cell: ExpectedCell }
  | { readonly kind: "receive"; readonly barcode: string }
  /** All that was in the box has been scanned: what is still expected of it is missing. */
  | { readonly kind: "close-box"; readonly shipment: string }
  | { readonly kind: "inspect"; readonly barcode: string; readonly isSound: boolean; readonly note: string }
  | {
      readonly kind: "load";
      readonly barcode: string | null;
      readonly position: Position;
      /** Where the campaign has it; null where none was given. */
      readonly planned: Position | null;
    }
  /** The controller has proven that this cell lies there. */
  | {
      readonly kind: "verify";
      readonly barcode: string;
      readonly position: Position;
      readonly openCircuitV: number;
      readonly resistanceOhm: number | null;
      readonly happenedMs?: number;
    }
  /** Milliseconds of UTC where a run's record tells it; it is taken over later. */
  | { readonly kind: "cycle" | "finish"; readonly barcode: string; readonly happenedMs?: number }
  | { readonly kind: "unload"; readonly barcode: string }
  /** A cell whose code could not be read was taken out of its slot. */
  | { readonly kind: "empty"; readonly position: Position }
  /** Before it leaves: at rest it has this voltage, it was looked at for leaks, and its hazard label is on. */
  | {
      readonly kind: "prepare";
      readonly barcode: string;
      readonly openCircuitV: number;
      readonly leaks: boolean;
      readonly isLabelled: boolean;
    }
  | { readonly kind: "return" | "dispose"; readonly barcode: string }
  /** A person has settled what stood against it. */
  | { readonly kind: "settle"; readonly barcode: string; readonly reason: string };

export interface CustodyEntry {
  /** From 1. */
  readonly seq: number;
  /** Milliseconds of UTC. */
  readonly atMs: number;
  readonly by: string;
  readonly act: CustodyAct;
}

export const DISCREPANCIES = [
  "missing",
  "extra",
  "damaged",
  "duplicate",
  "wrong-slot",
  "unreadable",
  "leaking",
] as const;
export type DiscrepancyKind = (typeof DISCREPANCIES)[number];

/** Something against one cell: it stands still until a person has settled it. Others are not concerned. */
export interface Discrepancy {
  readonly kind: DiscrepancyKind;
  /** Null for a cell whose code could not be read. */
  readonly barcode: string | null;
  readonly position: Position | null;
  readonly what: string;
  readonly seq: number;
}

export interface CustodyStep {
  readonly state: CustodyState;
  readonly by: string;
  /** When it happened, where that is known; else when it was written down. */
  readonly atMs: number;
}

/** As a cell was measured last. */
export interface LastSeen {
  /** Null where it has been cycled since: then its voltage at rest is another. */
  readonly openCircuitV: number | null;
  readonly resistanceOhm: number | null;
  readonly atMs: number;
}

export interface CustodyCell {
  readonly barcode: string;
  readonly state: CustodyState;
  /** Null for one that nobody announced. */
  readonly expected: ExpectedCell | null;
  readonly position: Position | null;
  readonly lastSeen: LastSeen | null;
  readonly steps: readonly CustodyStep[];
}

export interface Custody {
  readonly cells: ReadonlyMap<string, CustodyCell>;
  /** What lies in each slot: a barcode, or null where its code could not be read. */
  readonly slots: ReadonlyMap<Position, string | null>;
  /** Open ones. */
  readonly discrepancies: readonly Discrepancy[];
}

export const NO_CUSTODY: Custody = { cells: new Map(), slots: new Map(), discrepancies: [] };

/** When it happened: the time of the entry, but for what was taken over from a run. */
export function happenedMs({ atMs, act }: Pick<CustodyEntry, "atMs" | "act">): number {
  return "happenedMs" in act ? (act.happenedMs ?? atMs) : atMs;
}

/** What stands open against a cell. */
export function against(custody: Custody, barcode: string): readonly Discrepancy[] {
  return custody.discrepancies.filter((one) => one.barcode === barcode);
}
