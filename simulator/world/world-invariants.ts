/** What the observer watches in a world, by the names used in `checks`. */
import { CLEAR_INVARIANT } from "../plant/obstacles.ts";
import { HAZARD_INVARIANT } from "./hazard-judge.ts";
import { ROBOT_INVARIANTS } from "./robot-truth.ts";
import type { WorldOptions } from "./world-options.ts";
import type { WorldSite } from "./world-site.ts";

/** In every world. */
export const WORLD_INVARIANTS = [
  "dose",
  "exposures-accounted",
  "two-clocks-apart",
  "cell-limits",
  "shutter-interlocks",
  "stage-at-rest",
  "motion-permit",
  "right-cell",
  "faults-stay-local",
  "samples-kept",
  "exposed-as-asked",
  "person-rearmed",
] as const;

export function invariantsOf({ robot, safetyInputs }: WorldOptions, { stage }: WorldSite): readonly string[] {
  return [
    ...WORLD_INVARIANTS,
    ...(robot === undefined ? [] : ROBOT_INVARIANTS),
    ...(safetyInputs === undefined ? [] : [HAZARD_INVARIANT]),
    ...(stage.keepOut === undefined ? [] : [CLEAR_INVARIANT]),
  ];
}
