/** From a run in the virtual world to what people see while it runs and the summary at its end (CONTRACTS). */
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { ProgressState } from "../progress/progress-state.ts";
import type { RunSummary } from "../progress/run-summary.ts";
import { figuresOf, progressOfRun } from "../run/run-figures.ts";
import type { RecordedClaims } from "./recorded-claims.ts";
import { unended, type VirtualCampaign } from "./virtual-campaign.ts";

export function progressOf(virtual: VirtualCampaign, campaign: Campaign, totalS: number, wallS: number): ProgressState {
  return progressOfRun(virtual.run, campaign, { nowS: virtual.clock.monoMs() / 1000, totalS, wallS });
}

export interface SummaryFacts {
  readonly campaign: Campaign;
  readonly seed: number;
  readonly faults: string;
  readonly wallS: number;
  readonly interruptedBy: string | null;
  readonly isRehearsal?: boolean;
  /** What the record charges and counts; absent: it is not judged. */
  readonly record?: RecordedClaims;
}

export function summarise(
  virtual: VirtualCampaign,
  facts: SummaryFacts,
): RunSummary & { readonly interrupted: boolean } {
  const { run, store, clock } = virtual;
  const { truth, checks, violations } = virtual.finish(facts.interruptedBy !== null, facts.record);
  const { log, ...figures } = figuresOf(run, store, facts.campaign);
  return {
    campaign: facts.campaign.name,
    seed: facts.seed,
    faults: facts.faults,
    world: "virtual",
    ...(facts.isRehearsal === true ? { rehearsal: true } : {}),
    virtual_s: clock.monoMs() / 1000,
    wall_s: Number(facts.wallS.toFixed(3)),
    interrupted: facts.interruptedBy !== null,
    ...figures,
    truth: { ...truth },
    checks: { ...checks },
    violations: [...violations, ...(facts.interruptedBy === null ? unended(virtual) : [])],
    log,
  };
}
