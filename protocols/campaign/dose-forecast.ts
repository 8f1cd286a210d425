/**
 * What the exposures of a campaign will do to each cell, by the arithmetic the ledger uses: nominal dose from the
 * layer stack at the reference flux, judged at the worst case of the stated uncertainty; a booking is the longest the
 * shutter could stay open, at the highest flux the site can give.
 */
import type { Occupant } from "../base/position.ts";
import type { AttenuationTables } from "../dose/attenuation.ts";
import { peakPerFluxPerCm2, relativeFluence } from "../dose/beam-profile.ts";
import { filterTransmission } from "../dose/filters.ts";
import { stackCoefficients } from "../dose/layer-stack.ts";
import { longestOpenS } from "../site/longest-open.ts";
import type { Site } from "../site/site.ts";
import { beamEndMs } from "./beam-calendar.ts";
import { meetsBeam, worstCaseFactor } from "./campaign.ts";
import type { Campaign, CampaignCell, DoseLimit, SweepTrigger } from "./campaign.ts";

export interface LimitForecast {
  readonly layer: string;
  readonly location: "surface" | "mean";
  readonly scope: DoseLimit["scope"];
  readonly limitGy: number | null;
  readonly limitGyS: number | null;
  readonly vouchedBy: string;
  /** Nominal dose of one exposure at its own centre. */
  readonly perExposureGy: number;
  readonly rateGyS: number;
  /** Nominal dose of the hottest spot in the cycle that gives it most; null when the end is not known. */
  readonly perCycleGy: number | null;
  /** Nominal dose of the hottest spot at the end if nothing were refused; null when the end is not known. */
  readonly totalGy: number | null;
  /** Sweep, counted from 1, at which this limit first refuses; null when it does not within the campaign. */
  readonly refusedFromSweep: number | null;
}

/** Nominal doses of a layer that keeps one, if nothing were refused. */
export interface LayerForecast {
  readonly layer: string;
  readonly surface: DoseAmounts;
  readonly mean: DoseAmounts;
}

export interface DoseAmounts {
  readonly perExposureGy: number;
  readonly rateGyS: number;
  /** Of the hottest spot; null when the end of the campaign is not known. */
  readonly perCycleGy: number | null;
  readonly totalGy: number | null;
}

/** When the cycles of a cell end, seconds from the campaign's start, by its protocol's forecast; the last goes on. */
export type CycleTimes = (cell: CampaignCell) => readonly { readonly cycle: number; readonly endS: number }[];

/** When steps of a cell ask for exposures beside the sweep, seconds from the campaign's start, rising. */
export type AskedTimes = (cell: CampaignCell) => readonly number[];

/** What a cell brings along to a limit, Gy, nominal: it was in the campaign before. */
export type HadDose = (cell: CampaignCell, limit: Pick<DoseLimit, "layerName" | "location" | "scope">) => number;

export interface DoseForecast {
  readonly positions: readonly Occupant[];
  /** Exposures of each that steps ask for; all doses have them among them. */
  readonly askedCount: number;
  readonly stack: string;
  /** Smallest transmission to the front of a layer that keeps a dose, filters not counted. */
  readonly frontTransmissionMin: number;
  readonly layers: readonly LayerForecast[];
  readonly limits: readonly LimitForecast[];
  /** The limit that refuses first. */
  readonly binding: LimitForecast | null;
}

/** Of the fluence at a beam's centre: what is less elsewhere is not counted. */
const SHARE_MIN = 1e-12;

/** Where the end of a campaign is not known, no further than this is looked ahead. */
const SWEEP_COUNT_MAX = 100_000;

/** Sweeps begun before the end, of the campaign or of its beam time; null when neither is stated. */
export function sweepCount(campaign: Campaign, sweep: SweepTrigger): number | null {
  const endS = Math.min(campaign.durationS ?? Infinity, beamEndMs(campaign) / 1000);
  if (endS === Infinity) return null;
  if (sweep.firstAfterS >= endS) return 0;
  return Math.ceil((endS - sweep.firstAfterS) / sweep.cadenceS);
}

/** One forecast for each kind of exposed cell; cells with equal stack and limits share it. Throws Fault `dose.input` for what the tables do not hold. */
export function forecastDose(
  campaign: Campaign,
  site: Site,
  sweep: SweepTrigger,
  tables: AttenuationTables,
  cycleTimes: CycleTimes = () => [],
  askedTimes: AskedTimes = () => [],
  had: HadDose = () => 0,
): readonly DoseForecast[] {
  const kinds = new Map<string, { readonly cell: CampaignCell; readonly positions: Occupant[] }>();
  for (const cell of campaign.cells) {
    if (!meetsBeam(cell)) continue;
    const times = [cycleTimes(cell), askedTimes(cell)];
    const brought = cell.doseLimits.map((limit) => had(cell, limit));
    const key = JSON.stringify([strideOf(campaign, cell), cell.layers, cell.doseLimits, times, brought]);
    const kind = kinds.get(key);
    if (kind === undefined) kinds.set(key, { cell, positions: [cell.position] });
    else kind.positions.push(cell.position);
  }
  const { preset } = sweep;
  const used = site.filters.filter((filter) => preset.filters.includes(filter.name));
  const rate =
    site.beam.fluxReferencePhS *
    filterTransmission(tables, used, site.beam.energyKeV) *
    peakPerFluxPerCm2(site.beam.profile);
  const exposures: Omit<Exposures, "cycleAt" | "sweepAtS" | "stride" | "askedS"> = {
    ratePhCm2S: rate,
    rateMaxPhCm2S: (rate * site.beam.fluxMaxPhS) / site.beam.fluxReferencePhS,
    openS: preset.exposureS + site.shutter.travelS,
    bookedS: longestOpenS(site.shutter, preset.exposureS),
    upper: worstCaseFactor(campaign.doseUncertainty),
    spots: preset.spots.map((from) => ({
      reached: preset.spots.flatMap((to, index) => {
        const share = relativeFluence(site.beam.profile, to.xMm - from.xMm, to.yMm - from.yMm);
        return share > SHARE_MIN ? [{ index, share }] : [];
      }),
    })),
    count: sweepCount(campaign, sweep),
  };
  return [...kinds.values()].map(({ cell, positions }) => {
    const ends = cycleTimes(cell);
    const stride = strideOf(campaign, cell);
    const { count } = exposures;
    const sweepAtS = (number: number): number => sweep.firstAfterS + (number * stride - 1) * sweep.cadenceS;
    const cycleAt = (atS: number): number => {
      let before = 0;
      let after = ends.length - 1;
      while (before < after) {
        const middle = Math.floor((before + after) / 2);
        if (atS < (ends[middle]?.endS ?? Infinity)) after = middle;
        else before = middle + 1;
      }
      return ends[before]?.cycle ?? 1;
    };
    const own = {
      ...{ ...exposures, cycleAt, sweepAtS, stride, askedS: askedTimes(cell) },
      count: count === null ? null : Math.floor(count / stride),
    };
    return forecastCell(cell, positions, site, tables, own, had);
  });
}

interface Exposures {
  readonly ratePhCm2S: number;
  readonly rateMaxPhCm2S: number;
  readonly openS: number;
  readonly bookedS: number;
  readonly upper: number;
  readonly spots: readonly SpotReach[];
  readonly count: number | null;
  /** Cycle of the cell at a time of the campaign. */
  readonly cycleAt: (atS: number) => number;
  /** When the so many-th sweep that asks for it, counted from 1, begins. */
  readonly sweepAtS: (sweep: number) => number;
  readonly askedS: readonly number[];
  /** One sweep in so many asks for the cell. */
  readonly stride: number;
}

function strideOf({ controls }: Campaign, cell: CampaignCell): number {
  return cell.role === "rare-control" ? (controls?.rareEverySweeps ?? 1) : 1;
}

/** The spots, itself included, that a beam on this one reaches, with their share of what its centre gets. */
interface SpotReach {
  readonly reached: readonly { readonly index: number; readonly share: number }[];
}

function forecastCell(
  cell: CampaignCell,
  positions: readonly Occupant[],
  site: Site,
  tables: AttenuationTables,
  exposures: Exposures,
  had: HadDose,
): DoseForecast {
  const given = givenIfNotRefused(exposures);
  const limits = cell.doseLimits.map((limit): LimitForecast => {
    const stack = stackCoefficients(tables, {
      energyKeV: site.beam.energyKeV,
      tiltDeg: 0,
      convention: limit.convention,
      layers: cell.layers,
    });
    const layer = stack.layers[limit.layerIndex];
    const perFluenceGy = (limit.location === "surface" ? layer?.surfaceGyPerPhCm2 : layer?.meanGyPerPhCm2) ?? NaN;
    return forecastLimit(limit, perFluenceGy, exposures, given, had(cell, limit));
  });
  const stack = stackCoefficients(tables, {
    energyKeV: site.beam.energyKeV,
    tiltDeg: 0,
    convention: "en",
    layers: cell.layers,
  });
  const amounts = (perFluenceGy: number): DoseAmounts => ({
    perExposureGy: perFluenceGy * exposures.ratePhCm2S * exposures.openS,
    rateGyS: perFluenceGy * exposures.ratePhCm2S,
    perCycleGy: given === null ? null : perFluenceGy * given.perCyclePhCm2,
    totalGy: given === null ? null : perFluenceGy * given.totalPhCm2,
  });
  const layers = stack.layers.flatMap((layer, index): readonly LayerForecast[] =>
    cell.layers[index]?.keepsDose === true
      ? [{ layer: layer.name, surface: amounts(layer.surfaceGyPerPhCm2), mean: amounts(layer.meanGyPerPhCm2) }]
      : [],
  );
  const fronts = stack.layers
    .filter((_, index) => cell.layers[index]?.keepsDose === true)
    .map((layer) => layer.frontTransmission);
  const refusing = limits.filter((limit) => limit.refusedFromSweep !== null);
  refusing.sort((a, b) => (a.refusedFromSweep ?? 0) - (b.refusedFromSweep ?? 0));
  return {
    positions,
    askedCount: exposures.askedS.length,
    stack: cell.stackName,
    frontTransmissionMin: Math.min(1, ...fronts),
    layers,
    limits,
    binding: refusing[0] ?? null,
  };
}

/** The hottest spot's fluence, nominal, in the cycle that gives it most and in all; null when there is no end. */
function givenIfNotRefused(exposures: Exposures): { perCyclePhCm2: number; totalPhCm2: number } | null {
  const { spots, count } = exposures;
  if (count === null) return null;
  const onePhCm2 = exposures.ratePhCm2S * exposures.openS;
  const total = spots.map(() => 0);
  const inCycle = spots.map(() => 0);
  let cycle: number | null = null;
  let perCyclePhCm2 = 0;
  forEachExposure(exposures, count, (spot, atS) => {
    const cycleNow = exposures.cycleAt(atS);
    if (cycle !== null && cycleNow !== cycle) {
      perCyclePhCm2 = Math.max(perCyclePhCm2, ...inCycle);
      inCycle.fill(0);
    }
    cycle = cycleNow;
    expose(spot, onePhCm2, total);
    expose(spot, onePhCm2, inCycle);
    return true;
  });
  return { perCyclePhCm2: Math.max(perCyclePhCm2, ...inCycle), totalPhCm2: Math.max(0, ...total) };
}

/** In order of time, spot after spot, until `visit` has seen enough; `sweep` is the next one for what steps ask for. */
function forEachExposure(
  { askedS, spots, sweepAtS }: Exposures,
  count: number,
  visit: (spot: SpotReach, atS: number, sweep: number) => boolean,
): void {
  let made = 0;
  let asked = 0;
  const next = (atS: number, sweep: number): boolean => {
    const spot = spots[made % spots.length];
    made += 1;
    return spot !== undefined && visit(spot, atS, sweep);
  };
  for (let sweep = 1; sweep <= count; sweep += 1) {
    const sweepS = sweepAtS(sweep);
    for (let atS = askedS[asked]; atS !== undefined && atS < sweepS; atS = askedS[asked]) {
      asked += 1;
      if (!next(atS, sweep)) return;
    }
    if (!next(sweepS, sweep)) return;
  }
  for (const atS of askedS.slice(asked)) if (!next(atS, Math.max(1, count))) return;
}

function expose(spot: SpotReach, amount: number, given: number[]): void {
  for (const { index, share } of spot.reached) given[index] = (given[index] ?? 0) + amount * share;
}

function forecastLimit(
  limit: DoseLimit,
  perFluenceGy: number,
  exposures: Exposures,
  unrefused: ReturnType<typeof givenIfNotRefused>,
  hadGy: number,
): LimitForecast {
  const { spots, upper, count } = exposures;
  const perExposureGy = perFluenceGy * exposures.ratePhCm2S * exposures.openS;
  const bookedGy = perFluenceGy * exposures.rateMaxPhCm2S * exposures.bookedS;
  const given = spots.map(() => hadGy);
  const beforeGy = limit.scope === "spot-total" ? hadGy : 0;
  const rateKept = limit.doseRateGyS === null || perFluenceGy * exposures.rateMaxPhCm2S * upper <= limit.doseRateGyS;
  let refusedFromSweep: number | null = rateKept ? null : 1;
  let lastS: number | null = null;
  // NaN must refuse: every comparison is written so that it fails for a number that is none.
  forEachExposure(exposures, count ?? SWEEP_COUNT_MAX, (spot, atS, sweep) => {
    if (limit.scope === "spot-cycle") {
      if (lastS !== null && exposures.cycleAt(atS) !== exposures.cycleAt(lastS)) given.fill(0);
      lastS = atS;
    }
    const wouldBe = (limit.scope === "per-exposure" ? bookedGy : hottest(spot, given, bookedGy)) * upper;
    if (refusedFromSweep === null && limit.doseGy !== null && !(wouldBe <= limit.doseGy)) refusedFromSweep = sweep;
    expose(spot, perExposureGy, given);
    return count !== null || refusedFromSweep === null;
  });
  return {
    layer: limit.layerName,
    location: limit.location,
    scope: limit.scope,
    limitGy: limit.doseGy,
    limitGyS: limit.doseRateGyS,
    vouchedBy: limit.vouchedBy,
    perExposureGy,
    rateGyS: perFluenceGy * exposures.ratePhCm2S,
    perCycleGy: unrefused === null ? null : perFluenceGy * unrefused.perCyclePhCm2,
    totalGy: unrefused === null ? null : beforeGy + perFluenceGy * unrefused.totalPhCm2,
    refusedFromSweep: refusedFromSweep === null ? null : refusedFromSweep * exposures.stride,
  };
}

/** The hottest spot that the next exposure touches, with its booking. */
function hottest(spot: SpotReach, given: readonly number[], bookedGy: number): number {
  let most = 0;
  for (const { index, share } of spot.reached) {
    const total = bookedGy * share + (given[index] ?? 0);
    if (!(total <= most)) most = total;
  }
  return most;
}
