/**
 * Every codec against a million inputs each, cut at random places: no throw, no hang, no growth.
 *
 *     node --import tsx test/bench/fuzz.ts [--inputs 1000000] [--seed 1] [NAME...]
 *
 * A name picks the codecs whose name contains it. Ends with exit code 1 when a codec fails.
 */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ALL_CODECS } from "../support/fuzz/all-codecs.ts";
import { fuzzCodec, type FuzzEntry } from "../support/fuzz/fuzz-codec.ts";

const SLOWEST_MS_MAX = 500;
const GROWTH_MB_MAX = 8;
const COLLECTIONS = 8;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function heapMb(): number {
  // Shapes of objects that JSON.parse met once are let go by the engine only after several collections.
  for (let count = 0; count < COLLECTIONS; count += 1) collectGarbage();
  return process.memoryUsage().heapUsed / 1e6;
}

function run(entry: FuzzEntry, inputCount: number, seed: number): boolean {
  fuzzCodec(entry, { inputCount: Math.min(inputCount, 20_000), seed: seed + 1, nowMs: () => performance.now() });
  const beforeMb = heapMb();
  const startMs = performance.now();
  const outcome = fuzzCodec(entry, { inputCount, seed, nowMs: () => performance.now() });
  const seconds = (performance.now() - startMs) / 1000;
  const growthMb = heapMb() - beforeMb;
  const isGood = outcome.slowestMs < SLOWEST_MS_MAX && growthMb < GROWTH_MB_MAX;
  process.stdout.write(
    `${entry.name.padEnd(32)} ${String(outcome.inputCount).padStart(9)} inputs ${(outcome.byteCount / 1e6).toFixed(0).padStart(5)} MB ` +
      `${String(outcome.messageCount).padStart(9)} messages  kept ${String(outcome.retainedByteMax).padStart(6)} B  ` +
      `slowest ${outcome.slowestMs.toFixed(1).padStart(6)} ms  growth ${growthMb.toFixed(1).padStart(5)} MB  ` +
      `${seconds.toFixed(1)} s${isGood ? "" : "  FAILED"}\n`,
  );
  return isGood;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { inputs: { type: "string", default: "1000000" }, seed: { type: "string", default: "1" } },
});
const chosen = ALL_CODECS.filter(
  ({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)),
);
let hasFailed = chosen.length === 0;
for (const entry of chosen) {
  try {
    if (!run(entry, Number(values.inputs), Number(values.seed))) hasFailed = true;
  } catch (error) {
    hasFailed = true;
    process.stdout.write(`${entry.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  }
}
process.exitCode = hasFailed ? 1 : 0;
