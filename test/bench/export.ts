/**
 * Export as Parquet of the Battery Data Format beside a bare read of the same blocks, in one run: a record of 96 cells
 * at 1 Hz is written first, the rack of formation-day with made-up readings. Prints rows a second and the most memory;
 * then every table is read back by Arrow's reader, and must hold what the store holds, bit for bit.
 * Exit 3 where a bound is missed.
 *
 *   node --import tsx test/bench/export.ts [--days 7] [--tables parquet|csv|csv,parquet] [--folder DIR] [--json]
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { crc32 } from "node:zlib";
import { tableFromIPC } from "apache-arrow";
import { readParquet } from "parquet-wasm";
import { BDF_FORMS, exportBdf } from "../../controller/export/bdf/export-bdf.ts";
import type { ExportedCampaign } from "../../controller/export/exported-campaign.ts";
import { readCampaignRecord } from "../../controller/export/read-campaign-record.ts";
import { RACK_PLAN_EVENT, rackPlanData } from "../../controller/record/rack-plan-event.ts";
import { channelsOf, openRecord } from "../../controller/record/record-reader.ts";
import { databasePath } from "../../controller/record/schema.ts";
import { openStore } from "../../controller/record/store.ts";
import { assert } from "../../protocols/base/assert.ts";
import { createExportFolder } from "../../tui/export/export-folder.ts";
import { loadCampaign } from "../../tui/load-campaign.ts";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput } from "../../tui/rim/output.ts";
import { packageRoot } from "../../tui/rim/package-root.ts";

const BOUND_S = 60;
const BOUND_MB = 500;
const MB = 1e6;
/** Compared with the store when all is written. */
const COLUMNS = ["Test Time / s", "Voltage / V", "Current / A"] as const;

const { values } = parseArgs({
  options: {
    days: { type: "string", default: "7" },
    tables: { type: "string", default: "parquet" },
    folder: { type: "string" },
    json: { type: "boolean" },
  },
});
const days = Number(values.days);
const forms = BDF_FORMS.filter((form) => values.tables.split(",").includes(form));
const place = values.folder ?? mkdtempSync(join(tmpdir(), "beamrack-bench-export-"));
const folder = join(place, "record");

if (!existsSync(databasePath(folder))) await writeRecord();
const read = bareRead();
const made = exportAll();
if (values.folder === undefined) rmSync(place, { recursive: true, force: true });

const figures = {
  days,
  samples: read.samples,
  store_MB: read.storeMb,
  bare_read_s: read.seconds,
  export_s: made.seconds,
  export_cpu_s: made.cpuS,
  rows_per_s: made.rows / made.seconds,
  times_bare_read: made.seconds / read.seconds,
  rss_max_MB: made.rssMaxMb,
  written_MB: made.writtenMb,
  cells_equal: made.equal,
};
assert(made.rows === read.samples, `${made.rows} rows of ${read.samples} samples`);
if (values.json === true) console.log(JSON.stringify(figures));
else {
  const seconds = (value: number): string => `${value.toFixed(1)} s`;
  console.log(`record      ${days} days, ${read.samples} samples, ${read.storeMb.toFixed(0)} MB`);
  console.log(`bare read   ${seconds(read.seconds)}`);
  console.log(
    `export      ${seconds(made.seconds)} of which ${made.cpuS.toFixed(1)} s computing (bound for 7 days ${BOUND_S} s), ` +
      `${(figures.rows_per_s / 1e6).toFixed(2)} million rows a second, ${figures.times_bare_read.toFixed(1)} x the bare read`,
  );
  console.log(`written     ${made.writtenMb.toFixed(0)} MB as ${forms.join(" and ")}`);
  console.log(`values      of ${made.equal} cells the same as in the store, bit for bit`);
  console.log(`memory      ${made.rssMaxMb.toFixed(0)} MB at most (bound ${BOUND_MB} MB)`);
}

// The bound of time is for seven days; of fewer, their share.
if (made.seconds > (BOUND_S * days) / 7 || made.rssMaxMb > BOUND_MB) process.exitCode = 3;

async function writeRecord(): Promise<void> {
  const context = createNodeContext({
    json: false,
    out: createOutput(process.stdout, process.env),
    err: createOutput(process.stderr, process.env),
  });
  const loaded = loadCampaign(context, join(packageRoot().folder, "protocols/campaigns/formation-day.yaml"));
  assert(loaded.kind === "loaded", "formation-day is refused");
  const { campaign, site, campaignHash, siteHash } = loaded;
  const header = { campaign: campaign.name, campaignHash, siteHash, seed: 1, world: "virtual" as const };
  const store = openStore({
    ...{ folder, clock: context.clock, durability: "process-death", commitLatencyMs: 0 },
    header: { ...header, softwareVersion: context.version },
  });
  const started = { campaign: campaign.name, site: site.name, start_ms: campaign.startMs };
  store.appendEvent({ atMs: 0, type: "campaign-started", data: started });
  store.appendEvent({ atMs: 0, type: RACK_PLAN_EVENT, data: rackPlanData(campaign, site) });
  let noise = 1;
  for (let second = 0; second < days * 86_400; second += 1) {
    const wave = Math.sin(second / 9000);
    for (let channel = 0; channel < campaign.cells.length; channel += 1) {
      noise = (noise * 48_271) % 2_147_483_647;
      const microvolts = 3_650_000 + Math.round(450_000 * wave) + channel * 100 + (noise % 64) * 50;
      const nanoamperes = (wave > 0 ? 409_000 : -409_000) + (noise % 128);
      store.sample(channel, second * 1000 + channel * 4, microvolts / 1e6, nanoamperes / 1e9, 0);
    }
    if (second % 600 === 0) await store.commit();
  }
  store.close();
}

function bareRead(): { readonly samples: number; readonly seconds: number; readonly storeMb: number } {
  const record = openRecord(folder);
  const fromS = performance.now() / 1000;
  let samples = 0;
  for (const scanned of record.frames()) {
    const channels = scanned.kind === "row" ? channelsOf(scanned.row) : scanned.reason;
    assert(typeof channels !== "string", "a block cannot be read");
    for (const channel of channels) samples += channel.atMs.length;
  }
  const seconds = performance.now() / 1000 - fromS;
  record.close();
  return { samples, seconds, storeMb: statSync(databasePath(folder)).size / MB };
}

function exportAll() {
  const out = createExportFolder(join(place, "out"), `bench ${process.pid}`);
  const record = openRecord(folder);
  const fromS = performance.now() / 1000;
  const cpu = process.cpuUsage();
  const campaign = readCampaignRecord(record, null, folder);
  const attribution = { authors: [], license: null };
  const running = exportBdf(campaign, record, out, { softwareVersion: "bench", attribution, forms });
  let rssMaxMb = 0;
  for (;;) {
    const step = running.next();
    rssMaxMb = Math.max(rssMaxMb, process.memoryUsage.rss() / MB);
    if (step.done !== true) continue;
    record.close();
    const seconds = performance.now() / 1000 - fromS;
    const { user, system } = process.cpuUsage(cpu);
    const writtenMb = out.files.reduce((sum, file) => sum + file.bytes, 0) / MB;
    const equal = equalCells(
      campaign,
      out.files.map(({ name }) => name),
    );
    out.discard();
    return { rows: step.value.rows, seconds, cpuS: (user + system) / 1e6, rssMaxMb, writtenMb, equal };
  }
}

/** Of one cell: checksums of these columns as they lie in memory. */
interface Sums {
  rows: number;
  readonly columns: number[];
}

/** How many cells' Parquet tables have as many rows as the store, and the same values; throws at the first that has not. */
function equalCells(campaign: ExportedCampaign, names: readonly string[]): number {
  if (!forms.includes("parquet")) return 0;
  const stored = storedSums();
  for (const cell of campaign.cells) {
    const name = names.find((one) => one.includes(`__${cell.barcode}__`) && one.endsWith(".bdf.parquet"));
    assert(name !== undefined, `no table of ${cell.position}`);
    const table = tableFromIPC(
      readParquet(new Uint8Array(readFileSync(join(place, "out.part", name)))).intoIPCStream(),
    );
    const sums = stored.get(cell.channelIndex);
    assert(table.numRows === sums?.rows, `${cell.position}: ${table.numRows} rows, in the store ${sums?.rows ?? 0}`);
    for (const [index, column] of COLUMNS.entries()) {
      const values = table.getChild(column)?.toArray() as Float64Array;
      assert(sumOf(values, 0) === sums.columns[index], `${cell.position}: ${column} is not what the store has`);
    }
  }
  return campaign.cells.length;
}

/** In one walk over the store. */
function storedSums(): ReadonlyMap<number, Sums> {
  const record = openRecord(folder);
  const all = new Map<number, Sums>();
  for (const scanned of record.frames()) {
    const channels = scanned.kind === "row" ? channelsOf(scanned.row) : scanned.reason;
    assert(typeof channels !== "string", "a block cannot be read");
    for (const { channelIndex, atMs, voltageV, currentA } of channels) {
      const sums = all.get(channelIndex) ?? { rows: 0, columns: [0, 0, 0] };
      all.set(channelIndex, sums);
      sums.rows += atMs.length;
      for (const [index, values] of [atMs.map((ms) => ms / 1000), voltageV, currentA].entries())
        sums.columns[index] = sumOf(values, sums.columns[index] ?? 0);
    }
  }
  record.close();
  return all;
}

function sumOf(values: Float64Array, before: number): number {
  return crc32(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), before);
}
