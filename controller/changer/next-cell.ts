/** Which cell to fetch while another is exposed: the one that is brought next, if that is soon. Pure. */
import type { WholePlan } from "../beam/wanted.ts";
import type { WishPlan } from "../schedule/wish-plan.ts";

/** A cell that is wanted later than this goes on cycling meanwhile. */
const SOON_MS = 120_000;

/** Null for nobody soon. */
export function exposedLater(plan: WholePlan | WishPlan, nowMs: number): number | null {
  const { act, state, wanted } = plan;
  const here = act.kind === "expose" ? act.cellIndex : null;
  if ("decided" in plan && plan.decided !== null) {
    const [, second] = plan.decided.decision.timetable;
    if (second === undefined || second.openAtMs > nowMs + SOON_MS) return null;
    return second.request.cellIndex === here ? null : second.request.cellIndex;
  }
  const next = wanted[0]?.cellIndex ?? state.remaining[0] ?? null;
  return next === here ? null : next;
}
