/** What was measured of a site: values with uncertainty, date, person and method, in a file of their own beside it. */
import type { PlaneMm, RackPlacement } from "../align/placement.ts";
import type { AskedCorrection } from "./correction-frames.ts";

export const CALIBRATION_KINDS = [
  "alignment",
  "beam_size",
  "flux",
  "attenuator",
  "calibrant",
  "empty",
  "dark",
  "flat",
  "mask",
  "geometry",
] as const;
export type CalibrationKind = (typeof CALIBRATION_KINDS)[number];

/** A site's word on its calibrations. */
export interface SiteCalibrations {
  /** From where the site file lies. */
  readonly file: string;
  /** `check` refuses a campaign where one of these is missing or has expired. */
  readonly required: readonly CalibrationKind[];
  /** From one measurement to the next, as a share of the value, before somebody is told. */
  readonly driftMax: number;
  /** What a running campaign does when one that is required expires: goes on beside an alarm, or exposes nothing more. */
  readonly whenExpired: "tell" | "hold";
  /** Taken by a running campaign by itself; left out where it takes none. */
  readonly frames?: readonly AskedCorrection[];
}

/** What a site demands to be measured, and until when it holds. */
export interface MeasuredKind {
  readonly kind: CalibrationKind;
  /** UTC, ms. */
  readonly atMs: number;
  readonly untilMs: number;
}

interface Common {
  /** UTC, ms. */
  readonly atMs: number;
  readonly by: string;
  readonly method: string;
  /** Nothing is known of it after that. */
  readonly validH: number;
  /** Where it stands in the file: records[3]. */
  readonly where: string;
}

export type CalibrationRecord = Common &
  (
    | {
        readonly kind: "alignment";
        readonly placement: RackPlacement;
        /** Standard uncertainty of the worst place. */
        readonly uncertaintyMm: number;
      }
    | {
        readonly kind: "beam_size";
        /** Full widths, at half maximum of a gaussian beam. */
        readonly widthMm: number;
        readonly heightMm: number;
        readonly uncertaintyMm: number;
      }
    | {
        readonly kind: "flux";
        /** Photons per second at the sample, before filters, at that ring current: the diode's word. */
        readonly fluxPhS: number;
        readonly ringCurrentMa: number;
        /** A fraction. */
        readonly uncertainty: number;
        /** Of the ion chamber at the same time, ampere; null where there is none. */
        readonly ionChamberA: number | null;
      }
    | {
        readonly kind: "attenuator";
        readonly filter: string;
        readonly transmission: number;
        readonly uncertainty: number;
      }
    | {
        readonly kind: "calibrant" | "empty";
        /** CeO2, LaB6; what is not there, of an empty place. */
        readonly what: string;
        /** Stage coordinates. */
        readonly place: PlaneMm;
      }
    | {
        readonly kind: "dark" | "flat" | "mask" | "geometry";
        readonly file: string;
        readonly sha256: string;
        /** Name or serial number of the detector it belongs to. */
        readonly detector: string;
      }
  );

export type RecordOf<Kind extends CalibrationKind> = Extract<CalibrationRecord, { readonly kind: Kind }>;

export interface Calibration {
  readonly site: string;
  /** As findings name it. */
  readonly fileName: string;
  /** In the order of the file; of one kind the latest counts. */
  readonly records: readonly CalibrationRecord[];
}

/** The latest of a kind; of filters, of one filter. */
export function latest<Kind extends CalibrationKind>(
  calibration: Calibration,
  kind: Kind,
  isMeant: (record: RecordOf<Kind>) => boolean = () => true,
): RecordOf<Kind> | undefined {
  return ofKind(calibration, kind).findLast(isMeant);
}

/** Of a kind, the eldest first. */
export function ofKind<Kind extends CalibrationKind>(calibration: Calibration, kind: Kind): readonly RecordOf<Kind>[] {
  return calibration.records
    .filter((record): record is RecordOf<Kind> => record.kind === kind)
    .sort((a, b) => a.atMs - b.atMs);
}

export function expiresAtMs({ atMs, validH }: Pick<Common, "atMs" | "validH">): number {
  return atMs + validH * 3_600_000;
}
