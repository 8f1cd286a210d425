/** From a run in the virtual world to what people see while it runs and the summary at its end (CONTRACTS). */
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { ProgressState } from "../progress/progress-state.ts";
import type { RunSummary } from "../progress/run-summary.ts";
import type { VirtualCampaign } from "./virtual-campaign.ts";

export function progressOf(virtual: VirtualCampaign, campaign: Campaign, totalS: number, wallS: number): ProgressState {
  const { clock, run } = virtual;
  const { tally, alarms } = run;
  const note = run.note();
  return {
    campaign: campaign.name,
    virtualS: Math.min(totalS, clock.monoMs() / 1000),
    totalS,
    wallS,
    cellsByState: run.views.byState(),
    sweep: { number: tally.sweepNumber, of: run.sweepCountPlanned },
    doseLimitFractionMax: run.limitFractionMax(),
    exposuresMade: tally.exposures.made,
    alarmsOpen: alarms.open.length,
    refused: tally.doseRefusedCount,
    ...(note === null ? {} : { note: `waiting for ${note}` }),
  };
}

export interface SummaryFacts {
  readonly campaign: Campaign;
  readonly seed: number;
  readonly faults: string;
  readonly wallS: number;
  readonly interruptedBy: string | null;
}

export function summarise(
  virtual: VirtualCampaign,
  facts: SummaryFacts,
): RunSummary & { readonly interrupted: boolean } {
  const { run, store, clock } = virtual;
  const { tally, alarms } = run;
  const { truth, checks, violations } = virtual.finish(facts.interruptedBy !== null);
  const { requests } = tally;
  const sweeps = virtual.sweepDurations();
  const durations = sweeps.map((sweep) => sweep.durationS);
  const { counters, head, digest } = store;
  return {
    campaign: facts.campaign.name,
    seed: facts.seed,
    faults: facts.faults,
    world: "virtual",
    virtual_s: clock.monoMs() / 1000,
    wall_s: round(facts.wallS, 3),
    interrupted: facts.interruptedBy !== null,
    cells: { total: facts.campaign.cells.length, by_state: run.views.byState() },
    requests: {
      asked: requests.asked,
      met: requests.met,
      late: requests.late,
      missed: requests.missed,
      missed_by_reason: requests.missedByReason,
    },
    exposures: { ...tally.exposures },
    sweeps: {
      count: tally.finishedSweeps().length,
      duration_s: { min: least(durations), median: median(durations), max: greatest(durations) },
      bound_s: { median: median(sweeps.map((sweep) => sweep.boundS)) },
    },
    dose: {
      limit_fraction_max: run.limitFractionBooked(),
      refused: tally.doseRefusedCount,
      booked_not_settled: run.openBookingCount(),
    },
    samples: { acknowledged: run.sampleCount(), stored: counters.samplesFramed, gaps: counters.gaps },
    alarms: { raised: alarms.raisedCount, open: alarms.open.length },
    truth: { ...truth },
    checks: { ...checks },
    violations: [...violations],
    log: { events: head.seq, digest },
  };
}

function least(values: readonly number[]): number | null {
  return values.length === 0 ? null : round(Math.min(...values), 3);
}

function greatest(values: readonly number[]): number | null {
  return values.length === 0 ? null : round(Math.max(...values), 3);
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return round(sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2, 3);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
