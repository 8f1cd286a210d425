/** A protocol as a cell of this campaign runs it: rates by their capacity, waits with their longest time. Pure. */
import { timeBoundOf } from "../echem/cursor.ts";
import type { Protocol, ProtocolStep } from "../echem/protocol.ts";
import type { StepRule } from "./campaign.ts";
import type { DraftCell } from "./resolve-cells.ts";
import { withRates, type PlacedRate } from "./resolve-rates.ts";
import type { PlacedRule } from "./resolve-step-rules.ts";

/** What the campaign says of protocols beyond their files. */
export interface CampaignRules {
  readonly rules: readonly PlacedRule[];
  readonly rates: readonly PlacedRate[];
}

export function rulesOf({ rules }: CampaignRules, draft: DraftCell): readonly StepRule[] {
  return rules.flatMap(({ protocolName, rule }) => (protocolName === draft.protocolName ? [rule] : []));
}

export function ratesOf({ rates }: CampaignRules, draft: DraftCell): readonly PlacedRate[] {
  return rates.filter(({ protocolName }) => protocolName === draft.protocolName);
}

export function ruledProtocol(protocol: Protocol, campaign: CampaignRules, draft: DraftCell): Protocol {
  const rules = rulesOf(campaign, draft);
  const rated = withRates(protocol, ratesOf(campaign, draft), draft);
  if (rules.length === 0) return rated;
  return {
    ...rated,
    steps: rated.steps.map((step, index) => rules.reduce((now, rule) => withRule(now, index, rule), step)),
  };
}

function withRule(step: ProtocolStep, index: number, rule: StepRule): ProtocolStep {
  if (rule.stepIndex !== index || (rule.kind !== "wait-for-exposure" && rule.kind !== "end-on-cell")) return step;
  const untilTimeS = rule.maximumS;
  if (step.kind === "open-circuit-voltage" || step.kind === "constant-current") return { ...step, untilTimeS };
  if (step.kind !== "constant-voltage") return step;
  // A hold that waits for its exposure is not over when its current has faded.
  return rule.kind === "end-on-cell"
    ? { ...step, untilTimeS }
    : { ...step, untilTimeS, untilRateC: null, untilCurrentMa: null };
}

/** How often the protocol comes to this step, loops followed. */
export function runsOf(protocol: Protocol, stepIndex: number): number {
  const step = protocol.steps[stepIndex];
  return timeBoundOf(protocol, (candidate) => (candidate === step ? 1 : 0));
}

/** What waits, holds and their fallbacks add at the worst to the times of a ruled protocol's steps. */
export function waitsBoundS(protocol: Protocol, rules: readonly StepRule[]): number {
  return rules.reduce((sum, rule) => {
    if (rule.kind === "ask-exposure") return sum;
    const restS = rule.fallback.kind === "rest" ? rule.fallback.restS : 0;
    const holdS = rule.kind === "hold-at-charge" ? rule.maximumS : 0;
    return sum + runsOf(protocol, rule.stepIndex) * (holdS + restS);
  }, 0);
}
