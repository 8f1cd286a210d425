/**
 * A deadline as an actor with an absolute time: unlike xstate's `after` it survives a restart, because its input
 * is persisted and the remaining time is worked out anew (xstate issue 5331).
 */
import { fromCallback, type EventObject } from "xstate";
import type { Clock } from "../../protocols/base/clock.ts";

export interface DeadlineInput {
  readonly atMs: number;
}

/** Sends `{ type: "DEADLINE" }` to its parent once `atMs` (monotonic) has come; at once when it is past. */
export function deadlineActor(clock: Clock) {
  return fromCallback<EventObject, DeadlineInput>(({ sendBack, input }) => {
    const handle = clock.setTimeout(
      () => {
        sendBack({ type: "DEADLINE" });
      },
      Math.max(0, input.atMs - clock.monoMs()),
    );
    return () => {
      clock.clearTimeout(handle);
    };
  });
}
