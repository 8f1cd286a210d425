/** Keeps the controllers of a search that are over, so that those to come find their code ready. */
import type { CampaignRun } from "../../controller/run/campaign-run.ts";

/**
 * So many that one of them has been through every part of a campaign, however often the last ones were killed; a
 * controller of 96 cells takes some 20 MB with its cables.
 */
const KEPT = 12;

export interface FormerRuns {
  /** Of a controller that is about to begin. */
  keep(run: CampaignRun): void;
}

/**
 * V8 keeps the machine code of a function only for as long as something that was made by it lives: without the former ones each
 * seed and each restart would begin without, and a fifth of the time would go into compiling the same functions anew.
 */
export function createFormerRuns(): FormerRuns {
  const runs: CampaignRun[] = [];
  return {
    keep(run) {
      runs.push(run);
      if (runs.length > KEPT) runs.shift();
    },
  };
}
