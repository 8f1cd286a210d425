import { expect, test } from "vitest";
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

/** Processes that end at these seeds; `begun` counts those that were started. */
function mortal(deadly: readonly number[], begun: { count: number } = { count: 0 }) {
  return {
    count: 2,
    async run(_args: readonly string[], onLine: (line: string) => void, next: () => string | null): Promise<number> {
      begun.count += 1;
      for (let line = next(); line !== null; line = next()) {
        await Promise.resolve();
        if (deadly.includes(Number(line))) return 7;
        onLine(JSON.stringify(resultOf(Number(line))));
      }
      return 0;
    },
  };
}

test("a seed that ends its process is a violation, told at once with its number, and the others go on beside and after it", async () => {
  const begun = { count: 0 };
  const ran = await explore(["--seeds", "1..9", "--jobs", "2"], mortal([4, 7], begun));
  expect(ran.exitCode).toBe(3);
  const { violations, runs } = summaryOf(ran);
  expect(runs).toBe(9);
  expect(violations.map(({ seed, invariant }) => [seed, invariant])).toEqual([
    [4, "process"],
    [7, "process"],
  ]);
  expect(violations[0]?.what).toContain("exit code 7");
  expect(violations[0]?.replay).toContain("--faults heavy --seed 4");
  expect(ran.err.filter((line) => line.startsWith("seed 4: process"))).toHaveLength(1);
  expect(begun.count).toBe(4);
});

test("one job has a process of its own, too", async () => {
  const ran = await explore(["--seeds", "1..3", "--jobs", "1"], mortal([2]));
  expect(summaryOf(ran).violations.map(({ seed }) => seed)).toEqual([2]);
});

test("what ended its process is not made smaller: it would end this one", () => {
  const of = (seed: number, ...invariants: string[]) => ({
    violations: invariants.map((invariant) => ({ seed, invariant, at_s: 1, what: "" })),
  });
  const results = [of(9, "dose", "run"), of(3), of(2, "process"), ...[5, 4, 8, 7, 6].map((seed) => of(seed, "run"))];
  expect(worthMinimising(results).map(({ seed }) => seed)).toEqual([4, 5, 6, 7, 8]);
});

test("processes that end whatever they are given are no finding of the search", async () => {
  const added: number[] = [];
  let last = 0;
  const ran = runInProcesses({
    ...{ processes: mortal([1, 2, 3, 4, 5]), jobs: 1, args: [], isStopped: () => false },
    next: () => (last += 1),
    add: ({ seed }) => added.push(seed),
  });
  await expect(ran).rejects.toMatchObject({ code: "beamrack.defect" });
  expect(added).toEqual([1, 2]);
});

test("a process that is stopped in the middle of a seed broke nothing", async () => {
  const added: number[] = [];
  const seeds = [1, 2];
  await runInProcesses({
    ...{ processes: mortal([2]), jobs: 1, args: [], isStopped: () => seeds.length === 0 },
    next: () => seeds.shift() ?? null,
    add: ({ seed }) => added.push(seed),
  });
  expect(added).toEqual([1]);
});
