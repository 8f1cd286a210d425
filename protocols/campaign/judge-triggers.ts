/**
 * What triggers may ask for at the most, in exposures, beam time and dose, and whether the dose limits bear it together
 * with the sweep. Exposures by command are not counted: the ledger judges each as it comes.
 */
import type { Finding } from "../base/finding.ts";
import type { Occupant } from "../base/position.ts";
import type { AttenuationTables } from "../dose/attenuation.ts";
import type { Site } from "../site/site.ts";
import { worstCaseFactor, type Campaign, type CampaignCell, type SweepTrigger } from "./campaign.ts";
import { campaignSpots } from "./campaign-spots.ts";
import { forecastDose, type DoseForecast, type LimitForecast } from "./dose-forecast.ts";
import { positionsText } from "./rack-text.ts";
import { closeSpots } from "./spot-overlap.ts";
import { exposureBound, type ForecastOf } from "./trigger-plan.ts";
import type { CampaignTrigger, TriggerKind } from "./trigger.ts";

export interface TriggerForecast {
  readonly name: string;
  readonly kind: TriggerKind;
  readonly positions: readonly Occupant[];
  /** Of the cell with the most; null where nobody can say. */
  readonly perCell: number | null;
  readonly perCycle: number | null;
  /** Of all its cells. */
  readonly exposures: number | null;
  /** Shutter open and both its ways, read-out and settling; without the ways of the stage. */
  readonly beamS: number | null;
  readonly dose: readonly DoseForecast[];
}

/** Where triggers and presets are written. */
export interface TriggerPlaces {
  trigger(name: string): string;
  spots(preset: string): string;
}

/** Empty for a campaign without triggers. Throws Fault `dose.input` for what the tables do not hold. */
export function judgeTriggers(
  campaign: Campaign,
  site: Site,
  tables: AttenuationTables,
  forecastOf: ForecastOf,
  swept: readonly DoseForecast[],
  places: TriggerPlaces,
  findings: Finding[],
): readonly TriggerForecast[] {
  const { triggers = [] } = campaign;
  if (triggers.length === 0) return [];
  judgeSpots(campaign, site, places, findings);
  const forecasts = triggers.map((trigger) => forecastTrigger(campaign, site, tables, forecastOf, trigger));
  judgeTogether(campaign, swept, forecasts, places, findings);
  return forecasts;
}

interface Kind {
  readonly total: number;
  readonly inOneCycle: number;
  readonly cells: CampaignCell[];
}

function forecastTrigger(
  campaign: Campaign,
  site: Site,
  tables: AttenuationTables,
  forecastOf: ForecastOf,
  trigger: CampaignTrigger,
): TriggerForecast {
  const kinds = new Map<string, Kind>();
  const positions: Occupant[] = [];
  let isBounded = true;
  for (const own of trigger.cells) {
    const cell = campaign.cells[own.cellIndex];
    if (cell === undefined) continue;
    positions.push(cell.position);
    const { total, inOneCycle } = exposureBound(trigger, own, cell, forecastOf(cell), campaign.durationS);
    if (total === null || inOneCycle === null) {
      isBounded = false;
      continue;
    }
    const kind = kinds.get(`${total} ${inOneCycle}`);
    if (kind === undefined) kinds.set(`${total} ${inOneCycle}`, { total, inOneCycle, cells: [cell] });
    else kind.cells.push(cell);
  }
  const { name, kind, preset } = trigger;
  const all = [...kinds.values()];
  const exposures = all.reduce((sum, { total, cells }) => sum + total * cells.length, 0);
  const eachS = preset.exposureS + 2 * site.shutter.travelS + site.detector.readOutS + site.stage.settleS;
  return {
    ...{ name, kind, positions },
    perCell: isBounded ? Math.max(0, ...all.map(({ total }) => total)) : null,
    perCycle: isBounded ? Math.max(0, ...all.map(({ inOneCycle }) => inOneCycle)) : null,
    exposures: isBounded ? exposures : null,
    beamS: isBounded ? exposures * eachS : null,
    dose: all.flatMap(({ total, inOneCycle, cells }) => {
      const of = (count: number): readonly DoseForecast[] =>
        forecastDose({ ...campaign, cells, durationS: count }, site, everySecond(trigger), tables);
      const inCycle = of(inOneCycle);
      return of(total).map((dose, index) => withCycle(dose, inCycle[index]));
    }),
  };
}

/** As many exposures as the campaign is made to have seconds. */
function everySecond({ name, preset }: CampaignTrigger): SweepTrigger {
  return { name, preset, cadenceS: 1, firstAfterS: 0 };
}

/** A cycle's share is that of the cycle with the most. */
function withCycle(dose: DoseForecast, inCycle: DoseForecast | undefined): DoseForecast {
  return {
    ...dose,
    layers: dose.layers.map((layer, index) => ({
      layer: layer.layer,
      surface: { ...layer.surface, perCycleGy: inCycle?.layers[index]?.surface.totalGy ?? null },
      mean: { ...layer.mean, perCycleGy: inCycle?.layers[index]?.mean.totalGy ?? null },
    })),
    limits: dose.limits.map((limit, index) => ({ ...limit, perCycleGy: inCycle?.limits[index]?.totalGy ?? null })),
  };
}

/** Spots of different presets are one cell's spots: the same, or as far apart as those of one preset have to be. */
function judgeSpots(campaign: Campaign, site: Site, places: TriggerPlaces, findings: Finding[]): void {
  const used = new Set([...campaign.sweeps, ...(campaign.triggers ?? [])].map(({ preset }) => preset));
  const presets = campaign.presets.filter((preset) => used.has(preset));
  const told = campaign.sweeps.map(({ preset }) => preset);
  for (const preset of presets.filter((one) => !told.includes(one))) {
    const close = closeSpots(preset.spots, site.beam.profile);
    if (close === undefined) continue;
    const what = `spots ${close.first} and ${close.second} of preset ${preset.name} are ${close.distanceMm.toFixed(3)} mm apart`;
    findings.push(tooClose(places.spots(preset.name), what));
  }
  if (findings.some(({ code }) => code === "plan.spots-overlap")) return;
  const close = closeSpots(campaignSpots({ ...campaign, presets }).all, site.beam.profile);
  const last = presets.at(-1);
  if (close === undefined || last === undefined) return;
  const what = `two spots of different presets are ${close.distanceMm.toFixed(3)} mm apart, and not the same`;
  findings.push(tooClose(places.spots(last.name), what));
}

function tooClose(where: string, what: string): Finding {
  return {
    ...{ severity: "error", code: "plan.spots-overlap", where },
    what: `${what}: between them the beam's tails could add up to more than at a spot's centre, where dose is judged`,
    advice: "Give both presets the same spots, or space them by at least 1.5 times the beam's FWHM.",
  };
}

/** Each cell's limits against all that sweep and triggers may give it. */
function judgeTogether(
  campaign: Campaign,
  swept: readonly DoseForecast[],
  forecasts: readonly TriggerForecast[],
  places: TriggerPlaces,
  findings: Finding[],
): void {
  const upper = worstCaseFactor(campaign.doseUncertainty);
  const passed = new Map<string, { readonly text: string; readonly cells: Occupant[]; readonly trigger: string }>();
  for (const cell of campaign.cells) {
    const sources = [
      ...swept.filter(({ positions }) => positions.includes(cell.position)),
      ...forecasts.flatMap(({ dose }) => dose.filter(({ positions }) => positions.includes(cell.position))),
    ];
    const asking = forecasts.filter(({ positions, exposures }) => exposures !== 0 && positions.includes(cell.position));
    const [trigger] = asking;
    if (trigger === undefined) continue;
    cell.doseLimits.forEach((limit, index) => {
      if (limit.doseGy === null || limit.scope === "per-exposure") return;
      const scopeOf = (one: LimitForecast): number | null =>
        limit.scope === "spot-cycle" ? one.perCycleGy : one.totalGy;
      const parts = sources.map(({ limits }) => limits[index]).filter((one) => one !== undefined);
      const known = parts.map(scopeOf);
      const sumGy = known.reduce<number>((sum, part) => sum + (part ?? 0), 0);
      const alone = swept.find(({ positions }) => positions.includes(cell.position))?.limits[index];
      // What the sweep alone comes to is told of it.
      if (alone?.refusedFromSweep != null || sumGy * upper <= limit.doseGy) return;
      const scope = limit.scope === "spot-cycle" ? "per spot and cycle" : "per spot";
      const names = asking.map(({ name }) => name).join(", ");
      const text = `${names}${swept.length > 0 ? " and the sweep" : ""} may give ${short(sumGy)} Gy to the hottest spot of ${limit.layerName} (${limit.location}), ${short(sumGy * upper)} Gy by the uncertainty stated; the limit is ${limit.doseGy} Gy ${scope}`;
      const found = passed.get(text);
      if (found === undefined) passed.set(text, { text, cells: [cell.position], trigger: trigger.name });
      else found.cells.push(cell.position);
    });
  }
  for (const { text, cells, trigger } of passed.values()) {
    findings.push({
      severity: "warning",
      code: "plan.dose-limit",
      where: places.trigger(trigger),
      what: `cells ${positionsText(cells)}: ${text}; what would pass it is refused`,
      advice:
        "Nothing to do if that is meant. Otherwise fewer marks or cycles, more spots, a filter or shorter exposures.",
    });
  }
  for (const { name, dose } of forecasts) {
    for (const { limits, positions } of dose) {
      const never = limits.find(({ refusedFromSweep }) => refusedFromSweep === 1);
      if (never === undefined) continue;
      findings.push({
        severity: "error",
        code: "plan.never-exposed",
        where: places.trigger(name),
        what: `cells ${positionsText(positions)}: not one exposure that ${name} asks for keeps the limit in ${never.layer} (${never.location}); one gives ${short(never.perExposureGy)} Gy at ${short(never.rateGyS)} Gy/s before uncertainty and closing time`,
        advice: "Add a filter, shorten the exposure, or have another limit vouched for.",
      });
    }
  }
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
