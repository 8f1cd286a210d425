/** A cell of round numbers: two layers, three spots in a row under a Gaussian beam, so that doses can be worked by hand. */
import type { LayerDosePerFluence, CellDosePlan, DoseProposal } from "../../../controller/dose/cell-dose.ts";
import type { BeamOnCell, LedgerCell, Measured } from "../../../controller/dose/dose-ledger.ts";
import type { DoseLimit } from "../../../protocols/campaign/campaign.ts";
import { positionAt } from "../../../protocols/base/position.ts";
import { relativeFluence, type BeamProfile } from "../../../protocols/dose/beam-profile.ts";

export const PROFILE: BeamProfile = { profile: "gaussian", fwhmXMm: 0.5, fwhmYMm: 0.5 };

/** 0.5 mm apart: one full width at half maximum, so a neighbour adds 2^-4 = 1/16 at the centre, the next 2^-16. */
export const SPOTS = [
  { xMm: -0.5, yMm: 0 },
  { xMm: 0, yMm: 0 },
  { xMm: 0.5, yMm: 0 },
];

export const LAYERS: readonly LayerDosePerFluence[] = [
  { name: "window", surfaceGyPerPhCm2: 1e-10, meanGyPerPhCm2: 1e-10 },
  { name: "positive electrode", surfaceGyPerPhCm2: 4e-10, meanGyPerPhCm2: 2e-10 },
];

export function limit(changes: Partial<DoseLimit> = {}): DoseLimit {
  return {
    layerName: "positive electrode",
    layerIndex: 1,
    location: "surface",
    convention: "en",
    doseGy: 1000,
    doseRateGyS: null,
    scope: "spot-total",
    source: "chosen for the test",
    vouchedBy: "nobody",
    ...changes,
  };
}

export function plan(changes: Partial<CellDosePlan> = {}): CellDosePlan {
  return {
    position: "A1",
    layers: LAYERS,
    limits: [limit()],
    relativeUncertainty: 0.25,
    spots: SPOTS,
    relativeFluence: (dxMm, dyMm) => relativeFluence(PROFILE, dxMm, dyMm),
    ...changes,
  };
}

/** With the plan above 2e12 ph/cm2 are 800 Gy at the electrode's surface, 1000 Gy with the uncertainty: the limit. */
export function proposal(fluencePhCm2: number, changes: Partial<DoseProposal> = {}): DoseProposal {
  return { spotIndex: 1, fluencePhCm2, fluenceRatePhCm2S: fluencePhCm2 / 10, ...changes };
}

export const BEAM: BeamOnCell = { filterTransmission: 0.5, peakPerFluxPerCm2: 20 };

/** At the flux given, for so long; 1e11 ph/s through the beam above are 1e12 ph/cm2/s. */
export function measured(openTimeS: number, fluxPhS = 1e11): Measured {
  return { openTimeS, flux: { fluxPhS, source: "monitor" }, beam: BEAM, reason: "test" };
}

export function ledgerCell(index: number, changes: Partial<CellDosePlan> = {}): LedgerCell {
  const position = positionAt(index);
  return { position, stackHash: "57ac", plan: plan({ position, ...changes }) };
}
