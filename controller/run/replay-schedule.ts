/**
 * Replay of the scheduler's choices: from the log alone the state before each of them is built again and decided about
 * with the production function. Where the log decided otherwise, the finding names the event and both answers.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Finding } from "../../protocols/base/finding.ts";
import { isList, isRecord } from "../record/ledger-row.ts";
import { parseJson } from "../record/record-header.ts";
import type { StoredEvent } from "../record/record-rows.ts";
import { decide } from "../schedule/decide.ts";
import { DECISION_EVENT } from "../schedule/decision-record.ts";
import type { Decision, PlannedExposure, ScheduleState } from "../schedule/schedule-state.ts";
import { createStateReplay, SURROUNDINGS_EVENT } from "../schedule/state-log.ts";
import { leavesAhead } from "../schedule/wish-plan.ts";

export interface ReplayFold {
  event(event: StoredEvent): void;
  readonly findings: readonly Finding[];
}

type Data = { readonly [key: string]: Json };

/** A run in which every choice differs says so by the first of them. */
const FINDINGS_MAX = 20;

export function createScheduleReplay(): ReplayFold {
  const findings: Finding[] = [];
  const replay = createStateReplay();

  function add(event: StoredEvent, what: string): void {
    if (findings.length >= FINDINGS_MAX) return;
    findings.push({
      severity: "error",
      code: "replay.differs",
      where: `event ${event.seq} (${event.type})`,
      what,
      advice: "The log and the code that wrote it disagree: keep the folder and report it.",
    });
  }

  function decision(event: StoredEvent, data: Data): void {
    // A log from before states were told says nothing that could be decided again.
    if (data["state"] === undefined) return;
    const state = replay.state(data["state"]);
    if (state === undefined) {
      add(event, "does not say what was known when it was decided");
      return;
    }
    const answer = told(decide(state), state, data);
    const was = logged(data);
    if (answer !== was) add(event, `decided ${was}; decided again: ${answer}`);
  }

  return {
    findings,
    event(event) {
      if (event.type !== DECISION_EVENT && event.type !== SURROUNDINGS_EVENT) return;
      const data = parseJson(event.dataText);
      if (!isRecord(data)) add(event, "cannot be read");
      else if (event.type === DECISION_EVENT) decision(event, data);
      else if (!replay.surroundings(data)) add(event, "states no ways that can be read");
    },
  };
}

/** What was decided, in the words by which it is compared. */
function told({ act, timetable, passedOver }: Decision, state: ScheduleState, data: Data): string {
  const leadMs = typeof data["lead_ms"] === "number" ? data["lead_ms"] : null;
  const isExposure = act.kind === "expose" || (leadMs !== null && leavesAhead(act, state, leadMs));
  const counts: Record<string, number> = {};
  for (const { reason } of passedOver) counts[reason] = (counts[reason] ?? 0) + 1;
  const shown = timetable.slice(isExposure ? 1 : 0, (isExposure ? 1 : 0) + namesIn(data["next"]));
  const first = timetable[0];
  const what = isExposure
    ? `to expose ${first === undefined ? "nothing" : plannedText(first)}`
    : `to wait for ${act.reason} (${act.who})`;
  return textOf(what, shown.map(plannedText), counts);
}

function logged(data: Data): string {
  const what =
    data["act"] === "expose"
      ? `to expose ${namedText(data)}`
      : `to wait for ${plain(data["reason"])} (${plain(data["who"])})`;
  const { next, passed_over: passedOver } = data;
  const counts: Record<string, number> = {};
  if (isRecord(passedOver))
    for (const [reason, count] of Object.entries(passedOver)) if (typeof count === "number") counts[reason] = count;
  return textOf(what, isList(next) ? next.map((one) => (isRecord(one) ? namedText(one) : "")) : [], counts);
}

function textOf(what: string, next: readonly string[], passedOver: Readonly<Record<string, number>>): string {
  const passed = Object.entries(passedOver).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    what,
    ...(next.length === 0 ? [] : [`then ${next.join(", ")}`]),
    ...(passed.length === 0 ? [] : [`passing over ${passed.map(([why, count]) => `${count} ${why}`).join(", ")}`]),
  ].join(", ");
}

function namesIn(value: Json | undefined): number {
  return isList(value) ? value.length : 0;
}

function plannedText({ request, openAtMs }: PlannedExposure): string {
  // Of a sweep the log names cell and sweep, of everything else its number.
  const name = request.id.startsWith("R") ? request.id : (request.id.split("-")[0] ?? "");
  return `${name} at ${Math.round(openAtMs)} ms`;
}

function namedText(data: Data): string {
  const { request, sweep, open_at_ms: openAtMs } = data;
  const name = typeof request === "number" ? `R${request}` : `S${plain(sweep)}`;
  return `${name} at ${plain(openAtMs)} ms`;
}

function plain(value: Json | undefined): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "?";
}
