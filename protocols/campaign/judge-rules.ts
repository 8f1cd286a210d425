/** What waits and rates by the campaign's word come to for a kind of cell, at the worst: said, so that nobody is surprised. */
import { durationText } from "../base/duration-text.ts";
import type { Finding } from "../base/finding.ts";
import { stepCurrentA } from "../echem/channel-step.ts";
import type { Protocol } from "../echem/protocol.ts";
import { findingAt } from "../input/document.ts";
import type { InputDocument } from "../input/document.ts";
import type { StepRule } from "./campaign.ts";
import type { DraftCell } from "./resolve-cells.ts";
import { capacityOf, MEASURED_SHARE, type KnownCapacity } from "./resolve-rates.ts";
import { fallbackText } from "./resolve-step-rules.ts";
import { runsOf, waitsBoundS, type CampaignRules } from "./ruled-protocol.ts";

interface JudgedKind {
  /** As the cells run it. */
  readonly protocol: Protocol;
  readonly draft: DraftCell;
}

/** One note for each rule: what is awaited, how long at the most, what happens then, and what that sums up to. */
export function judgeRules(
  document: InputDocument,
  { rules }: CampaignRules,
  { protocol, draft }: JudgedKind,
  cells: string,
  findings: Finding[],
): void {
  for (const { path, protocolName, rule } of rules) {
    if (protocolName !== draft.protocolName) continue;
    const what = `step ${rule.stepIndex + 1} ${ruleText(rule)}; ${timesText(protocol, rule)} (${cells})`;
    findings.push(findingAt(document, "note", "campaign.step-rule", path, what, "Nothing to do if that is meant."));
  }
}

/** `waits for an exposure for at most 30 min, then the protocol goes on`. */
export function ruleText(rule: StepRule): string {
  if (rule.kind === "ask-exposure") {
    return `asks for an exposure ${rule.edge === "before" ? "as it begins" : "once it is over"}, within ${durationText(rule.withinS)}`;
  }
  const atMost = `for at most ${durationText(rule.maximumS)}, then ${fallbackText(rule.fallback)}`;
  switch (rule.kind) {
    case "wait-for-exposure":
      return `waits for an exposure ${atMost}`;
    case "hold-at-charge": {
      const at = "stateOfCharge" in rule.at ? `state of charge ${rule.at.stateOfCharge}` : `${rule.at.chargeMah} mAh`;
      const by = rule.by === "rest" ? "at rest" : "at its voltage";
      const until = rule.presetName === null ? "" : " until it is exposed,";
      return `holds ${by} at ${at}${until} ${atMost}`;
    }
    case "end-on-cell": {
      const step = rule.otherStepIndex === null ? "is over" : `has ended its step ${rule.otherStepIndex + 1}`;
      return `ends when ${rule.position} ${step}, or runs ${atMost}`;
    }
  }
}

function timesText(protocol: Protocol, rule: StepRule): string {
  const runs = runsOf(protocol, rule.stepIndex);
  if (rule.kind === "ask-exposure") return `${runs === 1 ? "1 exposure" : `${runs} exposures`} of each cell`;
  const extraS = waitsBoundS(protocol, [rule]);
  const ownS = rule.kind === "hold-at-charge" ? 0 : runs * rule.maximumS;
  return `${runs === 1 ? "once" : `${runs} times`}, ${durationText(extraS + ownS)} in all at the worst`;
}

/** One note for each basis of rates, with the capacity it comes to and the largest current. */
export function judgeRates(
  document: InputDocument,
  { rates }: CampaignRules,
  { protocol, draft }: JudgedKind,
  cells: string,
  findings: Finding[],
): void {
  const { nominalCapacityMah } = draft;
  for (const { path, protocolName, known, stepIndexes, measuredInIndex } of rates) {
    const capacityMah = capacityOf(known, draft);
    if (protocolName !== draft.protocolName || capacityMah === undefined || nominalCapacityMah === undefined) continue;
    const currentsMa = stepIndexes.flatMap((index) => {
      const step = protocol.steps[index];
      return step?.kind === "constant-current" ? [Math.abs(1000 * stepCurrentA(step, nominalCapacityMah))] : [];
    });
    const measured = measuredInIndex === null ? "" : `what step ${measuredInIndex + 1} measures, until then to `;
    // What is measured may be more than what counts until then.
    const share = measuredInIndex === null ? 1 : (MEASURED_SHARE.max * nominalCapacityMah) / capacityMah;
    const most = currentsMa.length === 0 ? "" : `: at most ${short(Math.max(1, share) * Math.max(...currentsMa))} mA`;
    const what = `rates refer to ${measured}${basisText(known)}, ${short(capacityMah)} mAh${most} (${cells})`;
    findings.push(findingAt(document, "note", "campaign.rate", path, what, "Nothing to do if that is meant."));
  }
}

function basisText(known: KnownCapacity): string {
  if (known.kind === "nominal") return "the nominal capacity";
  return known.kind === "areal"
    ? `${known.mahPerCm2} mAh/cm2 of electrode`
    : `${known.mahPerG} mAh/g of active material`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
