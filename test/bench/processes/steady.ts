/**
 * What a controller keeps in memory, and how many handles, as it runs on the simulated bench: looked at from outside, and
 * from inside after everything that can be thrown away has been. Meanwhile a channel is unplugged each minute, and a screen
 * comes and goes, so that whatever is opened anew has to be let go of.
 *
 *   npm run bench:steady -- [--minutes 20] [--cells 96] [--json]
 *
 * Exit 3 where the heap's median of the last quarter of the time is above that of the second by more than its bound, or there
 * are more descriptors, threads or resources than then. A loaded computer makes it slow, and nothing else.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { extname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { SITE, writeCampaign } from "./campaign.ts";
import { HEAP_LOOKS_VARIABLE, type HeapLook } from "./heap-look.ts";
import { handlesOf, residentMb } from "./proc-looks.ts";
import { startTruthBench } from "./truth-bench.ts";

/** In half the time: what an hour of it would be is still no matter. */
const HEAP_MB_MORE_MAX = 3;
const MORE_MAX = 3;
const LOOK_MS = 5000;
const ROUND_MS = 60_000;
const UNPLUGGED_S = 10;
const HOURS = 24;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "20" },
    cells: { type: "string", default: "96" },
    json: { type: "boolean", default: false },
  },
});
const cells = Math.max(2, Math.min(96, Number(values.cells)));
const minutes = Number(values.minutes);
const folder = mkdtempSync(join(tmpdir(), "beamrack-steady-"));
const looksPath = join(folder, "heap");
const preload = fileURLToPath(new URL(`heap-looks${extname(import.meta.url)}`, import.meta.url));

interface Outside {
  readonly resident_MB: number;
  readonly descriptors: number;
  readonly threads: number;
  readonly instruments_descriptors: number;
}

function heapLooks(): readonly HeapLook[] {
  if (!existsSync(looksPath)) return [];
  return readFileSync(looksPath, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as HeapLook);
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** Of the second quarter of the time, and of the last. */
function halves<T>(looks: readonly T[], of: (look: T) => number): readonly [number, number] {
  const quarter = Math.floor(looks.length / 4);
  return [median(looks.slice(quarter, 2 * quarter).map(of)), median(looks.slice(-quarter).map(of))];
}

const bench = await startTruthBench(folder, SITE, writeCampaign(folder, cells, HOURS));
const outside: Outside[] = [];
const run = bench.run(join(folder, "data"), {
  env: { [HEAP_LOOKS_VARIABLE]: looksPath },
  nodeArgs: ["--expose-gc", "--import", preload],
});
try {
  if (!(await bench.opening(300_000))) throw new Error(`nothing was exposed:\n${run.err()}`);
  const fromHeap = heapLooks().length;
  const startMs = performance.now();
  let roundMs = startMs;
  for (let round = 0; performance.now() - startMs < minutes * 60_000;) {
    await sleep(LOOK_MS);
    if (!run.isRunning()) throw new Error(`it ended by itself:\n${run.err()}`);
    const { descriptors, threads } = handlesOf(run.pid);
    const { descriptors: instruments } = handlesOf(bench.pid);
    outside.push({ resident_MB: residentMb(run.pid), descriptors, threads, instruments_descriptors: instruments });
    if (performance.now() - roundMs < ROUND_MS) continue;
    roundMs = performance.now();
    round += 1;
    await bench.fault("unplug", bench.ready.places[round % cells]?.name ?? "", UNPLUGGED_S);
    const url = /mqtt:\/\/[\d.]+:\d+/.exec(run.err())?.[0];
    if (url !== undefined) await bench.command(["status", "--broker", url, "--json"]).ended;
  }
  const inside = heapLooks().slice(fromHeap);
  const { openings } = await bench.report();
  run.signal("SIGINT");
  await run.ended;
  const rows = [
    [
      "heap and buffers after collecting (MB)",
      ...halves(inside, (look) => look.heap_MB + look.external_MB),
      HEAP_MB_MORE_MAX,
    ],
    ["resident memory (MB)", ...halves(outside, (look) => look.resident_MB), null],
    ["descriptors", ...halves(outside, (look) => look.descriptors), MORE_MAX],
    ["threads", ...halves(outside, (look) => look.threads), MORE_MAX],
    ["timers, sockets and pipes", ...halves(inside, (look) => look.resources), MORE_MAX],
    ["descriptors of the instruments' process", ...halves(outside, (look) => look.instruments_descriptors), MORE_MAX],
  ] as const;
  const isFlat = rows.every(([, before, after, bound]) => bound === null || after - before <= bound);
  const about = { minutes, cells, looks: inside.length, openings: openings.length, load_of_the_computer: loadavg()[0] };
  if (values.json) {
    const figures = rows.map(([what, before, after, bound]) => ({ what, before, after, more_max: bound }));
    console.log(JSON.stringify({ ...about, figures, ok: isFlat }));
  } else {
    console.log(JSON.stringify(about));
    for (const [what, before, after, bound] of rows)
      console.log(
        `${what.padEnd(42)} ${before.toFixed(1)} in the second quarter, ${after.toFixed(1)} in the last${bound === null ? "" : `; bound ${bound} more`}`,
      );
    console.log(isFlat ? "flat" : "NOT flat");
  }
  if (!isFlat) process.exitCode = 3;
} finally {
  if (run.isRunning()) run.signal("SIGKILL");
  await bench.close();
  rmSync(folder, { recursive: true, force: true });
}
