/** The file of a site's calibrations: new records behind those that are there. */
import { stringify } from "yaml";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { parseDocument } from "../../protocols/input/document.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { CommandContext } from "../command-context.ts";
import { writeWhole } from "../virtual/world-files.ts";
import { calibrationPath, type LoadedCalibration } from "./load-calibration.ts";

/** Throws Fault `command.usage` where nothing says what file takes the calibration. */
export function calibrationTarget(site: Site, sitePath: string, out: string | undefined): string {
  const path = out ?? calibrationPath(site, sitePath);
  if (path !== undefined) return path;
  throw new Fault("command.usage", "--out", "the site names no file under calibrations; say where to write with --out");
}

/** `before`: as it was read and found sound. */
export function addRecords(
  context: CommandContext,
  path: string,
  site: Site,
  before: LoadedCalibration | undefined,
  records: readonly Json[],
): void {
  const past = before?.path === path ? recordsIn(context, path) : [];
  writeWhole(path, stringify({ calibration: site.name, records: [...past, ...records] }, { lineWidth: 120 }));
}

function recordsIn(context: CommandContext, path: string): readonly Json[] {
  const { value } = parseDocument(context.readText(path), path);
  const records: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "records") : undefined;
  return Array.isArray(records) ? (records as readonly Json[]) : [];
}
