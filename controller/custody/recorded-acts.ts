/** What a data folder says of cells in custody: which were proven, which cycled, which have done their protocol. */
import { Fault } from "../../protocols/base/fault.ts";
import { isRecord } from "../record/ledger-row.ts";
import { openRecord } from "../record/record-reader.ts";
import { parseJson } from "../record/record-header.ts";
import { parseRackPlan, RACK_PLAN_EVENT } from "../record/rack-plan-event.ts";
import type { Custody, CustodyAct, CustodyState } from "./custody.ts";

export interface RecordedAct {
  readonly act: CustodyAct;
  readonly said: string;
}

interface Seen {
  openCircuitV: number | null;
  resistanceOhm: number | null;
  isCycling: boolean;
  isDone: boolean;
}

/** Before these a record's word is news. */
const BEFORE_DONE: readonly CustodyState[] = ["loaded", "verified", "cycling"];

/**
 * Of cells that lie where the record has them; what custody knows already is left out. A simulated run says something of
 * simulated cells alone. Throws what the reader of records throws.
 */
export function recordedActs(folder: string, custody: Custody, ofSimulatedCells = false): readonly RecordedAct[] {
  const seen = new Map<string, Seen>();
  const barcodes = new Map<string, string>();
  const at = (position: string): Seen => {
    const known = seen.get(position) ?? { openCircuitV: null, resistanceOhm: null, isCycling: false, isDone: false };
    seen.set(position, known);
    return known;
  };
  const reader = openRecord(folder);
  try {
    if (reader.header?.world === "virtual" && !ofSimulatedCells) {
      throw new Fault("custody.simulated", folder, "this run was simulated: it says nothing of cells in a rack");
    }
    for (const scanned of reader.events()) {
      if (scanned.kind !== "row") continue;
      const { type, dataText } = scanned.row;
      if (type === RACK_PLAN_EVENT) {
        for (const cell of parseRackPlan(parseJson(dataText))?.cells ?? []) barcodes.set(cell.position, cell.barcode);
        continue;
      }
      if (type !== "cell-proof" && type !== "step-started" && type !== "cell-complete") continue;
      const data = parseJson(dataText);
      if (!isRecord(data) || typeof data["position"] !== "string") continue;
      const one = at(data["position"]);
      if (type === "step-started") one.isCycling = true;
      else if (type === "cell-complete") one.isDone = true;
      else if (data["is_proven"] === true && typeof data["open_circuit_V"] === "number") {
        one.openCircuitV = data["open_circuit_V"];
        one.resistanceOhm = typeof data["resistance_ohm"] === "number" ? data["resistance_ohm"] : null;
      }
    }
  } finally {
    reader.close();
  }
  return [...custody.cells.values()].flatMap(({ barcode, position, state }): readonly RecordedAct[] => {
    const one = position === null ? undefined : seen.get(position);
    if (one === undefined || position === null || !BEFORE_DONE.includes(state)) return [];
    if (barcodes.get(position) !== barcode) return [];
    const acts: RecordedAct[] = [];
    const { openCircuitV, resistanceOhm } = one;
    if (openCircuitV !== null && state === "loaded") {
      acts.push({
        act: { kind: "verify", barcode, position, openCircuitV, resistanceOhm },
        said: `${barcode} is proven at ${position}`,
      });
    }
    if (openCircuitV !== null && one.isCycling && state !== "cycling") {
      acts.push({ act: { kind: "cycle", barcode }, said: `${barcode} cycles` });
    }
    if (one.isDone) acts.push({ act: { kind: "finish", barcode }, said: `${barcode} has done its protocol` });
    return acts;
  });
}
