/**
 * The reasons of the beam, on record: for each exposure that the scheduler chose why it and why then, who was next, and
 * what was passed over; for each wait what for. Short, and told anew only when it changed.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { WholePlan } from "../beam/wanted.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { Decision, PassedOverReason, PlannedExposure } from "./schedule-state.ts";
import { createStateLog, SURROUNDINGS_EVENT } from "./state-log.ts";
import type { Decided, WishPlan } from "./wish-plan.ts";

export const DECISION_EVENT = "beam-decided";
/** Of those that follow, and of what was passed over, so many are named. */
const TOLD = 5;
/** Nearer to its wanted moment an exposure is at it, milliseconds. */
const AT_MS = 500;

interface JsonRecord {
  readonly [key: string]: Json;
}

/** @returns told of each plan; records what it decided */
export function createDecisionRecord(recorder: Recorder): (plan: WholePlan | WishPlan, nowMs: number) => void {
  let lastWait = "";
  const stateLog = createStateLog();

  function recordDecision({ state, leadMs }: Decided, data: JsonRecord): void {
    const surroundings = stateLog.surroundings(state);
    if (surroundings !== null) recorder.record(SURROUNDINGS_EVENT, surroundings);
    const lead = leadMs === null ? {} : { lead_ms: leadMs };
    recorder.record(DECISION_EVENT, { ...data, ...lead, state: stateLog.state(state) });
  }

  return (plan, nowMs) => {
    const { act } = plan;
    if (!("decided" in plan) || plan.decided === null || act.kind === "end") {
      lastWait = "";
      return;
    }
    const { decided } = plan;
    if (act.kind === "expose") {
      lastWait = "";
      recordDecision(decided, {
        act: "expose",
        ...plannedJson(decided.decision.timetable[0], decided),
        why: exposureWhy(decided, nowMs),
        ...surroundings(decided, 1),
      });
      return;
    }
    const place =
      act.park === undefined ? null : act.park === "shadow" ? "shadow" : decided.positionOf(act.park.cellIndex);
    const next = decided.decision.timetable[0];
    const told = [act.reason, act.who, next?.request.id ?? ""].join("|");
    if (told === lastWait) return;
    lastWait = told;
    recordDecision(decided, {
      act: "wait",
      reason: act.reason,
      who: act.who,
      until_ms: Math.round(act.untilMs),
      ...(place === null ? {} : { place }),
      ...surroundings(decided, 0),
    });
  };
}

/** In words: why this one, and why then. */
export function exposureWhy({ decision, openCount }: Pick<Decided, "decision" | "openCount">, nowMs: number): string {
  const planned = decision.timetable[0];
  if (planned === undefined) return "nothing else is asked";
  const { request, openAtMs } = planned;
  const { wantedMs } = request;
  const others = openCount - 1;
  const among = others === 0 ? "nothing else is asked" : `before ${others} ${others === 1 ? "other" : "others"}`;
  if (wantedMs === null) return `any moment of its window is as good, and it lies next on the way; ${among}`;
  const offMs = openAtMs - wantedMs;
  if (Math.abs(offMs) <= AT_MS) return `at its wanted moment; ${among}`;
  const apart = `${(Math.abs(offMs) / 1000).toFixed(1)} s`;
  if (offMs < 0) {
    const without = decision.passedOver.filter(({ reason }) => reason === "no-place").length;
    const why =
      without > 0
        ? `as nothing is waited for while there is no place for ${without === 1 ? "one" : without} of those asked`
        : "to leave room for what is wanted at the same time";
    return `${apart} before its wanted moment, ${why}; ${among}`;
  }
  if (wantedMs <= nowMs) return `${apart} after its wanted moment, as soon as the beam is free for it; ${among}`;
  return `${apart} after its wanted moment, behind what is wanted at the same time; ${among}`;
}

function surroundings(decided: Decided, from: number): JsonRecord {
  const { decision, openCount } = decided;
  const { passedOver } = decision;
  const counts: Partial<Record<PassedOverReason, number>> = {};
  for (const { reason } of passedOver) counts[reason] = (counts[reason] ?? 0) + 1;
  return {
    open: openCount,
    next: decision.timetable.slice(from, from + TOLD).map((planned) => plannedJson(planned, decided)),
    ...(passedOver.length === 0
      ? {}
      : {
          passed_over: { ...counts },
          passed_over_first: passedOver
            .slice(0, TOLD)
            .map(({ request, reason }) => ({ ...nameJson(request, decided), reason })),
        }),
  };
}

function plannedJson(planned: PlannedExposure | undefined, decided: Decided): JsonRecord {
  if (planned === undefined) return {};
  return { ...nameJson(planned.request, decided), open_at_ms: Math.round(planned.openAtMs) };
}

/** As the log names requests elsewhere: a number beside the sweeps, else the sweep; and the position. */
function nameJson({ id, cellIndex }: Decision["timetable"][number]["request"], decided: Decided): JsonRecord {
  const wanted = decided.wantedById.get(id);
  const position = decided.positionOf(cellIndex);
  return wanted === undefined ? { sweep: decided.sweep, position } : { request: wanted.number, position };
}
