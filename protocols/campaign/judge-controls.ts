/** What control visits cost in beam time and dose, and what they will be able to see. */
import { durationText } from "../base/duration-text.ts";
import type { Finding } from "../base/finding.ts";
import type { Site } from "../site/site.ts";
import { VERDICT_DEFAULTS, type VerdictRules } from "../verdict/beam-verdict.ts";
import { plannedAgainstRare, plannedPower } from "../verdict/planned-power.ts";
import { meetsBeam, type Campaign, type CampaignCell } from "./campaign.ts";
import { rareVisitCount, visitCount, type ControlPlan } from "./control-plan.ts";
import { positionsText } from "./rack-text.ts";
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
  /** Cells exposed rarely, and what they are for; null without them. */
  readonly rare: RareForecast | null;
}

export interface RareForecast {
  readonly cellCount: number;
  /** Ordinary exposures of each, and as many control visits; null when the campaign has no stated end. */
  readonly visitCount: number | null;
  /** Of the whole campaign, all these cells, both exposures of each visit. */
  readonly beamS: number | null;
  /** Nominal dose of the spot that is exposed most, at its hottest limited layer; null where not known. */
  readonly spotGy: number | null;
  /**
   * Smallest difference in lag between exposed and rarely exposed cells, of the material with the fewest of these, that
   * is suspected with the power asked for; null where none is.
   */
  readonly lagSuspected: number | null;
}

/** Cells of one material are judged together. */
export function materialOf(cell: { readonly chemistry: string; readonly electrolyte: string }): string {
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
  const lit = campaign.cells.filter(meetsBeam);
  const perSweepS = lit.length * perExposureS;
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
    exposureCount:
      visits === null || sweeps === null
        ? null
        : visits * exposed.length + rareVisitCount(controls, sweeps) * (lit.length - exposed.length),
    perSweepS,
    controlSpotGy: visits === null ? null : Math.ceil(visits / controls.spots.length) * perExposureGy,
    power: planned?.power ?? null,
    visitsNeeded: planned?.visitsNeeded ?? null,
    lagFound: planned?.lagFound ?? null,
    rare: forecastRare(campaign, controls, sweeps, perExposureS, perExposureGy),
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
  if (forecast.rare !== null) findings.push(costOfRare(controls, forecast.rare, where));
  findings.push(...fewControls(campaign, where));
  return forecast;
}

function forecastRare(
  campaign: Campaign,
  controls: ControlPlan,
  sweeps: number | null,
  perExposureS: number,
  perExposureGy: number,
): RareForecast | null {
  const rare = campaign.cells.filter((cell) => cell.role === "rare-control");
  if (rare.length === 0) return null;
  if (sweeps === null) {
    return { cellCount: rare.length, visitCount: null, beamS: null, spotGy: null, lagSuspected: null };
  }
  const visits = rareVisitCount(controls, sweeps);
  const exposed = campaign.cells.filter((cell) => cell.role === "exposed");
  const materials = [...new Set(exposed.map(materialOf))];
  const withRare = new Set(rare.map(materialOf));
  const looks = visitCount(controls, sweeps);
  const found = [...withRare].map((material) => {
    const count = (cells: readonly CampaignCell[]): number =>
      cells.filter((cell) => materialOf(cell) === material).length;
    return plannedAgainstRare(rulesOf(controls, looks), {
      ...{ exposedCount: count(exposed), rareCount: count(rare), exposedVisits: looks, rareVisits: visits, looks },
      // Capacity and resistance of every material, lag and width where cells are exposed rarely.
      comparisonCount: 2 * materials.length + 2 * withRare.size,
      readingError: controls.readingError,
    });
  });
  const spotCount = campaign.sweeps[0]?.preset.spots.length ?? 1;
  return {
    cellCount: rare.length,
    visitCount: visits,
    beamS: 2 * visits * rare.length * perExposureS,
    spotGy: Math.ceil(visits / spotCount) * perExposureGy,
    lagSuspected: found.some((lag) => lag === null) ? null : Math.max(...found.map((lag) => lag ?? NaN)),
  };
}

function costOfRare(controls: ControlPlan, rare: RareForecast, where: string): Finding {
  const { cellCount, visitCount: visits, beamS, spotGy, lagSuspected } = rare;
  const cells = `${cellCount} cells are exposed rarely, in each sweep of ${controls.rareEverySweeps ?? 0}`;
  if (visits === null || beamS === null) {
    return {
      severity: "note",
      code: "plan.controls-rare",
      where,
      what: `${cells}; without a stated end it is not known what they cost and tell`,
      advice: "Give duration_h to see it.",
    };
  }
  const cost = `${cells}: ${visits} times each with a control visit, ${durationText(beamS)} of beam in all, ${Number((spotGy ?? 0).toPrecision(3))} Gy on a spot`;
  return lagSuspected === null
    ? {
        severity: "warning",
        code: "plan.controls-rare",
        where,
        what: `${cost}: too few, or too rarely, to tell their lag from that of exposed cells`,
        advice: "Give each material at least 3 such cells, and lower rare_every_sweeps.",
      }
    : {
        severity: "note",
        code: "plan.controls-rare",
        where,
        what: `${cost}: a lag that differs from theirs by ${lagSuspected} is suspected with ${(100 * controls.power).toFixed(0)} %`,
        advice: "Nothing to do if that is meant.",
      };
}

/** Each side of a comparison needs so many cells. */
const SIDE_MIN = 3;

/** Materials that have control cells, and too few of them to compare capacity and resistance. */
function fewControls({ cells }: Campaign, where: string): readonly Finding[] {
  const materials = [...new Set(cells.map(materialOf))];
  return materials.flatMap((material): readonly Finding[] => {
    const own = cells.filter((cell) => cell.role !== "exposed" && materialOf(cell) === material);
    if (own.length === 0 || own.length >= SIDE_MIN) return [];
    return [
      {
        severity: "warning",
        code: "plan.controls-few",
        where,
        what: `${material} has ${own.length} control cells (${positionsText(own.map(({ position }) => position))}): capacity and resistance are compared from ${SIDE_MIN} on`,
        advice: "Give more cells of this material role: dark-control or rare-control, or none.",
      },
    ];
  });
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
