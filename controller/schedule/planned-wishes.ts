/**
 * What the triggers of a campaign will ask, by the forecast of its protocols from the very start: the rules by which they
 * ask while it runs, looked at every quarter of an hour. Voltages, peaks and commands nobody can foretell. Pure.
 */
import type { Campaign, CampaignCell } from "../../protocols/campaign/campaign.ts";
import { stepCurrentA } from "../../protocols/echem/channel-step.ts";
import type { ProtocolForecast } from "../../protocols/echem/forecast/forecast-protocol.ts";
import { forecastFrom, type CellForecast } from "../forecast/cell-forecast.ts";
import type { CellFacts, HalfCharge, Moment, PassedStep, RunningStep } from "../triggers/cell-facts.ts";
import { techniqueAt } from "../triggers/followed-step.ts";
import { momentsOf } from "../triggers/moments.ts";

export interface PlannedWish {
  readonly trigger: string;
  readonly cellIndex: number;
  readonly earliestMs: number;
  readonly wantedMs: number | null;
  readonly latestMs: number;
  readonly exposureS: number;
  readonly weight: number;
  readonly owner: string | null;
  readonly what: string;
}

type StepsAndMarks = Pick<ProtocolForecast, "steps" | "stateOfChargeMarks">;

const LOOK_MS = 900_000;
const PASSED_MAX = 4;

/** @param forecastOf undefined for a cell whose protocol nobody can forecast: it asks for what the clock says */
export function plannedWishes(
  campaign: Pick<Campaign, "cells" | "triggers">,
  forecastOf: (cell: CampaignCell) => StepsAndMarks | undefined,
  endMs: number,
): readonly PlannedWish[] {
  const wishes: PlannedWish[] = [];
  /** Cells of one protocol are asked for the same at the same times. */
  const known = new Map<string, ReadonlyMap<string, Moment>>();
  const ids = new Map<StepsAndMarks, number>();
  for (const trigger of campaign.triggers ?? []) {
    const { name, preset, weight, owner } = trigger;
    for (const own of trigger.cells) {
      const cell = campaign.cells[own.cellIndex];
      if (cell === undefined) continue;
      const forecast = forecastOf(cell) ?? { steps: [], stateOfChargeMarks: [] };
      const id = ids.get(forecast) ?? ids.size;
      ids.set(forecast, id);
      const key = [name, id, own.stepIndexes?.join(",") ?? ""].join(" ");
      let moments = known.get(key);
      if (moments === undefined) {
        const found = new Map<string, Moment>();
        for (let nowMs = 0; nowMs < endMs; nowMs += LOOK_MS) {
          for (const moment of momentsOf(trigger, own, factsAt(cell, forecast, nowMs))) {
            if (moment.atMs < endMs) found.set(moment.mark, moment);
          }
        }
        moments = found;
        known.set(key, moments);
      }
      for (const { earliestMs, wantedMs, latestMs, what } of moments.values()) {
        wishes.push({
          ...{ trigger: name, cellIndex: own.cellIndex, earliestMs, wantedMs, latestMs, weight, what },
          ...{ exposureS: preset.exposureS, owner: owner ?? cell.group },
        });
      }
    }
  }
  return wishes.sort((a, b) => a.earliestMs - b.earliestMs);
}

/** As if everything went by its forecast. */
function factsAt(cell: CampaignCell, planned: StepsAndMarks, nowMs: number): CellFacts {
  const at = planned.steps.findIndex(({ endS }) => 1000 * endS > nowMs);
  const from = at < 0 ? planned.steps.length : at;
  const current = planned.steps[from];
  const technique = current === undefined ? null : techniqueAt(cell, current.stepIndex);
  const orderedA = technique?.kind === "constant-current" ? stepCurrentA(technique, cell.nominalCapacityMah) : NaN;
  const beganAtMs = 1000 * (current?.startS ?? 0);
  const step: RunningStep | null =
    current === undefined || technique === null
      ? null
      : {
          ...{ stepIndex: current.stepIndex, ordinal: current.ordinal, cycle: current.cycle, step: technique },
          ...{ direction: orderedA > 0 ? "charge" : orderedA < 0 ? "discharge" : null, orderedA },
          ...{ beganAtMs, startedAtMs: beganAtMs, runsSinceMs: beganAtMs, isPaused: false },
        };
  const passed = planned.steps
    .slice(Math.max(0, from - PASSED_MAX), from)
    .map(({ stepIndex, ordinal, cycle, endS }): PassedStep => ({ stepIndex, ordinal, cycle, endedAtMs: 1000 * endS }));
  return {
    ...{ position: cell.position, nowMs, step, passed: passed.reverse(), isOver: current === undefined },
    stepOf: (stepIndex) => techniqueAt(cell, stepIndex),
    stepRules: cell.stepRules,
    ...{ charge: null, isMeasured: (current?.cycle ?? 0) > 1, nominalAh: cell.nominalCapacityMah / 1000 },
    half: halfAt(cell, planned, from, nowMs),
    ...{ voltageV: NaN, currentA: NaN, slopeVS: NaN, curveS: () => NaN },
    forecast: current === undefined ? null : ahead(planned, from, nowMs),
  };
}

/** Charge of the half cycle under way, or the last one; null before the first current. */
function halfAt(cell: CampaignCell, { steps }: StepsAndMarks, from: number, nowMs: number): HalfCharge | null {
  let direction: HalfCharge["direction"] | null = null;
  let movedAh = 0;
  for (const { stepIndex, startS, endS } of steps.slice(0, from + 1).reverse()) {
    const technique = techniqueAt(cell, stepIndex);
    if (technique?.kind !== "constant-current") continue;
    const currentA = stepCurrentA(technique, cell.nominalCapacityMah);
    const flows = currentA > 0 ? "charge" : "discharge";
    if (direction !== null && flows !== direction) break;
    direction = flows;
    movedAh += (Math.abs(currentA) * Math.max(0, Math.min(nowMs, 1000 * endS) - 1000 * startS)) / 3_600_000;
  }
  return direction === null ? null : { direction, movedAh, atMs: nowMs };
}

/** So many steps begin within the time for which triggers look ahead, and more. */
const STEPS_AHEAD = 24;

function ahead({ steps, stateOfChargeMarks }: StepsAndMarks, from: number, madeAtMs: number): CellForecast {
  const near = steps.slice(from, from + STEPS_AHEAD);
  const ordinals = new Set(near.map(({ ordinal }) => ordinal));
  const marks = stateOfChargeMarks.filter(({ ordinal }) => ordinals.has(ordinal));
  const forecast = { steps: near, stateOfChargeMarks: marks };
  return forecastFrom(forecast, 0, { madeAtMs, because: "step", isMeasured: false });
}
