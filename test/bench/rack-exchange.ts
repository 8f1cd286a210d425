/**
 * A whole rack of 96 cells exchanged for one of 96 others in one run of the controller, as often as asked: by one amendment that
 * withdraws all and lets others follow, one access to the rack, and every code at its end. Told: how long the cells took to be
 * off, the others to be proven, how many of them are exposed and cycle, what the run took of processor and memory, what the
 * audit finds. Exit 3 where a cell was not proven, nothing of it exposed, or anything violated.
 *
 *   node --import tsx test/bench/rack-exchange.ts [--times 2] [--minutes 60] [--lasts 600]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseJson } from "../../controller/record/record-header.ts";
import { isRecord } from "../../controller/record/ledger-row.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { verifyRecord } from "../../controller/record/verify.ts";
import { replayDecisions } from "../../controller/run/replay-decisions.ts";
import { assert } from "../../protocols/base/assert.ts";
import { parseOccupant, placeOf, positionIndex, type Position } from "../../protocols/base/position.ts";
import type { Campaign, CampaignCell } from "../../protocols/campaign/campaign.ts";
import { createPersonHands } from "../../simulator/world/person-hands.ts";
import { loadCampaign } from "../../tui/load-campaign.ts";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput } from "../../tui/rim/output.ts";
import { packageRoot } from "../../tui/rim/package-root.ts";
import { loadWorldData } from "../../tui/virtual/load-world-data.ts";
import { summarise } from "../../tui/virtual/summarise.ts";
import { AFTER_END_MS, createVirtualCampaign, worldIndexOf } from "../../tui/virtual/virtual-campaign.ts";
import { amendLive } from "../support/amendments.ts";

const { values } = parseArgs({
  options: {
    times: { type: "string", default: "2" },
    minutes: { type: "string", default: "60" },
    lasts: { type: "string", default: "600" },
  },
});
const times = Number(values.times);
const everyMs = 60_000 * Number(values.minutes);
const hours = ((times + 1) * everyMs) / 3_600_000;
const context = createNodeContext({
  json: false,
  out: createOutput(process.stdout, process.env),
  err: createOutput(process.stderr, process.env),
});
const read = loadCampaign(context, join(packageRoot().folder, "protocols/campaigns/formation-day.yaml"));
if (read.kind === "refused") throw new Error(read.findings.map((finding) => finding.what).join("\n"));
const loaded = read;
const { site, campaign: begun } = loaded;
const data = loadWorldData(
  context,
  begun.cells.map((cell) => cell.chemistry),
);

/** Every cell withdrawn that lies in the rack, and one of another code behind it. */
function exchanged(campaign: Campaign, turn: number): Campaign {
  const gone = campaign.cells.map((cell): CampaignCell => ({ ...cell, isWithdrawn: true, role: "dark-control" }));
  const others = begun.cells.map((cell): CampaignCell => {
    const position = parseOccupant(`${cell.position}.${turn}`);
    assert(position !== undefined, cell.position);
    return { ...cell, position, barcode: `${cell.barcode}-${turn}` };
  });
  return { ...campaign, cells: [...gone, ...others] };
}

const racks: Campaign[] = [begun];
for (let turn = 2; turn <= times + 1; turn += 1) racks.push(exchanged(racks.at(-1) ?? begun, turn));
const all = racks.at(-1) ?? begun;
const hands = createPersonHands();
const folder = mkdtempSync(join(tmpdir(), "beamrack-exchange-"));
const told: string[] = [];
const by = { author: "a person", reason: "other cells" };

function codes(turn: number): ReadonlyMap<Position, string> {
  return new Map(
    all.cells.flatMap(({ position, barcode }) =>
      position.endsWith(`.${turn}`) ? [[placeOf(position), barcode] as const] : [],
    ),
  );
}

const virtual = createVirtualCampaign({
  ...{ campaign: all, beginsWith: begun, campaignHash: loaded.campaignHash, site, siteHash: loaded.siteHash, seed: 1 },
  ...{ folder, endAtMs: hours * 3_600_000, tables: context.attenuationTables(), worldAttenuation: data.attenuation },
  ...{ designs: data.designs, models: data.models, faults: () => [], drain: () => context.drain(), hands },
  softwareVersion: context.version,
});
const { clock, run, world } = virtual;
run.start();
for (let turn = 2; turn <= times + 1; turn += 1) {
  const atMs = (turn - 1) * everyMs;
  const orderAll = (): void => {
    for (const { position } of begun.cells) world.personOrders(positionIndex(position));
  };
  clock.setTimeout(() => {
    amendLive(
      virtual,
      () => racks[turn - 1] ?? all,
      (outcome) => {
        told.push(outcome.kind === "refused" ? outcome.refusals.map(({ what }) => what).join("; ") : outcome.kind);
      },
    );
  }, atMs);
  clock.setTimeout(() => {
    orderAll();
    const why = run.access.rack.refusal("begin", by, new Map());
    if (why === null) run.access.rack.begin(by);
    else told.push(why);
  }, atMs + 30_000);
  clock.setTimeout(
    () => {
      orderAll();
      for (const [place, barcode] of codes(turn)) {
        const index = positionIndex(place);
        for (const where of [hands.homes, hands.cells]) where.set(index, worldIndexOf(all, barcode));
      }
      const why = run.access.rack.refusal("end", by, codes(turn));
      if (why === null) run.access.rack.end(by, codes(turn));
      else told.push(why);
    },
    atMs + 30_000 + 1000 * Number(values.lasts),
  );
}
const before = process.cpuUsage();
await clock.run(hours * 3_600_000 + AFTER_END_MS, {
  onBreath() {
    if (run.failure() !== null || run.isDone()) clock.stop();
  },
});
const used = process.cpuUsage(before);
const failure = run.failure();
if (failure !== null) throw failure;
virtual.store.flushSamples();
const commit = virtual.store.commit();
await clock.run(clock.monoMs() + 1000);
await commit;
virtual.store.close();
const summary = summarise(virtual, { campaign: all, seed: 1, faults: "none", wallS: 0, interruptedBy: null });
const audit = verifyRecord(folder, replayDecisions).findings.filter(({ severity }) => severity === "error");

/** By turn: of which cells something of this type is on record, and when. */
const seen = new Map<string, { count: number; cells: Set<string>; firstMs: number; lastMs: number }>();
const reader = openRecord(folder);
for (const scanned of reader.events()) {
  if (scanned.kind === "damaged") continue;
  const event = parseJson(scanned.row.dataText);
  const position = parseOccupant(isRecord(event) && typeof event["position"] === "string" ? event["position"] : "");
  if (position === undefined) continue;
  const turn = position.split(".")[1] ?? "1";
  const key = `${scanned.row.type} ${turn}`;
  const so = seen.get(key) ?? { count: 0, cells: new Set<string>(), firstMs: scanned.row.atMs, lastMs: 0 };
  so.count += 1;
  so.cells.add(position);
  so.lastMs = scanned.row.atMs;
  seen.set(key, so);
}
reader.close();
rmSync(folder, { recursive: true });

const turns = Array.from({ length: times }, (_, index) => {
  const turn = index + 2;
  const of = (type: string, which = turn) => seen.get(`${type} ${which}`);
  const atMs = (turn - 1) * everyMs;
  const endedMs = atMs + 30_000 + 1000 * Number(values.lasts);
  return {
    turn,
    former_off_after_s: ((of("cell-stopped", turn - 1)?.lastMs ?? NaN) - atMs) / 1000,
    all_open_after_s: ((of("access-opened")?.lastMs ?? NaN) - atMs - 30_000) / 1000,
    proven: of("cell-proof")?.cells.size ?? 0,
    all_proven_after_s: ((of("cell-proof")?.lastMs ?? NaN) - endedMs) / 1000,
    cycling: of("step-started")?.cells.size ?? 0,
    exposed: of("exposure-settled")?.cells.size ?? 0,
    exposures: of("exposure-settled")?.count ?? 0,
  };
});
const report = {
  ...{ told, turns, violations: summary.violations, audit: audit.map(({ what }) => what) },
  samples: summary.samples,
  cpu_s: (used.user + used.system) / 1e6,
  rss_MB: Math.round(process.resourceUsage().maxRSS / 1024),
};
context.print(JSON.stringify(report, null, 2));
const isDone = turns.every((one) =>
  [one.proven, one.cycling, one.exposed].every((count) => count === begun.cells.length),
);
process.exitCode = isDone && report.violations.length + audit.length === 0 ? 0 : 3;
