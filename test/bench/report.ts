/**
 * A report of 96 cells and a week: a record of samples as test/bench/export.ts leaves it, with exposures every quarter of
 * an hour and powder patterns made up in memory. Prints time, computing, size and the most memory; exit 3 where a bound
 * is missed.
 *
 *   node --import tsx test/bench/export.ts --folder DIR && node --import tsx test/bench/report.ts --record DIR/record
 */
import { parseArgs } from "node:util";
import type { ExportedCell, ExportedExposure } from "../../controller/export/exported-campaign.ts";
import { readCampaignRecord } from "../../controller/export/read-campaign-record.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { campaignReport } from "../../controller/report/campaign-report.ts";
import { readEnvelopes } from "../../controller/report/rack-envelopes.ts";
import { assert } from "../../protocols/base/assert.ts";
import { reportPage } from "../../tui/report/report-page.ts";

const BOUND_S = 30;
const BOUND_MB = 15;
const COLUMNS = 900;
const PATTERNS = 16;
const POINTS = 1200;
const EVERY_MS = 15 * 60_000;

const { values } = parseArgs({
  options: { record: { type: "string" }, days: { type: "string", default: "7" }, json: { type: "boolean" } },
});
assert(values.record !== undefined, "--record DIR: a data folder");
const lastMs = Number(values.days) * 86_400_000;
const begunMs = performance.now();
const cpu = process.cpuUsage();

const record = openRecord(values.record);
const read = readCampaignRecord(record, null, values.record);
const cells = read.cells.map((cell) => ({ ...cell, exposures: exposuresOf(cell), halfCycles: halfCyclesOf() }));
const campaign = { ...read, cells, lastMs };
const walk = readEnvelopes(record, campaign, COLUMNS);
let step = walk.next();
while (step.done !== true) step = walk.next();
const envelopes = step.value;
const report = campaignReport(record, campaign);
let bytes = 0;
const twoThetaDeg = Float64Array.from({ length: POINTS }, (_, point) => 1 + (8 * point) / POINTS);
const patterns = Array.from({ length: PATTERNS }, (_, index) => ({
  ...{ atMs: (index * lastMs) / PATTERNS, twoThetaDeg },
  counts: Int32Array.from(twoThetaDeg, (angle) => 200 + 4000 * Math.exp(-((angle - 5 - index / 40) ** 2) * 300)),
}));
for await (const piece of reportPage({
  ...{ report, envelopes, currency: null, madeMs: 0, softwareVersion: "bench" },
  patterns: () => Promise.resolve(patterns),
  attribution: { authors: [], license: null },
}))
  bytes += Buffer.byteLength(piece);
record.close();

const { user, system } = process.cpuUsage(cpu);
const figures = {
  samples: envelopes.samples,
  exposures: cells.reduce((sum, { exposures }) => sum + exposures.length, 0),
  report_s: (performance.now() - begunMs) / 1000,
  report_cpu_s: (user + system) / 1e6,
  written_MB: bytes / 1e6,
  rss_max_MB: process.resourceUsage().maxRSS / 1000,
};
if (values.json === true) console.log(JSON.stringify(figures));
else {
  console.log(`record    ${figures.samples} samples, ${figures.exposures} exposures, ${cells.length} cells`);
  console.log(
    `report    ${figures.report_s.toFixed(1)} s of which ${figures.report_cpu_s.toFixed(1)} s computing (bound ${BOUND_S} s)`,
  );
  console.log(`written   ${figures.written_MB.toFixed(1)} MB (bound ${BOUND_MB} MB)`);
  console.log(`memory    ${figures.rss_max_MB.toFixed(0)} MB at most`);
}
if (figures.report_s > BOUND_S || figures.written_MB > BOUND_MB) process.exitCode = 3;

function exposuresOf({ position }: ExportedCell): readonly ExportedExposure[] {
  return Array.from({ length: Math.floor(lastMs / EVERY_MS) }, (_, index) => {
    const bookedAtMs = index * EVERY_MS;
    return {
      ...{ exposureId: `X-${index}-${position}`, requestId: null, position, spotIndex: index % 9, spotXMm: index % 3 },
      ...{ spotYMm: Math.floor((index % 9) / 3), cycle: 1, bookedAtMs, openAskedAtMs: bookedAtMs, outcome: "made" },
      ...{ openSeenAtMs: bookedAtMs + 20, closeAskedAtMs: bookedAtMs + 6000, closedSeenAtMs: bookedAtMs + 6020 },
      ...{
        openTimeS: 6,
        frame: null,
        frameFile: null,
        frameRead: null,
        ringCurrentMa: 200,
        transmittedA: null,
        transmittedPhS: null,
        fluxPhS: 1e11,
        i0PhS: 1e11,
        i0Source: "monitor",
        fluxSource: "monitor",
      },
      ...{ filterTransmission: 0.6, fluencePhCm2: 1e14, convention: "en" as const, relativeUncertainty: 0.24 },
      layerDosesGy: ["can", "positive electrode", "separator"].map((layer) => ({ layer, surfaceGy: 600, meanGy: 590 })),
      ...{ basis: "settlement" as const, reason: "", cell: null, middle: null },
    };
  });
}

function halfCyclesOf(): ExportedCell["halfCycles"] {
  return Array.from({ length: 24 }, (_, index) => ({
    ...{ atMs: ((index + 1) * lastMs) / 24, number: index + 1, cycle: Math.floor(index / 2) + 1, isWhole: index > 0 },
    ...{ direction: index % 2 === 0 ? "charge" : "discharge", capacityAh: 0.004 - index * 1e-6, capacityDoubtAh: 0 },
    ...{ coulombicEfficiency: 0.99, stateOfHealth: 1 - index / 1000 },
  }));
}
