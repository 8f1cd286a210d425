/**
 * What would let a campaign keep all its dose limits to the end: other filters, shorter exposures, more spots, or
 * fewer sweeps, each by itself. Nothing is proposed that the forecast would not let pass.
 */
import type { AttenuationTables } from "../dose/attenuation.ts";
import { filterTransmission } from "../dose/filters.ts";
import type { Site } from "../site/site.ts";
import { meetsBeam, type Campaign, type SpotOffset, type SweepTrigger } from "./campaign.ts";
import { forecastDose, type AskedTimes, type CycleTimes } from "./dose-forecast.ts";
import { closeSpots } from "./spot-overlap.ts";
import { planSweep } from "./sweep-plan.ts";

export interface DoseProposal {
  readonly kind: "filters" | "exposure" | "spots" | "cadence";
  /** The trigger as it would be. */
  readonly sweep: SweepTrigger;
  /** As it would stand in the campaign file. */
  readonly change: Readonly<Record<string, number | string | readonly string[]>>;
  readonly text: string;
}

/** More filters than this are not tried in every combination. */
const FILTERS_MAX = 8;
/** Spots further from a cell's centre are not proposed: they may lie beside the electrode. */
const SPOT_RADIUS_MAX_MM = 6;
const HALVINGS = 14;

export function proposeForDose(
  campaign: Campaign,
  site: Site,
  sweep: SweepTrigger,
  tables: AttenuationTables,
  cycleTimes: CycleTimes,
  askedTimes?: AskedTimes,
): readonly DoseProposal[] {
  // Without an end there is no number of exposures that would have to fit.
  if (campaign.durationS === null) return [];
  const { durationS } = campaign;
  const exposed = campaign.cells.filter(meetsBeam).map((cell) => cell.position);

  // What is the same for every proposal is worked out once: which cells share a forecast, and how long sweeps take.
  const kinds = forecastDose(campaign, site, sweep, tables, cycleTimes, askedTimes);
  const firstOfKinds = new Set(kinds.flatMap(({ positions }) => positions.slice(0, 1)));
  const cells = campaign.cells.filter((cell) => firstOfKinds.has(cell.position));
  const sweepTimes = new Map<number, number>();

  function sweepTakesS(exposureS: number): number {
    const takesS = sweepTimes.get(exposureS) ?? planSweep(site, exposed, exposureS, sweep.cadenceS).expectedS;
    sweepTimes.set(exposureS, takesS);
    return takesS;
  }

  function keepsLimits(changed: SweepTrigger): boolean {
    const sweeps = campaign.sweeps.map((one) => (one === sweep ? changed : one));
    if (!(sweepTakesS(changed.preset.exposureS) <= changed.cadenceS)) return false;
    if (closeSpots(changed.preset.spots, site.beam.profile) !== undefined) return false;
    const forecasts = forecastDose({ ...campaign, cells, sweeps }, site, changed, tables, cycleTimes, askedTimes);
    return forecasts.every((forecast) => forecast.binding === null);
  }

  const withPreset = (changes: Partial<SweepTrigger["preset"]>): SweepTrigger => ({
    ...sweep,
    preset: { ...sweep.preset, ...changes },
  });

  function otherFilters(): DoseProposal | undefined {
    const passes = (names: readonly string[]): number =>
      filterTransmission(
        tables,
        site.filters.filter((filter) => names.includes(filter.name)),
        site.beam.energyKeV,
      );
    const now = passes(sweep.preset.filters);
    const sets = filterSets(site.filters.slice(0, FILTERS_MAX).map((filter) => filter.name))
      .map((names) => ({ names, share: passes(names) }))
      .filter(({ share }) => share < now)
      .sort((a, b) => b.share - a.share);
    const found = sets.find(({ names }) => keepsLimits(withPreset({ filters: names })));
    if (found === undefined) return undefined;
    const times = Number((found.share / now).toPrecision(2));
    return {
      kind: "filters",
      sweep: withPreset({ filters: found.names }),
      change: { filters: found.names },
      text: `filters: [${found.names.join(", ")}], ${times} of the flux`,
    };
  }

  function shorterExposure(): DoseProposal | undefined {
    let shortest = 0;
    let longest = sweep.preset.exposureS;
    for (let step = 0; step < HALVINGS; step += 1) {
      const middle = (shortest + longest) / 2;
      if (keepsLimits(withPreset({ exposureS: middle }))) shortest = middle;
      else longest = middle;
    }
    const exposureS = twoDigitsDown(shortest);
    if (!(exposureS > 0) || !keepsLimits(withPreset({ exposureS }))) return undefined;
    const text = `exposure_s: ${exposureS}`;
    return { kind: "exposure", sweep: withPreset({ exposureS }), change: { exposure_s: exposureS }, text };
  }

  /** As far apart as the spots are now, or else as near as the beam's shape and the stage's error allow. */
  function moreSpots(): DoseProposal | undefined {
    const smallestMm = smallestPitchMm(site);
    if (smallestMm === undefined) return undefined;
    const nowMm = nearestMm(sweep.preset.spots);
    const wide = nowMm > smallestMm ? squareOfSpots(Number(nowMm.toPrecision(3))) : undefined;
    return wide ?? squareOfSpots(smallestMm);
  }

  function squareOfSpots(pitchMm: number): DoseProposal | undefined {
    for (let side = Math.floor(Math.sqrt(sweep.preset.spots.length)) + 1; ; side += 1) {
      const outermostMm = ((side - 1) / Math.SQRT2) * pitchMm;
      if (!(outermostMm <= SPOT_RADIUS_MAX_MM)) return undefined;
      const changed = withPreset({ spots: squareOf(side, pitchMm) });
      if (!keepsLimits(changed)) continue;
      return {
        kind: "spots",
        sweep: changed,
        change: { columns: side, rows: side, pitch_mm: pitchMm },
        text: `spots: { grid: { columns: ${side}, rows: ${side}, pitch_mm: ${pitchMm} } }, the outermost ${outermostMm.toFixed(1)} mm from the centre, if that is on the electrode and in the window`,
      };
    }
  }

  function fewerSweeps(): DoseProposal | undefined {
    let tooOften = Math.floor(sweep.cadenceS / 60);
    let seldom = Math.ceil(durationS / 60);
    const at = (minutes: number): SweepTrigger => ({ ...sweep, cadenceS: minutes * 60 });
    if (!keepsLimits(at(seldom))) return undefined;
    while (seldom - tooOften > 1) {
      const middle = Math.floor((tooOften + seldom) / 2);
      if (keepsLimits(at(middle))) seldom = middle;
      else tooOften = middle;
    }
    return { kind: "cadence", sweep: at(seldom), change: { cadence_min: seldom }, text: `cadence_min: ${seldom}` };
  }

  return [otherFilters(), shorterExposure(), moreSpots(), fewerSweeps()].flatMap((found) => found ?? []);
}

/** Every set of them, the empty one too. */
function filterSets(names: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: 2 ** names.length }, (_, bits) => names.filter((__, index) => (bits >> index) % 2 === 1));
}

/** In steps of 0.05 mm, so that four spots of a square stay apart though each is off by the stage's tolerance. */
function smallestPitchMm(site: Site): number | undefined {
  const errorMm = 2 * site.stage.positionToleranceMm;
  for (let steps = 1; steps <= 200; steps += 1) {
    const pitchMm = steps / 20;
    if (pitchMm > errorMm && closeSpots(squareOf(2, pitchMm - errorMm), site.beam.profile) === undefined)
      return pitchMm;
  }
  return undefined;
}

/** Between the two that are nearest to each other; Infinity for one alone. */
function nearestMm(spots: readonly SpotOffset[]): number {
  let nearest = Infinity;
  for (const [index, spot] of spots.entries()) {
    for (const other of spots.slice(index + 1)) {
      nearest = Math.min(nearest, Math.hypot(spot.xMm - other.xMm, spot.yMm - other.yMm));
    }
  }
  return nearest;
}

function squareOf(side: number, pitchMm: number): readonly SpotOffset[] {
  const at = (index: number): number => (index - (side - 1) / 2) * pitchMm;
  return Array.from({ length: side * side }, (_, index) => ({
    xMm: at(index % side),
    yMm: at(Math.floor(index / side)),
  }));
}

function twoDigitsDown(value: number): number {
  if (!(value > 0)) return 0;
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Number((Math.floor(value / unit) * unit).toPrecision(2));
}
