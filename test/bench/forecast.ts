/**
 * How well step times are forecast: seeded cells with spread, noise and ageing, fresh and formed, through the cycling
 * protocols of the library. Per protocol and kind of forecast: relative error of a step's duration, share of ends
 * within the stated spread (95 of 100 is what it promises), and how wide that spread is, relative to the time ahead.
 *
 * Of 200 cells, seeds 1 to 200, the largest error of a step after the first measured cycle where its like ran before:
 * formation 0.7 %, ageing 0.8 %, rate capability 0.9 %, storage 1.9 %, activation 0.6 %; 99 of 100 ends or more within the
 * stated spread there, all of them before anything was measured. Samples come every 10 s; where they come every 30 s, a
 * hold in one of six storages of lno-graphite was 2.1 % off.
 *
 *   npm run -s build && node dist/test/bench/forecast.js [--cells 200] [--seed 1] [--json]
 */
import { parseArgs } from "node:util";
import { CHEMISTRIES, CHEMISTRY_IDS } from "../../protocols/campaign/chemistry.ts";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput } from "../../tui/rim/output.ts";
import type { CellInitial } from "../../simulator/cell/cell.ts";
import { measuredRun } from "../support/forecast-cells.ts";
import {
  afterMeasurement,
  atEachStep,
  beforeAnyMeasurement,
  isWithin,
  nameplateOf,
  recipe,
  type Judged,
} from "../support/forecast-judged.ts";

const { values } = parseArgs({
  options: {
    cells: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    only: { type: "string" },
  },
});
const context = createNodeContext({
  json: values.json,
  out: createOutput(process.stdout, process.env),
  err: createOutput(process.stderr, process.env),
});

/** Short enough for hundreds of cells: a few cycles of each. */
const PROTOCOLS: readonly (readonly [name: string, parameters: Readonly<Record<string, number>>])[] = [
  ["formation", { wetting_h: 1, cycles: 3 }],
  ["ageing", { cycles_per_block: 5, blocks: 1 }],
  ["rate-capability", { cycles: 2 }],
  ["storage", { days: 0.5, periods: 2 }],
  ["activation", { cycles: 4 }],
];

const SHORT_S = 60;

const kinds = [
  "before",
  "first run after it",
  "again after it",
  "each step, unmeasured",
  "each step, measured",
] as const;
type Kind = (typeof kinds)[number];

interface Line {
  readonly protocol: string;
  readonly kind: Kind;
  readonly count: number;
  readonly off_p50: number;
  readonly off_p95: number;
  readonly off_max: number;
  readonly within_2_percent: number;
  readonly within: number;
  /** Error over spread: 1 would be a spread that is just wide enough. */
  readonly used_p95: number;
  readonly width_p50: number;
  readonly width_p95: number;
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}

function lineOf(protocol: string, kind: Kind, judged: readonly Judged[]): Line {
  // Of a step that is over at once no share of its time can be told.
  const off = judged
    .filter((one) => one.tookS >= SHORT_S)
    .map((one) => one.off)
    .sort((a, b) => a - b);
  const width = judged.map((one) => one.spreadS / Math.max(1, one.horizonS)).sort((a, b) => a - b);
  const used = judged.map((one) => one.offS / (one.spreadS + 1)).sort((a, b) => a - b);
  return {
    used_p95: quantile(used, 0.95),
    ...{ protocol, kind, count: judged.length },
    ...{ off_p50: quantile(off, 0.5), off_p95: quantile(off, 0.95), off_max: quantile(off, 1) },
    within_2_percent: off.filter((one) => one <= 0.02).length / off.length,
    within: judged.filter(isWithin).length / judged.length,
    ...{ width_p50: quantile(width, 0.5), width_p95: quantile(width, 0.95) },
  };
}

const cellCount = Number(values.cells);
const firstSeed = Number(values.seed);
const lines: Line[] = [];
const worst: { readonly off: number; readonly where: string }[] = [];
for (const [name, parameters] of PROTOCOLS) {
  if (values.only !== undefined && values.only !== name) continue;
  const found = new Map<Kind, Judged[]>(kinds.map((kind) => [kind, []]));
  for (let index = 0; index < cellCount; index += 1) {
    const chemistry = CHEMISTRY_IDS[index % CHEMISTRY_IDS.length] ?? "lno-graphite";
    const seed = firstSeed + index;
    const { voltageMaxV } = CHEMISTRIES[chemistry];
    const storage = name === "storage" ? { storage_voltage_V: voltageMaxV - 0.1 } : {};
    const protocol = recipe(name, chemistry, { ...parameters, ...storage });
    // Every other cell is fresh where a protocol is meant for fresh ones; a third come with a first voltage.
    const isFresh = (name === "formation" || name === "activation") && Math.floor(index / 4) % 2 === 0;
    const initial: CellInitial = isFresh ? { pristine: true } : { soc: 0.05 };
    const run = measuredRun(chemistry, protocol, { seed, initial, sampleS: 10 });
    const nameplate = nameplateOf(chemistry, Math.floor(index / 4) % 3 === 0 ? run.openCircuitV : null);
    const put = (kind: Kind, judged: readonly Judged[]): void => {
      found.get(kind)?.push(...judged);
      for (const one of judged) {
        if (kind !== "again after it" && kind !== "before") continue;
        const off = kind === "before" ? one.offS / (one.spreadS + 1) : one.off;
        if (off < (kind === "before" ? 1 : 0.018)) continue;
        worst.push({
          off,
          where: `${name} ${kind} ${chemistry} seed ${seed} step ${one.stepIndex + 1} cycle ${one.cycle} off ${one.offS.toFixed(0)} s of ${one.horizonS.toFixed(0)} s, spread ${one.spreadS.toFixed(0)} s`,
        });
      }
    };
    put("before", beforeAnyMeasurement(protocol, nameplate, run));
    const after = afterMeasurement(protocol, nameplate, run);
    put(
      "first run after it",
      after.filter((one) => !one.isSeen),
    );
    put(
      "again after it",
      after.filter((one) => one.isSeen),
    );
    const each = atEachStep(protocol, nameplate, run);
    put(
      "each step, unmeasured",
      each.filter((one) => !one.isMeasured),
    );
    put(
      "each step, measured",
      each.filter((one) => one.isMeasured),
    );
  }
  for (const kind of kinds) {
    const line = lineOf(name, kind, found.get(kind) ?? []);
    if (line.count === 0) continue;
    lines.push(line);
    if (!values.json) context.print(textOf(line));
  }
}
if (values.json) context.print(JSON.stringify({ cells: cellCount, seed: firstSeed, lines }));
else for (const { where } of worst.sort((a, b) => b.off - a.off).slice(0, 25)) context.print(where);

function textOf(line: Line): string {
  const percent = (value: number): string => `${(100 * value).toFixed(2)} %`.padStart(8);
  return [
    line.protocol.padEnd(16),
    line.kind.padEnd(22),
    `${String(line.count).padStart(6)} steps, off p50 ${percent(line.off_p50)} p95 ${percent(line.off_p95)} max ${percent(line.off_max)}, ${percent(line.within_2_percent)} of them within 2 %`,
    `, within spread ${percent(line.within)}, ${line.used_p95.toFixed(2)} of it used at p95, spread p50 ${percent(line.width_p50)} p95 ${percent(line.width_p95)}`,
  ].join(" ");
}
