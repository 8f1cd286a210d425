/**
 * How fast a campaign day runs, beside a bare loop of the same job in the same process: 96 cells of physics, one
 * sample a second each into the same store, one durable booking and settlement per exposure. What the campaign takes
 * on top is controller, drivers, simulated instruments and bytes. Prints one line per figure with its bound.
 *
 *   npm run bench [-- --hours 24] [-- --json]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openStore } from "../../controller/record/store.ts";
import { createCell } from "../../simulator/cell/cell.ts";
import { createCellPlant } from "../../simulator/cell/cell-plant.ts";
import { cellParameters, drawVariation } from "../../simulator/cell/cell-parameters.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { createVirtualClock } from "../../simulator/clock/virtual-clock.ts";
import { loadCampaign } from "../../tui/load-campaign.ts";
import { keepHeapSmall } from "../../tui/rim/heap.ts";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput } from "../../tui/rim/output.ts";
import { packageRoot } from "../../tui/rim/package-root.ts";
import { loadWorldData } from "../../tui/virtual/load-world-data.ts";
import { createVirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";

const BOUND_S_PER_DAY = 60;
const BOUND_RESIDENT_MB = 400;

const { values } = parseArgs({ options: { hours: { type: "string", default: "24" }, json: { type: "boolean" } } });
const hours = Number(values.hours);
keepHeapSmall();
const context = createNodeContext({
  json: false,
  out: createOutput(process.stdout, process.env),
  err: createOutput(process.stderr, process.env),
});
const campaignPath = join(packageRoot().folder, "protocols/campaigns/formation-day.yaml");
const loaded = loadCampaign(context, campaignPath);
if (loaded.kind === "refused") throw new Error(loaded.findings.map((finding) => finding.what).join("\n"));
const { campaign, site } = loaded;
const data = loadWorldData(
  context,
  campaign.cells.map((cell) => cell.chemistry),
);
const header = {
  campaign: campaign.name,
  campaignHash: loaded.campaignHash,
  siteHash: loaded.siteHash,
  seed: 1,
  world: "virtual" as const,
  softwareVersion: context.version,
};

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "beamrack-bench-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function wholeCampaign(folder: string) {
  const startedMs = context.clock.monoMs();
  let residentMaxMb = 0;
  const virtual = createVirtualCampaign({
    campaign,
    campaignHash: loaded.kind === "loaded" ? loaded.campaignHash : "",
    site,
    siteHash: loaded.kind === "loaded" ? loaded.siteHash : "",
    seed: 1,
    folder,
    endAtMs: hours * 3_600_000,
    tables: context.attenuationTables(),
    worldAttenuation: data.attenuation,
    designs: data.designs,
    models: data.models,
    faults: () => [],
    drain: () => context.drain(),
    ...(context.waitForThread === undefined ? {} : { waitForThread: context.waitForThread }),
    softwareVersion: context.version,
  });
  virtual.run.start();
  await virtual.clock.run(hours * 3_600_000, {
    onBreath() {
      residentMaxMb = Math.max(residentMaxMb, process.memoryUsage().rss / 2 ** 20);
    },
  });
  virtual.store.close();
  const wallS = (context.clock.monoMs() - startedMs) / 1000;
  return { wallS, residentMaxMb, exposures: virtual.run.tally.exposures.made, samples: virtual.run.sampleCount() };
}

async function bareLoop(folder: string, exposures: number): Promise<number> {
  const startedMs = context.clock.monoMs();
  const chance = createChance(1);
  const clock = createVirtualClock(0, { drain: () => context.drain() });
  const plants = campaign.cells.map((cell) => {
    const design = data.designs.get(cell.chemistry);
    if (design === undefined) throw new Error(`no design ${cell.chemistry}`);
    const variation = drawVariation(chance.stream(cell.position), design, data.models);
    const parameters = cellParameters(design, data.models, variation, { sideReactions: true });
    const plant = createCellPlant(createCell(design, parameters, { pristine: true }), 0);
    plant.applyCurrent(0, cell.nominalCapacityMah / 10_000);
    return plant;
  });
  const store = openStore({
    folder,
    clock,
    durability: "process-death",
    commitLatencyMs: 0,
    header,
    channelCount: plants.length,
  });
  const seconds = hours * 3600;
  const exposureEvery = Math.max(1, Math.floor(seconds / Math.max(1, exposures)));
  for (let second = 1; second <= seconds; second += 1) {
    const atMs = second * 1000;
    if (second === Math.floor(seconds / 2)) {
      for (const plant of plants) plant.applyCurrent(atMs, -0.0002);
    }
    for (const [index, plant] of plants.entries()) {
      plant.read(atMs);
      const voltageV = Math.round(plant.voltageV * 1e6) / 1e6;
      store.sample(index, atMs, voltageV, Math.round(plant.currentA * 1e9) / 1e9, 0);
    }
    if (second % exposureEvery === 0) {
      for (const type of ["booked", "opened", "settled", "ended"]) store.appendEvent({ atMs, type, data: { second } });
      const committed = store.commit();
      await clock.run(clock.monoMs());
      await committed;
    }
  }
  store.close();
  return (context.clock.monoMs() - startedMs) / 1000;
}

const whole = await inFolder(wholeCampaign);
const bareS = await inFolder((folder) => bareLoop(folder, whole.exposures));
const boundS = (BOUND_S_PER_DAY * hours) / 24;
const figures = {
  hours,
  campaign_s: whole.wallS,
  campaign_x_real_time: (hours * 3600) / whole.wallS,
  bound_s: boundS,
  ratio_to_bound: whole.wallS / boundS,
  bare_loop_s: bareS,
  bare_loop_x_real_time: (hours * 3600) / bareS,
  campaign_over_bare_loop: whole.wallS / bareS,
  us_per_channel_second: (whole.wallS * 1e6) / (hours * 3600 * campaign.cells.length),
  exposures: whole.exposures,
  samples: whole.samples,
  resident_max_MB: whole.residentMaxMb,
  resident_ratio_to_bound: whole.residentMaxMb / BOUND_RESIDENT_MB,
};
if (values.json === true) context.print(JSON.stringify(figures));
else for (const [name, value] of Object.entries(figures)) context.print(`${name.padEnd(26)} ${value.toPrecision(5)}`);
