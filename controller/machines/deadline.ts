/** A deadline as an actor of its own, with an absolute time: for a wait that is for nothing but it, or for several things. */
import type { ActorLogic, EventObject, Snapshot } from "xstate";
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";

export interface DeadlineInput {
  readonly atMs: number;
}

type DeadlineSnapshot = Snapshot<undefined> & { readonly atMs: number; readonly timer: { handle: TimerHandle } };

/** Sends `{ type: "DEADLINE" }` to its parent once `atMs` (monotonic) has come; at once when it is past. */
export function deadlineActor(clock: Clock): ActorLogic<DeadlineSnapshot, EventObject, DeadlineInput> {
  return {
    getInitialSnapshot: (_, { atMs }) => ({
      ...{ status: "active", output: undefined, error: undefined },
      ...{ atMs, timer: { handle: null } },
    }),
    start({ atMs, timer }, { self }) {
      const late = (): void => {
        self._parent?.send({ type: "DEADLINE" });
      };
      timer.handle = clock.setTimeout(late, Math.max(0, atMs - clock.monoMs()));
    },
    transition(state, { type }) {
      if (type !== "xstate.stop") return state;
      clock.clearTimeout(state.timer.handle);
      return { ...state, status: "stopped", output: undefined, error: undefined };
    },
    getPersistedSnapshot: (state) => state,
  };
}
