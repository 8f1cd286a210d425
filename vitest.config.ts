import { defineConfig } from "vitest/config";

/** Kinds of test, by folder; README's map of the house says what each is for. */
const kinds = ["unit", "wire", "property", "world", "crash", "e2e", "terminal", "tidy"] as const;

export default defineConfig({
  test: {
    // One more than the two cores it is made for: tests on real links mostly wait.
    maxWorkers: 3,
    testTimeout: 120_000,
    projects: kinds.map((name) => ({
      extends: true as const,
      test: { name, include: [`test/${name}/**/*.test.ts`, `test/${name}/**/*.test.tsx`] },
    })),
  },
});
