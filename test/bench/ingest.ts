/**
 * The record under load, beside what the machine can do bare, in one run:
 *
 * - 96 channels at 100 Hz, flushed every second, on the wall's clock: share of a core, how long the control thread is
 *   held by a flush, how long after it the samples are durable, bytes in the file and bytes written to disk;
 * - the most samples a second, beside narrow rows in batches of 10,000 by SQLite alone, all durable;
 * - one cell's ten million samples drawn at a screen's resolution, whole and in part.
 *
 * A flush holds the control thread from its first call to the end of its last one; the readings are made before and after,
 * which counts as share of a core alone. What of it the thread waited for a processor that others had (/proc's schedstat,
 * between two switches) is told beside it and not taken off.
 *
 * Bytes written to disk are those that the kernel counts for this process (/proc/self/io). Readings have the steps and
 * the noise of a cycler at 1 uV and 1 nA. Time, voltage, current and flags stand in a sample's row; the temperature beside
 * it is that of the air about the rack, an event as often as one is ever made.
 *
 * Exit 3 where a bound is missed.
 *
 *   node dist/test/bench/ingest.js [--seconds 30] [--rows 2000000] [--read 10000000] [--folder DIR] [--json]
 */
import {
  closeSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { openDatabase } from "../../controller/record/sqlite.ts";
import { waitForThread } from "../../tui/rim/wait-for-thread.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { databasePath } from "../../controller/record/schema.ts";
import { openStore, type RecordStore } from "../../controller/record/store.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Clock } from "../../protocols/base/clock.ts";

const CHANNELS = 96;
const RATE_HZ = 100;
const FLUSH_MS = 1000;
const TICK_MS = 10;
/** A rack's temperature is on record no more often, and only where it changes. */
const TEMPERATURE_MS = 10_000;
const COLUMNS = 400;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "30" },
    rows: { type: "string", default: "2000000" },
    read: { type: "string", default: "10000000" },
    folder: { type: "string" },
    json: { type: "boolean" },
  },
});
const place = mkdtempSync(join(values.folder ?? tmpdir(), "beamrack-bench-ingest-"));

const clock: Clock = {
  wallMs: () => performance.timeOrigin + performance.now(),
  monoMs: () => performance.now(),
  setTimeout: () => undefined,
  clearTimeout: () => undefined,
};

function open(name: string, changes: { readonly channelCount: number; readonly frameMs: number }): RecordStore {
  return openStore({
    ...{ folder: join(place, name), clock, durability: "power-loss", commitLatencyMs: 0, ownThread: waitForThread },
    header: {
      ...{ campaign: "bench", campaignHash: "b", siteHash: "b", seed: null, world: "bench", softwareVersion: "bench" },
    },
    ...changes,
  });
}

/** A cycler's readings: charge and discharge at constant current, noise of some steps of the converter. */
function createReadings(): (channel: number, index: number) => readonly [voltageV: number, currentA: number] {
  let noise = 1;
  const pair: [number, number] = [0, 0];
  return (channel, index) => {
    noise = (noise * 48_271) % 2_147_483_647;
    const wave = Math.sin((index / RATE_HZ + channel * 40) / 900);
    pair[0] = (3_650_000 + Math.round(450_000 * wave) + channel * 100 + (noise % 64) * 5) / 1e6;
    pair[1] = ((wave > 0 ? 4_090_000 : -4_090_000) + (noise % 128)) / 1e9;
    return pair;
  };
}

function temperature(index: number): Json {
  const value = Math.round(250 + 10 * Math.sin(index / 40_000)) / 10;
  return { sensor: "rack air", quantity: "temperature", value, unit: "degC" };
}

function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function writtenBytes(): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1] ?? Number.NaN);
}

function cpuS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Milliseconds that this thread was ready and had no processor, so far; NaN where the kernel does not tell. */
function createQueueWait(): () => number {
  const bytes = Buffer.alloc(96);
  let file: number;
  try {
    file = openSync("/proc/thread-self/schedstat", "r");
  } catch {
    return () => Number.NaN;
  }
  return () => Number(bytes.toString("latin1", 0, readSync(file, bytes, 0, bytes.length, 0)).split(" ")[1]) / 1e6;
}

/** What the disk takes for a flush's bytes by itself. */
function bareSync(): { readonly p50: number; readonly p99: number } {
  const path = join(place, "bare");
  const file = openSync(path, "w");
  const bytes = Buffer.alloc(48 * 1024, 1);
  const took: number[] = [];
  for (let turn = 0; turn < 200; turn += 1) {
    writeSync(file, bytes, 0, bytes.length, (turn % 20) * bytes.length);
    const fromMs = performance.now();
    fdatasyncSync(file);
    took.push(performance.now() - fromMs);
  }
  closeSync(file);
  return { p50: quantile(took, 0.5), p99: quantile(took, 0.99) };
}

/** Readings made and handed over tick by tick for `seconds` of the wall; what they cost without a record too. */
async function paced(seconds: number, store: RecordStore | null) {
  const readings = createReadings();
  const held: number[] = [];
  const queued: number[] = [];
  const queueWaitMs = createQueueWait();
  const durable: number[] = [];
  const acknowledged: Promise<void>[] = [];
  const beganCpuS = cpuS();
  const beganMs = performance.now();
  let index = 0;
  const last = seconds * RATE_HZ;
  while (index < last) {
    await pause(TICK_MS);
    const due = Math.min(last, Math.floor(((performance.now() - beganMs) / 1000) * RATE_HZ));
    for (; index < due; index += 1) {
      const atMs = index * (1000 / RATE_HZ);
      for (let channel = 0; channel < CHANNELS; channel += 1) {
        const [voltageV, currentA] = readings(channel, index);
        const isFlush = channel === 0 && atMs % FLUSH_MS === 0 && index > 0;
        if (!isFlush) {
          store?.sample(channel, atMs, voltageV, currentA, 0);
          continue;
        }
        if (atMs % TEMPERATURE_MS === 0) store?.appendEvent({ atMs, type: "sensor-reading", data: temperature(index) });
        const waitedMs = queueWaitMs();
        const fromMs = performance.now();
        store?.sample(channel, atMs, voltageV, currentA, 0);
        const committed = store?.commit();
        held.push(performance.now() - fromMs);
        queued.push(queueWaitMs() - waitedMs);
        if (committed !== undefined)
          acknowledged.push(committed.then(() => void durable.push(performance.now() - fromMs)));
      }
    }
  }
  await Promise.all(acknowledged);
  return { held, queued, durable, cpuShare: (cpuS() - beganCpuS) / seconds };
}

async function pacedRun(seconds: number) {
  const sync = bareSync();
  const without = await paced(Math.min(seconds, 10), null);
  const store = open("paced", { channelCount: CHANNELS, frameMs: FLUSH_MS });
  // The thread starts once for a campaign of days.
  store.appendEvent({ atMs: 0, type: "campaign-started", data: {} });
  await store.commit();
  const writtenBefore = writtenBytes();
  const run = await paced(seconds, store);
  store.close();
  const samples = CHANNELS * RATE_HZ * seconds;
  return {
    sync,
    cpuShare: run.cpuShare - without.cpuShare,
    /** The making of the readings included. */
    cpuShareInAll: run.cpuShare,
    heldP99Ms: quantile(run.held, 0.99),
    heldP50Ms: quantile(run.held, 0.5),
    heldFirstMs: run.held[0] ?? Number.NaN,
    heldMostMs: Math.max(...run.held),
    queuedMostMs: Math.max(...run.queued),
    heldOwnP99Ms: quantile(
      run.held.map((ms, flush) => ms - (run.queued[flush] ?? 0)),
      0.99,
    ),
    durableP99Ms: quantile(run.durable, 0.99),
    durableP50Ms: quantile(run.durable, 0.5),
    writtenPerSample: (writtenBytes() - writtenBefore) / samples,
    filePerSample: statSync(databasePath(join(place, "paced"))).size / samples,
  };
}

function rawRows(count: number): number {
  const database = openDatabase(join(place, "raw.db"));
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.exec("CREATE TABLE sample (channel INTEGER, at_ms REAL, voltage_V REAL, current_A REAL, flags INTEGER)");
  const insert = database.prepare("INSERT INTO sample VALUES (?, ?, ?, ?, ?)");
  const readings = createReadings();
  let done = 0;
  const batch = database.transaction(() => {
    for (let row = 0; row < 10_000; row += 1, done += 1) {
      const channel = done % CHANNELS;
      const index = Math.floor(done / CHANNELS);
      const [voltageV, currentA] = readings(channel, index);
      insert.run(channel, index * 10, voltageV, currentA, 0);
    }
  });
  const fromMs = performance.now();
  while (done < count) batch();
  const rate = done / ((performance.now() - fromMs) / 1000);
  database.close();
  return rate;
}

async function peak(count: number): Promise<number> {
  const store = open("peak", { channelCount: CHANNELS, frameMs: FLUSH_MS });
  store.appendEvent({ atMs: 0, type: "campaign-started", data: {} });
  await store.commit();
  const readings = createReadings();
  const fromMs = performance.now();
  let done = 0;
  let before = Promise.resolve();
  for (let index = 0; done < count; index += 1) {
    for (let channel = 0; channel < CHANNELS; channel += 1, done += 1) {
      const [voltageV, currentA] = readings(channel, index);
      store.sample(channel, index * (1000 / RATE_HZ), voltageV, currentA, 0);
    }
    if (index % RATE_HZ !== 0) continue;
    // The next second is made while the last one is written.
    const now = store.commit();
    await before;
    before = now;
  }
  store.close();
  return done / ((performance.now() - fromMs) / 1000);
}

async function readBack(count: number) {
  const folder = join(place, "read");
  const store = open("read", { channelCount: 4, frameMs: 60_000 });
  const readings = createReadings();
  for (let index = 0; index < count; index += 1) {
    const [voltageV, currentA] = readings(0, index);
    store.sample(0, index * 10, voltageV, currentA, 0);
    for (let channel = 1; channel < 4 && index % 100 === 0; channel += 1)
      store.sample(channel, index * 10, voltageV, currentA, 0);
    if (index % 10_000 === 0) await store.commit();
  }
  store.close();
  const record = openRecord(folder);
  const took = [1, 0.3, 0.1, 0.01, 0.001, 0.0001].map((share) => {
    const lengthMs = count * 10 * share;
    const times = [0, 1, 2].map((turn) => {
      const fromMs = (count * 10 - lengthMs) * (turn / 2);
      const beganCpuS = cpuS();
      const began = performance.now();
      const { count: counts } = record.envelope(0, fromMs, fromMs + lengthMs, COLUMNS);
      const ms = performance.now() - began;
      const found = counts.reduce((sum, one) => sum + one, 0);
      if (Math.abs(found - count * share) > 1) throw new Error(`${found} samples of ${count * share}`);
      return { ms, cpuMs: 1000 * (cpuS() - beganCpuS) };
    });
    const median = (key: "ms" | "cpuMs"): number =>
      quantile(
        times.map((one) => one[key]),
        0.5,
      );
    return { share, ms: median("ms"), cpuMs: median("cpuMs") };
  });
  record.close();
  return took;
}

const run = await pacedRun(Number(values.seconds));
const rawRate = rawRows(Number(values.rows));
const peakRate = await peak(Number(values.rows));
const read = Number(values.read) > 0 ? await readBack(Number(values.read)) : [];
rmSync(place, { recursive: true, force: true });

const acknowledgeBoundMs = 5 * run.sync.p99 + 10;
const worstRead = read.reduce((worst, one) => (one.ms > worst.ms ? one : worst), { share: 0, ms: 0, cpuMs: 0 });
const lines = [
  ["share of a core, 96 x 100 Hz", run.cpuShare, 0.15, "most"],
  ["control thread held by a flush, p99, ms", run.heldP99Ms, 0.5, "most"],
  ["durable after the flush, p99, ms", run.durableP99Ms, acknowledgeBoundMs, "most"],
  ["bytes a sample in the file", run.filePerSample, 8, "most"],
  ["bytes a sample written to disk", run.writtenPerSample, 60, "most"],
  ["peak, of the rate of bare rows", peakRate / rawRate, 0.9, "least"],
  [`a plot of ${values.read} samples, worst range, ms`, worstRead.ms, 100, "most"],
] as const;
if (values.json === true) console.log(JSON.stringify({ ...run, acknowledgeBoundMs, rawRate, peakRate, read }));
else {
  for (const [name, value, bound, sense] of lines) {
    const ratio = sense === "most" ? value / bound : bound / value;
    console.log(
      `${name.padEnd(48)}${value.toPrecision(3).padStart(8)}  at ${sense} ${bound.toPrecision(3).padStart(5)}  ratio ${ratio.toFixed(2)}`,
    );
  }
  console.log(
    `bare fdatasync p50 ${run.sync.p50.toFixed(2)} ms, p99 ${run.sync.p99.toFixed(2)} ms; held p50 ${run.heldP50Ms.toFixed(2)} ms, first ${run.heldFirstMs.toFixed(2)}, most ${run.heldMostMs.toFixed(2)}, p99 without waiting for a processor ${run.heldOwnP99Ms.toFixed(2)} (most waited ${run.queuedMostMs.toFixed(2)}); durable p50 ${run.durableP50Ms.toFixed(2)} ms; share of a core with the making of the readings ${run.cpuShareInAll.toFixed(3)}`,
  );
  console.log(
    `bare rows ${(rawRate / 1e6).toFixed(2)} million a second, this record ${(peakRate / 1e6).toFixed(2)} million`,
  );
  console.log(
    `plot of ${COLUMNS} columns: ${read.map(({ share, ms, cpuMs }) => `${100 * share} % ${ms.toFixed(0)} ms (computing ${cpuMs.toFixed(0)})`).join(", ")}`,
  );
}
if (lines.some(([, value, bound, sense]) => !(sense === "most" ? value <= bound : value >= bound)))
  process.exitCode = 3;
