/**
 * Resistances of cells as the record gives them: the jump of the voltage over that of the current where a step begins,
 * and whole spectra. Each is held against the cell's own first one in the same step, so that cells that came different
 * compare, and then against what the same pass of the step gave the other cells, so that it does not matter which pass a
 * cell has reached. Works at the ends of steps only.
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
  /**
   * Of each of these cells that passed a step twice: its last resistance over its first in that step, over the median of
   * that share among them all after as many passes; the mean over its steps. 1 where all grew alike.
   */
  shares(cellIndexes: readonly number[], kind: ResistanceKind): ReadonlyMap<number, number>;
}

interface Edge {
  readonly voltageV: number;
  readonly currentA: number;
}

/** One step of one cell, pass after pass. */
interface Course {
  readonly firstAfterS: number;
  readonly ohms: number[];
}

/** A smaller change of current, in capacities per hour, is no edge. */
const EDGE_RATE_C = 0.02;
/** With time the jump grows: readings are compared when they were taken equally long after the edge, within this. */
const TIME_SHARE = 0.2;
const TIME_SLACK_S = 0.2;
/** What relaxes later than this is no resistance. */
const AFTER_MAX_S = 60;

export function createCellResistances({ cells, recorder, first }: CellResistancesDeps): CellResistances {
  const before = new Map<number, Edge>();
  /** By kind and step, then by cell. */
  const steps = new Map<string, Map<number, Course>>();

  function indexOf(position: Json | undefined): number {
    return cells.findIndex((cell) => cell.position === position);
  }

  function note(data: EventData): void {
    const { position, step, of, resistance_ohm: ohm, after_s: afterS } = data;
    const cellIndex = indexOf(position);
    if (cellIndex < 0 || typeof step !== "number" || typeof ohm !== "number" || !(ohm > 0)) return;
    if (of !== "step-edge" && of !== "spectrum") return;
    const key = `${of} ${step}`;
    const courses = steps.get(key) ?? new Map<number, Course>();
    steps.set(key, courses);
    const sinceS = typeof afterS === "number" ? afterS : 0;
    const known = courses.get(cellIndex) ?? { firstAfterS: sinceS, ohms: [] };
    courses.set(cellIndex, known);
    if (Math.abs(sinceS - known.firstAfterS) > TIME_SHARE * known.firstAfterS + TIME_SLACK_S) return;
    known.ohms.push(ohm);
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
      const cellIndex = indexOf(data["position"]);
      if (cellIndex < 0) return;
      if (type === "step-ended") stepEnded(cellIndex, data);
      else if (type === SPECTRUM_EVENT) measured(data);
      // It goes on after a break: what the cell stood at before is not known.
      else if (data["elapsed_s"] !== 0) before.delete(cellIndex);
    },
    shares(cellIndexes, kind) {
      const gathered = new Map<number, number[]>();
      for (const [key, courses] of steps) {
        if (!key.startsWith(`${kind} `)) continue;
        const own = cellIndexes.flatMap((cellIndex) => {
          const course = courses.get(cellIndex);
          return course === undefined ? [] : [{ cellIndex, ohms: course.ohms }];
        });
        for (const { cellIndex, ohms } of own) {
          const pass = ohms.length - 1;
          if (pass < 1) continue;
          const usual = median(own.flatMap((other) => growth(other.ohms, pass) ?? []));
          const grown = (growth(ohms, pass) ?? NaN) / usual;
          gathered.set(cellIndex, [...(gathered.get(cellIndex) ?? []), grown]);
        }
      }
      return new Map(
        [...gathered].map(([cellIndex, all]) => [cellIndex, all.reduce((sum, one) => sum + one, 0) / all.length]),
      );
    },
  };
}

/** Undefined where the cell has not come so far. */
function growth(ohms: readonly number[], pass: number): number | undefined {
  const [first, then] = [ohms[0], ohms[pass]];
  return first === undefined || then === undefined ? undefined : then / first;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}
