/**
 * What the campaign's rules make of a cell's steps, for a forecast: how long waits are expected to take, by the beam's
 * sweep and by the forecast of the cell that is waited for. Pure.
 */
import type { ForecastPause, ForecastRules, ForecastWait, StepWaits } from "../echem/forecast/forecast-rules.ts";
import { SPREAD_SIGMAS, type Guess } from "../echem/forecast/nameplate.ts";
import type { Site } from "../site/site.ts";
import { meetsBeam, type Campaign, type CampaignCell, type StepRule } from "./campaign.ts";
import { MEASURED_SHARE } from "./resolve-rates.ts";
import { stepNames } from "./step-names.ts";
import { planSweep } from "./sweep-plan.ts";

type WaitRule = Exclude<StepRule, { kind: "ask-exposure" }>;

export interface ExpectedTimes {
  /** Until an exposure that a step of this cell asks for is made, seconds; a mean of Infinity where none ever is. */
  exposure(cell: CampaignCell): Guess;
  /** From the begin of the campaign until that cell has ended the step, or its part; a mean of Infinity where nobody knows. */
  other(position: string, stepIndex: number | null): Guess;
}

export const NEVER: Guess = { mean: Infinity, sd: 0 };

/** Undefined where the campaign makes nothing of the cell's steps. */
export function forecastRules(cell: CampaignCell, expected: ExpectedTimes): ForecastRules | undefined {
  const { stepRules, measuredRates, endConditions, protocol, nominalCapacityMah } = cell;
  const waiting = stepRules.filter((rule) => rule.kind !== "ask-exposure");
  if (waiting.length === 0 && measuredRates.length === 0 && endConditions.length === 0) return undefined;
  const nominalAh = nominalCapacityMah / 1000;
  const waits = new Map<number, StepWaits>();
  for (const rule of waiting) {
    const before = waits.get(rule.stepIndex) ?? { end: null, pauses: [] };
    const wait = waitOf(rule, cell, expected);
    waits.set(
      rule.stepIndex,
      rule.kind === "hold-at-charge"
        ? {
            ...before,
            pauses: [
              ...before.pauses,
              { ...wait, at: rule.at, by: rule.by, mark: markOf(cell, rule) } satisfies ForecastPause,
            ],
          }
        : { ...before, end: wait },
    );
  }
  const names = endConditions.length === 0 ? [] : stepNames(protocol);
  return {
    waits,
    rates: measuredRates.map(({ stepIndexes, measuredInIndex, fallbackMah }) => ({
      ...{ stepIndexes, measuredInIndex, fallbackAh: fallbackMah / 1000 },
      ...{ leastAh: MEASURED_SHARE.min * nominalAh, mostAh: MEASURED_SHARE.max * nominalAh },
    })),
    ends: endConditions.map(({ stepId, fraction, relativeTo }) => ({
      stepIndexes: names.flatMap(({ name, stepIndex }) => (name === stepId ? [stepIndex] : [])),
      fraction,
      referenceAh: relativeTo === "nominal" ? nominalAh : null,
    })),
  };
}

/** Among the rules of its step. */
function markOf({ stepRules }: CampaignCell, rule: StepRule): number {
  return stepRules.filter(({ stepIndex }) => stepIndex === rule.stepIndex).indexOf(rule);
}

function waitOf(rule: WaitRule, cell: CampaignCell, expected: ExpectedTimes): ForecastWait {
  const { maximumS, fallback } = rule;
  const common = {
    maximumS,
    restS: fallback.kind === "rest" ? fallback.restS : 0,
    endsProtocol: fallback.kind === "end-protocol",
  };
  if (rule.kind === "end-on-cell") {
    return { ...common, afterS: expected.other(rule.position, rule.otherStepIndex), from: "start" };
  }
  if (rule.kind === "hold-at-charge" && rule.presetName === null) {
    // It lasts its time, and nothing is in vain about that.
    return { afterS: NEVER, from: "wait", maximumS, restS: 0, endsProtocol: false };
  }
  return { ...common, afterS: expected.exposure(cell), from: "wait" };
}

/**
 * Cells of one protocol come to their steps at about the same time, so each waits for anything from one exposure to that
 * of all of them.
 */
export function exposureWaits(campaign: Campaign, site: Site): ExpectedTimes["exposure"] {
  const [sweep] = campaign.sweeps;
  const exposed = campaign.cells.filter((cell) => meetsBeam(cell));
  if (sweep === undefined || exposed.length === 0) return () => NEVER;
  const positions = exposed.map(({ position }) => position);
  const eachS = planSweep(site, positions, sweep.preset.exposureS, sweep.cadenceS).expectedS / exposed.length;
  const counts = new Map<string, number>();
  for (const { protocol, role } of exposed) {
    if (role === "exposed") counts.set(protocol.name, (counts.get(protocol.name) ?? 0) + 1);
  }
  return ({ protocol, role }) => {
    if (role !== "exposed") return NEVER;
    const count = counts.get(protocol.name) ?? 1;
    return { mean: (eachS * (count + 1)) / 2, sd: (eachS * count) / Math.sqrt(12) };
  };
}

/** When a forecast says that a step, or the whole, is over. */
export function endOf(
  forecast: {
    readonly steps: readonly { readonly stepIndex: number; readonly endS: number; readonly spreadS: number }[];
    readonly durationS: number;
    readonly durationSpreadS: number;
  },
  stepIndex: number | null,
): Guess {
  if (stepIndex === null) return { mean: forecast.durationS, sd: forecast.durationSpreadS / SPREAD_SIGMAS };
  const step = forecast.steps.find((one) => one.stepIndex === stepIndex);
  return step === undefined ? NEVER : { mean: step.endS, sd: step.spreadS / SPREAD_SIGMAS };
}
