/**
 * What triggers will ask for, by the forecast of each cell's protocol: the moments as they are expected, for a timetable,
 * and the most exposures there can be, for the dose. Pure.
 */
import { stepCurrentA } from "../echem/channel-step.ts";
import type { ProtocolForecast, StepForecast } from "../echem/forecast/forecast-protocol.ts";
import type { Campaign, CampaignCell } from "./campaign.ts";
import { cycleCount, hasCycle, hasStep, type CampaignTrigger, type TriggerCell } from "./trigger.ts";

/** One exposure that is expected to be asked for; seconds from the campaign's start. */
export interface PlannedMoment {
  readonly cellIndex: number;
  readonly trigger: CampaignTrigger;
  readonly earliestS: number;
  /** Null where any moment of the window is as good. */
  readonly wantedS: number | null;
  readonly latestS: number;
  readonly what: string;
}

/** The most exposures of one cell; null where nobody can say. */
export interface ExposureBound {
  readonly total: number | null;
  readonly inOneCycle: number | null;
}

/** Steps forecast one by one, from a campaign's first second on. */
export type ForecastOf = (cell: CampaignCell) => Pick<ProtocolForecast, "steps" | "stepCount" | "stateOfChargeMarks">;

/** In the order of the triggers, then of the cells. Voltages and peaks are not among them: their moments are the samples'. */
export function plannedMoments(campaign: Campaign, forecastOf: ForecastOf): readonly PlannedMoment[] {
  return (campaign.triggers ?? []).flatMap((trigger) => {
    const known = new Map<unknown, readonly Omit<PlannedMoment, "cellIndex">[]>();
    return trigger.cells.flatMap((own) => {
      const cell = campaign.cells[own.cellIndex];
      if (cell === undefined) return [];
      // Cells of one kind share their forecast.
      const forecast = forecastOf(cell);
      const key = own.stepIndexes === null ? forecast : `${own.stepIndexes.join()} ${cell.protocol.name}`;
      const moments = known.get(key) ?? momentsOfKind(trigger, own, cell, forecast, campaign.durationS);
      known.set(key, moments);
      return moments.map((moment) => ({ ...moment, cellIndex: own.cellIndex }));
    });
  });
}

function momentsOfKind(
  trigger: CampaignTrigger,
  own: TriggerCell,
  cell: CampaignCell,
  forecast: ReturnType<ForecastOf>,
  durationS: number | null,
): readonly Omit<PlannedMoment, "cellIndex">[] {
  const endS = durationS ?? forecast.steps.at(-1)?.endS ?? 0;
  const moments: Omit<PlannedMoment, "cellIndex">[] = [];
  const add = (atS: number, what: string, earlyS: number, lateS: number): void => {
    if (atS < endS) {
      moments.push({ trigger, earliestS: atS - earlyS, wantedS: atS, latestS: Math.min(endS, atS + lateS), what });
    }
  };
  if (trigger.kind === "time-grid") {
    const { everyS, firstAfterS, window } = trigger;
    for (let atS = firstAfterS; atS < endS; atS += everyS) {
      const step = forecast.steps.find((one) => one.startS <= atS && atS < one.endS);
      const isAll = own.stepIndexes === null && trigger.cycles === null;
      if (!isAll && (step === undefined || !hasStep(own, step.stepIndex) || !hasCycle(trigger, step.cycle))) continue;
      if (window !== null) add(atS, "time grid", window.earlyS, window.lateS);
      else {
        moments.push({
          trigger,
          earliestS: atS,
          wantedS: null,
          latestS: Math.min(endS, atS + everyS),
          what: "time grid",
        });
      }
    }
    return moments;
  }
  let lastCycle = 0;
  for (const step of forecast.steps) {
    if (step.startS >= endS) break;
    const isNewCycle = step.cycle > lastCycle;
    lastCycle = step.cycle;
    if (!hasStep(own, step.stepIndex) || !hasCycle(trigger, step.cycle)) continue;
    addStep(trigger, cell, forecast, step, isNewCycle, add);
  }
  return moments;
}

function addStep(
  trigger: Exclude<CampaignTrigger, { kind: "time-grid" }>,
  cell: CampaignCell,
  forecast: ReturnType<ForecastOf>,
  step: StepForecast,
  isNewCycle: boolean,
  add: (atS: number, what: string, earlyS: number, lateS: number) => void,
): void {
  const { startS, endS, stepIndex, cycle } = step;
  const isRest = cell.protocol.steps[stepIndex]?.kind === "open-circuit-voltage";
  switch (trigger.kind) {
    case "state-of-charge-grid": {
      const course = courseOf(forecast, step);
      if (course === null) return;
      const direction = course.perS > 0 ? "charge" : "discharge";
      for (const mark of trigger[direction]) {
        const atS = course.atS + (mark - course.at) / course.perS;
        if (atS < startS || atS > endS) continue;
        const { window } = trigger;
        const per = window.in === "time" ? 1 : Math.abs(course.perS);
        const [early, late] = window.in === "time" ? [window.earlyS, window.lateS] : [window.early, window.late];
        add(atS, `state of charge ${mark} in ${direction}, cycle ${cycle}`, early / per, late / per);
      }
      return;
    }
    case "step-edge":
      for (const edge of trigger.edges) {
        const what = edge === "before" ? `as step ${stepIndex + 1} begins` : `after step ${stepIndex + 1} has ended`;
        add(edge === "before" ? startS : endS, what, trigger.window.earlyS, trigger.window.lateS);
      }
      return;
    case "rest-end": {
      const atS = endS - trigger.preset.exposureS;
      if (isRest && atS >= startS) {
        add(atS, `at the end of the rest in step ${stepIndex + 1}`, Math.min(trigger.window.earlyS, atS - startS), 0);
      }
      return;
    }
    case "relaxation":
      for (const afterS of isRest ? trigger.afterS : []) {
        if (startS + afterS > endS) continue;
        const what = `${afterS} s into the rest in step ${stepIndex + 1}`;
        add(startS + afterS, what, trigger.window.earlyS, trigger.window.lateS);
      }
      return;
    case "cycle":
      if (isNewCycle) add(startS, `as cycle ${cycle} begins`, trigger.window.earlyS, trigger.window.lateS);
      return;
    case "voltage-grid":
    case "dqdv-peak":
    case "operator":
    case "agent":
      return;
  }
}

/** State of charge over time within a step, by two of its marks; null where it passes fewer. */
function courseOf(forecast: ReturnType<ForecastOf>, { ordinal }: StepForecast) {
  const marks = forecast.stateOfChargeMarks.filter((mark) => mark.ordinal === ordinal);
  const [first] = marks;
  const last = marks.at(-1);
  if (first === undefined || last === undefined || first === last) return null;
  const perS = (last.stateOfCharge - first.stateOfCharge) / (last.atS - first.atS);
  return Number.isFinite(perS) && perS !== 0 ? { at: first.stateOfCharge, atS: first.atS, perS } : null;
}

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
