import { expect, test } from "vitest";
import type { Processes } from "../../../tui/command-context.ts";
import { worthMinimising } from "../../../tui/explore/minimise.ts";
import { runInProcesses } from "../../../tui/explore/seed-jobs.ts";
import type { SeedResult } from "../../../tui/explore/seed-run.ts";
import { explore, summaryOf } from "../../support/explore-command.ts";

/** What a process of the search says of a seed. */
function resultOf(seed: number): SeedResult {
  return {
    ...{ seed, violations: [], checks: { dose: 1 }, requests: { asked: 1, met: 1, feasible: 1 } },
    ...{ faults: {}, faults_begun: {}, states: {}, charged_over_given: 1, dose_limit_fraction_max: 0 },
    ...{ shutter_failure_excess_Gy: 0, exposures: 1, virtual_s: 1 },
  };
}

interface Deaths {
  /** How often a seed may still end its process. */
  readonly times: Map<number, number>;
  /** Nothing can be run any more. */
  isBroken: boolean;
  started: number;
}

function deaths(times: Readonly<Record<number, number>>): Deaths {
  return {
    times: new Map(Object.entries(times).map(([seed, often]) => [Number(seed), often])),
    isBroken: false,
    started: 0,
  };
}

/** Processes that end by these seeds, after half a line of a result. */
function mortal(of: Deaths): Processes {
  return {
    count: 2,
    async run(_args, onLine, next) {
      of.started += 1;
      for (let line = next(); line !== null; line = next()) {
        await Promise.resolve();
        const seed = Number(line);
        const left = of.times.get(seed) ?? 0;
        of.times.set(seed, left - 1);
        if (left > 0 || of.isBroken) {
          onLine('{"seed":');
          return { code: null, signal: "SIGSEGV" };
        }
        onLine(JSON.stringify(resultOf(seed)));
      }
      return { code: of.isBroken ? 1 : 0, signal: null };
    },
  };
}

function seedsTo(last: number): () => number | null {
  let seed = 0;
  return () => (seed < last ? (seed += 1) : null);
}

test("a seed that ends its process twice is a violation, told at once, and the others go on beside and after it", async () => {
  const of = deaths({ 4: 2, 7: 2 });
  const ran = await explore(["--seeds", "1..9", "--jobs", "2"], mortal(of));
  expect(ran.exitCode).toBe(3);
  const { violations, runs } = summaryOf(ran);
  expect(runs).toBe(9);
  expect(violations.map(({ seed, invariant }) => [seed, invariant])).toEqual([
    [4, "process"],
    [7, "process"],
  ]);
  expect(violations[0]?.what).toContain("SIGSEGV");
  expect(violations[0]?.replay).toContain("--faults heavy --seed 4");
  expect(ran.err.filter((line) => line.startsWith("seed 4: process at"))).toHaveLength(1);
});

test("deadly seeds in a row, and one job alone, are findings like any others", async () => {
  const ran = await explore(["--seeds", "1..4", "--jobs", "1"], mortal(deaths({ 1: 2, 2: 2, 3: 2 })));
  expect(ran.exitCode).toBe(3);
  expect(summaryOf(ran).violations.map(({ seed }) => seed)).toEqual([1, 2, 3]);
});

test("a seed whose process was ended once is run once more, and nothing is held against it", async () => {
  const ran = await explore(["--seeds", "1..3", "--jobs", "1"], mortal(deaths({ 2: 1 })));
  expect(ran.exitCode).toBe(0);
  expect(summaryOf(ran)).toMatchObject({ runs: 3, violations: [] });
  expect(ran.err).toContain("seed 2: its process ended (SIGSEGV); it is run once more");
});

test("what ended its process is not made smaller: it would end this one", () => {
  const violationsOf = (seed: number, ...invariants: string[]) => ({
    violations: invariants.map((invariant) => ({ seed, invariant, at_s: 1, what: "" })),
  });
  const [many, none, process] = [violationsOf(9, "dose", "run"), violationsOf(3), violationsOf(2, "process")];
  const results = [many, none, process, ...[5, 4, 8, 7, 6].map((seed) => violationsOf(seed, "run"))];
  expect(worthMinimising(results).map(({ seed }) => seed)).toEqual([4, 5, 6, 7, 8]);
});

test("processes that end without any seed are no finding of the search, and what the others found is kept", async () => {
  const of = deaths({});
  const added: number[] = [];
  const next = seedsTo(100);
  const ran = runInProcesses({
    ...{ processes: mortal(of), jobs: 2, args: [], isStopped: () => false, tell: () => undefined, next },
    add({ seed }) {
      added.push(seed);
      // The program is built anew in the middle of the search.
      if (seed === 5) of.isBroken = true;
    },
  });
  await expect(ran).rejects.toMatchObject({ code: "beamrack.defect" });
  expect(added).toEqual([1, 2, 3, 4, 5]);
});

test("a process that is stopped in the middle of a seed broke nothing", async () => {
  const added: number[] = [];
  const seeds = [1, 2];
  await runInProcesses({
    ...{ processes: mortal(deaths({ 2: 1 })), jobs: 1, args: [], tell: () => undefined },
    isStopped: () => seeds.length === 0,
    next: () => seeds.shift() ?? null,
    add: ({ seed }) => added.push(seed),
  });
  expect(added).toEqual([1]);
});
