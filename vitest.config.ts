import { defineConfig } from "vitest/config";

/** Kinds of test, by folder; README's map of the house says what each is for. */
const kinds = ["unit", "wire", "property", "world", "crash", "e2e", "terminal", "tidy"] as const;

/** Tests that compute keep nothing between files, so that files share the modules that they load. */
const COMPUTING = { isolate: false };

/**
 * Tests on real links have real deadlines: they run after those that compute, so that none of them is late because
 * another is busy; most of the time they wait, so more of them run side by side than there are cores.
 */
const REAL_TIME = { maxWorkers: 6, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    projects: kinds.map((name) => ({
      extends: true as const,
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`, `test/${name}/**/*.test.tsx`],
        ...(name === "e2e" ? REAL_TIME : COMPUTING),
      },
    })),
  },
});
