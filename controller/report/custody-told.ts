/** Who had the cells of a report, and when, as the custody ledger has it; pure. */
import type { ReadCustody } from "../custody/custody-ledger.ts";
import { happenedMs, type CustodyAct, type CustodyEntry, type Discrepancy } from "../custody/custody.ts";
import type { Censor } from "./foreign-words.ts";

export interface ToldStep {
  readonly barcode: string;
  /** Milliseconds of UTC. */
  readonly atMs: number;
  readonly by: string;
  readonly step: string;
  readonly note: string;
}

export interface ToldCustody {
  /** Cell by cell, each in order of time. */
  readonly steps: readonly ToldStep[];
  /** What stands against a cell until somebody settles it. */
  readonly open: readonly Pick<Discrepancy, "kind" | "barcode" | "what">[];
  /** What of the ledger cannot be believed. */
  readonly damage: readonly string[];
}

/** Of the cells with these barcodes alone; what names no cell is not told. */
export function toldCustody(read: ReadCustody, barcodes: ReadonlySet<string>, censor: Censor): ToldCustody {
  const steps = read.entries.flatMap((entry): readonly ToldStep[] => {
    const step = stepOf(entry, censor);
    return step !== null && barcodes.has(step.barcode) ? [step] : [];
  });
  const order = new Map([...barcodes].map((barcode, index) => [barcode, index]));
  const placeOf = ({ barcode }: ToldStep): number => order.get(barcode) ?? Infinity;
  return {
    steps: steps.sort((a, b) => placeOf(a) - placeOf(b) || a.atMs - b.atMs),
    open: read.custody.discrepancies
      .filter(({ barcode }) => barcode !== null && barcodes.has(barcode))
      .map(({ kind, barcode, what }) => ({ kind, barcode, what: censor(what) })),
    damage: read.findings.map(({ what }) => what),
  };
}

function stepOf(entry: CustodyEntry, censor: Censor): ToldStep | null {
  const { act, by } = entry;
  const barcode = act.kind === "expect" ? act.cell.barcode : "barcode" in act ? act.barcode : null;
  if (barcode === null) return null;
  const [step, note] = wordsOf(act);
  return { barcode, atMs: happenedMs(entry), by, step, note: censor(note) };
}

function wordsOf(act: CustodyAct): readonly [step: string, note: string] {
  switch (act.kind) {
    case "expect": {
      const { shipment, after, hazards } = act.cell;
      const hazard = hazards.length === 0 ? "" : `, hazards ${hazards.join(", ")}`;
      return ["announced", `shipment ${shipment}, to be ${after === "return" ? "returned" : "disposed of"}${hazard}`];
    }
    case "receive":
      return ["received", ""];
    case "inspect":
      return [act.isSound ? "inspected, sound" : "inspected, not sound", act.note];
    case "load":
      return [`loaded into ${act.position}`, act.planned === null ? "" : `planned for ${act.planned}`];
    case "verify": {
      const resistance = act.resistanceOhm === null ? "" : `, ${short(act.resistanceOhm)} ohm`;
      return [`proven to lie at ${act.position}`, `${short(act.openCircuitV)} V at rest${resistance}`];
    }
    case "cycle":
      return ["cycling", ""];
    case "finish":
      return ["done", ""];
    case "unload":
      return ["unloaded", ""];
    case "prepare": {
      const { openCircuitV, leaks, isLabelled } = act;
      const label = isLabelled ? "hazard label on" : "no hazard label";
      return ["made ready to leave", `${short(openCircuitV)} V at rest, ${leaks ? "leaks" : "no leak"}, ${label}`];
    }
    case "return":
      return ["returned", ""];
    case "dispose":
      return ["disposed of", ""];
    case "settle":
      return ["discrepancy settled", act.reason];
    case "close-box":
    case "empty":
      return ["", ""];
  }
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
