/** The first event of a run that goes on: how long nobody was there, and how the record left each cell. */
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { SweepState } from "../beam/sweeps.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { LedgerRow } from "../record/ledger-row.ts";
import type { Site } from "../../protocols/site/site.ts";
import { recordPlacement } from "../run/start-record.ts";
import type { LeftRun } from "./read-run.ts";
import type { RecordedRun } from "./recorded-run.ts";

export function recordResumed(
  recorder: Recorder,
  campaign: Campaign,
  recorded: RecordedRun,
  facts: { readonly sweep: SweepState | null; readonly unfinished: readonly LedgerRow[]; readonly site: Site },
): void {
  recorder.record("campaign-resumed", {
    campaign: campaign.name,
    times: recorded.resumedCount + 1,
    last_heard_ms: recorded.lastMs,
    sweep: facts.sweep?.sweep ?? 0,
    sweep_remaining: facts.sweep?.remaining.length ?? 0,
    unfinished: facts.unfinished.map((booking) => booking.exposureId),
    is_held: recorded.held !== null,
    latched: [...recorded.latched],
    cells: recorded.cells.map(({ left }, cellIndex) => ({
      position: campaign.cells[cellIndex]?.position ?? "",
      left: left.phase,
      step: left.cursor?.step.stepNumber ?? null,
      cycle: left.cursor?.step.cycleNumber ?? null,
      is_running: left.runningSinceMs !== null,
      elapsed_s: left.stepElapsedS,
      held_by: left.hold?.author ?? null,
    })),
  });
  recordPlacement(recorder, facts.site);
}

/** A person who starts a run again may say, by name, that nothing of before is held any more. */
export function letGoOn(left: LeftRun, author: string | undefined): LeftRun {
  if (author === undefined) return left;
  const transfers = { ...left.recorded.transfers, stands: null };
  return { ...left, recorded: { ...left.recorded, held: null, latched: [], transfers } };
}

export function recordLetGoOn(recorder: Recorder, author: string, before: RecordedRun | undefined): void {
  if ((before?.held ?? null) !== null) recorder.record("exposing-resumed", { author });
  if ((before?.latched ?? []).length > 0) recorder.record("interlock-rearmed", { author });
}
