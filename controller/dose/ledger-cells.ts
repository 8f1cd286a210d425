/** The ledger's view of a campaign: per cell its layers' dose per fluence, its limits, its spots and their overlap. */
import { createHash } from "node:crypto";
import { canonicalJson } from "../../protocols/base/canonical-json.ts";
import type { Occupant } from "../../protocols/base/position.ts";
import { campaignSpots } from "../../protocols/campaign/campaign-spots.ts";
import { worstCaseFactor, type Campaign } from "../../protocols/campaign/campaign.ts";
import type { AttenuationTables } from "../../protocols/dose/attenuation.ts";
import { peakPerFluxPerCm2, relativeFluence } from "../../protocols/dose/beam-profile.ts";
import { filterTransmission } from "../../protocols/dose/filters.ts";
import { stackCoefficients, type DoseConvention } from "../../protocols/dose/layer-stack.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { BeamOnCell, LedgerCell } from "./dose-ledger.ts";

/** Doses of a campaign are kept in one convention; check refuses limits of another. */
export const CAMPAIGN_CONVENTION: DoseConvention = "en";

type Layers = Campaign["cells"][number]["layers"];

interface KnownStack {
  readonly hash: string;
  readonly layers: LedgerCell["plan"]["layers"];
}

/** Throws Fault `dose.input` for an energy or an element outside the tables. */
export function createLedgerCells(campaign: Campaign, site: Site, tables: AttenuationTables): readonly LedgerCell[] {
  const spots = campaignSpots(campaign).all;
  const relativeUncertainty = worstCaseFactor(campaign.doseUncertainty) - 1;
  const overlap = (dxMm: number, dyMm: number): number => relativeFluence(site.beam.profile, dxMm, dyMm);
  const { energyKeV } = site.beam;
  const convention = CAMPAIGN_CONVENTION;
  const known = new Map<Layers, KnownStack>();
  // The cells of a chemistry share their layers.
  const stackOf = (layers: Layers): KnownStack => {
    const found = known.get(layers);
    if (found !== undefined) return found;
    const coefficients = stackCoefficients(tables, { energyKeV, tiltDeg: 0, convention, layers });
    const stack = {
      hash: stackHash(energyKeV, convention, layers),
      layers: coefficients.layers.map(({ name, surfaceGyPerPhCm2, meanGyPerPhCm2 }) => ({
        name,
        surfaceGyPerPhCm2,
        meanGyPerPhCm2,
      })),
    };
    known.set(layers, stack);
    return stack;
  };
  return campaign.cells.map((cell, cellIndex) => {
    const stack = stackOf(cell.layers);
    const earlier = earlierNames(campaign.cells, cellIndex);
    return {
      position: cell.position,
      stackHash: stack.hash,
      plan: {
        position: cell.position,
        layers: stack.layers,
        limits: cell.doseLimits,
        relativeUncertainty,
        spots,
        relativeFluence: overlap,
        ...(earlier.length === 0 ? {} : { earlier }),
      },
    };
  });
}

/** What a cell was called in the places that it had before: it is known by its barcode. */
export function earlierNames(cells: Campaign["cells"], cellIndex: number): readonly Occupant[] {
  const barcode = cells[cellIndex]?.barcode;
  return cells.slice(0, cellIndex).flatMap((cell) => (cell.barcode === barcode ? [cell.position] : []));
}

function stackHash(energyKeV: number, convention: DoseConvention, layers: Layers): string {
  const named = layers.map((layer) => ({
    name: layer.name,
    thickness_mm: layer.thicknessMm,
    density: layer.densityGCm3,
    mass_fractions: layer.massFractions,
  }));
  return createHash("sha256")
    .update(canonicalJson({ energy_keV: energyKeV, convention, layers: named }))
    .digest("hex")
    .slice(0, 16);
}

/** Transmission of the filters that are in, and the profile's peak; the filter sets in use are few, so each is kept. */
export function createBeamOnCell(site: Site, tables: AttenuationTables): (filtersIn: readonly boolean[]) => BeamOnCell {
  const peak = peakPerFluxPerCm2(site.beam.profile);
  const known = new Map<string, BeamOnCell>();
  return (filtersIn) => {
    const key = filtersIn.map((inBeam) => (inBeam ? "1" : "0")).join("");
    const found = known.get(key);
    if (found !== undefined) return found;
    const filters = site.filters.filter((_, index) => filtersIn[index] === true);
    const beam: BeamOnCell = {
      filterTransmission: filterTransmission(tables, filters, site.beam.energyKeV),
      peakPerFluxPerCm2: peak,
    };
    known.set(key, beam);
    return beam;
  };
}
