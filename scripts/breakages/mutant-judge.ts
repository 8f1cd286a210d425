/**
 * A process that holds a test runner open on a copy of the sources, so that each mutant costs its tests and not the start
 * of them. A mutant that makes tests loop for ever takes this process with it, not the one that asks.
 */
import { createVitest } from "vitest/node";
import { join } from "node:path";

export interface MutantQuestion {
  /** Of the copy, already broken. */
  readonly file: string;
  /** One after the other, until one fails. */
  readonly tests: readonly string[];
}

export interface MutantAnswer {
  /** Tests that failed; null when all pass. */
  readonly failed: string | null;
}

const folder = process.argv[2] ?? ".";
const options = { root: folder, config: join(folder, "vitest.config.ts"), watch: false, pool: "threads" } as const;
const vitest = await createVitest("test", { ...options, reporters: [{}] });

let brokenBefore = "";

async function judge({ file, tests }: MutantQuestion): Promise<MutantAnswer> {
  // The one before is whole again.
  for (const changed of [brokenBefore, file]) vitest.invalidateFile(join(folder, changed));
  brokenBefore = file;
  for (const filter of tests) {
    const specifications = await vitest.getRelevantTestSpecifications([filter]);
    if (specifications.length === 0) throw new Error(`no test is called ${filter}`);
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
    // Beside them stand those of earlier questions, as they ended then.
    const asked = new Set(specifications.map(({ moduleId }) => moduleId));
    const states = testModules.filter(({ moduleId }) => asked.has(moduleId)).map((module) => module.state());
    if (unhandledErrors.length > 0 || states.includes("failed")) return { failed: filter };
    if (states.length === 0 || states.some((state) => state !== "passed"))
      throw new Error(`${filter} was not run to its end`);
  }
  return { failed: null };
}

process.on("message", (question: MutantQuestion) => {
  judge(question).then(
    (answer) => process.send?.(answer),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.({ failed: null } satisfies MutantAnswer);
