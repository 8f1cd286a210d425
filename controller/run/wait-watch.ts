/**
 * Nothing waits in silence: a wait that has outlived its own deadline is an alarm, which names who owes the answer. The
 * machine that waits should have acted by itself; that it did not is trouble of its own.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { durationText } from "../../protocols/base/duration-text.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import type { Waiting } from "../machines/waiting.ts";
import type { Alarms } from "./alarms.ts";

export interface WaitWatchDeps {
  readonly clock: Clock;
  readonly alarms: Alarms;
  /** By where an operator would look for them: `campaign`, `B7`, `stage`; null once the run is over. */
  readonly parts: () => readonly (readonly [where: string, waiting: Waiting | null])[] | null;
}

const CODE = "wait.overdue";
const LOOK_MS = 30_000;
/** Deadlines are met by timers of the machines, and those by a processor that may be busy. */
const GRACE_MS = 10_000;

/** Looks twice a minute, until the run is over. */
export function watchWaits({ clock, alarms, parts }: WaitWatchDeps): void {
  const raisedAt = new Set<string>();

  function look(): void {
    const waits = parts();
    if (waits === null) return;
    const nowMs = clock.monoMs();
    for (const [where, waiting] of waits) {
      const isLate = waiting !== null && waiting.untilMs !== null && nowMs > waiting.untilMs + GRACE_MS;
      if (isLate && !raisedAt.has(where)) {
        raisedAt.add(where);
        alarms.raise({ code: CODE, where, what: overdueText(waiting, nowMs), advice: FAULT_CATALOGUE[CODE].advice });
      } else if (!isLate && raisedAt.delete(where)) alarms.clear(CODE, where);
    }
    clock.setTimeout(look, LOOK_MS);
  }

  for (const { code, where } of alarms.open) if (code === CODE) raisedAt.add(where);
  clock.setTimeout(look, LOOK_MS);
}

function overdueText({ reason, who, sinceMs, untilMs }: Waiting, nowMs: number): string {
  const waited = durationText(Math.round((nowMs - sinceMs) / 1000));
  const late = durationText(Math.round((nowMs - (untilMs ?? nowMs)) / 1000));
  return `waits for ${reason} from ${who} since ${waited}, ${late} longer than it should`;
}
