/** `beamrack data DIR WHAT`: what stands in a data folder, listed or drawn; and its room given back. */
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readCampaignRecord } from "../../controller/export/read-campaign-record.ts";
import type { ExportedCampaign, ExportedCell } from "../../controller/export/exported-campaign.ts";
import { sharedControlRows } from "../../controller/export/summaries/shared-control-table.ts";
import { campaignReport } from "../../controller/report/campaign-report.ts";
import { accountRow } from "../../controller/report/report-json.ts";
import { openRecord, type RecordReader } from "../../controller/record/record-reader.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { CommandContext } from "../command-context.ts";
import { cellPatterns, type CellPattern } from "../data/cell-patterns.ts";
import { noteRows } from "../data/cell-notes.ts";
import { dosePicture, plotPicture, waterfallPicture } from "../data/data-pictures.ts";
import { doseMap, doseMapLines, plotLines, plotOf, PLOTS } from "../data/data-plots.ts";
import { listJson, listLines, listRows, LISTS, type Row } from "../data/data-tables.ts";
import { vacuum } from "../data/vacuum.ts";
import { waterfallLines } from "../data/waterfall-lines.ts";
import { GLYPH_FILE, readGlyphs } from "../picture/glyphs.ts";
import { picturePng } from "../picture/picture-png.ts";
import { pictureSvg } from "../picture/picture-svg.ts";
import type { Picture } from "../picture/picture.ts";
import { DARK, LIGHT, type Theme } from "../picture/theme.ts";
import { loadRates } from "../report/rates-file.ts";
import { writeWhole } from "../virtual/world-files.ts";

export type DataContext = Pick<CommandContext, "json" | "print" | "readPackageText" | "readText" | "freeBytes"> & {
  readonly progress: Pick<CommandContext["progress"], "columns">;
};

const USAGE = "beamrack data";
const NOTES = "notes";
const GROUPS = "groups";
const SHARED = "shared-controls";
const KNOWN = [...LISTS, NOTES, GROUPS, SHARED, "plot", "vacuum"].join(", ");
const HEIGHT = 16;
const WIDTH_MAX = 160;
const FRAMES_FOLDER = "frames";
/** More in one picture tell nothing. */
const PATTERNS_MAX = 60;

/** Where a picture goes; a file of each form that is named. */
interface Pictures {
  readonly svg: string | undefined;
  readonly png: string | undefined;
  readonly theme: Theme;
  /** Where powder patterns stand. */
  readonly frames: string;
}

/** Resolves to 0. Throws a Fault of severity `refuse` where there is nothing of what is asked for. */
export async function dataCommand(context: DataContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      group: { type: "string" },
      svg: { type: "string" },
      png: { type: "string" },
      dark: { type: "boolean" },
      frames: { type: "string" },
      rates: { type: "string" },
      "keep-raw": { type: "string" },
      exported: { type: "string" },
      yes: { type: "boolean" },
    },
  });
  const [folder, what, ...rest] = positionals;
  if (folder === undefined || what === undefined)
    throw new Fault("command.usage", USAGE, `takes a data folder and one of ${KNOWN}`);
  const { exported, yes = false } = values;
  if (what === "vacuum") return vacuum(context, folder, { keepRaw: values["keep-raw"], exported, yes });
  const record = openRecord(folder);
  try {
    const campaign = readCampaignRecord(record, values.group ?? null, folder);
    const { svg, png } = values;
    const frames = values.frames ?? join(folder, FRAMES_FOLDER);
    for (const path of [svg, png]) if (path !== undefined) refuseOtherFile(path, folder);
    const pictures = { svg, png, frames, theme: values.dark === true ? DARK : LIGHT };
    if (what === "plot") await draw(context, campaign, record, rest, pictures);
    else if (what === GROUPS) listGroups(context, campaign, record, rest, values.rates);
    else if (what === SHARED) listShared(context, campaign, rest);
    else list(context, campaign, record, what, rest);
  } finally {
    record.close();
  }
  return 0;
}

function list(
  context: DataContext,
  campaign: ExportedCampaign,
  record: RecordReader,
  what: string,
  rest: readonly string[],
): void {
  const name = LISTS.find((one) => one === what);
  if (name === undefined && what !== NOTES)
    throw new Fault("command.usage", USAGE, `${what} is nothing it lists; there are ${KNOWN}`);
  const cells = rest.length === 0 ? campaign.cells : rest.map((position) => cellAt(campaign, position));
  const rows = name === undefined ? noteRows(record, campaign, cells) : listRows(name, campaign, cells);
  printRows(context, campaign, what, rows);
}

/** What each has had. */
function listGroups(
  context: DataContext,
  campaign: ExportedCampaign,
  record: RecordReader,
  rest: readonly string[],
  rates: string | undefined,
): void {
  if (rest.length > 0) throw new Fault("command.usage", USAGE, `${GROUPS} takes no position`);
  const { accounts } = campaignReport(record, campaign, { rates: loadRates(context, rates) });
  printRows(context, campaign, GROUPS, accounts.map(accountRow));
}

/** Dark controls of others that are shared with the group that is named. */
function listShared(context: DataContext, campaign: ExportedCampaign, rest: readonly string[]): void {
  if (rest.length > 0) throw new Fault("command.usage", USAGE, `${SHARED} takes no position`);
  if (campaign.group === null) throw new Fault("command.usage", USAGE, `${SHARED}: --group G says with whom`);
  printRows(context, campaign, SHARED, sharedControlRows(campaign));
}

function printRows(context: DataContext, campaign: ExportedCampaign, what: string, rows: readonly Row[]): void {
  if (context.json) context.print(JSON.stringify({ [what]: listJson(rows), unreadable: campaign.unreadable }));
  else for (const line of [...listLines(rows), ...campaign.unreadable.map(unreadableLine)]) context.print(line);
}

async function draw(
  context: DataContext,
  campaign: ExportedCampaign,
  record: RecordReader,
  [what, position, ...more]: readonly string[],
  pictures: Pictures,
): Promise<void> {
  const { theme } = pictures;
  const isDrawn = pictures.svg !== undefined || pictures.png !== undefined;
  if (what === "dose" && position === undefined) {
    if (isDrawn) writePictures(context, dosePicture(campaign, theme), pictures);
    else if (context.json) context.print(JSON.stringify({ dose_Gy: Object.fromEntries(doseMap(campaign)) }));
    else for (const line of doseMapLines(campaign)) context.print(line);
    return;
  }
  const name = PLOTS.find((one) => one === what);
  if ((name === undefined && what !== "patterns") || position === undefined || more.length > 0) {
    const known = [...PLOTS, "patterns"].join(", ");
    throw new Fault("command.usage", USAGE, `plot takes dose, or one of ${known} and a position`);
  }
  const cell = cellAt(campaign, position);
  if (name === undefined) {
    const patterns = await patternsOf(cell, pictures.frames);
    if (isDrawn) writePictures(context, waterfallPicture(campaign, cell, patterns, theme), pictures);
    else if (context.json) context.print(JSON.stringify({ patterns: patterns.map(patternJson) }));
    else for (const line of waterfallLines(cell, patterns, widthOf(context), HEIGHT)) context.print(line);
    return;
  }
  if (isDrawn) {
    writePictures(context, plotPicture(name, campaign, cell, record, theme), pictures);
    return;
  }
  const plot = plotOf(name, campaign, cell, record);
  if (context.json) {
    const points = plot.points.map(({ x, y }) => [x, Number.isFinite(y) ? y : null]);
    context.print(JSON.stringify({ title: plot.title, columns: [plot.xName, plot.yName], points }));
    return;
  }
  for (const line of plotLines(plot, widthOf(context), HEIGHT)) context.print(line);
}

function widthOf(context: DataContext): number {
  return Math.min(WIDTH_MAX, context.progress.columns());
}

async function patternsOf(cell: ExportedCell, folder: string): Promise<readonly CellPattern[]> {
  if (!(existsSync(folder) && statSync(folder).isDirectory()))
    throw new Fault("file.missing", folder, "no such folder; --frames DIR says where the powder patterns stand");
  const patterns = await cellPatterns(cell, folder, PATTERNS_MAX);
  if (patterns.length > 0) return patterns;
  throw new Fault("file.missing", folder, `no powder pattern of ${cell.position} stands there`);
}

function patternJson({ atMs, twoThetaDeg, counts }: CellPattern): object {
  return { time_h: atMs / 3_600_000, two_theta_deg: [...twoThetaDeg], counts: [...counts] };
}

/** A picture is drawn over the one of before, and over nothing else. Throws Fault export.exists. */
function refuseOtherFile(path: string, folder: string): void {
  if (!existsSync(path) || /\.(svg|png)$/i.test(path)) return;
  const isInFolder = dirname(resolve(path)) === resolve(folder);
  throw new Fault("export.exists", path, isInFolder ? "this is a file of the record" : "this is no picture");
}

/** Throws Fault output.unwritable. */
function writePictures(context: DataContext, picture: Picture, { svg, png }: Pictures): void {
  if (svg !== undefined) writeWhole(svg, pictureSvg(picture));
  if (png !== undefined) writeWhole(png, picturePng(picture, readGlyphs(context.readPackageText(GLYPH_FILE))));
  const written = [svg, png].filter((path) => path !== undefined);
  if (context.json) context.print(JSON.stringify({ title: picture.title, written }));
  else for (const path of written) context.print(`${picture.title}: ${path}`);
}

function cellAt(campaign: ExportedCampaign, position: string): ExportedCell {
  const cell = campaign.cells.find((one) => one.position === position);
  if (cell !== undefined) return cell;
  const known = campaign.cells.map((one) => one.position).join(", ");
  throw new Fault("command.usage", USAGE, `no cell at ${position}; there are ${known}`);
}

function unreadableLine(text: string): string {
  return `not in it, for it cannot be read: ${text}`;
}
