/** What control visits cost in beam time and dose, and what they will be able to see. */
import { durationText } from "../base/duration-text.ts";
import type { Finding } from "../base/finding.ts";
import type { Site } from "../site/site.ts";
import { VERDICT_DEFAULTS, type VerdictRules } from "../verdict/beam-verdict.ts";
import { plannedPower } from "../verdict/planned-power.ts";
import type { Campaign, CampaignCell } from "./campaign.ts";
import { visitCount, type ControlPlan } from "./control-plan.ts";
import { sweepCount, type DoseForecast } from "./dose-forecast.ts";
import type { SweepPlan } from "./sweep-plan.ts";

export interface ControlForecast {
  /** Of each exposed cell; null when the campaign has no stated end. */
  readonly visitCount: number | null;
  readonly exposureCount: number | null;
  /** How much longer a sweep with control visits takes. */
  readonly perSweepS: number;
  /** Nominal dose of the control spot that is visited most, at its hottest limited layer; null where not known. */
  readonly controlSpotGy: number | null;
  /** Chance of finding `lag` by the end; null without a stated end. */
  readonly power: number | null;
  readonly visitsNeeded: number | null;
  readonly lagFound: number | null;
}

/** Cells of one material are judged together. */
export function materialOf(cell: Pick<CampaignCell, "chemistry" | "electrolyte">): string {
  return `${cell.chemistry}, ${cell.electrolyte}`;
}

export function rulesOf(plan: ControlPlan, looksPlanned: number | null): VerdictRules {
  return {
    ...VERDICT_DEFAULTS,
    level: plan.falseAlarms,
    power: plan.power,
    lag: plan.lag,
    spotScatter: plan.spotScatter,
    looksPlanned,
  };
}

/** Undefined for a campaign without controls or without a sweep. */
export function judgeControls(
  campaign: Campaign,
  site: Site,
  sweepPlan: SweepPlan | undefined,
  dose: readonly DoseForecast[],
  where: string,
  findings: Finding[],
): ControlForecast | undefined {
  const { controls } = campaign;
  const sweep = campaign.sweeps[0];
  if (controls === undefined || sweep === undefined || sweepPlan === undefined) return undefined;
  const exposed = campaign.cells.filter((cell) => cell.role === "exposed");
  const sweeps = sweepCount(campaign, sweep);
  const visits = sweeps === null ? null : visitCount(controls, sweeps);
  const perExposureS =
    sweep.preset.exposureS + 2 * site.shutter.travelS + site.detector.readOutS + site.stage.settleS + HOP_S;
  const perSweepS = exposed.length * perExposureS;
  const spotCount = sweep.preset.spots.length;
  const planned =
    visits === null
      ? null
      : plannedPower(rulesOf(controls, visits), {
          cellCount: exposed.length,
          materialCount: new Set(exposed.map(materialOf)).size,
          visitCount: visits,
          spotCount,
          controlCount: controls.spots.length,
          readingError: controls.readingError,
          spotOf: (visit) => ((visit + 1) * controls.everySweeps - 1) % spotCount,
        });
  const perExposureGy = Math.max(0, ...dose.flatMap(({ limits }) => limits.map((limit) => limit.perExposureGy)));
  const forecast: ControlForecast = {
    visitCount: visits,
    exposureCount: visits === null ? null : visits * exposed.length,
    perSweepS,
    controlSpotGy: visits === null ? null : Math.ceil(visits / controls.spots.length) * perExposureGy,
    power: planned?.power ?? null,
    visitsNeeded: planned?.visitsNeeded ?? null,
    lagFound: planned?.lagFound ?? null,
  };
  if (sweepPlan.expectedS + perSweepS > sweepPlan.cadenceS) {
    findings.push({
      severity: "error",
      code: "plan.does-not-fit",
      where,
      what: `a sweep with control visits takes ${durationText(sweepPlan.expectedS + perSweepS)}, the cadence is ${durationText(sweepPlan.cadenceS)}`,
      advice: `Give a cadence_min of at least ${Math.ceil((sweepPlan.expectedS + perSweepS) / 60)}, shorter exposures, or no controls.`,
    });
  }
  findings.push(costOf(controls, forecast, where));
  return forecast;
}

/** From one spot of a cell to another: a few millimetres. */
const HOP_S = 0.5;

function costOf(controls: ControlPlan, forecast: ControlForecast, where: string): Finding {
  const { visitCount: visits, exposureCount, perSweepS, controlSpotGy, power, visitsNeeded, lagFound } = forecast;
  if (visits === null || power === null) {
    return {
      severity: "note",
      code: "plan.controls",
      where,
      what: `control visits every ${controls.everySweeps} sweeps take ${durationText(perSweepS)} of beam each; without a stated end their power is not known beforehand`,
      advice: "Give duration_h to see what they will be able to find.",
    };
  }
  const cost = `${visits} control visits of each cell, ${exposureCount ?? 0} exposures, ${durationText(perSweepS)} of beam each time, ${Number((controlSpotGy ?? 0).toPrecision(3))} Gy on a control spot`;
  const chance = `a lag of ${controls.lag} in one cell is found with ${(100 * power).toFixed(0)} %`;
  const reach = lagFound === null ? "no lag" : `a lag of ${lagFound}`;
  if (power < controls.power) {
    return {
      severity: "warning",
      code: "plan.controls-power",
      where,
      what: `${cost}: ${chance}, ${reach} with the ${(100 * controls.power).toFixed(0)} % asked for: the verdict will stay "cannot tell"`,
      advice: "Visit more often (every_sweeps), expose longer, use more control spots, or ask for a larger lag.",
    };
  }
  return {
    severity: "note",
    code: "plan.controls",
    where,
    what: `${cost}: ${chance} by the end, ${reach} with ${(100 * controls.power).toFixed(0)} %; enough from visit ${visitsNeeded ?? visits} on`,
    advice: "Nothing to do if that is meant.",
  };
}
