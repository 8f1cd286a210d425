/** How each cell went, thinned out as the campaign grows: a fixed number of points, evenly spread. */
import { TRACE_POINTS_MAX } from "../../protocols/bus/cell-views.ts";
import type { CampaignRun } from "../run/run-types.ts";

export interface Trace {
  readonly timeS: readonly number[];
  readonly voltageV: readonly number[];
  readonly currentA: readonly number[];
  readonly capacityMah: readonly number[];
}

export interface TraceKeeper {
  /** Looks at every cell; takes a point of those that are due. */
  look(): void;
  of(cellIndex: number): Trace;
}

const FIRST_INTERVAL_S = 1;

interface KeptTrace extends Trace {
  readonly timeS: number[];
  readonly voltageV: number[];
  readonly currentA: number[];
  readonly capacityMah: number[];
  intervalS: number;
}

/** `cellCount`: cells may join. */
export function createTraceKeeper(samples: CampaignRun["samples"], cellCount: () => number): TraceKeeper {
  const traces: KeptTrace[] = [];
  const none: Trace = { timeS: [], voltageV: [], currentA: [], capacityMah: [] };

  function take(trace: KeptTrace, cellIndex: number, atS: number): void {
    const voltageV = samples.lastVoltageV[cellIndex] ?? NaN;
    const currentA = samples.lastCurrentA[cellIndex] ?? NaN;
    if (!Number.isFinite(voltageV) || !Number.isFinite(currentA)) return;
    if (trace.timeS.length >= TRACE_POINTS_MAX) halve(trace);
    trace.timeS.push(Math.round(atS * 10) / 10);
    trace.voltageV.push(Math.round(voltageV * 1e4) / 1e4);
    trace.currentA.push(Number(currentA.toPrecision(4)));
    trace.capacityMah.push(Math.round((samples.chargeAh[cellIndex] ?? 0) * 1e6) / 1e3);
  }

  return {
    look() {
      while (traces.length < cellCount()) {
        traces.push({ timeS: [], voltageV: [], currentA: [], capacityMah: [], intervalS: FIRST_INTERVAL_S });
      }
      for (const [cellIndex, trace] of traces.entries()) {
        const atS = (samples.lastAtMs[cellIndex] ?? NaN) / 1000;
        const lastS = trace.timeS.at(-1) ?? -Infinity;
        if (Number.isFinite(atS) && atS - lastS >= trace.intervalS) take(trace, cellIndex, atS);
      }
    },
    of: (cellIndex) => traces[cellIndex] ?? none,
  };
}

/** Every second point, and twice the interval from now on. */
function halve(trace: KeptTrace): void {
  for (const column of [trace.timeS, trace.voltageV, trace.currentA, trace.capacityMah]) {
    const kept = column.filter((_, index) => index % 2 === 0);
    column.splice(0, column.length, ...kept);
  }
  // At a high pace points lie further apart than was asked for.
  const spanS = (trace.timeS.at(-1) ?? 0) - (trace.timeS[0] ?? 0);
  trace.intervalS = Math.max(2 * trace.intervalS, spanS / trace.timeS.length);
}
