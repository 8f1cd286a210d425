/** What people see of a run while it goes on and when it is over, in whichever world. */
import type { BeamVerdict } from "../../protocols/verdict/beam-verdict.ts";
import type { RecordStore } from "../../controller/record/store.ts";
import type { CampaignRun } from "../../controller/run/campaign-run.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { exchangeGapS } from "../../protocols/campaign/sweep-plan.ts";
import type { SweepBoundS } from "../../controller/run/tally.ts";
import type { Site } from "../../protocols/site/site.ts";
import { sweepBoundS } from "../../simulator/world/sweep-bound.ts";
import type { ProgressState } from "../progress/progress-state.ts";
import type { RunSummary } from "../progress/run-summary.ts";

export interface RunTimes {
  /** Campaign time. */
  readonly nowS: number;
  readonly totalS: number;
  readonly wallS: number;
}

export function progressOfRun(run: CampaignRun, campaign: Campaign, { nowS, totalS, wallS }: RunTimes): ProgressState {
  const { tally, alarms } = run;
  const note = run.note();
  return {
    campaign: campaign.name,
    virtualS: Math.min(totalS, nowS),
    totalS,
    wallS,
    cellsByState: run.views.byState(),
    sweep: { number: tally.sweepNumber, of: run.sweeps.sweepCountPlanned },
    doseLimitFractionMax: run.limitFractionMax(),
    exposuresMade: tally.exposures.made,
    alarmsOpen: alarms.open.length,
    alarmNames: alarms.open.map((alarm) => `${alarm.code} ${alarm.where}`),
    refused: tally.doseRefusedCount,
    ...(note === null ? {} : { note: `waiting for ${note}` }),
  };
}

/** The part of the summary that the controller itself knows. */
export type RunFigures = Pick<
  RunSummary,
  "cells" | "requests" | "exposures" | "sweeps" | "dose" | "samples" | "spectra" | "beam_effect" | "alarms" | "log"
>;

export function figuresOf(run: CampaignRun, store: RecordStore, campaign: Campaign): RunFigures {
  const { tally, alarms } = run;
  const { requests } = tally;
  const sweeps = undisturbedSweeps(run);
  const durations = sweeps.map((sweep) => sweep.durationS);
  const { counters, head, digest } = store;
  const spectra = campaign.cells.reduce((sum, _, index) => sum + (run.views.cell(index)?.lastSpectrum?.number ?? 0), 0);
  return {
    cells: { total: campaign.cells.length, by_state: run.views.byState() },
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
    samples: {
      acknowledged: run.sampleCount(),
      stored: counters.samplesBefore + counters.samplesFramed,
      gaps: counters.gaps,
    },
    ...(spectra === 0 ? {} : { spectra }),
    ...(campaign.controls === undefined ? {} : { beam_effect: beamEffectOf(run.beamEffect()) }),
    alarms: { raised: alarms.raisedCount, open: alarms.open.length, defects: alarms.defectCount },
    log: { events: head.seq, digest },
  };
}

/** By the site's motion alone. */
export function sweepBoundOf(site: Site): SweepBoundS {
  return (from, visits) =>
    sweepBoundS(site, visits, from) +
    visits.slice(1).reduce((sumS, { exposureS }) => sumS + (exchangeGapS(site, exposureS) ?? 0), 0);
}

/** Sweeps that nothing disturbed: how long they took, and how long they must take by the site's motion alone. */
export function undisturbedSweeps(
  run: CampaignRun,
): readonly { readonly durationS: number; readonly boundS: number }[] {
  return run.tally
    .finishedSweeps()
    .flatMap(({ isUndisturbed, visitCount, startedAtMs, endedAtMs, boundS }) =>
      isUndisturbed && visitCount > 0 && boundS !== null
        ? [{ durationS: (endedAtMs - startedAtMs) / 1000, boundS }]
        : [],
    );
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

function beamEffectOf(verdict: BeamVerdict | null): NonNullable<RunSummary["beam_effect"]> {
  if (verdict === null) return { verdict: "cannot-tell", looks: 0, pairs: 0, cells: {} };
  const cells: Record<string, number> = {};
  for (const cell of verdict.cells) cells[cell.verdict] = (cells[cell.verdict] ?? 0) + 1;
  const pairs = verdict.cells.reduce((sum, { lag }) => sum + (lag?.pairCount ?? 0), 0);
  return { verdict: verdict.verdict, looks: verdict.look, pairs, cells };
}
