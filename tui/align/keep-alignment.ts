/** Where a running controller puts the alignment that it made: into the site's calibrations, once a start by it would be admitted. */
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import type { KeepAlignment } from "../../controller/align/align-desk.ts";
import type { Finding } from "../../protocols/base/finding.ts";
import { readCalibration } from "../../protocols/calibration/calibration-schema.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { judgeReach } from "../../protocols/campaign/judge-reach.ts";
import { parseDocument } from "../../protocols/input/document.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { CommandContext } from "../command-context.ts";
import { writeWhole } from "../virtual/world-files.ts";
import { alignmentRecords, pointsText } from "./alignment-record.ts";
import { withRecords } from "./calibration-file.ts";
import { calibrationPath, loadCalibration, placedSite } from "./load-calibration.ts";

/** How long an alignment holds, hours. */
export const VALID_H = 30 * 24;

/** Undefined where the site names no file for it. `campaign`: the one in force then. */
export function alignmentKeeper(
  context: Pick<CommandContext, "readText" | "clock">,
  site: Site,
  sitePath: string,
  campaign: () => Campaign,
): KeepAlignment | undefined {
  const path = calibrationPath(site, sitePath);
  if (path === undefined) return undefined;
  return ({ aligned, points, by }) => {
    const findings: Finding[] = [];
    const before = loadCalibration(context, site, sitePath, findings);
    const at = new Date(context.clock.wallMs()).toISOString();
    const pointsFile = pointsFileName(path, at);
    const pointLines = pointsText(points);
    const records = alignmentRecords(aligned, {
      ...{ grid: site.rack, at, by, validH: VALID_H, pointsFile, pointCount: points.length },
      ...{ pointsSha256: createHash("sha256").update(pointLines).digest("hex"), before: before?.calibration },
      occupantAt: (position) => position,
    });
    const text = withRecords(context, path, site, records);
    const { calibration, findings: slips } = readCalibration(parseDocument(text, path));
    if (calibration === undefined) return slips[0]?.what ?? `${path} could not be read again`;
    const placed = placedSite(site, { path, calibration, sha256: "" }, findings);
    findings.push(...judgeReach(campaign(), placed));
    const against = findings.find(({ severity }) => severity === "error");
    if (against !== undefined) return `${against.what}: nothing was kept`;
    const { placement, alignedAtMs } = placed.rack;
    if (placement === undefined || alignedAtMs === undefined) return `${path} holds no alignment of ${site.name}`;
    writeWhole(join(dirname(path), pointsFile), pointLines);
    writeWhole(path, text);
    return { placement, alignedAtMs, measured: placed.measured ?? [] };
  };
}

/** Beside the calibrations. */
export function pointsFileName(path: string, at: string): string {
  return `${basename(path).replace(/\.ya?ml$/, "")}-${at.replaceAll(/[:.]/g, "")}.points.jsonl`;
}
