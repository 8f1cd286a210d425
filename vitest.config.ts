import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { defineConfig, type Plugin } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Kinds of test, by folder; README's map of the house says what each is for. */
const kinds = ["unit", "wire", "property", "world", "crash", "e2e", "terminal", "tidy"] as const;

/** Tests keep nothing between files, so that files share the modules that they load. */
const SHARING = { isolate: false };

/**
 * Tests on real links have real deadlines: they run after those that compute, or (scripts/test.mjs) beside them and
 * before them wherever a core is wanted, so that none is late because another is busy. Most of the time they wait, so
 * more of them run side by side than there are cores. One that failed while no core was free for it is tried again.
 */
const REAL_TIME = {
  ...SHARING,
  maxWorkers: 6,
  testTimeout: 240_000,
  sequence: { groupOrder: 1 },
  setupFiles: ["test/support/property-seed.ts", "test/support/held-up.ts"],
  retry: { count: 2, delay: 3000, condition: /held up for \d+ ms by a busy computer/ },
};

/** What lasts longest begins first, or one worker would be at it alone at the end: campaigns, on the bench or in the world. */
const FIRST = /\/test\/(?:e2e\/bench|world|crash|property)\//;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => FIRST.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

const ROOT = import.meta.dirname;
const BUILT = /^(controller|drivers|protocols|simulator|tui)[\\/].*\.tsx?$/;

/**
 * With TEST_BUILT=1 (scripts/test.mjs, just after the build) tests load what they test from dist/, as it is shipped and
 * without compiling it once more: Node reads it by itself. Otherwise they load the sources as they stand.
 */
const fromBuild: Plugin = {
  name: "beamrack:from-build",
  enforce: "pre",
  resolveId(specifier, importer) {
    if (importer === undefined || !specifier.startsWith(".")) return null;
    const path = relative(ROOT, join(dirname(importer), specifier));
    if (!BUILT.test(path)) return null;
    const built = join(ROOT, "dist", path.replace(/\.tsx?$/, ".js"));
    return existsSync(built) ? built : null;
  },
};
const isBuildTested = process.env["TEST_BUILT"] === "1";

/** With TEST_WHOLE=1 (scripts/test.mjs) all that compute are one project, so that processes are not begun anew for each. */
const projects: readonly (readonly [name: string, folders: readonly string[]])[] =
  process.env["TEST_WHOLE"] === "1"
    ? [
        ["computing", kinds.filter((name) => name !== "e2e")],
        ["e2e", ["e2e"]],
      ]
    : kinds.map((name) => [name, [name]]);

/** Campaigns make much that is short of life: with room for it, less time goes into collecting it. */
const ROOM_FOR_THE_YOUNG = ["--min-semi-space-size=16", "--max-semi-space-size=32"];

export default defineConfig({
  ...(isBuildTested ? { plugins: [fromBuild] } : {}),
  test: {
    ...(isBuildTested
      ? {
          execArgv: ROOM_FOR_THE_YOUNG,
          env: { NODE_ENV: "test" },
          server: { deps: { external: [/[\\/]dist[\\/].*\.js$/] } },
        }
      : {}),
    sequence: { sequencer: LongestFirst },
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    projects: projects.map(([name, folders]) => ({
      extends: true as const,
      test: {
        name,
        setupFiles: ["test/support/property-seed.ts"],
        include: folders.flatMap((folder) => [`test/${folder}/**/*.test.ts`, `test/${folder}/**/*.test.tsx`]),
        ...(name === "e2e" ? REAL_TIME : SHARING),
      },
    })),
  },
});
