/** The first events of a campaign: what it is, and which dose limits hold, each with who vouches for it. */
import { worstCaseFactor, type Campaign } from "../../protocols/campaign/campaign.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { Recorder } from "../machines/recorder.ts";

export function recordStart(recorder: Recorder, campaign: Campaign, site: Site): void {
  recorder.record("campaign-started", {
    campaign: campaign.name,
    site: site.name,
    cells: campaign.cells.length,
    exposed: campaign.cells.filter((cell) => cell.role === "exposed").length,
    start_ms: campaign.startMs,
  });
  recorder.record("dose-limits", {
    relative_uncertainty: worstCaseFactor(campaign.doseUncertainty) - 1,
    cells: campaign.cells.map((cell) => ({
      position: cell.position,
      limits: cell.doseLimits.map((limit) => ({
        layer: limit.layerName,
        location: limit.location,
        convention: limit.convention,
        dose_Gy: limit.doseGy,
        dose_rate_Gy_s: limit.doseRateGyS,
        scope: limit.scope,
        source: limit.source,
        vouched_by: limit.vouchedBy,
      })),
    })),
  });
}
