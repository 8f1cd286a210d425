/** The file of a site's calibrations: new records behind those that are there. */
import { stringify } from "yaml";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { parseDocument } from "../../protocols/input/document.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { CommandContext } from "../command-context.ts";
import { writeWhole } from "../virtual/world-files.ts";
import { calibrationPath } from "./load-calibration.ts";

/** Throws Fault `command.usage` where nothing says what file takes the calibration. */
export function calibrationTarget(site: Site, sitePath: string, out: string | undefined): string {
  const path = out ?? calibrationPath(site, sitePath);
  if (path !== undefined) return path;
  throw new Fault("command.usage", "--out", "the site names no file under calibrations; say where to write with --out");
}

/** Before anything is measured for it. Throws as `addRecords` does. */
export function checkTarget(context: CommandContext, path: string, site: Site): void {
  recordsIn(context, path, site);
}

/** What stands in the file already stays there. Throws Fault `command.usage` for one that is no calibration of this site. */
export function addRecords(context: CommandContext, path: string, site: Site, records: readonly Json[]): void {
  writeWhole(path, withRecords(context, path, site, records));
}

/** The text of the file with these behind what stands there. Throws as `addRecords` does. */
export function withRecords(context: FileReader, path: string, site: Site, records: readonly Json[]): string {
  const past = recordsIn(context, path, site);
  return stringify({ calibration: site.name, records: [...past, ...records] }, { lineWidth: 120 });
}

type FileReader = Pick<CommandContext, "readText">;

function recordsIn(context: FileReader, path: string, site: Site): readonly Json[] {
  let text: string;
  try {
    text = context.readText(path);
  } catch (error) {
    if (isFault(error) && error.code === "file.missing") return [];
    throw error;
  }
  if (text.trim() === "") return [];
  const { value } = parseDocument(text, path);
  const of = (key: string): unknown =>
    typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  const records = of("records");
  if (of("calibration") !== site.name || !Array.isArray(records)) {
    throw new Fault(
      "command.usage",
      path,
      `there is such a file, and it holds no calibrations of ${site.name}: it is left as it is`,
    );
  }
  return records as readonly Json[];
}
