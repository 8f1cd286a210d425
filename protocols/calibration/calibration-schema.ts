/** `calibration.yaml`, and the section of a site that names it. */
import * as z from "zod";
import { parseOccupant } from "../base/position.ts";
import type { Finding } from "../base/finding.ts";
import { findingAt, valueAt, valueText, type InputDocument } from "../input/document.ts";
import { readSection, strictObject } from "../input/section.ts";
import { readList } from "../site/read-list.ts";
import { correctionFramesSchema } from "./correction-frames.ts";
import { CALIBRATION_KINDS, type Calibration, type CalibrationRecord, type SiteCalibrations } from "./calibration.ts";

const positive = z.number().positive();
const notNegative = z.number().nonnegative();
const fraction = z.number().min(0).max(1);

export const siteCalibrationsSchema = strictObject({
  file: z.string().min(1),
  required: z.array(z.enum(CALIBRATION_KINDS)).default(["alignment", "beam_size", "flux"]),
  drift_max: positive.max(1).default(0.05),
  when_expired: z.enum(["tell", "hold"]).default("tell"),
  frames: correctionFramesSchema.exactOptional(),
}).transform(({ file, required, drift_max, when_expired, frames }): SiteCalibrations => ({
  ...{ file, required, driftMax: drift_max, whenExpired: when_expired },
  ...(frames === undefined ? {} : { frames }),
}));

const common = {
  at: z.iso.datetime("Give a UTC time such as 2026-03-02T08:00:00Z."),
  by: z.string().min(1),
  method: z.string().min(1),
  valid_h: positive.max(20_000),
  note: z.string().exactOptional(),
} as const;

const offset = z.number().min(-3).max(3);
const inFile = {
  file: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "Give the 64 hexadecimal digits of the file's SHA-256."),
  detector: z.string().min(1),
} as const;
const place = { what: z.string().min(1), x_mm: notNegative, y_mm: notNegative } as const;

/** Ten racks full, one after the other. */
const CELLS_MAX = 960;

const position = z.string().transform((text, context) => {
  const found = parseOccupant(text);
  if (found !== undefined) return found;
  context.addIssue({
    code: "custom",
    message: "Give a position from A1 to H12, or the name of a cell that followed there, as A7.2.",
  });
  return z.NEVER;
});

export const alignmentRecordSchema = strictObject({
  ...common,
  kind: z.literal("alignment"),
  uncertainty_mm: positive,
  rack: strictObject({ shift_x_mm: z.number(), shift_y_mm: z.number(), rotation_deg: z.number().min(-5).max(5) }),
  cells: z.array(strictObject({ position, x_mm: offset, y_mm: offset, uncertainty_mm: positive })).max(CELLS_MAX),
  // the readings themselves, in a file beside this one
  points: strictObject({ file: z.string().min(1), sha256: inFile.sha256, count: z.int().min(0) }).exactOptional(),
});

const recordSchema = z.discriminatedUnion("kind", [
  alignmentRecordSchema,
  strictObject({
    ...common,
    kind: z.literal("beam_size"),
    width_mm: positive,
    height_mm: positive,
    uncertainty_mm: positive,
  }),
  strictObject({
    ...common,
    kind: z.literal("flux"),
    flux_ph_s: positive,
    ring_current_mA: positive,
    uncertainty: fraction,
    ion_chamber_A: positive.exactOptional(),
  }),
  strictObject({
    ...common,
    kind: z.literal("attenuator"),
    filter: z.string().min(1),
    transmission: positive.max(1),
    uncertainty: fraction,
  }),
  strictObject({ ...common, kind: z.literal("calibrant"), ...place }),
  strictObject({ ...common, kind: z.literal("empty"), ...place }),
  strictObject({ ...common, kind: z.literal("dark"), ...inFile }),
  strictObject({ ...common, kind: z.literal("flat"), ...inFile }),
  strictObject({ ...common, kind: z.literal("mask"), ...inFile }),
  strictObject({ ...common, kind: z.literal("geometry"), ...inFile }),
]);

/** Undefined when anything in the file will not do; the findings say what. */
export function readCalibration(document: InputDocument): {
  readonly calibration: Calibration | undefined;
  readonly findings: readonly Finding[];
} {
  const findings: Finding[] = [...document.findings];
  const { value } = document;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const what = `${valueText(value)} holds no calibrations`;
    findings.push(findingAt(document, "error", "file.schema", [], what, "Give `calibration` and `records`."));
    return { calibration: undefined, findings };
  }
  for (const key of Object.keys(value)) {
    if (key === "calibration" || key === "records") continue;
    const advice = "Known here: calibration, records.";
    findings.push(findingAt(document, "error", "file.unknown-key", [key], `unknown key ${key}`, advice));
  }
  const site = readSection(document, ["calibration"], z.string().min(1), findings);
  const records = readList(document, ["records"], recordSchema, findings);
  if (site === undefined || records === undefined || findings.some(({ severity }) => severity === "error")) {
    return { calibration: undefined, findings };
  }
  const twice = records.flatMap((record, index) =>
    record.kind === "alignment" && new Set(record.cells.map((cell) => cell.position)).size < record.cells.length
      ? [["records", index, "cells"] as const]
      : [],
  );
  for (const path of twice) {
    findings.push(findingAt(document, "error", "file.schema", path, "a position twice", "Give each position once."));
  }
  if (twice.length > 0) return { calibration: undefined, findings };
  const where = (index: number): string =>
    valueAt(value, ["records", index]) === undefined ? document.fileName : document.where(["records", index]);
  return {
    calibration: {
      site,
      fileName: document.fileName,
      records: records.map((record, index) => recordOf(record, where(index))),
    },
    findings,
  };
}

function recordOf(record: z.output<typeof recordSchema>, where: string): CalibrationRecord {
  const { by, method } = record;
  const shared = { atMs: Date.parse(record.at), by, method, validH: record.valid_h, where };
  switch (record.kind) {
    case "alignment":
      return {
        ...shared,
        kind: record.kind,
        uncertaintyMm: record.uncertainty_mm,
        placement: {
          shiftXMm: record.rack.shift_x_mm,
          shiftYMm: record.rack.shift_y_mm,
          rotationDeg: record.rack.rotation_deg,
          cells: new Map(record.cells.map((cell) => [cell.position, { xMm: cell.x_mm, yMm: cell.y_mm }])),
        },
      };
    case "beam_size":
      return {
        ...shared,
        kind: record.kind,
        widthMm: record.width_mm,
        heightMm: record.height_mm,
        uncertaintyMm: record.uncertainty_mm,
      };
    case "flux":
      return {
        ...shared,
        kind: record.kind,
        fluxPhS: record.flux_ph_s,
        ringCurrentMa: record.ring_current_mA,
        uncertainty: record.uncertainty,
        ionChamberA: record.ion_chamber_A ?? null,
      };
    case "attenuator": {
      const { kind, filter, transmission, uncertainty } = record;
      return { ...shared, kind, filter, transmission, uncertainty };
    }
    case "calibrant":
    case "empty":
      return { ...shared, kind: record.kind, what: record.what, place: { xMm: record.x_mm, yMm: record.y_mm } };
    case "dark":
    case "flat":
    case "mask":
    case "geometry": {
      const { kind, file, sha256, detector } = record;
      return { ...shared, kind, file, sha256, detector };
    }
  }
}
