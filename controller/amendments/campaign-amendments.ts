/** The desk of amendments with the parts of a campaign behind it: who has to be told that the campaign is another. */
import type { SnapshotFrom } from "xstate";
import { campaignSpots } from "../../protocols/campaign/campaign-spots.ts";
import { exposureWaits, type ExpectedTimes } from "../../protocols/campaign/expected-waits.ts";
import type { AttenuationTables } from "../../protocols/dose/attenuation.ts";
import { relativeFluence } from "../../protocols/dose/beam-profile.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { CellSignals } from "../cells/cell-signals.ts";
import type { SampleIntake } from "../cells/sample-intake.ts";
import type { DoseLedger, LedgerCell } from "../dose/dose-ledger.ts";
import { createLedgerCells } from "../dose/ledger-cells.ts";
import type { ForecastDesk } from "../forecast/forecast-desk.ts";
import type { CampaignActor, CampaignMachine } from "../machines/campaign-machine.ts";
import type { CampaignEvent } from "../machines/campaign-news.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { ActorViews } from "../run/actor-views.ts";
import type { SweepDesk } from "../run/sweep-desk.ts";
import type { WishDesk } from "../run/wish-desk.ts";
import type { TriggerDesk } from "../triggers/trigger-desk.ts";
import { createAmendDesk, type AmendDesk, type AppliedAmendment } from "./amend-desk.ts";
import { createBegunFold, type BegunFold } from "./campaign-progress.ts";
import type { Newcomers } from "./newcomers.ts";
import type { LiveCampaign } from "./live-campaign.ts";
import { BY_COMMAND, recordAmendment, withdrawn } from "./record-amendment.ts";

export interface CampaignAmendmentsDeps {
  readonly live: LiveCampaign;
  /** After a restart: what the record says of how far it has come. */
  readonly begun: BegunFold | undefined;
  readonly begunWith: string;
  readonly site: Site;
  readonly tables: AttenuationTables;
  readonly recorder: Recorder;
  /** Held by the ledger and others, which find the new plans in it. */
  readonly ledgerCells: LedgerCell[];
  readonly ledger: Pick<DoseLedger, "given" | "amended">;
  readonly intake: Pick<SampleIntake, "limit">;
  readonly forecasts: Pick<ForecastDesk, "amended">;
  readonly waits: ExposureWaits;
  readonly signals: Pick<CellSignals, "amended">;
  readonly desk: Pick<SweepDesk, "amended">;
  readonly triggers: Pick<TriggerDesk, "amended">;
  readonly wishes: Pick<WishDesk, "withdraw">;
  readonly views: Pick<ActorViews, "cell">;
  readonly newcomers: Newcomers;
  readonly actor: () => CampaignActor;
  readonly send: (event: CampaignEvent) => void;
  readonly planAgain: () => void;
  readonly commit: () => Promise<void>;
  readonly nowMs: () => number;
  readonly fail: (error: unknown) => void;
}

/** How long a step of a cell waits for an exposure, as the campaign in force has it. */
export interface ExposureWaits {
  of: ExpectedTimes["exposure"];
}

export function createCampaignAmendments(deps: CampaignAmendmentsDeps): AmendDesk {
  const { live, site, tables, recorder, views, actor } = deps;
  const { campaign } = live;

  function apply({ author, reason, proposed, ...amendment }: AppliedAmendment): void {
    const cells = createLedgerCells(proposed, site, tables);
    const progress = { startMs: campaign.startMs, requests: [], rows: [] };
    const before = campaign.cells.length;
    recordAmendment(recorder, { ...amendment, author, reason, proposed }, { site, cells, progress });
    live.become(proposed);
    deps.ledgerCells.splice(0, deps.ledgerCells.length, ...cells);
    deps.ledger.amended();
    campaign.cells.forEach(({ limits }, cellIndex) => {
      deps.intake.limit(cellIndex, limits);
    });
    deps.waits.of = exposureWaits(campaign, site);
    deps.signals.amended();
    deps.desk.amended(actor().getSnapshot().context.sweep.sweep);
    deps.triggers.amended();
    deps.forecasts.amended();
    deps.newcomers.join(before, author);
    withdrawGone();
    const off = withdrawn(amendment.changes);
    if (off.length > 0) deps.send({ type: "STOP_CELLS", author, reason, positions: off });
    deps.planAgain();
  }

  /** What was asked by triggers that are gone. */
  function withdrawGone(): void {
    const names = new Set((campaign.triggers ?? []).map(({ name }) => name));
    deps.wishes.withdraw(
      actor()
        .getSnapshot()
        .context.wanted.flatMap(({ wish }) =>
          wish === undefined || BY_COMMAND.has(wish.trigger) || names.has(wish.trigger)
            ? []
            : [{ key: wish.key, reason: `trigger ${wish.trigger} is no longer in the campaign` }],
        ),
    );
  }

  return createAmendDesk({
    campaign,
    begun: deps.begun ?? createBegunFold(),
    begunWith: deps.begunWith,
    nowMs: deps.nowMs,
    given: () => deps.ledger.given(),
    spotPlan: () => ({
      spots: campaignSpots(campaign).all,
      relativeFluence: (dxMm, dyMm) => relativeFluence(site.beam.profile, dxMm, dyMm),
      earlier: new Map(),
    }),
    stepIndex: (cellIndex) => (views.cell(cellIndex)?.step ?? 0) - 1,
    mayJoin: (positions, off) => deps.newcomers.refusal(positions, off),
    obstacle() {
      const snapshot = actor().getSnapshot();
      if (snapshot.status !== "active") return "the campaign is over";
      return snapshot.value === "connecting" ? "the instruments are still being asked who they are" : null;
    },
    isExposing: () => isExposing(actor().getSnapshot()),
    onceNotExposing(act) {
      const watch = actor().subscribe({
        next(snapshot) {
          if (isExposing(snapshot)) return;
          watch.unsubscribe();
          act();
        },
        // A campaign that breaks says so itself.
        error: () => undefined,
      });
    },
    ...{ apply, commit: deps.commit },
    record: (type, data) => {
      recorder.record(type, data);
    },
    fail: deps.fail,
  });
}

function isExposing(snapshot: SnapshotFrom<CampaignMachine>): boolean {
  return snapshot.matches({ running: { beam: "exposing" } }) || snapshot.matches({ running: { beam: "stopping" } });
}
