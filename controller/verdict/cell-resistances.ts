/**
 * Resistances of cells as the record gives them: the jump of the voltage over that of the current where a step begins,
 * and whole spectra. Each is held against the cell's own first one in the same step, so that cells that came different
 * compare. Works at the ends of steps only.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Recorder } from "../machines/recorder.ts";
import { SPECTRUM_EVENT } from "../record/spectrum-event.ts";

export const RESISTANCE_EVENT = "cell-resistance";

type EventData = Readonly<Record<string, Json>>;

export interface CellResistancesDeps {
  readonly cells: readonly { readonly position: string; readonly nominalCapacityMah: number }[];
  readonly recorder: Recorder;
  /** Of the step under way, or just ended: its first sample, by the cell's index. */
  readonly first: {
    readonly firstVoltageV: ArrayLike<number>;
    readonly firstCurrentA: ArrayLike<number>;
    readonly firstTimeS: ArrayLike<number>;
  };
}

export type ResistanceKind = "step-edge" | "spectrum";

export interface CellResistances {
  /** Told of every event, once it is on record. */
  heard(type: string, data: EventData): void;
  /** An event `cell-resistance` of an earlier run, or of this one. */
  note(data: EventData): void;
  /** Mean over the cell's steps of last over first; null before any step had two. */
  share(cellIndex: number, kind: ResistanceKind): number | null;
}

interface Edge {
  readonly voltageV: number;
  readonly currentA: number;
}

interface Course {
  readonly firstOhm: number;
  readonly firstAfterS: number;
  lastOhm: number;
  count: number;
}

/** A smaller change of current, in capacities per hour, is no edge. */
const EDGE_RATE_C = 0.02;
/** With time the jump grows: readings are compared when they were taken equally long after the edge, within this. */
const TIME_SHARE = 0.2;
const TIME_SLACK_S = 0.2;
/** What relaxes later than this is no resistance. */
const AFTER_MAX_S = 60;

export function createCellResistances({ cells, recorder, first }: CellResistancesDeps): CellResistances {
  const indexOf = new Map(cells.map(({ position }, cellIndex) => [position, cellIndex]));
  const before = new Map<number, Edge>();
  const courses = new Map<string, Course>();
  const keysOf = new Map<string, Set<string>>();

  function note(data: EventData): void {
    const { position, step, of, resistance_ohm: ohm, after_s: afterS } = data;
    const cellIndex = indexOf.get(typeof position === "string" ? position : "");
    if (cellIndex === undefined || typeof step !== "number" || typeof ohm !== "number" || !(ohm > 0)) return;
    if (of !== "step-edge" && of !== "spectrum") return;
    const group = `${cellIndex} ${of}`;
    const key = `${group} ${step}`;
    const known = courses.get(key);
    const sinceS = typeof afterS === "number" ? afterS : 0;
    if (known === undefined) {
      courses.set(key, { firstOhm: ohm, firstAfterS: sinceS, lastOhm: ohm, count: 1 });
      keysOf.set(group, (keysOf.get(group) ?? new Set()).add(key));
      return;
    }
    if (Math.abs(sinceS - known.firstAfterS) > TIME_SHARE * known.firstAfterS + TIME_SLACK_S) return;
    known.lastOhm = ohm;
    known.count += 1;
  }

  function tell(data: EventData): void {
    recorder.record(RESISTANCE_EVENT, data);
    note(data);
  }

  function stepEnded(cellIndex: number, data: EventData): void {
    const last = before.get(cellIndex);
    before.delete(cellIndex);
    const { position, step, cycle, voltage_V: voltageV, current_A: currentA } = data;
    if (typeof voltageV === "number" && typeof currentA === "number") before.set(cellIndex, { voltageV, currentA });
    const afterS = first.firstTimeS[cellIndex] ?? NaN;
    if (last === undefined || !(afterS <= AFTER_MAX_S) || position === undefined || step === undefined) return;
    const jumpA = (first.firstCurrentA[cellIndex] ?? NaN) - last.currentA;
    const edgeA = (EDGE_RATE_C * (cells[cellIndex]?.nominalCapacityMah ?? NaN)) / 1000;
    const ohm = ((first.firstVoltageV[cellIndex] ?? NaN) - last.voltageV) / jumpA;
    if (!(Math.abs(jumpA) >= edgeA) || !(ohm > 0) || !Number.isFinite(ohm)) return;
    tell({ position, step, cycle: cycle ?? null, of: "step-edge", resistance_ohm: ohm, after_s: afterS });
  }

  function measured(data: EventData): void {
    const { position, step, cycle, is_whole: isWhole, series_ohm: series, charge_transfer_ohm: transfer } = data;
    if (isWhole !== true || typeof series !== "number" || typeof transfer !== "number") return;
    if (position === undefined || step === undefined) return;
    const ohm = series + transfer;
    tell({ position, step, cycle: cycle ?? null, of: "spectrum", resistance_ohm: ohm, after_s: null });
  }

  return {
    note,
    heard(type, data) {
      if (type !== "step-ended" && type !== "step-started" && type !== SPECTRUM_EVENT) return;
      const cellIndex = indexOf.get(typeof data["position"] === "string" ? data["position"] : "");
      if (cellIndex === undefined) return;
      if (type === "step-ended") stepEnded(cellIndex, data);
      else if (type === SPECTRUM_EVENT) measured(data);
      // It goes on after a break: what the cell stood at before is not known.
      else if (data["elapsed_s"] !== 0) before.delete(cellIndex);
    },
    share(cellIndex, kind) {
      let sum = 0;
      let count = 0;
      for (const key of keysOf.get(`${cellIndex} ${kind}`) ?? []) {
        const course = courses.get(key);
        if (course === undefined || course.count < 2) continue;
        sum += course.lastOhm / course.firstOhm;
        count += 1;
      }
      return count === 0 ? null : sum / count;
    },
  };
}
