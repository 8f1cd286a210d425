/**
 * The machine of custody: whether an act may follow on what stands, what it changes, and what it finds. Pure; the same
 * entries give the same custody.
 */
import type { Position } from "../../protocols/base/position.ts";
import { CHEMISTRIES } from "../../protocols/campaign/chemistry.ts";
import { BARCODE } from "../../protocols/manifest/read-field.ts";
import { curveOf } from "../../protocols/echem/forecast/open-circuit-curve.ts";
import {
  against,
  happenedMs,
  type Custody,
  type CustodyAct,
  type CustodyCell,
  type CustodyEntry,
  type CustodyState,
  type Discrepancy,
  type DiscrepancyKind,
  type LastSeen,
} from "./custody.ts";

export interface Refused {
  readonly what: string;
  readonly advice: string;
}

/** From which states each act is taken, and where it leads. */
const WAYS: Readonly<
  Record<
    "inspect" | "load" | "verify" | "cycle" | "finish" | "unload" | "prepare" | "return" | "dispose",
    { readonly from: readonly CustodyState[]; readonly to: CustodyState; readonly done: string }
  >
> = {
  inspect: { from: ["received", "inspected"], to: "inspected", done: "inspected" },
  load: { from: ["inspected", "unloaded"], to: "loaded", done: "loaded" },
  verify: { from: ["loaded", "verified", "cycling"], to: "verified", done: "verified" },
  cycle: { from: ["verified"], to: "cycling", done: "cycled" },
  finish: { from: ["verified", "cycling"], to: "done", done: "finished" },
  unload: { from: ["loaded", "verified", "cycling", "done"], to: "unloaded", done: "unloaded" },
  prepare: { from: ["received", "inspected", "unloaded", "ready-to-leave"], to: "ready-to-leave", done: "made ready" },
  return: { from: ["ready-to-leave"], to: "returned", done: "returned" },
  dispose: { from: ["ready-to-leave"], to: "disposed", done: "disposed of" },
};

/** Acts that a cell with something against it is kept from; it may still be looked at, taken out and sent away. */
const KEPT_FROM: readonly CustodyAct["kind"][] = ["load", "verify", "cycle"];

/** State of charge above which no lithium cell is sent (the rule for transport by air). */
const TRANSPORT_CHARGE = 0.3;
/** Beyond the voltage of that charge: what a cell at rest and a hand-held meter may be off (chosen). */
const TRANSPORT_MARGIN_V = 0.02;

/** Why an act cannot be taken, or null. What is found wrong with a cell is no reason to refuse what was seen of it. */
export function refusal(custody: Custody, act: CustodyAct): Refused | null {
  if ("barcode" in act && act.barcode !== null && !BARCODE.test(act.barcode)) {
    const what = `${JSON.stringify(act.barcode.slice(0, 40))} is no barcode`;
    return {
      what,
      advice: "Letters, digits and . _ : / -, at most 64: scan the code of the cell, not that of its box.",
    };
  }
  switch (act.kind) {
    case "expect": {
      const known = custody.cells.get(act.cell.barcode);
      // Sent back once, it may be sent again.
      if (known?.expected == null || known.state === "returned") return null;
      const what = `${act.cell.barcode} is announced already, in ${known.expected.shipment}`;
      return { what, advice: "A manifest is read in once; two cells cannot share a barcode." };
    }
    case "close-box":
      return [...custody.cells.values()].some(({ expected }) => expected?.shipment === act.shipment)
        ? null
        : { what: `no cell of a box ${act.shipment} is announced`, advice: "Give the name in its manifest." };
    case "receive":
      return null;
    case "settle":
      return against(custody, act.barcode).length > 0
        ? null
        : { what: `nothing stands against ${act.barcode}`, advice: "See beamrack custody." };
    case "empty":
      return custody.slots.get(act.position) === null
        ? null
        : { what: `${act.position} holds no cell of unknown code`, advice: "Unload a cell by its barcode." };
    case "load":
      if (isReadAnew(custody, act)) return null;
      if (act.barcode === null) return slotRefusal(custody, act.position);
      // One code in two slots: both must be told, and neither is believed.
      // A stranger in a slot is told as well: what lies there is not what anybody thinks.
      if (!custody.cells.has(act.barcode) || isElsewhere(custody, act.barcode, act.position))
        return slotRefusal(custody, act.position);
      return wayRefusal(custody, act.barcode, act);
    case "inspect":
    case "verify":
    case "cycle":
    case "finish":
    case "unload":
    case "prepare":
    case "return":
    case "dispose":
      return wayRefusal(custody, act.barcode, act);
  }
}

type WayAct = Extract<CustodyAct, { readonly kind: keyof typeof WAYS }>;

function wayRefusal(custody: Custody, barcode: string, act: WayAct): Refused | null {
  const cell = custody.cells.get(barcode);
  if (cell === undefined) {
    return { what: `no cell ${barcode} was announced or received`, advice: "Receive it first, or scan it again." };
  }
  const open = against(custody, barcode);
  if (open.length > 0 && KEPT_FROM.includes(act.kind)) {
    const what = `${barcode} is kept back: ${open.map((one) => one.what).join("; ")}`;
    return { what, advice: "Look at it, then beamrack custody --settle." };
  }
  const { from, done } = WAYS[act.kind];
  if (!from.includes(cell.state)) {
    const what = `${barcode} is ${cell.state}, so it cannot be ${done}`;
    return { what, advice: `First it has to be ${from.join(" or ")}.` };
  }
  if (act.kind === "prepare") return prepareRefusal(cell, act);
  if (act.kind === "load") return slotRefusal(custody, act.position);
  if (act.kind === "verify" && cell.position !== act.position) {
    const what = `${barcode} lies at ${cell.position ?? "no slot"}, not at ${act.position}`;
    return { what, advice: "Scan slot and cell anew." };
  }
  if ((act.kind === "return" || act.kind === "dispose") && cell.expected !== null && cell.expected.after !== act.kind) {
    const what = `its group wants ${barcode} ${cell.expected.after === "return" ? "returned" : "disposed of"}`;
    return { what, advice: "Ask the group; a new manifest is its word." };
  }
  return null;
}

function isElsewhere(custody: Custody, barcode: string, position: Position): boolean {
  const cell = custody.cells.get(barcode);
  return cell?.position != null && cell.position !== position;
}

/** Another code where one was read before: what lies there is not what custody has there, whatever the reason. */
function isReadAnew(custody: Custody, { barcode, position }: Extract<CustodyAct, { readonly kind: "load" }>): boolean {
  const held = custody.slots.get(position);
  return barcode !== null && held != null && held !== barcode;
}

/** A slot whose code could not be read may be scanned again. */
function slotRefusal(custody: Custody, position: Position): Refused | null {
  const held = custody.slots.get(position);
  if (held == null) return null;
  return { what: `${position} holds ${held}`, advice: "Unload it first, or scan the slot again." };
}

function prepareRefusal(cell: CustodyCell, act: Extract<CustodyAct, { readonly kind: "prepare" }>): Refused | null {
  const { barcode, openCircuitV, isLabelled } = act;
  if (!isLabelled) return { what: `${barcode} has no hazard label`, advice: "Put it on, then say so with --labelled." };
  const chemistry = cell.expected?.chemistry;
  if (chemistry === undefined) return null;
  const highestV = curveOf(chemistry).voltageAt(TRANSPORT_CHARGE) + TRANSPORT_MARGIN_V;
  if (openCircuitV > highestV) {
    const what = `${barcode} has ${openCircuitV} V, above the ${highestV.toFixed(2)} V of transport charge`;
    return { what, advice: `Discharge it to at most ${100 * TRANSPORT_CHARGE} % before it leaves.` };
  }
  const { hardMinV } = CHEMISTRIES[chemistry];
  if (openCircuitV < hardMinV) {
    const what = `${barcode} has ${openCircuitV} V, below the ${hardMinV} V that a sound cell has`;
    return { what, advice: "It is dead or shorted: treat it as damaged, and settle that first." };
  }
  return null;
}

/** What stands after an entry that was taken. */
export function withEntry(custody: Custody, entry: CustodyEntry): Custody {
  const { seq, by, act } = entry;
  const atMs = happenedMs(entry);
  const cells = new Map(custody.cells);
  const slots = new Map(custody.slots);
  let discrepancies = custody.discrepancies;

  const find = (kind: DiscrepancyKind, barcode: string | null, position: Position | null, what: string): void => {
    const one: Discrepancy = { kind, barcode, position, what, seq };
    discrepancies = [
      ...discrepancies.filter((old) => old.kind !== kind || old.barcode !== barcode || barcode === null),
      one,
    ];
  };
  const change = (barcode: string, to: CustodyState, more: Partial<CustodyCell> = {}): void => {
    const cell = cells.get(barcode) ?? {
      barcode,
      state: to,
      expected: null,
      position: null,
      lastSeen: null,
      steps: [],
    };
    cells.set(barcode, { ...cell, state: to, ...more, steps: [...cell.steps, { state: to, by, atMs }] });
  };
  const clearSlot = (barcode: string): void => {
    for (const [position, held] of slots) if (held === barcode) slots.delete(position);
  };

  switch (act.kind) {
    case "expect": {
      const { barcode } = act.cell;
      const known = cells.get(barcode);
      // It had come before its manifest did: then it is no stranger any more.
      if (known?.state === "returned") change(barcode, "expected", { expected: act.cell, lastSeen: null });
      else if (known !== undefined) cells.set(barcode, { ...known, expected: act.cell });
      else change(barcode, "expected", { expected: act.cell });
      discrepancies = discrepancies.filter((one) => one.barcode !== barcode || one.kind !== "extra");
      break;
    }
    case "receive": {
      const known = cells.get(act.barcode);
      if (known === undefined) {
        change(act.barcode, "received");
        find("extra", act.barcode, null, `${act.barcode} came and no manifest has it`);
      } else if (known.state === "expected") {
        change(act.barcode, "received");
        discrepancies = discrepancies.filter((one) => one.barcode !== act.barcode || one.kind !== "missing");
      } else
        find(
          "duplicate",
          act.barcode,
          known.position,
          `${act.barcode} was received twice: two cells may have one code`,
        );
      break;
    }
    case "close-box":
      for (const { barcode, state, expected } of cells.values()) {
        if (state !== "expected" || expected?.shipment !== act.shipment) continue;
        find("missing", barcode, null, `${barcode} was not in the box ${act.shipment}`);
      }
      break;
    case "inspect":
      change(act.barcode, "inspected");
      if (!act.isSound)
        find("damaged", act.barcode, null, `${act.barcode} is damaged${act.note === "" ? "" : `: ${act.note}`}`);
      break;
    case "load": {
      const { barcode, position, planned } = act;
      if (isReadAnew(custody, act)) {
        const held = custody.slots.get(position) ?? null;
        find("wrong-slot", held, position, `${String(barcode)} was read at ${position}, where ${String(held)} lay`);
        if (barcode !== null && isElsewhere(custody, barcode, position)) {
          const first = custody.cells.get(barcode)?.position ?? null;
          find("duplicate", barcode, position, `${barcode} was read at ${String(first)} and at ${position}`);
        }
        break;
      }
      discrepancies = discrepancies.filter((one) => one.kind !== "unreadable" || one.position !== position);
      slots.set(position, barcode);
      if (barcode !== null && isElsewhere(custody, barcode, position)) {
        const first = custody.cells.get(barcode)?.position ?? null;
        slots.set(position, null);
        find("duplicate", barcode, position, `${barcode} was read at ${String(first)} and at ${position}`);
        break;
      }
      if (barcode === null) {
        find("unreadable", null, position, `the code of the cell at ${position} could not be read`);
        break;
      }
      change(barcode, "loaded", { position });
      if (!custody.cells.has(barcode)) {
        find("extra", barcode, position, `${barcode} lies at ${position} and was never announced or received`);
      }
      if (planned !== null && planned !== position) {
        find("wrong-slot", barcode, position, `${barcode} lies at ${position}; the campaign has it at ${planned}`);
      }
      break;
    }
    case "verify": {
      const { openCircuitV, resistanceOhm } = act;
      const lastSeen: LastSeen = { openCircuitV, resistanceOhm, atMs };
      const isCycling = cells.get(act.barcode)?.state === "cycling";
      change(act.barcode, isCycling ? "cycling" : "verified", { lastSeen });
      break;
    }
    case "cycle": {
      const lastSeen = cells.get(act.barcode)?.lastSeen;
      change(act.barcode, "cycling", lastSeen == null ? {} : { lastSeen: { ...lastSeen, openCircuitV: null } });
      break;
    }
    case "finish":
      change(act.barcode, "done");
      break;
    case "unload":
      change(act.barcode, "unloaded", { position: null });
      clearSlot(act.barcode);
      discrepancies = discrepancies.filter((one) => one.barcode !== act.barcode || one.kind !== "wrong-slot");
      break;
    case "empty":
      slots.delete(act.position);
      discrepancies = discrepancies.filter((one) => one.position !== act.position || one.barcode !== null);
      break;
    case "prepare": {
      const resistanceOhm = cells.get(act.barcode)?.lastSeen?.resistanceOhm ?? null;
      change(act.barcode, act.leaks ? "unloaded" : "ready-to-leave", {
        lastSeen: { openCircuitV: act.openCircuitV, resistanceOhm, atMs },
      });
      if (act.leaks) find("leaking", act.barcode, null, `${act.barcode} leaks`);
      break;
    }
    case "return":
      change(act.barcode, "returned");
      break;
    case "dispose":
      change(act.barcode, "disposed");
      break;
    case "settle":
      discrepancies = discrepancies.filter((one) => one.barcode !== act.barcode);
      break;
  }
  return { cells, slots, discrepancies };
}
