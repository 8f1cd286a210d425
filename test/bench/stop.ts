/**
 * An emergency stop on the bench with one channel hung: simulated instruments in one process, the controller in another,
 * real links between them, every channel streaming, the log on the disk.
 *
 *   npm run bench:stop -- [--cells 96] [--hung B7] [--json]
 *
 * Told: from the order, when the controller heard it, until the command was handed to the device's link. Confirmed: until
 * the device itself said that its script has ended and its cell is off, its shutter closed, its axes at rest. Exit 3 when a
 * bound is not kept, or the hung channel is not the one that is named. Times are those of the whole computer: read them
 * only where `load_of_the_computer` is below its number of cores.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connectAsync } from "mqtt";
import { openRecord } from "../../controller/record/record-reader.ts";
import { ALL_POSITIONS } from "../../protocols/base/position.ts";
import { createBusClient } from "../../tui/bus/bus-client.ts";
import { packageRoot } from "../../tui/rim/package-root.ts";
import { createRealClock } from "../../tui/rim/real-clock.ts";
import { said, startBeamrack } from "../support/beamrack-process.ts";
import { benchCampaignText } from "./bench-campaign.ts";

const TOLD_MS = 100;
const CONFIRMED_MS = 1000;
const HUNG_FOR_MS = 1000;

const { values } = parseArgs({
  options: {
    cells: { type: "string", default: "96" },
    hung: { type: "string", default: "B7" },
    json: { type: "boolean", default: false },
  },
});
const positions = ALL_POSITIONS.slice(0, Math.max(2, Math.min(96, Number(values.cells))));
const hungPosition = positions.find((position) => position === values.hung) ?? "A2";
const hungChannel = `channel ${hungPosition}`;
const root = packageRoot().folder;
const folder = mkdtempSync(join(tmpdir(), "beamrack-stop-"));

const campaignText = benchCampaignText({
  ...{ name: "stop", hours: 2, site: join(root, "protocols/sites/bench.yaml") },
  ...{ protocol: join(root, "protocols/library/lno-quarter-hour.yaml"), cellCount: positions.length, letter: "S" },
  ...{ currentMaxMa: 25, exposureS: 1, spots: "{ list: [{ x_mm: 0, y_mm: 0 }] }" },
  triggers: ["{ name: sweep, kind: sweep, preset: pattern, cadence_min: 60, first_after_min: 60 }"],
});

interface Ended {
  readonly not_confirmed: readonly string[];
  readonly devices: readonly {
    readonly device: string;
    readonly told_ms: number | null;
    readonly confirmed_ms: number | null;
  }[];
}

async function waitFor(what: string, isSo: () => boolean, withinMs: number): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function orderHang(url: string): Promise<void> {
  const client = await connectAsync(url);
  try {
    await client.publishAsync("beamrack/bench/fault", JSON.stringify({ id: 1, kind: "hang", instrument: hungChannel }));
    await new Promise((resolve) => setTimeout(resolve, HUNG_FOR_MS));
  } finally {
    await client.endAsync();
  }
}

function stopEnded(data: string): Ended {
  const reader = openRecord(data);
  try {
    for (const scanned of reader.events()) {
      if (scanned.kind !== "damaged" && scanned.row.type === "stop-ended")
        return JSON.parse(scanned.row.dataText) as Ended;
    }
  } finally {
    reader.close();
  }
  throw new Error("the log has no end of the stop");
}

async function measure(): Promise<number> {
  const campaign = join(folder, "campaign.yaml");
  writeFileSync(campaign, campaignText);
  const served = join(folder, "site.yaml");
  const env = { BEAMRACK_STATE: join(folder, "state") };
  const bench = startBeamrack(
    [
      ...["instruments", join(root, "protocols/sites/bench.yaml"), "--campaign", campaign],
      ...["--folder", join(folder, "ports"), "--write-site", served, "--json"],
    ],
    env,
  );
  const data = join(folder, "data");
  let isRunning = false;
  let end = (): void => undefined;
  try {
    await said(bench, '"ready":true', 60_000);
    const places = bench.documents() as readonly { readonly where?: string }[];
    const broker = places.map(({ where }) => where ?? "").find((where) => where.startsWith("mqtt://")) ?? "";
    const run = startBeamrack(["run", campaign, "--site", served, "--data", data, "--headless", "--json"], env);
    end = () => {
      run.signal("SIGINT");
    };
    await said(run, "bus: mqtt://", 120_000);
    const url = /mqtt:\/\/[\d.]+:\d+/.exec(run.err())?.[0] ?? "";
    let [rack, begun, ended] = ["", 0, 0];
    const client = createBusClient({
      place: { url, user: "anna", password: null, certificateAuthority: null },
      ...{ clock: createRealClock(), pid: process.pid, topics: ["controller", "log"] },
      message(read) {
        if (read.kind !== "read") return;
        rack = read.rack;
        if (read.message.kind !== "log") return;
        if (read.message.value.type === "step-started") begun += 1;
        if (read.message.value.type === "stop-ended") ended += 1;
      },
      link: () => undefined,
    });
    await waitFor("every cell's first step", () => begun >= positions.length, 180_000);
    await orderHang(broker);
    const orderedAtMs = performance.now();
    const reply = await client.order({ command: "stop", args: { class: "emergency" } }, { rack, reason: "bench" });
    const answeredMs = performance.now() - orderedAtMs;
    await waitFor("the end of the stop", () => ended > 0, 30_000);
    isRunning = run.isRunning();
    await client.close();
    run.signal("SIGINT");
    await run.ended;
    end = () => undefined;
    return report(stopEnded(data), { what: reply.what, answeredMs, isRunning });
  } finally {
    end();
    bench.signal("SIGTERM");
    await bench.ended;
  }
}

interface Answered {
  readonly what: string;
  readonly answeredMs: number;
  /** The controller goes on, to show how things stand. */
  readonly isRunning: boolean;
}

function report(ended: Ended, { what, answeredMs, isRunning }: Answered): number {
  const others = ended.devices.filter(({ device }) => device.startsWith("channel ") && device !== hungChannel);
  const longest = (of: "told_ms" | "confirmed_ms"): number => Math.max(...others.map((one) => one[of] ?? Infinity));
  const ofDevice = (name: string): number =>
    ended.devices.find(({ device }) => device === name)?.confirmed_ms ?? Infinity;
  const rows = [
    [`told, slowest of the other ${String(others.length)} channels`, longest("told_ms"), TOLD_MS],
    ["confirmed, slowest of them", longest("confirmed_ms"), CONFIRMED_MS],
    ["shutter seen closed", ofDevice("io"), CONFIRMED_MS],
    ["stage seen at rest", ofDevice("stage"), CONFIRMED_MS],
    ["answer to who ordered it", answeredMs, 2500],
  ] as const;
  const isNamed = ended.not_confirmed.length === 1 && ended.not_confirmed[0] === hungChannel;
  const isKept = isNamed && isRunning && rows.every(([, ms, boundMs]) => ms <= boundMs);
  const load = loadavg()[0] ?? NaN;
  if (values.json) {
    const figures = rows.map(([of, ms, boundMs]) => ({ what: of, ms, bound_ms: boundMs, ratio: ms / boundMs }));
    const named = { hung: hungChannel, not_confirmed: ended.not_confirmed, answer: what };
    process.stdout.write(`${JSON.stringify({ ...named, load_of_the_computer: load, figures, ok: isKept })}\n`);
  } else {
    process.stdout.write(`emergency stop with ${hungChannel} hung; load of the computer ${load.toFixed(2)}\n`);
    for (const [of, ms, boundMs] of rows) {
      const ratio = (ms / boundMs).toFixed(2);
      process.stdout.write(`${of.padEnd(46)} ${ms.toFixed(1)} ms, bound ${String(boundMs)} ms, ratio ${ratio}\n`);
    }
    process.stdout.write(`not confirmed: ${ended.not_confirmed.join(", ")}\n${what}\n`);
  }
  return isKept ? 0 : 3;
}

try {
  process.exitCode = await measure();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
