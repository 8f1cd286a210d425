/** The truth of one cell along a run, thinned out, for figures. */
import type { CellTrace } from "../../simulator/report/physics-data.ts";
import type { CellObserver } from "../../simulator/world/cell-observer.ts";

/** Between two points of a curve, unless the current was changed; as many points as a figure can show. */
const POINTS = 1500;

/** Follows the cell from now on. The trace grows as the run goes. */
export function recordCell(observer: CellObserver, durationH: number): CellTrace {
  const trace = {
    timeH: [] as number[],
    voltageV: [] as number[],
    currentMa: [] as number[],
    positive: [] as number[],
  };
  const everyMs = (durationH * 3_600_000) / POINTS;
  const { state } = observer.cell;
  let nextMs = 0;

  function note(atMs: number): void {
    trace.timeH.push(atMs / 3_600_000);
    trace.voltageV.push(state.voltageV);
    trace.currentMa.push(state.currentA * 1000);
    trace.positive.push(state.positiveMean);
  }

  observer.onSeen((atMs, isChange) => {
    if (!isChange && atMs < nextMs) return;
    nextMs = atMs + everyMs;
    note(atMs);
  });
  note(0);
  return trace;
}
