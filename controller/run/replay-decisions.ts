/** Replay of all that is decided by pure functions: doses and the scheduler's choices, in one pass over the log. */
import type { Finding } from "../../protocols/base/finding.ts";
import type { StoredEvent } from "../record/record-rows.ts";
import { createDoseReplay } from "./replay-dose.ts";
import { createScheduleReplay } from "./replay-schedule.ts";

export function replayDecisions(events: Iterable<StoredEvent>): readonly Finding[] {
  const folds = [createDoseReplay(), createScheduleReplay()];
  for (const event of events) for (const fold of folds) fold.event(event);
  return folds.flatMap(({ findings }) => findings);
}
