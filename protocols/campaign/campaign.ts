/**
 * A campaign, resolved: ranges, groups, overrides, protocols and limits are spelt out per cell, so that nothing
 * downstream has a default of its own. Plain JSON values only.
 */
import type { Position } from "../base/position.ts";
import type { DoseConvention, Layer } from "../dose/layer-stack.ts";
import type { Protocol } from "../echem/protocol.ts";
import type { CellLimits } from "../roles/channel.ts";
import type { ChemistryId } from "./chemistry.ts";

export type { DoseConvention } from "../dose/layer-stack.ts";

export type CellRole = "exposed" | "dark-control";

/** A layer of a cell as the beam meets it; the first one is upstream. */
export interface CellLayer extends Layer {
  /** Id in the table of materials; null when the file gives density and mass fractions itself. */
  readonly material: string | null;
  /** Dose in this layer is kept in the ledger. */
  readonly keepsDose: boolean;
}

export interface DoseLimit {
  readonly layerName: string;
  /** Index into the cell's layers, from 0 upstream. */
  readonly layerIndex: number;
  readonly location: "surface" | "mean";
  readonly convention: DoseConvention;
  /** At least one of dose and rate is set. */
  readonly doseGy: number | null;
  readonly doseRateGyS: number | null;
  /** What `doseGy` counts: everything one spot ever gets, or a single exposure. */
  readonly scope: "spot-total" | "per-exposure";
  readonly source: string;
  readonly vouchedBy: string;
}

/** Ends a cell's protocol by what the step with this id found; kept out of the protocol file so that it stays valid elsewhere. */
export interface EndCondition {
  readonly stepId: string;
  readonly kind: "state-of-health-below";
  /** Discharge capacity of the step over the reference, below which the protocol ends. */
  readonly fraction: number;
  /** The capacity the step gave when it ran first, or the cell's nominal capacity. */
  readonly relativeTo: "first" | "nominal";
}

export interface CampaignCell {
  readonly position: Position;
  readonly barcode: string;
  readonly chemistry: ChemistryId;
  readonly electrolyte: string;
  readonly nominalCapacityMah: number;
  readonly group: string;
  readonly role: CellRole;
  readonly protocol: Protocol;
  readonly endConditions: readonly EndCondition[];
  /** Name of the layer stack in the campaign file. */
  readonly stackName: string;
  readonly layers: readonly CellLayer[];
  /** What the instrument enforces in every step. */
  readonly limits: CellLimits;
  /** Every one of them holds; none is never an answer for a cell that is exposed. */
  readonly doseLimits: readonly DoseLimit[];
}

export interface SpotOffset {
  readonly xMm: number;
  readonly yMm: number;
}

export interface ExposurePreset {
  readonly name: string;
  readonly technique: "diffraction";
  readonly exposureS: number;
  readonly frames: number;
  /** Names of the site's filters that are in the beam. */
  readonly filters: readonly string[];
  /** From the cell's centre, in cell coordinates; visited in turn, one per exposure. */
  readonly spots: readonly SpotOffset[];
  /** What becomes of an exposure that was cut short. Nothing is exposed again unless the campaign says so. */
  readonly partial: { readonly acceptFromFraction: number; readonly otherwise: "skip" | "repeat-once" };
}

export interface SweepTrigger {
  readonly name: string;
  readonly preset: ExposurePreset;
  readonly cadenceS: number;
  readonly firstAfterS: number;
}

/** Fractions of the dose: 0.1 is ten per cent. */
export interface DoseUncertainty {
  readonly flux: number;
  readonly profile: number;
  readonly position: number;
  readonly stack: number;
}

/** By how much the true dose may exceed the computed one when every contribution is at its worst. */
export function worstCaseFactor(uncertainty: DoseUncertainty): number {
  return (1 + uncertainty.flux) * (1 + uncertainty.profile) * (1 + uncertainty.position) * (1 + uncertainty.stack);
}

/** The beam the campaign was planned for; `check` compares it with the site's. */
export interface PlannedBeam {
  readonly energyKeV: number;
  readonly fluxReferencePhS: number;
  readonly ringCurrentReferenceMa: number;
}

export interface Campaign {
  readonly name: string;
  readonly title: string;
  readonly sources: readonly string[];
  /** Values no source gives, and why they are what they are. */
  readonly chosen: readonly string[];
  readonly startMs: number;
  /** Null: until the last cell has ended. */
  readonly durationS: number | null;
  /** Path of the site file as written, relative to the campaign file. */
  readonly sitePath: string;
  readonly beam: PlannedBeam;
  readonly doseUncertainty: DoseUncertainty;
  readonly presets: readonly ExposurePreset[];
  readonly sweeps: readonly SweepTrigger[];
  /** In the order of positions. */
  readonly cells: readonly CampaignCell[];
}
