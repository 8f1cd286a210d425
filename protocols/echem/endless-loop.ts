/** Passes of loops in loops multiply: what nobody could wait for is a slip. */
import type { ProtocolStep } from "./protocol.ts";

/** Steps run with all loops followed: one a second would take thirty thousand years. */
export const STEPS_RUN_MAX = 1e12;

export interface EndlessLoop {
  /** Of the loop, counted from 0 over all steps. */
  readonly index: number;
  readonly stepsRun: number;
}

/** The first loop with which more steps are run than can be meant; loops must not cross. */
export function firstEndlessLoop(steps: readonly ProtocolStep[]): EndlessLoop | undefined {
  // Of each step, how many are run before it: with the sums at hand each loop is one difference.
  const before: number[] = [];
  let stepsRun = 0;
  for (const [index, step] of steps.entries()) {
    before.push(stepsRun);
    if (step.kind === "loop") stepsRun += (stepsRun - (before[step.targetIndex] ?? 0)) * (step.cycleCount - 1);
    else if (step.kind !== "tag") stepsRun += 1;
    if (stepsRun > STEPS_RUN_MAX) return { index, stepsRun };
  }
  return undefined;
}
