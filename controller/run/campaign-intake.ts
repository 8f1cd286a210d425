/** Samples of all cells on their way to the store; one beyond its cell's limits is told to the campaign. */
import { POSITION_COUNT } from "../../protocols/base/position.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { createSampleIntake, type SampleIntake, type SampleIntakeDeps } from "../cells/sample-intake.ts";
import type { FaultNote } from "../machines/errors.ts";
import type { CampaignEvent } from "../machines/campaign-news.ts";

const OVERLOADS_IN_ROW_MAX = 3;

/** Cells that can join a run, two racks full: what is known of each by its number has a place that was made as it began. */
export const SPARE_SEATS = 2 * POSITION_COUNT;

export function createCampaignIntake(
  campaign: Campaign,
  sink: SampleIntakeDeps["sink"],
  deps: Pick<SampleIntakeDeps, "bandLeft" | "followed"> & { readonly send: (event: CampaignEvent) => void },
): SampleIntake {
  return createSampleIntake(campaign.cells.length + SPARE_SEATS, {
    sink,
    limits: campaign.cells.map((cell) => cell.limits),
    limitPassed(cellIndex, what) {
      const where = campaign.cells[cellIndex]?.position ?? "";
      const advice = "Inspect the cell before it is cycled again.";
      const fault: FaultNote = { code: "cell.limit", where, what, advice };
      deps.send({ type: "CHANNEL_NEWS", cellIndex, event: { type: "LIMIT_PASSED", fault } });
    },
    overloadsInRowMax: OVERLOADS_IN_ROW_MAX,
    ...(deps.bandLeft === undefined ? {} : { bandLeft: deps.bandLeft }),
    ...(deps.followed === undefined ? {} : { followed: deps.followed }),
  });
}
