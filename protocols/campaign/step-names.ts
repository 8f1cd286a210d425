/** Steps by the names people give them: an id, or a tag, which means the step that follows it. */
import type { Protocol } from "../echem/protocol.ts";

export interface StepName {
  readonly name: string;
  /** Of the step that runs, counted from 0 over all steps. */
  readonly stepIndex: number;
}

/** Every id and tag that stands for a step with a technique, in the order of the file. */
export function stepNames(protocol: Protocol): readonly StepName[] {
  const names: StepName[] = [];
  let tags: string[] = [];
  protocol.steps.forEach((step, stepIndex) => {
    if (step.kind === "tag") {
      tags.push(step.tag);
      if (step.id !== null) tags.push(step.id);
      return;
    }
    // A tag before a loop is a place to jump to; no step follows it.
    if (step.kind !== "loop") {
      names.push(...tags.map((name) => ({ name, stepIndex })));
      if (step.id !== null) names.push({ name: step.id, stepIndex });
    }
    tags = [];
  });
  return names;
}

/** The step of this name; undefined where there is none, or where the name stands for more than one. */
export function stepNamed(protocol: Protocol, name: string): number | undefined {
  const found = new Set(stepNames(protocol).flatMap((item) => (item.name === name ? [item.stepIndex] : [])));
  return found.size === 1 ? [...found][0] : undefined;
}
