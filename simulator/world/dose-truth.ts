/** True dose of every spot of every cell, and how it stands against the cell's limits. */
import type { Chance } from "../plant/plant.ts";
import type { Deposit, Opening } from "./shutter-truth.ts";
import type { WorldAttenuation } from "./world-attenuation.ts";
import { beamShape, type LayerDose, stackDose, withPeakFactor, type WorldBeamShape } from "./world-dose.ts";
import type {
  WorldCell,
  WorldConvention,
  WorldDoseLimit,
  WorldLayer,
  WorldSite,
  WorldUncertainty,
} from "./world-site.ts";

export interface TrueSpot {
  readonly xMm: number;
  readonly yMm: number;
  readonly photons: number;
}

export interface LimitFinding {
  readonly positionIndex: number;
  readonly limit: WorldDoseLimit;
  /** True value over the limit's. */
  readonly fraction: number;
  readonly what: string;
}

export interface DoseTruth {
  /** Adds an opening's deposits and judges every limit of the cells concerned. */
  add(opening: Opening): readonly LimitFinding[];
  /** Where the beam has been on a cell, with the photons given there. */
  spots(positionIndex: number): readonly TrueSpot[];
  /** True total dose at a point of a cell, gray. */
  doseGy(
    positionIndex: number,
    layerIndex: number,
    location: "surface" | "mean",
    convention: WorldConvention,
    xMm: number,
    yMm: number,
  ): number;
  /** The largest dose that photons through one point give to any limited layer of a cell, gray. */
  photonsGy(positionIndex: number, photons: number): number;
  /** Dose at a spot of what these deposits give with `photons` more there, over the tightest limit; 0 without a limit. */
  fractionWith(positionIndex: number, given: Iterable<Deposit>, xMm: number, yMm: number, photons: number): number;
  /** Largest value of any limit reached, as a fraction of it. */
  readonly limitFractionMax: number;
  /** The beam as it really is. */
  readonly shape: WorldBeamShape;
  /** A cell's stack as it really is; nothing without a cell. */
  trueLayers(positionIndex: number): readonly WorldLayer[];
}

export interface DoseTruthDeps {
  readonly tables: WorldAttenuation;
  readonly site: WorldSite;
  readonly cells: readonly WorldCell[];
  /** The truth is drawn within this. */
  readonly uncertainty: WorldUncertainty;
  readonly chance: Chance;
}

interface CellDose {
  readonly cell: WorldCell;
  readonly layers: readonly WorldLayer[];
  readonly byConvention: ReadonlyMap<WorldConvention, readonly LayerDose[]>;
  readonly spots: Map<string, { xMm: number; yMm: number; photons: number }>;
}

const CONVENTIONS: readonly WorldConvention[] = ["en", "loc", "att"];

/** A standard normal cut to +-1 at three sigma: the stated uncertainty is taken as a bound. */
export function withinBound(chance: Chance): number {
  return Math.max(-1, Math.min(1, chance.normal() / 3));
}

export function createDoseTruth(deps: DoseTruthDeps): DoseTruth {
  const { tables, site, uncertainty, chance } = deps;
  const energyKeV = site.beam.energyKeV;
  const peakFactor = 1 + uncertainty.profile * withinBound(chance.stream("profile"));
  const shape = beamShape(withPeakFactor(site.beam.profile, peakFactor));
  const doses = new Map<number, CellDose>();
  let limitFractionMax = 0;

  for (const cell of deps.cells) {
    const layers = trueLayers(tables, cell, energyKeV, uncertainty.stack, chance.stream(`stack ${cell.positionIndex}`));
    const byConvention = new Map(
      CONVENTIONS.map((convention) => [convention, stackDose(tables, layers, energyKeV, convention)] as const),
    );
    doses.set(cell.positionIndex, { cell, layers, byConvention, spots: new Map() });
  }

  function factor(dose: CellDose, limit: WorldDoseLimit): number {
    return dose.byConvention.get(limit.convention)?.[limit.layerIndex]?.[limit.location] ?? 0;
  }

  function judge(dose: CellDose, deposit: Deposit, opening: Opening): LimitFinding[] {
    const findings: LimitFinding[] = [];
    const note = (limit: WorldDoseLimit, value: number, allowed: number | null, what: string): void => {
      if (allowed === null) return;
      const fraction = allowed > 0 ? value / allowed : value > 0 ? Infinity : 0;
      limitFractionMax = Math.max(limitFractionMax, fraction);
      findings.push({ positionIndex: deposit.positionIndex, limit, fraction, what });
    };
    for (const limit of dose.cell.doseLimits) {
      const perFluence = factor(dose, limit);
      const given =
        limit.scope === "spot-total"
          ? hottestFluence(shape, dose.spots.values(), deposit)
          : hottestFluence(shape, onCell(opening, deposit.positionIndex), deposit);
      note(limit, given * perFluence, limit.doseGy, `dose ${given * perFluence} Gy`);
      const rate = opening.peakPhS * shape.peakPerCm2 * perFluence;
      note(limit, rate, limit.doseRateGyS, `dose rate ${rate} Gy/s`);
    }
    return findings;
  }

  return {
    add(opening) {
      const brightest = new Map<number, Deposit>();
      for (const deposit of opening.deposits) {
        const dose = doses.get(deposit.positionIndex);
        if (dose === undefined) continue;
        const key = `${Math.round(deposit.xMm * 1000)} ${Math.round(deposit.yMm * 1000)}`;
        const spot = dose.spots.get(key);
        if (spot === undefined) {
          dose.spots.set(key, { xMm: deposit.xMm, yMm: deposit.yMm, photons: deposit.photons });
        } else spot.photons += deposit.photons;
        if (deposit.photons > (brightest.get(deposit.positionIndex)?.photons ?? 0)) {
          brightest.set(deposit.positionIndex, deposit);
        }
      }
      return [...brightest].flatMap(([positionIndex, deposit]) => {
        const dose = doses.get(positionIndex);
        return dose === undefined ? [] : judge(dose, deposit, opening);
      });
    },
    spots: (positionIndex) => [...(doses.get(positionIndex)?.spots.values() ?? [])],
    doseGy(positionIndex, layerIndex, location, convention, xMm, yMm) {
      const dose = doses.get(positionIndex);
      if (dose === undefined) return 0;
      const perFluence = dose.byConvention.get(convention)?.[layerIndex]?.[location] ?? 0;
      return fluenceAt(shape, dose.spots.values(), xMm, yMm) * perFluence;
    },
    photonsGy(positionIndex, photons) {
      const dose = doses.get(positionIndex);
      if (dose === undefined) return 0;
      return Math.max(0, ...dose.cell.doseLimits.map((limit) => factor(dose, limit) * photons * shape.peakPerCm2));
    },
    fractionWith(positionIndex, given, xMm, yMm, photons) {
      const dose = doses.get(positionIndex);
      if (dose === undefined) return 0;
      const own = photons * shape.peakPerCm2;
      const all = fluenceAt(shape, given, xMm, yMm) + own;
      const fractions = dose.cell.doseLimits.map((limit) => {
        const fluence = limit.scope === "spot-total" ? all : own;
        return limit.doseGy === null ? 0 : (fluence * factor(dose, limit)) / limit.doseGy;
      });
      return Math.max(0, ...fractions);
    },
    get limitFractionMax() {
      return limitFractionMax;
    },
    shape,
    trueLayers: (positionIndex) => doses.get(positionIndex)?.layers ?? [],
  };
}

/** Thicknesses as they really are: all of a cell's layers a little thicker or thinner, within the stated uncertainty of the dose. */
function trueLayers(
  tables: WorldAttenuation,
  cell: WorldCell,
  energyKeV: number,
  uncertainty: number,
  chance: Chance,
): WorldCell["layers"] {
  const depth = cell.layers.reduce((sum, layer) => sum + (tables.perCm(layer, energyKeV) * layer.thicknessMm) / 10, 0);
  const relative = (0.9 * uncertainty * withinBound(chance)) / Math.max(1, depth);
  return cell.layers.map((layer) => ({ ...layer, thicknessMm: layer.thicknessMm * (1 + relative) }));
}

function* onCell(opening: Opening, positionIndex: number): Generator<Deposit> {
  for (const deposit of opening.deposits) if (deposit.positionIndex === positionIndex) yield deposit;
}

/** Photons per cm2 at a point, from everything given around it. */
function fluenceAt(shape: WorldBeamShape, spots: Iterable<TrueSpot>, xMm: number, yMm: number): number {
  let sum = 0;
  for (const spot of spots) sum += spot.photons * shape.relative(xMm - spot.xMm, yMm - spot.yMm);
  return sum * shape.peakPerCm2;
}

/** The hottest of a spot's own centre and the points half-way to the spots that overlap it. */
function hottestFluence(shape: WorldBeamShape, spots: Iterable<TrueSpot>, at: TrueSpot): number {
  const near = [...spots].filter(
    (spot) => Math.abs(spot.xMm - at.xMm) < 2 * shape.reachMm && Math.abs(spot.yMm - at.yMm) < 2 * shape.reachMm,
  );
  let hottest = fluenceAt(shape, near, at.xMm, at.yMm);
  // A path through the cell leaves thousands of faint spots; the half-way points matter between a few strong ones.
  if (near.length > 32) return hottest;
  for (const spot of near) {
    hottest = Math.max(hottest, fluenceAt(shape, near, (spot.xMm + at.xMm) / 2, (spot.yMm + at.yMm) / 2));
  }
  return hottest;
}
