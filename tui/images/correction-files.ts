/** What corrects images, from files named one by one or from a site's calibrations, with the checksums that they must have. */
import { dirname, isAbsolute, join } from "node:path";
import { Fault } from "../../protocols/base/fault.ts";
import { findingText, hasErrors } from "../../protocols/base/finding.ts";
import { expiresAtMs, latest } from "../../protocols/calibration/calibration.ts";
import { readCalibration } from "../../protocols/calibration/calibration-schema.ts";
import { parseDocument } from "../../protocols/input/document.ts";

export interface CorrectionFile {
  readonly path: string;
  /** That it must have; undefined where nobody said. */
  readonly sha256?: string;
}

export interface CorrectionFiles {
  readonly geometry: CorrectionFile;
  /** An image that is not 0 where a pixel is left out. */
  readonly mask?: CorrectionFile;
  readonly dark?: CorrectionFile;
  readonly flat?: CorrectionFile;
}

export const CORRECTION_KINDS = ["geometry", "mask", "dark", "flat"] as const;
export type CorrectionKind = (typeof CORRECTION_KINDS)[number];
export type NamedFiles = Readonly<Partial<Record<CorrectionKind, CorrectionFile>>>;

/** The latest of each kind, as the calibrations have them. Throws Fault `image.calibration` for one that has expired. */
export function calibratedFiles(text: string, path: string, nowMs: number): NamedFiles {
  const { calibration, findings } = readCalibration(parseDocument(text, path));
  const [wrong] = findings.filter(({ severity }) => severity === "error");
  if (calibration === undefined || hasErrors(findings)) {
    throw new Fault("image.calibration", path, wrong === undefined ? "it cannot be read" : findingText(wrong));
  }
  const found: Partial<Record<CorrectionKind, CorrectionFile>> = {};
  for (const kind of CORRECTION_KINDS) {
    const record = latest(calibration, kind);
    if (record === undefined) continue;
    if (expiresAtMs(record) <= nowMs) {
      const at = new Date(record.atMs).toISOString().slice(0, 16);
      throw new Fault("image.calibration", record.where, `${kind} is of ${at} UTC and held for ${record.validH} h`);
    }
    const { file, sha256 } = record;
    found[kind] = { path: isAbsolute(file) ? file : join(dirname(path), file), sha256 };
  }
  return found;
}

/** Files named by hand come before those of the calibrations. Throws Fault `command.usage` without a geometry. */
export function correctionFiles(where: string, calibrated: NamedFiles, named: NamedFiles): CorrectionFiles {
  const { geometry, ...others } = { ...calibrated, ...named };
  if (geometry !== undefined) return { geometry, ...others };
  throw new Fault(
    "command.usage",
    where,
    "needs --geometry FILE.poni, or calibrations that name one: where the detector stands",
  );
}
