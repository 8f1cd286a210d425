/** The most exposures that triggers may ask for, by the forecast of each cell's protocol. Pure. */
import { stepCurrentA } from "../echem/channel-step.ts";
import type { ProtocolForecast, StepForecast } from "../echem/forecast/forecast-protocol.ts";
import type { CampaignCell } from "./campaign.ts";
import { cycleCount, hasCycle, hasStep, type CampaignTrigger, type TriggerCell } from "./trigger.ts";

/** The most exposures of one cell; null where nobody can say. */
export interface ExposureBound {
  readonly total: number | null;
  readonly inOneCycle: number | null;
}

/** Steps forecast one by one, from a campaign's first second on. */
export type ForecastOf = (cell: CampaignCell) => Pick<ProtocolForecast, "steps" | "stepCount">;

/** No exposure is given twice for one moment; each moment is one of a step, a half cycle or the clock, and those are counted. */
export function exposureBound(
  trigger: CampaignTrigger,
  own: TriggerCell,
  cell: CampaignCell,
  forecast: ReturnType<ForecastOf>,
  durationS: number | null,
): ExposureBound {
  if (trigger.kind === "operator" || trigger.kind === "agent") return { total: null, inOneCycle: null };
  // A cell that is quicker than its forecast gets as far as this.
  const steps = forecast.steps.filter(({ startS, spreadS }) => durationS === null || startS - spreadS < durationS);
  const isCut = steps.length === forecast.steps.length && forecast.stepCount > forecast.steps.length;
  // Steps that were not forecast one by one come on like those that were.
  const further = isCut ? (durationS === null ? forecast.stepCount / steps.length : furtherBy(steps, durationS)) : 1;
  if (trigger.kind === "time-grid") {
    if (durationS === null) return { total: null, inOneCycle: null };
    const count = (seconds: number): number => Math.max(0, Math.ceil(seconds / trigger.everyS));
    const total = count(durationS - trigger.firstAfterS);
    const longestS = Math.max(...cycleLengths(steps));
    return { total, inOneCycle: Math.min(total, count(Number.isFinite(longestS) ? longestS : durationS) + 1) };
  }
  const chosen = steps.filter((step) => hasStep(own, step.stepIndex) && hasCycle(trigger, step.cycle));
  const isRest = ({ stepIndex }: StepForecast): boolean =>
    cell.protocol.steps[stepIndex]?.kind === "open-circuit-voltage";
  switch (trigger.kind) {
    case "state-of-charge-grid":
    case "voltage-grid":
    case "dqdv-peak": {
      const perHalf = (direction: "charge" | "discharge"): number => {
        if (!chosen.some((step) => isDirection(cell, step, direction))) return 0;
        if (trigger.kind === "dqdv-peak") return trigger.directions.includes(direction) ? 1 : 0;
        return trigger[direction].length;
      };
      const inOneCycle = perHalf("charge") + perHalf("discharge");
      const cycles = Math.ceil(further * Math.max(0, ...steps.map(({ cycle }) => cycle)));
      return { total: inOneCycle * cycleCount(trigger, cycles), inOneCycle };
    }
    case "cycle": {
      const cycles = Math.ceil(further * Math.max(0, ...steps.map(({ cycle }) => cycle)));
      return { total: cycleCount(trigger, cycles), inOneCycle: 1 };
    }
    case "step-edge":
      return counted(chosen, trigger.edges.length, further);
    case "rest-end":
      return counted(chosen.filter(isRest), 1, further);
    case "relaxation":
      return counted(chosen.filter(isRest), trigger.afterS.length, further);
  }
}

function counted(steps: readonly StepForecast[], each: number, further: number): ExposureBound {
  const perCycle = new Map<number, number>();
  for (const { cycle } of steps) perCycle.set(cycle, (perCycle.get(cycle) ?? 0) + each);
  return { total: Math.ceil(further * steps.length * each), inOneCycle: Math.max(0, ...perCycle.values()) };
}

function furtherBy(steps: readonly StepForecast[], durationS: number): number {
  const endS = steps.at(-1)?.endS ?? 0;
  return endS > 0 ? Math.max(1, durationS / endS) : 1;
}

function cycleLengths(steps: readonly StepForecast[]): readonly number[] {
  const lengths = new Map<number, number>();
  for (const { cycle, startS, endS, spreadS } of steps) {
    const longestS = endS - startS + (Number.isFinite(spreadS) ? spreadS : 0);
    lengths.set(cycle, (lengths.get(cycle) ?? 0) + longestS);
  }
  return [...lengths.values()];
}

/** A hold belongs to whichever current came before it. */
function isDirection(cell: CampaignCell, { stepIndex }: StepForecast, direction: "charge" | "discharge"): boolean {
  const step = cell.protocol.steps[stepIndex];
  if (step?.kind === "constant-voltage") return true;
  if (step?.kind !== "constant-current") return false;
  return stepCurrentA(step, cell.nominalCapacityMah) > 0 === (direction === "charge");
}
