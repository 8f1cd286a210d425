/** The calibrations that a site names: read, and put to use. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { isFault } from "../../protocols/base/fault.ts";
import type { Finding } from "../../protocols/base/finding.ts";
import {
  expiresAtMs,
  latest,
  type Calibration,
  type CalibrationKind,
  type MeasuredKind,
} from "../../protocols/calibration/calibration.ts";
import { correctionFrames } from "../../protocols/calibration/correction-frames.ts";
import { readCalibration } from "../../protocols/calibration/calibration-schema.ts";
import { judgeCalibrations } from "../../protocols/calibration/judge-calibration.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { filterTransmission } from "../../protocols/dose/filters.ts";
import { parseDocument } from "../../protocols/input/document.ts";
import { ALL_POSITIONS } from "../../protocols/base/position.ts";
import { stageTarget } from "../../protocols/site/site-lookup.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { CommandContext } from "../command-context.ts";

export interface LoadedCalibration {
  readonly path: string;
  readonly calibration: Calibration;
  /** SHA-256 of the file as it was read. */
  readonly sha256: string;
}

export function calibrationPath(site: Pick<Site, "calibrations">, sitePath: string): string | undefined {
  const { calibrations } = site;
  if (calibrations === undefined) return undefined;
  return isAbsolute(calibrations.file) ? calibrations.file : normalize(join(dirname(sitePath), calibrations.file));
}

/** Undefined where the site names none, or where it is not there or will not do; the latter is told. */
export function loadCalibration(
  context: Pick<CommandContext, "readText">,
  site: Site,
  sitePath: string,
  findings: Finding[],
): LoadedCalibration | undefined {
  const path = calibrationPath(site, sitePath);
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = context.readText(path);
  } catch (error) {
    if (!isFault(error)) throw error;
    const severity = error.code === "file.missing" ? "warning" : "error";
    findings.push({ severity, code: error.code, where: path, what: error.message, advice: error.advice });
    return undefined;
  }
  const read = readCalibration(parseDocument(text, path));
  findings.push(...read.findings);
  if (read.calibration === undefined) return undefined;
  return { path, calibration: read.calibration, sha256: createHash("sha256").update(text).digest("hex") };
}

/** The site with its rack where it was measured, and with the frames to be taken beside the cells. What is against them is told. */
export function placedSite(site: Site, loaded: LoadedCalibration | undefined, findings: Finding[]): Site {
  const placed = withRackPlaced(site, loaded, findings);
  const known = loaded?.calibration.site === site.name ? loaded.calibration : undefined;
  const corrections = correctionFrames(placed, known, findings);
  const measured = measuredKinds(site, known);
  return {
    ...placed,
    ...(measured.length === 0 ? {} : { measured }),
    ...(corrections.length === 0 ? {} : { corrections }),
  };
}

function measuredKinds({ calibrations }: Site, known: Calibration | undefined): readonly MeasuredKind[] {
  return (calibrations?.required ?? []).flatMap((kind) => {
    const record = known === undefined ? undefined : latest(known, kind);
    return record === undefined ? [] : [{ kind, atMs: record.atMs, untilMs: expiresAtMs(record) }];
  });
}

function withRackPlaced(site: Site, loaded: LoadedCalibration | undefined, findings: Finding[]): Site {
  const record = loaded === undefined ? undefined : latest(loaded.calibration, "alignment");
  if (loaded === undefined || record === undefined || loaded.calibration.site !== site.name) return site;
  const placed: Site = { ...site, rack: { ...site.rack, placement: record.placement, alignedAtMs: record.atMs } };
  const beyond = ALL_POSITIONS.filter((position) => {
    const { xMm, yMm } = stageTarget(placed, position, { xMm: 0, yMm: 0 });
    return !(xMm >= 0 && xMm <= site.stage.travelXMm && yMm >= 0 && yMm <= site.stage.travelYMm);
  });
  if (beyond.length > 0) {
    findings.push({
      severity: "error",
      code: "calibration.beyond-travel",
      where: record.where,
      what: `as the rack stands, the stage cannot bring ${beyond.join(", ")} into the beam`,
      advice: "Seat the rack again, nearer to the middle of the travel, and align again.",
    });
  }
  return placed;
}

/** What is wrong with the calibrations of a site for a campaign that would begin now. */
export function calibrationFindings(
  context: Pick<CommandContext, "attenuationTables" | "clock">,
  { site, calibration: loaded, campaign }: MeasuredCampaign,
): readonly Finding[] {
  if (site.calibrations === undefined) return [];
  const tables = context.attenuationTables();
  const fromMs = context.clock.wallMs();
  const judged = judgeCalibrations({
    ...{ site, calibration: loaded?.calibration, fromMs, toMs: fromMs + 1000 * (campaign.durationS ?? 0) },
    transmissionOf: (index) => {
      const filter = site.filters[index];
      return filter === undefined ? NaN : filterTransmission(tables, [filter], site.beam.energyKeV);
    },
  });
  return loaded === undefined ? judged : [...judged, ...fileFindings(loaded, site.calibrations.required)];
}

/** Files of the detector that are gone, or are others than were noted: by them nothing may be corrected. */
function fileFindings(
  { path, calibration }: LoadedCalibration,
  required: readonly CalibrationKind[],
): readonly Finding[] {
  return (["geometry", "mask", "dark", "flat"] as const).flatMap((kind): readonly Finding[] => {
    const record = latest(calibration, kind);
    if (record === undefined) return [];
    const file = isAbsolute(record.file) ? record.file : join(dirname(path), record.file);
    const sha256 = fileHash(file);
    if (sha256 === record.sha256) return [];
    const what =
      sha256 === null
        ? `${kind}: ${file} cannot be read here`
        : `${kind}: ${file} is another file than was noted: its checksum is ${sha256.slice(0, 12)}, and ${record.sha256.slice(0, 12)} was noted`;
    const advice = "Put the file back, or take it anew and note it with `beamrack calibrate`.";
    const severity = required.includes(kind) ? "error" : "warning";
    return [{ severity, code: "calibration.changed", where: record.where, what, advice }];
  });
}

function fileHash(file: string): string | null {
  try {
    return createHash("sha256").update(readFileSync(file)).digest("hex");
  } catch {
    return null;
  }
}

interface MeasuredCampaign {
  readonly site: Site;
  readonly calibration: LoadedCalibration | undefined;
  readonly campaign: Pick<Campaign, "durationS">;
}
