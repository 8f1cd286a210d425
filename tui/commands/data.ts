/** `beamrack data DIR WHAT`: what stands in a data folder, listed or drawn. */
import { parseArgs } from "node:util";
import { readCampaignRecord } from "../../controller/export/read-campaign-record.ts";
import type { ExportedCampaign, ExportedCell } from "../../controller/export/exported-campaign.ts";
import { openRecord, type RecordReader } from "../../controller/record/record-reader.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { CommandContext } from "../command-context.ts";
import { doseMap, doseMapLines, plotLines, plotOf, PLOTS } from "../data/data-plots.ts";
import { listJson, listLines, listRows, LISTS } from "../data/data-tables.ts";

export type DataContext = Pick<CommandContext, "json" | "print"> & {
  readonly progress: Pick<CommandContext["progress"], "columns">;
};

const USAGE = "beamrack data";
const HEIGHT = 16;
const WIDTH_MAX = 160;

/** Resolves to 0. Throws a Fault of severity `refuse` where there is nothing of what is asked for. */
export function dataCommand(context: DataContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: { group: { type: "string" } },
  });
  const [folder, what, ...rest] = positionals;
  if (folder === undefined || what === undefined)
    throw new Fault("command.usage", USAGE, `takes a data folder and one of ${[...LISTS, "plot"].join(", ")}`);
  const record = openRecord(folder);
  try {
    const campaign = readCampaignRecord(record, values.group ?? null, folder);
    if (what === "plot") draw(context, campaign, record, rest);
    else list(context, campaign, what, rest);
  } finally {
    record.close();
  }
  return Promise.resolve(0);
}

function list(context: DataContext, campaign: ExportedCampaign, what: string, rest: readonly string[]): void {
  const name = LISTS.find((one) => one === what);
  if (name === undefined)
    throw new Fault("command.usage", USAGE, `${what} is nothing it lists; there are ${[...LISTS, "plot"].join(", ")}`);
  const cells = rest.length === 0 ? campaign.cells : rest.map((position) => cellAt(campaign, position));
  const rows = listRows(name, campaign, cells);
  if (context.json) context.print(JSON.stringify({ [name]: listJson(rows), unreadable: campaign.unreadable }));
  else for (const line of [...listLines(rows), ...campaign.unreadable.map(unreadableLine)]) context.print(line);
}

function draw(
  context: DataContext,
  campaign: ExportedCampaign,
  record: RecordReader,
  [what, position, ...more]: readonly string[],
): void {
  if (what === "dose" && position === undefined) {
    if (context.json) context.print(JSON.stringify({ dose_Gy: Object.fromEntries(doseMap(campaign)) }));
    else for (const line of doseMapLines(campaign)) context.print(line);
    return;
  }
  const name = PLOTS.find((one) => one === what);
  if (name === undefined || position === undefined || more.length > 0)
    throw new Fault("command.usage", USAGE, `plot takes dose, or one of ${PLOTS.join(", ")} and a position`);
  const plot = plotOf(name, campaign, cellAt(campaign, position), record);
  if (context.json) {
    const points = plot.points.map(({ x, y }) => [x, Number.isFinite(y) ? y : null]);
    context.print(JSON.stringify({ title: plot.title, columns: [plot.xName, plot.yName], points }));
    return;
  }
  for (const line of plotLines(plot, Math.min(WIDTH_MAX, context.progress.columns()), HEIGHT)) context.print(line);
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
