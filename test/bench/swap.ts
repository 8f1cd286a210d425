/**
 * What a person's access to one cell of 96 takes from the other 95: the first hours of the formation day with one cell
 * taken out and put back, beside the same hours without. Told: steps of the others that were interrupted, gaps in their
 * samples, samples that they lack, requests that were missed or late, and how long beam and cell stood. Exit 3 where the
 * others lost a sample or a step, or a request for which there was time.
 *
 *   node --import tsx test/bench/swap.ts [--hours 2] [--position D6] [--at 3000] [--lasts 300]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseJson } from "../../controller/record/record-header.ts";
import { isRecord } from "../../controller/record/ledger-row.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { assert } from "../../protocols/base/assert.ts";
import { parsePosition, positionIndex } from "../../protocols/base/position.ts";
import { loadCampaign } from "../../tui/load-campaign.ts";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput } from "../../tui/rim/output.ts";
import { packageRoot } from "../../tui/rim/package-root.ts";
import { loadWorldData } from "../../tui/virtual/load-world-data.ts";
import { summarise } from "../../tui/virtual/summarise.ts";
import { AFTER_END_MS, createVirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";

const { values } = parseArgs({
  options: {
    hours: { type: "string", default: "2" },
    position: { type: "string", default: "D6" },
    at: { type: "string", default: "3000" },
    lasts: { type: "string", default: "300" },
  },
});
const position = parsePosition(values.position);
assert(position !== undefined, "--position takes A1 to H12");
const index = positionIndex(position);
const hours = Number(values.hours);
const atMs = 1000 * Number(values.at);
const context = createNodeContext({
  json: false,
  out: createOutput(process.stdout, process.env),
  err: createOutput(process.stderr, process.env),
});
const read = loadCampaign(context, join(packageRoot().folder, "protocols/campaigns/formation-day.yaml"));
if (read.kind === "refused") throw new Error(read.findings.map((finding) => finding.what).join("\n"));
const loaded = read;
const { campaign, site } = loaded;
const data = loadWorldData(
  context,
  campaign.cells.map((cell) => cell.chemistry),
);
const barcode = campaign.cells.find((cell) => cell.position === position)?.barcode ?? "";

async function course(isSwapped: boolean) {
  const folder = mkdtempSync(join(tmpdir(), "beamrack-swap-"));
  try {
    const virtual = createVirtualCampaign({
      ...{ campaign, campaignHash: loaded.campaignHash, site, siteHash: loaded.siteHash, seed: 1, folder },
      ...{ endAtMs: hours * 3_600_000, tables: context.attenuationTables(), worldAttenuation: data.attenuation },
      ...{ designs: data.designs, models: data.models, faults: () => [], drain: () => context.drain() },
      softwareVersion: context.version,
    });
    const { clock, run, world } = virtual;
    const by = { author: "a person", reason: "a contact" };
    run.start();
    if (isSwapped) {
      clock.setTimeout(() => {
        world.personOrders(index);
        run.access.begin(values.position, by);
      }, atMs);
      clock.setTimeout(
        () => {
          world.personOrders(index);
          run.access.end(values.position, by, { code: barcode });
        },
        atMs + 1000 * Number(values.lasts),
      );
    }
    await clock.run(hours * 3_600_000 + AFTER_END_MS, {
      onBreath() {
        if (run.failure() !== null || run.isDone()) clock.stop();
      },
    });
    const failure = run.failure();
    if (failure !== null) throw failure;
    virtual.store.flushSamples();
    const commit = virtual.store.commit();
    await clock.run(clock.monoMs() + 1000);
    await commit;
    virtual.store.close();
    const summary = summarise(virtual, { campaign, seed: 1, faults: "none", wallS: 0, interruptedBy: null });
    return { summary, ...recorded(folder) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Of the other cells, and of the access. */
function recorded(folder: string) {
  const reader = openRecord(folder);
  const own = campaign.cells.findIndex((cell) => cell.position === position);
  const broken: string[] = [];
  const at = new Map<string, number>();
  const lit: number[] = [];
  for (const scanned of reader.events()) {
    if (scanned.kind === "damaged") continue;
    const { type, atMs: whenMs, dataText } = scanned.row;
    const event = parseJson(dataText);
    const where = isRecord(event) ? event["position"] : undefined;
    if (type.startsWith("access-")) at.set(type, whenMs);
    if (type === "exposure-ended") lit.push(whenMs);
    if (where === position || typeof where !== "string") continue;
    if (["step-interrupted", "cell-taken-out", "cell-isolated", "cell-held"].includes(type)) broken.push(where);
  }
  const gaps = [...reader.gaps()].filter((scanned) => scanned.kind === "row" && scanned.row.channelIndex !== own);
  const counts = campaign.cells.map((_, cellIndex) => {
    return cellIndex === own ? 0 : Array.from(reader.samples(cellIndex)).length;
  });
  reader.close();
  return { broken, gaps: gaps.length, counts, at, lit };
}

const whole = await course(false);
const swapped = await course(true);
const lacking = whole.counts.map((count, cellIndex) => count - (swapped.counts[cellIndex] ?? 0));
const closedMs = swapped.at.get("access-closed") ?? NaN;
const askedMs = swapped.at.get("access-asked") ?? NaN;
const lostRequests = swapped.summary.requests.missed - whole.summary.requests.missed;
const nextMs = Math.min(...swapped.lit.filter((whenMs) => whenMs > closedMs));
/** What the beam stood for takes from one sweep, beyond the time that it leaves over. */
const cadenceS = campaign.sweeps[0]?.cadenceS ?? Infinity;
const sweepS = whole.summary.sweeps.duration_s.median ?? NaN;
const perExposureS = sweepS / campaign.cells.length;
const noTimeFor = Math.max(0, Math.ceil(((nextMs - askedMs) / 1000 - (cadenceS - sweepS)) / perExposureS));
const report = {
  position,
  others: {
    steps_interrupted: swapped.broken.length,
    gaps: swapped.gaps - whole.gaps,
    samples_lacking_most: Math.max(...lacking),
    samples_lacking: lacking.reduce((sum, count) => sum + count, 0),
  },
  access_s: {
    until_open: ((swapped.at.get("access-opened") ?? NaN) - askedMs) / 1000,
    proof_at_its_end: (closedMs - atMs - 1000 * Number(values.lasts)) / 1000,
    until_the_next_exposure: (nextMs - closedMs) / 1000,
  },
  sweep_s: { undisturbed: sweepS, cadence: cadenceS },
  requests: {
    missed_more: lostRequests,
    no_time_for: noTimeFor,
    late_more: swapped.summary.requests.late - whole.summary.requests.late,
  },
  exposures_fewer: whole.summary.exposures.made - swapped.summary.exposures.made,
  violations: swapped.summary.violations,
};
context.print(JSON.stringify(report, null, 2));
const isSound = report.others.steps_interrupted === 0 && report.others.gaps === 0 && report.violations.length === 0;
// The last sample of a run may fall to either side of its end.
process.exitCode = isSound && report.others.samples_lacking_most <= 1 && lostRequests <= noTimeFor ? 0 : 3;
