/**
 * The scheduler against rules that peers use and against a bound that nobody can pass: share of requests met in their
 * windows, distance from the wanted moment, way, fairness; sweeps against their physical bound and two-opt tours; and how
 * long a decision takes.
 *
 *   npm run bench:schedule [-- --seeds 20] [--only NAME] [--load 0.9] [--processes 2] [--keep FILE] [--json]
 *
 * With --keep each case is added to the file as it is there; a later run of the same sources goes on from it.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { decide } from "../../controller/schedule/decide.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput } from "../../tui/rim/output.ts";
import { runCases, serveCases, WORKER, type Case } from "../support/schedule/case-pool.ts";
import { comparedOf, LOADS, OURS, timeDecisions, type CaseResult, type Compared } from "../support/schedule/compare.ts";
import { decidedWayS, fullSweepOfBound, someCells, twoOptWayS } from "../support/schedule/tours.ts";
import { WORKLOADS } from "../support/schedule/workloads.ts";

/** What is promised. */
const OF_BOUND = 0.95;
const SWEEP_OF_BOUND = 1.01;
const TOUR_OF_TWO_OPT = 1.05;
const TOUR_SIZES = [5, 10, 20, 30, 40, 50, 60, 80];
const TOURS_EACH = 5;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "20" },
      only: { type: "string" },
      load: { type: "string" },
      processes: { type: "string", default: "2" },
      keep: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const context = createNodeContext({
    json: values.json,
    out: createOutput(process.stdout, process.env),
    err: createOutput(process.stderr, process.env),
  });
  const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1);
  const workloads = WORKLOADS.filter(({ name }) => values.only === undefined || values.only === name);
  const loads = LOADS.filter((load) => values.load === undefined || Number(values.load) === load);
  const parts = workloads.flatMap((workload) =>
    loads.map((load) => ({ workload, load, results: new Map<number, CaseResult>() })),
  );
  const cases = parts.flatMap(({ workload, load }) =>
    seeds.map((seed): Case => ({ workload: workload.name, load, seed })),
  );
  const compared: Compared[] = [];
  const options = {
    ...{ script: fileURLToPath(import.meta.url), processes: Number(values.processes) },
    keptIn: values.keep ?? null,
  };
  await runCases(cases, options, (one, result) => {
    const of = parts.find(({ workload, load }) => workload.name === one.workload && load === one.load);
    if (of === undefined) return;
    of.results.set(one.seed, result);
    if (of.results.size < seeds.length) return;
    const inOrder = seeds.flatMap((seed) => of.results.get(seed) ?? []);
    const whole = comparedOf(one.workload, one.load, inOrder);
    compared.push(whole);
    if (!values.json) context.print(`\n${textOf(whole, of.workload.what)}`);
  });

  const sweepOfBound = fullSweepOfBound();
  const tours = TOUR_SIZES.map((count) => {
    const chance = createChance(count).stream("tours");
    const ratios = Array.from({ length: TOURS_EACH }, () => {
      const cells = someCells(chance, count);
      return decidedWayS(cells) / twoOptWayS(cells);
    });
    return { cells: count, of_two_opt_at_most: Math.max(...ratios) };
  });
  const processorMs = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  const decisions = timeDecisions(decide, () => context.clock.monoMs(), processorMs);
  const isBest = compared.every(({ is_best }) => is_best);
  const low = compared.filter(({ load, of_bound }) => load <= 0.9 && of_bound < OF_BOUND);
  const below = [...new Set(low.map(({ name }) => name))];
  const isShort = sweepOfBound <= SWEEP_OF_BOUND && tours.every((one) => one.of_two_opt_at_most <= TOUR_OF_TWO_OPT);
  const isFast = decisions.every((one) => one.processor_median_ms <= one.bound_ms);
  if (values.json) {
    context.print(
      JSON.stringify({
        ...{ seeds: seeds.length, compared, full_sweep_of_bound: sweepOfBound, tours, decisions },
        below_95_percent_of_bound: below,
      }),
    );
  } else {
    context.print(`\nfull sweep: ${sweepOfBound.toFixed(4)} of what the shortest hops take (bound ${SWEEP_OF_BOUND})`);
    for (const one of tours) {
      const ratio = one.of_two_opt_at_most.toFixed(3);
      context.print(`any ${one.cells} cells: at most ${ratio} of a two-opt tour (bound ${TOUR_OF_TWO_OPT})`);
    }
    for (const one of decisions) {
      const times = `median ${one.median_ms.toFixed(2)} ms, p99 ${one.p99_ms.toFixed(2)} ms`;
      const processor = `of the processor ${one.processor_median_ms.toFixed(2)} ms (bound ${one.bound_ms} ms)`;
      context.print(`decision at ${one.requests} requests, ${one.what}: ${times}, ${processor}`);
    }
    context.print(`at least as good as every baseline on every workload: ${isBest ? "yes" : "NO"}`);
    context.print(`below 95 % of the bound at loads up to 0.9: ${below.length === 0 ? "none" : below.join(", ")}`);
  }
  if (!isBest || below.length > 1 || !isShort || !isFast) process.exitCode = 3;
}

function textOf(one: Compared, what: string): string {
  const lines = one.rows.map((row) => {
    const ofBound = row.name === OURS ? `, ${percent(one.of_bound)} of the bound` : "";
    const charge = row.soc_error_median === null ? "" : `, soc off ${(100 * row.soc_error_median).toFixed(3)} %`;
    return (
      `  ${row.name.padEnd(15)} met ${percent(row.met_share).padStart(7)}  off ${row.lateness_s.toFixed(1).padStart(6)} s` +
      `  way ${row.travel_s.toFixed(0).padStart(5)} s  fair ${row.fairness.toFixed(3)}${ofBound}${charge}`
    );
  });
  const most = `${one.asked} asked, at most ${percent(one.bound / one.asked)} can be met`;
  const head = `${one.name}, load ${one.load.toFixed(1)} (${what}): ${most}`;
  return [head, ...lines, ...(one.is_best ? [] : ["  BEHIND a baseline"])].join("\n");
}

function percent(part: number): string {
  return `${(100 * part).toFixed(2)} %`;
}

if (process.argv.includes(WORKER)) serveCases();
else await main();
