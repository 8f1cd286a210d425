/**
 * What a campaign of a month keeps in memory: 96 cells cycling in the virtual world, sampled once a minute, sweeps hours
 * apart, a cable hung or cut each hour and the beam lost three times a day, with the bus telling all of it. Looked at after
 * a tenth, a half and all of the time, each time after everything that can be thrown away has been.
 *
 *   npm run bench:month -- [--days 30] [--cells 96] [--sweep-hours 4] [--json]
 *
 * Exit 3 where the heap grows by more than its bound a day, or descriptors, resources, actors or timers have become more.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { AnyActorRef } from "xstate";
import { createControllerBus } from "../../controller/bus/controller-bus.ts";
import { ALL_POSITIONS } from "../../protocols/base/position.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import type { Opening } from "../../simulator/world/shutter-truth.ts";
import type { WorldFault } from "../../simulator/world/world-faults.ts";
import { loadCampaign } from "../../tui/load-campaign.ts";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput } from "../../tui/rim/output.ts";
import { packageRoot } from "../../tui/rim/package-root.ts";
import { loadWorldData } from "../../tui/virtual/load-world-data.ts";
import { createVirtualCampaign, type VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";
import type { VirtualRig } from "../../tui/virtual/virtual-rig.ts";

/** What the heap may grow by in a day, MB: what a year of it would be is still no matter. */
const HEAP_MB_A_DAY = 0.25;
/** Of what is counted: so many more at the end than after a tenth are still the same. */
const MORE_MAX = 8;
const LOOKS = [0.1, 0.5, 1];
const HOUR_MS = 3_600_000;

const { values } = parseArgs({
  options: {
    days: { type: "string", default: "30" },
    cells: { type: "string", default: "96" },
    "sweep-hours": { type: "string", default: "4" },
    json: { type: "boolean", default: false },
  },
});
const days = Number(values.days);
const hours = 24 * days;
const positions = ALL_POSITIONS.slice(0, Math.max(1, Math.min(96, Number(values.cells))));
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const root = packageRoot().folder;
const folder = mkdtempSync(join(tmpdir(), "beamrack-month-"));
const context = createNodeContext({
  json: false,
  out: createOutput(process.stdout, process.env),
  err: createOutput(process.stderr, process.env),
});

const PROTOCOL = `record: { time_s: 60 }
safety: { max_voltage_V: 4.25, min_voltage_V: 2.5, delay_s: 0 }
method:
  - { step: open_circuit_voltage, until_time_s: 300 }
  - { step: constant_current, rate_C: C/5, until_voltage_V: 4.15, until_time_s: 21600 }
  - { step: constant_current, rate_C: D/5, until_voltage_V: 3.0, until_time_s: 21600 }
  - { step: open_circuit_voltage, until_time_s: 1800 }
  - { step: loop, loop_to: 2, cycle_count: 1000 }
`;

function loadedCampaign() {
  const shipped = context.readPackageText("protocols/campaigns/fault-search-rack.yaml");
  writeFileSync(join(folder, "month-protocol.yaml"), PROTOCOL);
  const text = shipped
    .replace(/duration_h: [\d.]+/, `duration_h: ${hours}`)
    .replace("../library/lno-fault-search-rack.yaml", "month-protocol.yaml")
    .replace("../sites/search/rack.yaml", join(root, "protocols/sites/search/rack.yaml"))
    .replace("columns: 1, rows: 1", "columns: 3, rows: 3")
    .replace("positions: A1..H12\n    barcode", `positions: [${positions.join(", ")}]\n    barcode`)
    .replace("applies_to: { positions: A1..B12 }", "applies_to: { positions: [A1] }")
    .replace(/cadence_min: \d+/, `cadence_min: ${60 * Number(values["sweep-hours"])}`);
  const path = join(folder, "month.yaml");
  writeFileSync(path, text);
  const loaded = loadCampaign(context, path);
  if (loaded.kind === "refused") throw new Error(loaded.findings.map(({ what }) => what).join("\n"));
  return loaded;
}

/** A channel or a cable of the beamline each hour, the beam every eighth. */
function faultsOf({ faultTargets }: VirtualRig): readonly WorldFault[] {
  const chance = createChance(1).stream("month");
  const links = [...faultTargets.links.keys()];
  const faults: WorldFault[] = [];
  for (let hour = 1; hour < hours; hour += 1) {
    const fromMs = (hour + 0.9 * chance.uniform()) * HOUR_MS;
    const link = links[Math.floor(chance.uniform() * links.length)] ?? "";
    if (hour % 8 === 0) faults.push({ kind: "beam-dump", fromMs, toMs: fromMs + 600_000, refillMs: 60_000 });
    else if (hour % 2 === 0) faults.push({ kind: "link-cut", link, fromMs });
    else faults.push({ kind: "link-hang", link, fromMs, toMs: fromMs + 20_000 });
    // Whatever waits for a person gets one.
    for (const act of ["re-arm", "resume"] as const) faults.push({ kind: "person", act, fromMs: fromMs + 60_000 });
  }
  return faults;
}

interface Look {
  readonly day: number;
  readonly resident_MB: number;
  readonly heap_MB: number;
  /** Beside the heap: buffers. */
  readonly external_MB: number;
  readonly descriptors: number;
  readonly resources: number;
  readonly actors: number;
  readonly timers: number;
  readonly retained_topics: number;
  readonly events: number;
  readonly exposures: number;
  readonly alarms: number;
}

function actorsUnder(actor: AnyActorRef): number {
  const { children = {} } = actor.getSnapshot() as { readonly children?: Readonly<Record<string, AnyActorRef>> };
  return Object.values(children).reduce((sum, child) => sum + actorsUnder(child), 1);
}

async function month(): Promise<readonly Look[]> {
  const loaded = loadedCampaign();
  const { campaign, site } = loaded;
  const data = loadWorldData(
    context,
    campaign.cells.map(({ chemistry }) => chemistry),
  );
  const retained = new Map<string, number>();
  const bus = createControllerBus({
    port: {
      isOpen: () => true,
      backlogBytes: () => 0,
      publish(topic, payload, isRetained) {
        if (isRetained) retained.set(topic, payload.length);
      },
    },
    ...{ rack: "month", site, world: "virtual", seed: 1, faults: null, dayClock: context.clock, pace: () => 1 },
    userOf: () => undefined,
    ...{ instance: "1", version: context.version, host: "month", pid: process.pid },
  });
  const virtual = createVirtualCampaign({
    ...{ campaign, campaignHash: loaded.campaignHash, site, siteHash: loaded.siteHash, seed: 1 },
    ...{ folder: join(folder, "data"), endAtMs: hours * HOUR_MS, tables: context.attenuationTables() },
    ...{ worldAttenuation: data.attenuation, designs: data.designs, models: data.models, faults: faultsOf },
    drain: () => context.drain(),
    ...{ softwareVersion: context.version, isJudged: false },
    hearing: (store) => bus.hearing(store),
  });
  const { clock, run, rig } = virtual;
  bus.show({ campaign, run, clock, roles: rig.roles, endAtMs: hours * HOUR_MS });
  bus.connected();
  const looks: Look[] = [];
  virtual.start(() => {
    clock.stop();
  });
  for (const part of LOOKS) {
    // At rest: between two sweeps, and before the end.
    await clock.run((part * hours - 0.5) * HOUR_MS, {
      onBreath() {
        if (run.failure() !== null) clock.stop();
      },
    });
    const failure = run.failure();
    if (failure !== null) throw failure;
    looks.push(lookAt(virtual, retained));
    if (!values.json) process.stderr.write(`${JSON.stringify(looks.at(-1))}\n`);
  }
  bus.end("the month is over");
  virtual.store.abandon();
  return looks;
}

function lookAt({ world, clock, run, store }: VirtualCampaign, retained: ReadonlyMap<string, number>): Look {
  // What the simulated world remembers of the truth, to judge at the end, is nothing of the controller's.
  (world.openings as Opening[]).length = 0;
  collect();
  collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    day: clock.monoMs() / HOUR_MS / 24,
    ...{ resident_MB: rss / 2 ** 20, heap_MB: heapUsed / 2 ** 20, external_MB: external / 2 ** 20 },
    descriptors: readdirSync("/proc/self/fd").length,
    // Of what comes and goes by itself, what is looked at is a matter of the moment.
    resources: process.getActiveResourcesInfo().filter((kind) => kind.endsWith("Wrap")).length,
    ...{ actors: actorsUnder(run.actor), timers: clock.pending, retained_topics: retained.size },
    ...{ events: store.head.seq, exposures: run.tally.exposures.made, alarms: run.alarms.raisedCount },
  };
}

function judged(looks: readonly Look[]) {
  const [first, last] = [looks[0], looks.at(-1)];
  if (first === undefined || last === undefined) throw new Error("nothing was looked at");
  const heapMbADay = (last.heap_MB + last.external_MB - first.heap_MB - first.external_MB) / (last.day - first.day);
  const counted = ["descriptors", "resources", "actors", "timers", "retained_topics"] as const;
  const more = Object.fromEntries(counted.map((name) => [name, last[name] - first[name]]));
  return {
    heap_MB_a_day: heapMbADay,
    heap_MB_a_day_bound: HEAP_MB_A_DAY,
    heap_bytes_an_exposure: (heapMbADay * (last.day - first.day) * 2 ** 20) / (last.exposures - first.exposures),
    more,
    more_bound: MORE_MAX,
    is_flat: heapMbADay <= HEAP_MB_A_DAY && Object.values(more).every((count) => count <= MORE_MAX),
  };
}

try {
  const startedMs = context.clock.monoMs();
  const looks = await month();
  const verdict = judged(looks);
  const about = {
    ...{
      days,
      cells: positions.length,
      sweep_hours: Number(values["sweep-hours"]),
      took_s: (context.clock.monoMs() - startedMs) / 1000,
    },
    ...{ cpu_s: process.cpuUsage().user / 1e6, load_of_the_computer: loadavg()[0] ?? Number.NaN },
  };
  if (values.json) context.print(JSON.stringify({ ...about, looks, ...verdict }));
  else {
    for (const [name, value] of Object.entries({ ...about, ...verdict })) {
      context.print(`${name.padEnd(24)} ${typeof value === "number" ? value.toPrecision(4) : JSON.stringify(value)}`);
    }
  }
  if (!verdict.is_flat) process.exitCode = 3;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
