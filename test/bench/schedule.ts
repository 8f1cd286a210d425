/**
 * The scheduler against rules that peers use and against a bound that nobody can pass: share of requests met in their
 * windows, distance from the wanted moment, way, fairness; and how long a decision takes.
 *
 *   npm run bench:schedule [-- --seeds 20] [--only NAME] [--load 0.9] [--json]
 */
import { parseArgs } from "node:util";
import { decide } from "../../controller/schedule/decide.ts";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput } from "../../tui/rim/output.ts";
import { compare, LOADS, timeDecisions, type Compared } from "../support/schedule/compare.ts";
import { WORKLOADS } from "../support/schedule/workloads.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" },
    only: { type: "string" },
    load: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const context = createNodeContext({
  json: values.json,
  out: createOutput(process.stdout, process.env),
  err: createOutput(process.stderr, process.env),
});
const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1);
const compared: Compared[] = [];
for (const workload of WORKLOADS) {
  if (values.only !== undefined && values.only !== workload.name) continue;
  if (!values.json) context.print(`\n${workload.name}: ${workload.what}`);
  for (const load of LOADS) {
    if (values.load !== undefined && Number(values.load) !== load) continue;
    const one = compare(workload, load, seeds);
    compared.push(one);
    if (values.json) continue;
    context.print(
      `  load ${load.toFixed(1)}, ${one.asked} asked, at most ${percent(one.bound / one.asked)} can be met`,
    );
    for (const row of one.rows) {
      const ofBound = row.name === "this scheduler" ? `, ${percent(one.of_bound)} of the bound` : "";
      const charge = row.soc_error_median === null ? "" : `, soc off ${(100 * row.soc_error_median).toFixed(3)} %`;
      context.print(
        `    ${row.name.padEnd(15)} met ${percent(row.met_share).padStart(7)}  off ${row.lateness_s.toFixed(1).padStart(6)} s` +
          `  way ${row.travel_s.toFixed(0).padStart(5)} s  fair ${row.fairness.toFixed(3)}${ofBound}${charge}`,
      );
    }
    if (!one.is_best) context.print("    BEHIND a baseline");
  }
}
const decisions = timeDecisions(decide, () => context.clock.monoMs());
const isBest = compared.every(({ is_best }) => is_best);
const below = new Set(compared.filter(({ load, of_bound }) => load <= 0.9 && of_bound < 0.95).map(({ name }) => name));
const isFast = decisions.every(({ median_ms, bound_ms }) => median_ms <= bound_ms);
if (values.json) {
  context.print(JSON.stringify({ seeds: seeds.length, compared, decisions, below_95_percent_of_bound: [...below] }));
} else {
  context.print("");
  for (const one of decisions) {
    context.print(
      `decision at ${one.requests} requests, ${one.what}: median ${one.median_ms.toFixed(2)} ms, p99 ${one.p99_ms.toFixed(2)} ms (bound ${one.bound_ms} ms)`,
    );
  }
  context.print(`at least as good as every baseline on every workload: ${isBest ? "yes" : "NO"}`);
  context.print(`below 95 % of the bound at loads up to 0.9: ${below.size === 0 ? "none" : [...below].join(", ")}`);
}
if (!isBest || below.size > 1 || !isFast) process.exitCode = 3;

function percent(part: number): string {
  return `${(100 * part).toFixed(2)} %`;
}
