/**
 * What the bus remembers of the log: doses of each spot, the last exposures, misses and lines, losses of each
 * instrument. Folded from events as they come, and after a restart from those on record; nothing is kept elsewhere.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { CELL_NOTES_MAX } from "../../protocols/bus/cell-views.ts";
import { EXPOSURE_STATE_EVENT, parseExposureState, type ExposureState } from "../synchrony/exposure-state-event.ts";
import { recordOf, tellEvent } from "./event-text.ts";
import type { HeardEvent } from "./heard-store.ts";

export interface EndedExposure {
  readonly id: string;
  readonly position: string;
  readonly spot: number;
  readonly endedAtMs: number;
  readonly outcome: string;
  readonly openS: number | null;
  readonly fault: string | null;
  /** Of the cell half way through; left out until the sample after it has come. */
  readonly middle?: ExposureState;
}

export interface MissedRequest {
  readonly atMs: number;
  readonly position: string;
  readonly reason: string;
  readonly text: string;
}

export interface LogLine {
  readonly seq: number;
  readonly atMs: number;
  readonly type: string;
  readonly where: string | null;
  readonly text: string;
}

export interface SpotDose {
  readonly xMm: number;
  readonly yMm: number;
  exposureCount: number;
  bookedCount: number;
  fluencePhCm2: number;
  readonly layers: Map<string, { surfaceGy: number; meanGy: number }>;
}

export interface CellNote {
  readonly atMs: number;
  readonly by: string;
  readonly text: string;
}

export interface CellHistory {
  readonly spots: Map<number, SpotDose>;
  refusedCount: number;
  exposureCount: number;
  last: EndedExposure | null;
  /** When it was exposed, the last times. */
  readonly exposedAtMs: number[];
  relativeUncertainty: number | null;
  /** What people wrote of it, newest first: the last ones. */
  readonly notes: CellNote[];
  /** Counts up with what is told of its dose. */
  doseVersion: number;
}

export type CarriedPlace = "beam" | "gripper" | "unknown";

export interface BusFold {
  hear(event: HeardEvent): LogLine;
  cell(position: string): CellHistory;
  /** Newest first. */
  readonly exposures: readonly EndedExposure[];
  readonly misses: readonly MissedRequest[];
  /** Cells that a robot has out of their places, by position. */
  readonly carried: ReadonlyMap<string, CarriedPlace>;
  /** Oldest first. */
  readonly lines: readonly LogLine[];
  lossesOf(instrument: string): number;
  alarmsAt(where: string): number;
  /** Exposures that are over, of which nobody was told yet; empties the list. */
  takeEnded(): readonly EndedExposure[];
  readonly sweepBeganAtMs: number | null;
  /** Mean time from one exposure's end to the next within a sweep, over the last ones; null before two. */
  readonly meanTurnMs: number | null;
}

export const LAST_EXPOSURES = 20;
export const LAST_MISSES = 20;
export const LAST_LINES = 100;
const EXPOSED_TIMES = 120;
/** Nobody need be told one by one of what was before. */
const ENDED_MAX = 200;
/** A longer time between two ends is a pause, no turn. */
const TURN_MAX_MS = 120_000;
const TURN_WEIGHT = 0.1;
/** Places that are counted at; a rack has some hundred. */
const COUNTED_MAX = 2000;

export function createBusFold(): BusFold {
  const cells = new Map<string, CellHistory>();
  const exposures: EndedExposure[] = [];
  const misses: MissedRequest[] = [];
  const carried = new Map<string, CarriedPlace>();
  const lines: LogLine[] = [];
  const losses = new Map<string, number>();
  const alarms = new Map<string, number>();
  let ended: EndedExposure[] = [];
  let sweepBeganAtMs: number | null = null;
  let meanTurnMs: number | null = null;

  function cell(position: string): CellHistory {
    const known = cells.get(position);
    if (known !== undefined) return known;
    const made: CellHistory = {
      spots: new Map(),
      ...{ refusedCount: 0, exposureCount: 0, last: null, exposedAtMs: [], relativeUncertainty: null, doseVersion: 0 },
      notes: [],
    };
    cells.set(position, made);
    return made;
  }

  function spotOf(data: Readonly<Record<string, Json>>): { readonly history: CellHistory; readonly spot: SpotDose } {
    const history = cell(textOf(data["position"]));
    const index = numberOf(data["spot"]) ?? 0;
    let spot = history.spots.get(index);
    if (spot === undefined) {
      const [xMm, yMm] = [numberOf(data["spot_x_mm"]) ?? 0, numberOf(data["spot_y_mm"]) ?? 0];
      spot = { xMm, yMm, exposureCount: 0, bookedCount: 0, fluencePhCm2: 0, layers: new Map() };
      history.spots.set(index, spot);
    }
    return { history, spot };
  }

  function settled(data: Readonly<Record<string, Json>>): void {
    const { history, spot } = spotOf(data);
    spot.bookedCount = Math.max(0, spot.bookedCount - 1);
    spot.exposureCount += 1;
    spot.fluencePhCm2 += numberOf(data["fluence_ph_cm2"]) ?? 0;
    history.doseVersion += 1;
    const { layer_doses: doses } = data;
    for (const dose of Array.isArray(doses) ? doses.map(recordOf) : []) {
      const layer = textOf(dose["layer"]);
      const before = spot.layers.get(layer) ?? { surfaceGy: 0, meanGy: 0 };
      const [surfaceGy, meanGy] = [numberOf(dose["surface_Gy"]) ?? 0, numberOf(dose["mean_Gy"]) ?? 0];
      spot.layers.set(layer, { surfaceGy: before.surfaceGy + surfaceGy, meanGy: before.meanGy + meanGy });
    }
  }

  function exposed(data: Readonly<Record<string, Json>>, atMs: number): void {
    const position = textOf(data["position"]);
    const fault = data["what"] ?? data["code"];
    const end: EndedExposure = {
      ...{ id: textOf(data["exposure_id"]), position, spot: numberOf(data["spot"]) ?? 0, endedAtMs: atMs },
      ...{ outcome: textOf(data["outcome"]), openS: numberOf(data["open_s"]) },
      fault: typeof fault === "string" ? fault : null,
    };
    const turnMs = atMs - (exposures[0]?.endedAtMs ?? -Infinity);
    if (turnMs < TURN_MAX_MS) {
      meanTurnMs = meanTurnMs === null ? turnMs : meanTurnMs + TURN_WEIGHT * (turnMs - meanTurnMs);
    }
    keepFirst(exposures, end, LAST_EXPOSURES);
    const history = cell(position);
    history.last = end;
    if (end.openS !== 0) {
      history.exposureCount += 1;
      history.exposedAtMs.push(atMs);
      if (history.exposedAtMs.length > EXPOSED_TIMES) history.exposedAtMs.shift();
    }
    ended.push(end);
    if (ended.length > ENDED_MAX) ended.shift();
  }

  function put(position: string, place: string): void {
    if (place === "beam" || place === "gripper" || place === "unknown") carried.set(position, place);
    else carried.delete(position);
  }

  /** Where its cells are once it is over; on the way that is not known. */
  function transferred(type: string, { outcome, moves }: Readonly<Record<string, Json>>): void {
    for (const move of Array.isArray(moves) ? moves.map(recordOf) : []) {
      const known =
        type === "transfer-begun" ? null : outcome === "done" ? "to" : outcome === "not-begun" ? "from" : null;
      put(textOf(move["position"]), known === null ? "unknown" : textOf(move[known]));
    }
  }

  function take(type: string, data: Readonly<Record<string, Json>>, atMs: number): void {
    switch (type) {
      case "exposure-booked": {
        const { history, spot } = spotOf(data);
        spot.bookedCount += 1;
        history.relativeUncertainty = numberOf(data["relative_uncertainty"]);
        history.doseVersion += 1;
        return;
      }
      case "exposure-settled":
        settled(data);
        return;
      case "exposure-ended":
        exposed(data, atMs);
        return;
      case EXPOSURE_STATE_EVENT: {
        const index = exposures.findIndex(({ id }) => id === data["exposure_id"]);
        const of = exposures[index];
        if (of === undefined) return;
        exposures[index] = { ...of, middle: parseExposureState(data) };
        return;
      }
      case "exposure-refused":
      case "request-missed": {
        const position = textOf(data["position"]);
        if (type === "exposure-refused") cell(position).refusedCount += 1;
        const reason = type === "exposure-refused" ? "dose" : textOf(data["reason"]);
        keepFirst(misses, { atMs, position, reason, text: textOf(data["text"]) }, LAST_MISSES);
        return;
      }
      case "cell-noted": {
        const note = { atMs, by: textOf(data["author"]), text: textOf(data["text"]) };
        keepFirst(cell(textOf(data["position"])).notes, note, CELL_NOTES_MAX);
        return;
      }
      case "transfer-begun":
      case "transfer-ended":
        transferred(type, data);
        return;
      case "cell-place-settled":
        put(textOf(data["position"]), textOf(data["place"]));
        return;
      case "sweep-begun":
        sweepBeganAtMs = atMs;
        return;
      case "alarm-raised":
        countUp(alarms, textOf(data["where"]));
        return;
      case "instrument-lost":
        countUp(losses, textOf(data["instrument"]));
    }
  }

  return {
    hear({ seq, atMs, type, data }) {
      take(type, recordOf(data), atMs);
      const line: LogLine = { seq, atMs, type, ...tellEvent(type, data) };
      lines.push(line);
      if (lines.length > LAST_LINES) lines.shift();
      return line;
    },
    cell,
    exposures,
    misses,
    carried,
    lines,
    lossesOf: (instrument) => losses.get(instrument) ?? 0,
    alarmsAt: (where) => alarms.get(where) ?? 0,
    takeEnded() {
      const taken = ended;
      ended = [];
      return taken;
    },
    get sweepBeganAtMs() {
      return sweepBeganAtMs;
    },
    get meanTurnMs() {
      return meanTurnMs;
    },
  };
}

function countUp(counts: Map<string, number>, of: string): void {
  if (counts.size < COUNTED_MAX || counts.has(of)) counts.set(of, (counts.get(of) ?? 0) + 1);
}

function keepFirst<T>(list: T[], item: T, most: number): void {
  list.unshift(item);
  if (list.length > most) list.pop();
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: Json | undefined): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
