/**
 * A campaign, resolved: ranges, groups, overrides, protocols and limits are spelt out per cell, so that nothing
 * downstream has a default of its own. Plain JSON values only.
 */
import type { Json } from "../base/canonical-json.ts";
import type { WrittenCall } from "../base/fault-answers.ts";
import type { Occupant, Position } from "../base/position.ts";
import type { DoseConvention, Layer } from "../dose/layer-stack.ts";
import type { Protocol } from "../echem/protocol.ts";
import type { CellLimits } from "../roles/channel.ts";
import type { BeamForecast, BeamShare } from "./beam-forecast.ts";
import type { ChemistryId } from "./chemistry.ts";
import type { ControlPlan } from "./control-plan.ts";
import type { FrameRules } from "./frame-rules.ts";
import type { CampaignTrigger } from "./trigger.ts";

export type { DoseConvention } from "../dose/layer-stack.ts";

/** What a cell is for: the measurement itself, or a control that is exposed seldom, or never. */
export const CELL_ROLES = ["exposed", "rare-control", "dark-control"] as const;
export type CellRole = (typeof CELL_ROLES)[number];

/** The beam meets it at all. */
export function meetsBeam({ role }: { readonly role: CellRole }): boolean {
  return role !== "dark-control";
}

/** A layer of a cell as the beam meets it; the first one is upstream. */
export interface CellLayer extends Layer {
  /** Id in the table of materials; null when the file gives density and mass fractions itself. */
  readonly material: string | null;
  /** Dose in this layer is kept in the ledger. */
  readonly keepsDose: boolean;
}

export const DOSE_SCOPES = ["spot-total", "spot-cycle", "per-exposure"] as const;
export type DoseScope = (typeof DOSE_SCOPES)[number];

export interface DoseLimit {
  readonly layerName: string;
  /** Index into the cell's layers, from 0 upstream. */
  readonly layerIndex: number;
  readonly location: "surface" | "mean";
  readonly convention: DoseConvention;
  /** At least one of dose and rate is set. */
  readonly doseGy: number | null;
  readonly doseRateGyS: number | null;
  /** What `doseGy` counts: everything one spot ever gets, what it gets in one cycle of the cell, or a single exposure. */
  readonly scope: DoseScope;
  readonly source: string;
  readonly vouchedBy: string;
}

/** Ends a cell's protocol by what the step with this id or tag found; kept out of the protocol file so that it stays valid elsewhere. */
export interface EndCondition {
  readonly stepId: string;
  readonly kind: "state-of-health-below";
  /** Discharge capacity of the step over the reference, below which the protocol ends. */
  readonly fraction: number;
  /** The capacity the step gave when it ran first, or the cell's nominal capacity. */
  readonly relativeTo: "first" | "nominal";
}

/** What becomes of a wait that comes to nothing. */
export type WaitFallback =
  | { readonly kind: "go-on" }
  | { readonly kind: "end-protocol" }
  /** At open circuit for so long, then on. */
  | { readonly kind: "rest"; readonly restS: number };

interface WaitCommon {
  /** The longest a wait may take, after which the fallback counts. */
  readonly maximumS: number;
  readonly fallback: WaitFallback;
}

/**
 * What a step does by word of the campaign. `stepIndex` counts from 0 over all steps of the protocol. Whoever waits for
 * an exposure asks for it, with the preset of this name.
 */
export type StepRule = { readonly stepIndex: number } & (
  | (WaitCommon & { readonly kind: "wait-for-exposure"; readonly presetName: string })
  | (WaitCommon & {
      readonly kind: "hold-at-charge";
      /** State of charge, or charge that has flowed in this step: where the current pauses. */
      readonly at: { readonly stateOfCharge: number } | { readonly chargeMah: number };
      readonly by: "rest" | "voltage";
      /** Null: the hold simply lasts its maximum. */
      readonly presetName: string | null;
    })
  | (WaitCommon & {
      readonly kind: "end-on-cell";
      readonly position: Occupant;
      /** The other cell has ended this step of its own protocol once; null: it has ended for good. */
      readonly otherStepIndex: number | null;
    })
  | {
      readonly kind: "ask-exposure";
      readonly edge: "before" | "after";
      readonly withinS: number;
      readonly presetName: string;
    }
);

/** Steps whose rates refer to what an earlier step measured; `protocol` has them by the fallback. */
export interface MeasuredRate {
  readonly stepIndexes: readonly number[];
  readonly measuredInIndex: number;
  /** What their rates refer to as long as nothing is measured. */
  readonly fallbackMah: number;
}

export interface CampaignCell {
  /** Its name in the campaign and its record: its place, and its turn there where another lay there before. */
  readonly position: Occupant;
  readonly barcode: string;
  readonly chemistry: ChemistryId;
  readonly electrolyte: string;
  readonly nominalCapacityMah: number;
  readonly group: string;
  /** Of one that was withdrawn, dark-control: the beam does not meet it any more. */
  readonly role: CellRole;
  /** Taken out of a campaign under way; left out otherwise. */
  readonly isWithdrawn?: true;
  /** Its rates refer to the nominal capacity and its longest times are those of the rules, whatever the file says. */
  readonly protocol: Protocol;
  readonly endConditions: readonly EndCondition[];
  readonly stepRules: readonly StepRule[];
  readonly measuredRates: readonly MeasuredRate[];
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
  readonly partial: PartialRules;
}

/** What ended an exposure before its time. `pause` is a person, a hold or an interlock. */
export type CutCause = "pause" | "beamLoss" | "shutter" | "detector" | "controllerKilled";

export interface PartialAnswer {
  /** From this share of its time on it is accepted as it is; null for never. */
  readonly acceptFromFraction: number | null;
  readonly otherwise: "skip" | "repeat-once";
}

/** The answer to whatever has none of its own; a shutter that failed and a controller that was killed need one of their own. */
export interface PartialRules extends PartialAnswer {
  readonly acceptFromFraction: number;
  readonly causes?: Readonly<Partial<Record<CutCause, PartialAnswer>>>;
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

/** Boxes, exchanged cells and faults of a campaign that is rehearsed in the virtual world alone. */
export interface SimulatedCourse {
  /** Manifests of what was sent in, by paths as written; custody is kept of their cells. */
  readonly boxes: readonly { readonly manifestPath: string; readonly comesAfterS: number }[];
  /** Places of cells that lie in each other's: the codes that are read there are those of the campaign. */
  readonly exchanged: readonly (readonly [Position, Position])[];
  /** As a file of faults has them. */
  readonly faults: readonly Json[];
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
  /** By whose clocks people read times beside UTC: a name such as Europe/Paris; absent where nobody says. */
  readonly timeZone?: string;
  /** Path of the site file as written, relative to the campaign file. */
  readonly sitePath: string;
  /** Folder of the custody ledger of cells that were sent in, as the file writes it: none gets current before it is proven to be itself. */
  readonly custodyPath?: string;
  /** What befalls it in the virtual world; absent where nothing is said. */
  readonly simulated?: SimulatedCourse;
  /** Whom faults call when nobody is there, where that is not as usual. */
  readonly calls?: readonly WrittenCall[];
  readonly beam: PlannedBeam;
  readonly doseUncertainty: DoseUncertainty;
  readonly presets: readonly ExposurePreset[];
  readonly sweeps: readonly SweepTrigger[];
  /** What asks beside the sweep; absent where nothing does. */
  readonly triggers?: readonly CampaignTrigger[];
  /** Absent: nothing is compared, and whether the beam changes the cells is not told. */
  readonly controls?: ControlPlan;
  /** What follows from the first look at a frame; absent where none is looked at. */
  readonly frameRules?: FrameRules;
  /** Announced stops, top-ups and how often beam is lost; absent where nothing is known. */
  readonly beamForecast?: BeamForecast;
  /** Per group; absent where nothing is shared out. */
  readonly shares?: readonly BeamShare[];
  /** Groups that let one another see their dark controls, without names; absent where nobody does. */
  readonly sharedControls?: readonly string[];
  /** In the order of positions. */
  readonly cells: readonly CampaignCell[];
}
