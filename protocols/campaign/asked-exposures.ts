/** When the steps of a cell ask for exposures beside the sweep, by the forecast of its protocol. Pure. */
import type { ProtocolForecast, StepForecast } from "../echem/forecast/forecast-protocol.ts";
import type { CampaignCell, StepRule } from "./campaign.ts";

/** One exposure answers all that its cell asks for at about the same time. */
const SAME_S = 1;

/** Seconds from the campaign's start, rising; none for a cell whose steps have nothing exposed. */
export function askedTimes(
  { stepRules, role }: CampaignCell,
  { steps, stepCount }: Pick<ProtocolForecast, "steps" | "stepCount">,
  durationS: number | null,
): readonly number[] {
  if (role !== "exposed" || stepRules.length === 0) return [];
  const asked = steps.flatMap((step) => timesOf(step, rulesAt(stepRules, step.stepIndex)));
  if (stepCount > steps.length && durationS !== null) asked.push(...furtherTimes(asked, steps, durationS));
  asked.sort((a, b) => a - b);
  const apart: number[] = [];
  for (const atS of asked) {
    if ((durationS === null || atS < durationS) && atS - (apart.at(-1) ?? -Infinity) >= SAME_S) apart.push(atS);
  }
  return apart;
}

function rulesAt(rules: readonly StepRule[], index: number): readonly StepRule[] {
  return rules.filter(({ stepIndex }) => stepIndex === index);
}

function timesOf({ startS, endS }: StepForecast, rules: readonly StepRule[]): readonly number[] {
  const holds = rules.filter((rule) => rule.kind === "hold-at-charge" && rule.presetName !== null);
  return rules.flatMap((rule) => {
    if (rule.kind === "wait-for-exposure") return [startS];
    if (rule.kind === "ask-exposure") return [rule.edge === "before" ? startS : endS];
    const place = holds.indexOf(rule);
    // Where in the step it holds matters to no dose.
    return place < 0 ? [] : [startS + ((place + 1) / (holds.length + 1)) * (endS - startS)];
  });
}

/** Beyond the steps that are forecast one by one the last whole cycle comes again and again. */
function furtherTimes(asked: readonly number[], steps: readonly StepForecast[], durationS: number): readonly number[] {
  const ends = steps.flatMap(({ cycle, endS }, index) => {
    const next = steps[index + 1];
    return next === undefined || next.cycle === cycle ? [] : [endS];
  });
  const [fromS, toS] = [ends.at(-2), ends.at(-1)];
  if (fromS === undefined || toS === undefined || !(toS > fromS)) return [];
  const pattern = asked.filter((atS) => atS >= fromS && atS < toS);
  const times: number[] = [];
  for (let byS = toS - fromS; fromS + byS < durationS; byS += toS - fromS) {
    times.push(...pattern.map((atS) => atS + byS));
  }
  const lastS = steps.at(-1)?.endS ?? 0;
  return times.filter((atS) => atS > lastS);
}
