/**
 * What is done for a machine, and the deadline of it, as one actor: a promise, which the parent hears of as of any, and a
 * `{ type: "DEADLINE" }` to the parent when its time comes first. A rack makes thousands an hour: one actor of plain
 * fields costs a fraction of two of the library's.
 */
import type { ActorLogic, EventObject, Snapshot } from "xstate";
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";

export interface Task<Input> {
  /** What it is done with. */
  readonly of: Input;
  /** Monotonic; past counts as now. Null where the deadline is that of a state around. */
  readonly atMs: number | null;
}

export interface GivenTask<Input> {
  readonly input: Input;
  /** Aborted when the machine leaves before it is done, and when it fails: what it had begun beside is given up. */
  readonly signal: AbortSignal;
}

type TaskEvent =
  | { readonly type: "TASK_DONE"; readonly output: unknown }
  | { readonly type: "TASK_FAILED"; readonly error: unknown }
  | { readonly type: "xstate.stop" };

type TaskSnapshot<Output, Input> = Snapshot<Output> & { readonly run: Run<Input> };

export type TaskLogic<Output, Input> = ActorLogic<
  TaskSnapshot<Output, Input>,
  EventObject & { readonly [key: string]: unknown },
  Task<Input>
>;

class Run<Input> implements GivenTask<Input> {
  timer: TimerHandle = null;
  readonly input: Input;
  readonly atMs: number | null;
  /** Made when it is asked for: most never are. */
  private controller: AbortController | null = null;
  private isLeft = false;

  constructor({ of, atMs }: Task<Input>) {
    this.input = of;
    this.atMs = atMs;
  }

  get signal(): AbortSignal {
    if (this.controller === null) {
      this.controller = new AbortController();
      if (this.isLeft) this.controller.abort();
    }
    return this.controller.signal;
  }

  leave(): void {
    this.isLeft = true;
    this.controller?.abort();
  }
}

export function taskActor<Output, Input = undefined>(
  clock: Clock,
  begin: (given: GivenTask<Input>) => PromiseLike<Output>,
): TaskLogic<Output, Input> {
  return {
    getInitialSnapshot: (_, task) => ({ status: "active", output: undefined, error: undefined, run: new Run(task) }),
    start({ run }, { self }) {
      const tell = (event: TaskEvent): void => {
        if (self.getSnapshot().status === "active") self.send(event);
      };
      Promise.resolve(begin(run)).then(
        (output) => {
          tell({ type: "TASK_DONE", output });
        },
        (error: unknown) => {
          tell({ type: "TASK_FAILED", error });
        },
      );
      if (run.atMs === null) return;
      const late = (): void => {
        self._parent?.send({ type: "DEADLINE" });
      };
      run.timer = clock.setTimeout(late, Math.max(0, run.atMs - clock.monoMs()));
    },
    transition(state, event) {
      const { run } = state;
      switch (event.type) {
        case "TASK_DONE":
          if (run.timer !== null) clock.clearTimeout(run.timer);
          return { status: "done", output: event["output"] as Output, error: undefined, run };
        case "TASK_FAILED":
          if (run.timer !== null) clock.clearTimeout(run.timer);
          run.leave();
          return { status: "error", output: undefined, error: event["error"], run };
        case "xstate.stop":
          if (run.timer !== null) clock.clearTimeout(run.timer);
          run.leave();
          return { status: "stopped", output: undefined, error: undefined, run };
        default:
          return state;
      }
    },
    getPersistedSnapshot: (state) => state,
  };
}
