/** When a cell will be where: its step ends and states of charge in campaign time, each with its spread. Pure. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { ProtocolForecast } from "../../protocols/echem/forecast/forecast-protocol.ts";

export interface ForecastEdge {
  /** Technique steps from the protocol's start, counted from 1. */
  readonly ordinal: number;
  /** Number in the protocol file, from 1. */
  readonly step: number;
  readonly cycle: number;
  readonly endsAtMs: number;
  /** In 95 of 100 cells the end lies no further off than this. */
  readonly spreadS: number;
  readonly endedBy: "voltage" | "current" | "time" | "limit";
}

export interface ForecastMark {
  /** Tenths of the capacity, 0.1 to 0.9. */
  readonly stateOfCharge: number;
  readonly atMs: number;
  readonly spreadS: number;
  readonly ordinal: number;
}

export interface CellForecast {
  readonly madeAtMs: number;
  /** What made it anew: a step that began, one that did not end when it should have, one that goes on after a pause. */
  readonly because: "step" | "late" | "resumed";
  /** Since then the step does not run; all times move by as long as that takes. Null while it runs. */
  readonly pausedAtMs: number | null;
  /** The cell was filled and emptied once; before that the nameplate speaks. */
  readonly isMeasured: boolean;
  /** The end of the step under way first, then of those after it: a few dozen at the most. */
  readonly edges: readonly ForecastEdge[];
  readonly marks: readonly ForecastMark[];
}

/** Ends this near to each other are the same, seconds. */
const SAME_S = 1;
/** A spread this part of the last one is worth telling. */
const CLEARER = 0.5;
/** Edges that are written down, and by which a forecast is held against the one before. */
const TOLD_EDGES = 8;

/** `forecast` begins at `beganAtMs`. What comes after a step that the cell's limits would end is left out. */
export function forecastFrom(
  forecast: Pick<ProtocolForecast, "steps" | "stateOfChargeMarks">,
  beganAtMs: number,
  about: Pick<CellForecast, "madeAtMs" | "because" | "isMeasured">,
): CellForecast {
  const limitAt = forecast.steps.findIndex(({ endedBy }) => endedBy === "limit");
  const steps = limitAt < 0 ? forecast.steps : forecast.steps.slice(0, limitAt + 1);
  const lastOrdinal = steps.at(-1)?.ordinal ?? 0;
  return {
    ...about,
    pausedAtMs: null,
    edges: steps.map(({ ordinal, stepIndex, cycle, endS, spreadS, endedBy }) => ({
      ...{ ordinal, step: stepIndex + 1, cycle, spreadS, endedBy },
      endsAtMs: beganAtMs + 1000 * endS,
    })),
    marks: forecast.stateOfChargeMarks
      .filter(({ ordinal }) => ordinal <= lastOrdinal)
      .map(({ stateOfCharge, atS, spreadS, ordinal }) => ({
        ...{ stateOfCharge, spreadS, ordinal },
        atMs: beganAtMs + 1000 * atS,
      })),
  };
}

/** The step under way ends at another time, by so much uncertain; everything after it moves along. */
export function movedTo(
  forecast: CellForecast,
  endsAtMs: number,
  spreadS: number,
  about: Pick<CellForecast, "madeAtMs" | "because">,
): CellForecast {
  const [first] = forecast.edges;
  const byMs = first === undefined ? 0 : endsAtMs - first.endsAtMs;
  // Marks that were passed already stay where they were.
  const nowMs = about.madeAtMs;
  return {
    ...forecast,
    ...about,
    pausedAtMs: null,
    edges: forecast.edges.map((edge, index) => ({
      ...edge,
      endsAtMs: edge.endsAtMs + byMs,
      spreadS: index === 0 ? spreadS : Math.hypot(edge.spreadS, spreadS),
    })),
    marks: forecast.marks.map((mark) =>
      mark.atMs < nowMs && mark.ordinal === first?.ordinal
        ? mark
        : { ...mark, atMs: mark.atMs + byMs, spreadS: Math.hypot(mark.spreadS, spreadS) },
    ),
  };
}

/** Whether one who knew the last forecast should hear of the next: an end left its spread, or became much clearer. */
export function isNews(last: CellForecast | null, next: CellForecast): boolean {
  if (last === null) return true;
  const known = new Map(last.edges.slice(0, TOLD_EDGES).map((edge) => [edge.ordinal, edge]));
  // Of the step under way it was told; of those ahead it need not be yet.
  if (next.edges[0] !== undefined && !known.has(next.edges[0].ordinal)) return true;
  return next.edges.slice(0, TOLD_EDGES).some((edge) => {
    const before = known.get(edge.ordinal);
    if (before === undefined) return false;
    const movedS = Math.abs(edge.endsAtMs - before.endsAtMs) / 1000;
    return movedS > before.spreadS + SAME_S || edge.spreadS + SAME_S < CLEARER * before.spreadS;
  });
}

/** As the log has it: seconds from the event's own time. */
export function forecastData(position: string, forecast: CellForecast): { readonly [key: string]: Json } {
  const inS = (atMs: number): number => Math.round((atMs - forecast.madeAtMs) / 100) / 10;
  return {
    position,
    because: forecast.because,
    is_measured: forecast.isMeasured,
    steps: forecast.edges.slice(0, TOLD_EDGES).map(({ step, cycle, endsAtMs, spreadS, endedBy }) => ({
      ...{ step, cycle, ended_by: endedBy },
      ...{ ends_in_s: inS(endsAtMs), spread_s: Math.round(10 * spreadS) / 10 },
    })),
  };
}
