/** What a campaign's beam does beside its cells: frames that correct theirs, and the rack's alignment. */
import type { Writable } from "../../protocols/base/writable.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { AccessDesk } from "../access/access-desk.ts";
import { createCampaignCorrections, type CampaignCorrectionsDeps } from "../corrections/campaign-corrections.ts";
import type { CampaignActor } from "../machines/campaign-machine.ts";
import type { CalibrationWatch } from "../run/calibration-watch.ts";
import { recordPlacement } from "../run/start-record.ts";
import type { SweepDesk } from "../run/sweep-desk.ts";
import type { KeepAlignment } from "./align-desk.ts";
import { withRackAlignment, type CampaignAlignmentDeps, type CampaignBeside } from "./campaign-alignment.ts";

export interface BesideCellsDeps
  extends Omit<CampaignCorrectionsDeps, "commit" | "committed">, Pick<CampaignAlignmentDeps, "ledger" | "cycleOf"> {
  /** The run's own: where its rack stands is written here. */
  readonly site: Writable<Site>;
  readonly clock: CampaignAlignmentDeps["clock"];
  readonly commit: () => Promise<void>;
  /** For what nobody waits for. Never throws. */
  readonly commitAlone: () => void;
  readonly access: Pick<AccessDesk, "people" | "aim">;
  readonly actor: () => CampaignActor;
  readonly desk: Pick<SweepDesk, "amended">;
  readonly planAgain: () => void;
  readonly calibrations: Pick<CalibrationWatch, "measured">;
  readonly keep: KeepAlignment | undefined;
}

export function createBesideCells(deps: BesideCellsDeps): CampaignBeside {
  const { site, access, actor, recorder, timings, commit } = deps;
  const movedMeanwhile = (): void => {
    beside.alignment.giveUp("the rack was taken out meanwhile");
  };
  const corrections = createCampaignCorrections({ ...deps, committed: commit, commit: deps.commitAlone });
  const beside = withRackAlignment(corrections, {
    ...{ ...deps, transmitted: deps.transmitted, shutterTravelMs: timings.shutterTravelMs },
    hindrance: () => access.people()?.reason ?? (isHeld(actor()) ? "exposing is held" : null),
    changed(isUnderWay) {
      access.aim.measuring(isUnderWay ? movedMeanwhile : null);
      deps.planAgain();
    },
    placed({ placement, alignedAtMs, measured }) {
      site.rack = { ...site.rack, placement, alignedAtMs };
      if (measured !== undefined) site.measured = measured;
      recordPlacement(recorder, site);
      deps.calibrations.measured();
      deps.desk.amended(actor().getSnapshot().context.sweep.sweep);
      access.aim.measured(alignedAtMs);
    },
  });
  return beside;
}

function isHeld(actor: CampaignActor): boolean {
  const snapshot = actor.getSnapshot();
  return snapshot.matches({ running: { beam: "held" } }) || snapshot.matches({ running: { beam: "stopping" } });
}
