/** A campaign as its record tells it, gathered for export: everything but the samples, which are read block by block. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { ImageEvidence } from "../../protocols/diffraction/powder-pattern.ts";
import type { Occupant } from "../../protocols/base/position.ts";
import type { LayerDose, LedgerConvention } from "../record/ledger-row.ts";
import type { RackPlan, RackPlanCell } from "../record/rack-plan-event.ts";
import type { RecordHeader } from "../record/record-header.ts";
import type { RecordedSpectrum } from "../record/spectrum-event.ts";
import type { SharedControl } from "./shared-controls.ts";
import type { ExposureState } from "../synchrony/exposure-state-event.ts";

export interface ExportedStep {
  /** Of the cell's steps as they were done, from 1; a step that goes on after a break keeps its number. */
  readonly count: number;
  readonly atMs: number;
  /** In the protocol, counted from 1 over all steps. */
  readonly step: number;
  readonly cycle: number;
  readonly label: string;
  /** Set current, charge positive; null where the step sets none. */
  readonly currentA: number | null;
  /** Null while it lasts, or where nothing is known of its end. */
  readonly endMs: number | null;
  readonly endedBy: string | null;
}

export interface ExportedHalfCycle {
  readonly atMs: number;
  /** From 1. */
  readonly number: number;
  readonly cycle: number;
  readonly direction: string;
  readonly capacityAh: number | null;
  readonly capacityDoubtAh: number | null;
  readonly isWhole: boolean;
  readonly coulombicEfficiency: number | null;
  readonly stateOfHealth: number | null;
}

/** What the cell stood at when the shutter opened. */
export interface CellAtOpening {
  readonly voltageV: number | null;
  readonly currentA: number | null;
  readonly chargeAh: number | null;
  readonly stateOfCharge: number | null;
  readonly stateOfChargeUncertainty: number | null;
  readonly step: number | null;
  readonly cycle: number | null;
  /** How old the sample was. */
  readonly sampleAgeS: number | null;
}

/** By what the dose is counted: what was measured, the whole booking, or a booking that nothing has closed yet. */
export type DoseBasis = "settlement" | "charge-in-full" | "booking";

export interface ExportedExposure {
  readonly exposureId: string;
  readonly requestId: string | null;
  readonly position: Occupant;
  readonly spotIndex: number;
  readonly spotXMm: number;
  readonly spotYMm: number;
  readonly cycle: number | null;
  readonly bookedAtMs: number;
  /** Between these two the shutter came open, and between those it fell shut; null where it was not seen. */
  readonly openAskedAtMs: number | null;
  readonly openSeenAtMs: number | null;
  readonly closeAskedAtMs: number | null;
  readonly closedSeenAtMs: number | null;
  readonly outcome: string | null;
  readonly openTimeS: number;
  /** Where the detector wrote it. */
  readonly frame: string | null;
  /** What stands there, where somebody looked and it was found. */
  readonly frameFile: FrameFile | null;
  /** The image as it was when its pattern was made for the first look; null where nobody said. */
  readonly frameRead: ImageEvidence | null;
  readonly ringCurrentMa: number | null;
  /** What came through the cell, by the diode behind the rack: ampere, and photons per second; null where none was read. */
  readonly transmittedA: number | null;
  readonly transmittedPhS: number | null;
  /** By which it is charged: no less than the largest word about the beam. */
  readonly fluxPhS: number;
  /** The mean of the open time by what was read then, on no side; `fluxPhS` where that is not on record. */
  readonly i0PhS: number;
  /** Whose word that is; as `fluxSource`. */
  readonly i0Source: string;
  readonly fluxSource: string;
  readonly filterTransmission: number;
  readonly fluencePhCm2: number;
  readonly convention: LedgerConvention;
  /** At the hottest place of the spot. */
  readonly layerDosesGy: readonly LayerDose[];
  readonly relativeUncertainty: number;
  readonly basis: DoseBasis;
  readonly reason: string;
  readonly cell: CellAtOpening | null;
  /** What it stood at half way through, and the clocks; null where that is not on record. */
  readonly middle: ExposureState | null;
}

/** A frame's file as it was found when the export was made. */
export interface FrameFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Its place in the export; null where it stays where it is. */
  readonly copiedAs: string | null;
}

export interface ExportedGap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: string;
}

export interface ExportedReading {
  readonly atMs: number;
  readonly value: number;
}

export interface ExportedSensor {
  readonly name: string;
  readonly quantity: string;
  readonly unit: string;
  /** In order of time. */
  readonly readings: readonly ExportedReading[];
}

export interface ExportedInstrument {
  readonly name: string;
  readonly driver: string | null;
  readonly model: string | null;
  readonly serialNumber: string | null;
  readonly firmware: string | null;
}

export interface ExportedSpectrum extends RecordedSpectrum {
  /** When it was on record: its last point is not later. */
  readonly atMs: number;
}

export interface ExportedCell extends RackPlanCell {
  readonly steps: readonly ExportedStep[];
  readonly halfCycles: readonly ExportedHalfCycle[];
  readonly exposures: readonly ExportedExposure[];
  readonly spectra: readonly ExportedSpectrum[];
  readonly gaps: readonly ExportedGap[];
  /** What became of it, and when; null while it goes on. */
  readonly over: { readonly how: "complete" | "isolated" | "stopped"; readonly atMs: number } | null;
}

/** What the record tells of its clock. */
export interface ExportedClock {
  /** UTC, of campaign time 0. */
  readonly startMs: number;
  /** Computer's clock less campaign time, at worst: lowest and highest over the events; null in the virtual world. */
  readonly wallOffsetS: { readonly least: number; readonly most: number } | null;
  /** UTC less computer's clock, as its time service told during the run; null where nobody said. */
  readonly utc: ClockComparisons | null;
}

export interface ClockComparisons {
  /** Who said so, each once. */
  readonly sources: readonly string[];
  readonly count: number;
  readonly leastS: number;
  readonly mostS: number;
  /** The largest that any of them stated for itself. */
  readonly uncertaintyS: number;
}

/** A frame of what is no cell: dark, calibrant, empty place, flat field. */
export interface ExportedCorrection {
  readonly id: string;
  readonly kind: string;
  readonly what: string;
  readonly begunMs: number;
  readonly outcome: string;
  readonly exposureS: number;
  /** Null of a dark, and where it is not known. */
  readonly openS: number | null;
  readonly photons: number | null;
  /** Before filters, at the sample; and by what source. */
  readonly fluxPhS: number | null;
  readonly fluxSource: string | null;
  readonly filterTransmission: number | null;
  /** What the diode behind the rack read meanwhile. */
  readonly transmittedA: number | null;
  readonly transmittedPhS: number | null;
  readonly ringCurrentMa: number | null;
  /** Name of the frame; null where there is none. */
  readonly frame: string | null;
  /** As it was found where frames were looked for. */
  readonly frameFile: FrameFile | null;
  /** The image as it was when its pattern was made. */
  readonly frameRead: ImageEvidence | null;
  /** What its pattern told; null where nobody looked. */
  readonly judged: {
    readonly finding: string;
    readonly text: string;
    readonly levelPerS: number | null;
    readonly radiusOff: number | null;
  } | null;
}

export interface ExportedCampaign {
  readonly header: RecordHeader;
  readonly siteName: string;
  readonly plan: RackPlan;
  /** Null for all of them. */
  readonly group: string | null;
  readonly clock: ExportedClock;
  /** Last thing on record. */
  readonly lastMs: number;
  readonly isComplete: boolean;
  readonly digest: string;
  /** Null for one group: it would count what others did. */
  readonly eventCount: number | null;
  /** Of the group, in order of positions. */
  readonly cells: readonly ExportedCell[];
  /** Dark controls of others, where the group and they agreed to share; never where `group` is null. */
  readonly sharedControls: readonly SharedControl[];
  /** In the order in which they were begun; of all groups, for they are of the beamline. */
  readonly corrections: readonly ExportedCorrection[];
  readonly sensors: readonly ExportedSensor[];
  readonly instruments: readonly ExportedInstrument[];
  /** Of the group's cells, as the log states them. */
  readonly doseLimits: readonly Json[];
  /** Stretches of the record that cannot be read and are therefore not in the export. */
  readonly unreadable: readonly string[];
}
