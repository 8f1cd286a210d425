/**
 * Dead time and latency on the bench: simulated instruments in one process, the controller in another, real links
 * between them, every channel streaming, the log on the disk and a screen attached.
 *
 *   npm run -s bench:latency [-- --cells 96 --orders 200 --site SITE.yaml --json]
 *
 * Software dead time of a point: from one request to open the shutter to the next one's, less everything that hardware
 * takes by the site's numbers (both ways of the shutter, the exposure, the read-out, the way of the stage, settling).
 * Latency: from an operator's order, when the controller heard it, to the shutter's open switch read back, with the cell
 * in the beam already. Beside that, where the time of a point goes. Exit 3 when a bound is not kept, or when more than one
 * in twenty points or orders came to nothing. It ends by itself after five minutes, with what it has. Times are those of the whole computer: read them only where
 * `load_of_the_computer` is below its number of cores.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import nodePty from "@lydell/node-pty";
import { openRecord } from "../../controller/record/record-reader.ts";
import type { StoredEvent } from "../../controller/record/record-rows.ts";
import type { Site } from "../../protocols/site/site.ts";
import { createBusClient } from "../../tui/bus/bus-client.ts";
import { loadCampaign } from "../../tui/load-campaign.ts";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput } from "../../tui/rim/output.ts";
import { packageRoot } from "../../tui/rim/package-root.ts";
import { createRealClock } from "../../tui/rim/real-clock.ts";
import { said, startBeamrack } from "../support/beamrack-process.ts";
import { deadTimesMs, orderToOpenMs, phasesOf, pointsOf, spreadOf } from "../support/latency-figures.ts";
import { benchCampaignText } from "./bench-campaign.ts";

const DEAD_MEDIAN_MS = 4;
const DEAD_P99_MS = 15;
const LATENCY_MEDIAN_MS = 50;
const LATENCY_P99_MS = 150;
const EXPOSURE_S = 0.15;
const POINT_MS_MAX = 3000;

const { values } = parseArgs({
  options: {
    cells: { type: "string", default: "96" },
    orders: { type: "string", default: "200" },
    site: { type: "string", default: "protocols/sites/bench.yaml" },
    json: { type: "boolean", default: false },
  },
});
const cellCount = Math.max(2, Math.min(96, Number(values.cells)));
const orderCount = Math.max(1, Number(values.orders));
const root = packageRoot().folder;
const siteFile = resolve(root, values.site);
/** The whole run; what has not come by then is left out. */
const LONGEST_MS = 285_000;
const MADE_SHARE = 0.95;
const folder = mkdtempSync(join(tmpdir(), "beamrack-latency-"));

function campaignText(): string {
  return benchCampaignText({
    ...{ name: "latency", hours: 2, site: siteFile, protocol: join(root, "protocols/library/lno-quarter-hour.yaml") },
    ...{ cellCount, letter: "L", currentMaxMa: 25, exposureS: EXPOSURE_S, spots: "{ list: [{ x_mm: 0, y_mm: 0 }] }" },
    triggers: [
      "{ name: sweep, kind: sweep, preset: pattern, cadence_min: 60, first_after_min: 0.75 }",
      "{ name: by-hand, kind: operator, preset: pattern }",
    ],
  });
}

function readEvents(data: string): readonly StoredEvent[] {
  const reader = openRecord(data);
  try {
    return [...reader.events()].flatMap((scanned) => (scanned.kind === "damaged" ? [] : [scanned.row]));
  } finally {
    reader.close();
  }
}

/** When the controller heard each order to expose. */
function orderedMs(events: readonly StoredEvent[]): readonly number[] {
  return events
    .filter(({ type, dataText }) => type === "command-given" && dataText.includes("expose "))
    .map(({ atMs }) => atMs);
}

async function measure(): Promise<number> {
  const context = createNodeContext({
    json: false,
    out: createOutput(process.stdout, process.env),
    err: createOutput(process.stderr, process.env),
  });
  const campaign = join(folder, "campaign.yaml");
  writeFileSync(campaign, campaignText());
  const loaded = loadCampaign(context, campaign);
  if (loaded.kind === "refused") throw new Error(loaded.findings.map(({ what }) => what).join("\n"));
  const served = join(folder, "site.yaml");
  const env = { BEAMRACK_STATE: join(folder, "state") };
  const bench = startBeamrack(
    [
      ...["instruments", siteFile, "--campaign", campaign],
      ...["--folder", join(folder, "ports"), "--write-site", served, "--json"],
    ],
    env,
  );
  const data = join(folder, "data");
  let exposed = 0;
  let rack = "";
  const ended: (() => void)[] = [];
  try {
    await said(bench, '"ready":true', 60_000);
    const run = startBeamrack(["run", campaign, "--site", served, "--data", data, "--headless", "--json"], env);
    ended.push(() => {
      run.signal("SIGINT");
    });
    await said(run, "bus: mqtt://", 120_000);
    const url = /mqtt:\/\/[\d.]+:\d+/.exec(run.err())?.[0] ?? "";
    const screen = nodePty.spawn(process.execPath, [join(root, "dist/tui/main.js"), "tui", "--broker", url], {
      ...{ name: "xterm-256color", cols: 120, rows: 40, cwd: root },
      env: { ...process.env, NODE_ENV: "production", LANG: "C.UTF-8" },
    });
    ended.push(() => {
      screen.kill();
    });
    const client = createBusClient({
      place: { url, user: "anna", password: null, certificateAuthority: null },
      ...{ clock: createRealClock(), pid: process.pid, topics: ["controller", "exposed"] },
      message(read) {
        if (read.kind !== "read") return;
        rack = read.rack;
        if (read.message.kind === "exposed") exposed += 1;
      },
      link: () => undefined,
    });
    /** Whether so many were made in time. */
    const until = async (count: number, withinMs: number): Promise<boolean> => {
      const endMs = Math.min(performance.now() + withinMs, LONGEST_MS);
      while (exposed < count) {
        if (!run.isRunning()) throw new Error(`${exposed} of ${count}\n${run.err()}`);
        if (performance.now() > endMs) return false;
        await new Promise((done) => setTimeout(done, 2));
      }
      return true;
    };
    await until(cellCount, 120_000 + POINT_MS_MAX * cellCount);
    const about = { rack, reason: "bench" };
    await client.order({ command: "take-control", args: {} }, about);
    for (let index = 0; index < orderCount; index += 1) {
      if (performance.now() > LONGEST_MS) break;
      const before = exposed;
      await client.order({ command: "expose", args: { position: "A1" } }, about);
      await until(before + 1, 20_000);
    }
    await client.close();
    screen.kill();
    run.signal("SIGINT");
    await run.ended;
    ended.length = 0;
  } finally {
    for (const end of ended) end();
    bench.signal("SIGTERM");
    await bench.ended;
  }
  return report(readEvents(data), loaded.site);
}

function report(events: readonly StoredEvent[], site: Site): number {
  const points = pointsOf(events);
  const dead = spreadOf(deadTimesMs(points, site));
  const latency = spreadOf(orderToOpenMs(points, orderedMs(events)));
  const phases = phasesOf(points, events, site);
  const rows = [
    ["software dead time per point, median", dead.median, DEAD_MEDIAN_MS],
    ["software dead time per point, 99th percentile", dead.p99, DEAD_P99_MS],
    ["order to open switch, median", latency.median, LATENCY_MEDIAN_MS],
    ["order to open switch, 99th percentile", latency.p99, LATENCY_P99_MS],
  ] as const;
  const isWhole = dead.count >= MADE_SHARE * (cellCount - 1) && latency.count >= MADE_SHARE * (orderCount - 1);
  const isKept = isWhole && rows.every(([, value, bound]) => value <= bound);
  const load = loadavg()[0] ?? NaN;
  if (values.json) {
    const figures = rows.map(([what, ms, boundMs]) => ({ what, ms, bound_ms: boundMs, ratio: ms / boundMs }));
    const parts = phases.map(({ what, tookMs, hardwareMs }) => ({
      ...{ what: what.trim(), median_ms: tookMs, hardware_ms: hardwareMs },
    }));
    const counts = { points: dead.count, orders: latency.count };
    const whole = { ...counts, load_of_the_computer: load, figures, phases: parts, ok: isKept };
    process.stdout.write(`${JSON.stringify(whole)}\n`);
  } else {
    const counts = `${dead.count} points of ${cellCount - 1}, ${latency.count} orders of ${orderCount - 1}`;
    process.stdout.write(`${counts}; load of the computer ${load.toFixed(2)}\n`);
    for (const [what, ms, boundMs] of rows) {
      process.stdout.write(
        `${what.padEnd(46)} ${ms.toFixed(1)} ms, bound ${boundMs} ms, ratio ${(ms / boundMs).toFixed(2)}\n`,
      );
    }
    process.stdout.write("of a point, median:\n");
    for (const { what, tookMs, hardwareMs } of phases) {
      const ofHardware = hardwareMs === 0 ? "" : `, ${hardwareMs.toFixed(1)} ms of it hardware`;
      process.stdout.write(`  ${what.padEnd(44)} ${tookMs.toFixed(1)} ms${ofHardware}\n`);
    }
  }
  return isKept ? 0 : 3;
}

try {
  process.exitCode = await measure();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
