/** How long each kind of cell takes for its protocol, and what else hangs on that: its cycles, and when its steps ask for exposures. */
import { assert } from "../base/assert.ts";
import { channelStep, TECHNIQUE_NAMES } from "../echem/channel-step.ts";
import { timeBoundOf } from "../echem/cursor.ts";
import { forecastProtocol, type ProtocolForecast } from "../echem/forecast/forecast-protocol.ts";
import type { ProtocolStep } from "../echem/protocol.ts";
import type { Site } from "../site/site.ts";
import { askedTimes } from "./asked-exposures.ts";
import type { Campaign, CampaignCell } from "./campaign.ts";
import type { AskedTimes, CycleTimes } from "./dose-forecast.ts";
import { endOf, exposureWaits, forecastRules, NEVER, type ExpectedTimes } from "./expected-waits.ts";
import { waitsBoundS } from "./ruled-protocol.ts";

export interface ProtocolPlan extends ProtocolForecast {
  readonly name: string;
  readonly cellCount: number;
  /** Sum of the times at which the steps end at the latest, every wait in vain. */
  readonly longestS: number;
  /** What the steps of the file are called, by index. */
  readonly labels: readonly string[];
}

/** Cells of one kind have one forecast. */
function protocolKind(cell: CampaignCell): string {
  return JSON.stringify([
    cell.protocol.name,
    cell.chemistry,
    cell.nominalCapacityMah,
    cell.limits,
    // Steps ask for nothing in a control.
    ...(cell.stepRules.length > 0 ? [cell.role === "exposed"] : []),
    ...(cell.stepRules.length > 0 || cell.measuredRates.length > 0 ? [cell.protocol.steps] : []),
  ]);
}

/** One for each kind, in the order of their first cells. */
export function forecastProtocols(campaign: Campaign, site: Site): readonly ProtocolPlan[] {
  const kinds = new Map<string, { readonly cell: CampaignCell; count: number }>();
  for (const cell of campaign.cells) {
    const key = protocolKind(cell);
    const kind = kinds.get(key);
    if (kind === undefined) kinds.set(key, { cell, count: 1 });
    else kind.count += 1;
  }
  const plans = new Map<string, ProtocolPlan>();
  const expected: ExpectedTimes = {
    exposure: exposureWaits(campaign, site),
    other(position, stepIndex) {
      const cell = campaign.cells.find((candidate) => candidate.position === position);
      const plan = cell === undefined ? undefined : planFor(protocolKind(cell));
      return plan === undefined ? NEVER : endOf(plan, stepIndex);
    },
  };
  const underWay = new Set<string>();
  return [...kinds.keys()].flatMap((key) => planFor(key) ?? []);

  /** Undefined for a cell that waits, by way of others, for itself. */
  function planFor(key: string): ProtocolPlan | undefined {
    const known = plans.get(key);
    const kind = kinds.get(key);
    if (known !== undefined || kind === undefined || underWay.has(key)) return known;
    underWay.add(key);
    const plan = planOfKind(kind.cell, kind.count);
    plans.set(key, plan);
    return plan;
  }

  function planOfKind(cell: CampaignCell, count: number): ProtocolPlan {
    const { protocol, chemistry, nominalCapacityMah, limits } = cell;
    const rules = forecastRules(cell, expected);
    const sampleIntervalMinS =
      site.channels.find((channel) => channel.position === cell.position)?.sampleIntervalMinS ?? 0;
    const context = { nominalCapacityMah, limits, sampleIntervalMinS };
    return {
      ...forecastProtocol(
        protocol,
        { chemistry, nominalCapacityMah, limits, startVoltageV: null },
        null,
        rules === undefined ? {} : { rules },
      ),
      name: protocol.name,
      cellCount: count,
      labels: protocol.steps.map(labelOf),
      longestS:
        waitsBoundS(protocol, cell.stepRules) +
        timeBoundOf(protocol, (step) => {
          const result = channelStep(protocol, step, context);
          return result.kind === "step" ? result.step.untilTimeS : 0;
        }),
    };
  }
}

function labelOf(step: ProtocolStep): string {
  if (step.kind === "tag" || step.kind === "loop") return step.kind;
  return step.id ?? TECHNIQUE_NAMES[step.kind];
}

/** The cycles of each cell's own protocol, from its forecast. */
export function cycleTimesOf(campaign: Campaign, plans: readonly ProtocolPlan[]): CycleTimes {
  const ends = new Map(plans.map((plan) => [plan, cycleEnds(plan, campaign.durationS ?? 0)]));
  const planOfCell = planOf(campaign, plans);
  return (cell) => ends.get(planOfCell(cell)) ?? [];
}

/** When the steps of each cell ask for exposures, by the forecast of its kind. */
export function askedTimesOf(campaign: Campaign, plans: readonly ProtocolPlan[]): AskedTimes {
  const planOfCell = planOf(campaign, plans);
  return (cell) => askedTimes(cell, planOfCell(cell), campaign.durationS);
}

/** Each cell's own: as `forecastProtocols` made them, one for each kind. */
export function planOf(campaign: Campaign, plans: readonly ProtocolPlan[]): (cell: CampaignCell) => ProtocolPlan {
  const kinds = campaign.cells.map(protocolKind);
  const first = [...new Set(kinds)];
  const byPosition = new Map(campaign.cells.map((cell, index) => [cell.position, first.indexOf(kinds[index] ?? "")]));
  return (cell) => {
    const plan = plans[byPosition.get(cell.position) ?? -1];
    assert(plan !== undefined, `no forecast for ${cell.position}`);
    return plan;
  };
}

/** Beyond the steps that are forecast one by one the last whole cycle is taken to come again and again. */
function cycleEnds(plan: ProtocolPlan, untilS: number): readonly { readonly cycle: number; readonly endS: number }[] {
  const ends = plan.steps.flatMap(({ cycle, endS }, index) =>
    plan.steps[index + 1]?.cycle === cycle ? [] : [{ cycle, endS }],
  );
  if (plan.stepCount <= plan.steps.length) return ends;
  // The last one is cut off.
  ends.pop();
  const last = ends.at(-1);
  const lengthS = (last?.endS ?? 0) - (ends.at(-2)?.endS ?? 0);
  if (last === undefined || !(lengthS > 0)) return ends;
  for (let { cycle, endS } = last; endS < untilS;) {
    cycle += 1;
    endS += lengthS;
    ends.push({ cycle, endS });
  }
  return ends;
}
