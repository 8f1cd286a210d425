/** How a run goes on from what another left: what was asked and is still open, what is asked again, and what is said of it first. */
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { DoseLedger } from "../dose/dose-ledger.ts";
import type { ForecastDesk } from "../forecast/forecast-desk.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { RequestDesk } from "../run/request-desk.ts";
import type { SweepDesk } from "../run/sweep-desk.ts";
import type { Tally } from "../run/tally.ts";
import type { ExposureWitness } from "../synchrony/exposure-witness.ts";
import type { LeftRun } from "./read-run.ts";
import { recordLetGoOn, recordResumed } from "./record-resumed.ts";
import { NOTHING_ASKED, restoreSweeps, type RestoredRequests } from "./restore.ts";
import { askedAgain, settleUnfinished, unfinishedBookings } from "./unfinished.ts";

export interface BeginAgainDeps {
  readonly left: LeftRun | undefined;
  readonly campaign: Campaign;
  readonly site: Site;
  readonly desk: SweepDesk;
  readonly tally: Tally;
  readonly nowMs: () => number;
  readonly endAtMs: number;
  readonly worstClosingMs: number;
}

export interface BeganAgain {
  /** For the campaign's machine. */
  readonly asked: RestoredRequests;
  /** Says on record that it goes on, and settles what nobody settled. Nothing in a run that begins. */
  say(to: {
    readonly recorder: Recorder;
    readonly ledger: DoseLedger;
    readonly witness: Pick<ExposureWitness, "leftOpen">;
    readonly requestDesk: Pick<RequestDesk, "noteWanted">;
    readonly forecasts: Pick<ForecastDesk, "goOn">;
    readonly resumedBy: string | undefined;
    /** As the record has it, whoever lets what was held go on. */
    readonly before: LeftRun | undefined;
  }): void;
}

export function createBeginAgain(deps: BeginAgainDeps): BeganAgain {
  const { left, campaign, site, desk, tally, nowMs, endAtMs, worstClosingMs } = deps;
  const unfinished = left === undefined ? [] : unfinishedBookings(left.ledgerRows);
  const atStart = left === undefined ? null : restoreSweeps(left.recorded, unfinished, campaign, desk, tally);
  const { asked, repeats } = askedAgain<RestoredRequests>(atStart ?? NOTHING_ASKED, unfinished, {
    ...{ campaign, endAtMs, nowMs: nowMs(), requests: left?.recorded.requests ?? [] },
    window: (sweep) => desk.window(sweep),
  });
  return {
    asked,
    say({ recorder, ledger, witness, requestDesk, forecasts, resumedBy, before }) {
      if (left === undefined) return;
      recordResumed(recorder, campaign, left.recorded, { sweep: atStart?.sweep ?? null, unfinished, site });
      if (resumedBy !== undefined) recordLetGoOn(recorder, resumedBy, before?.recorded);
      settleUnfinished(unfinished, { ledger, recorder, tally, nowMs, worstClosingMs });
      witness.leftOpen(left.recorded.unwitnessed);
      repeats.forEach(requestDesk.noteWanted);
      forecasts.goOn();
    },
  };
}
