import { describe, expect, it } from "vitest";
import { limitCase, limitOutcome } from "../support/limit-cases.ts";

/** `test/bench/limits.ts` does ten thousand. */
const RUNS = 64;

describe("random protocols on cells with spread and noise", () => {
  it("never trip a limit when check passes them, and are refused for a reason", { timeout: 60_000 }, () => {
    const judged = Array.from({ length: RUNS }, (_, index) => limitOutcome(limitCase(index + 1))).filter(
      (outcome) => outcome !== null,
    );
    const passed = judged.filter(({ refusedFor }) => refusedFor.length === 0);
    const refused = judged.filter(({ refusedFor }) => refusedFor.length > 0);
    expect(passed.filter(({ trip }) => trip !== null)).toEqual([]);
    // Most of the refused would have been taken off, and most of what is sensible passes.
    expect(refused.filter(({ trip }) => trip !== null).length / refused.length).toBeGreaterThan(0.5);
    expect(passed.length / judged.length).toBeGreaterThan(0.45);
    const recipes = judged.filter(({ kind }) => kind !== "steps");
    const admitted = recipes.filter(({ refusedFor }) => refusedFor.length === 0);
    expect(admitted.length / recipes.length).toBeGreaterThan(0.75);
  });
});
