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
  /** Milliseconds of the campaign; null for what was not seen. */
  provenAtMs: number | null;
  cyclesFromMs: number | null;
  doneAtMs: number | null;
  /** Where that was in the midst of one, the campaign was over, and not its protocol. */
  isWithinStep: boolean;
}

const NOTHING_SEEN: Seen = {
  ...{ openCircuitV: null, resistanceOhm: null },
  ...{ provenAtMs: null, cyclesFromMs: null, doneAtMs: null, isWithinStep: false },
};

const TYPES: readonly string[] = ["campaign-started", "cell-proof", "step-started", "step-ended", "cell-complete"];
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
    const known = seen.get(position) ?? { ...NOTHING_SEEN };
    seen.set(position, known);
    return known;
  };
  let startMs: number | undefined;
  const reader = openRecord(folder);
  try {
    if (reader.header?.world === "virtual" && !ofSimulatedCells) {
      throw new Fault("custody.simulated", folder, "this run was simulated: it says nothing of cells in a rack");
    }
    for (const scanned of reader.events()) {
      if (scanned.kind !== "row") continue;
      const { type, dataText, atMs } = scanned.row;
      if (type === RACK_PLAN_EVENT) {
        for (const cell of parseRackPlan(parseJson(dataText))?.cells ?? []) barcodes.set(cell.position, cell.barcode);
        continue;
      }
      if (!TYPES.includes(type)) continue;
      const data = parseJson(dataText);
      if (!isRecord(data)) continue;
      if (type === "campaign-started" && typeof data["start_ms"] === "number") startMs ??= data["start_ms"];
      if (typeof data["position"] !== "string") continue;
      const one = at(data["position"]);
      if (type === "step-started") {
        one.cyclesFromMs ??= atMs;
        one.isWithinStep = true;
      } else if (type === "step-ended") one.isWithinStep = false;
      else if (type === "cell-complete") one.doneAtMs = atMs;
      else if (data["is_proven"] === true && typeof data["open_circuit_V"] === "number") {
        one.openCircuitV = data["open_circuit_V"];
        one.provenAtMs = atMs;
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
    const { openCircuitV, resistanceOhm, provenAtMs, cyclesFromMs, doneAtMs } = one;
    const happened = (atMs: number | null): { readonly happenedMs?: number } =>
      startMs === undefined || atMs === null ? {} : { happenedMs: startMs + atMs };
    if (openCircuitV !== null && state === "loaded") {
      acts.push({
        act: { kind: "verify", barcode, position, openCircuitV, resistanceOhm, ...happened(provenAtMs) },
        said: `${barcode} is proven at ${position}`,
      });
    }
    if (openCircuitV !== null && cyclesFromMs !== null && state !== "cycling") {
      acts.push({ act: { kind: "cycle", barcode, ...happened(cyclesFromMs) }, said: `${barcode} cycles` });
    }
    if (doneAtMs !== null) {
      const said = one.isWithinStep ? "has cycled to the campaign's end, within its protocol" : "has done its protocol";
      acts.push({ act: { kind: "finish", barcode, ...happened(doneAtMs) }, said: `${barcode} ${said}` });
    }
    return acts;
  });
}
