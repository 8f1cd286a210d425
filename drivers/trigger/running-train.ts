/** A train of gates from its command to its end. */
import type { Fault } from "../../protocols/base/fault.ts";
import type { FiredTrain, GateTrain } from "../../protocols/roles/trigger.ts";

export interface RunningTrain {
  readonly train: GateTrain;
  /** Just before the command went out. */
  readonly sentAtMs: number;
  readonly finished: Promise<FiredTrain>;
  /** Aborted once it is settled: whoever waits for its end need not. */
  readonly signal: AbortSignal;
  /** Whether the device is known to have taken the command. */
  isTaken: boolean;
  /** Told to end, and not known yet whether it did: what is seen of it meanwhile is no outcome. */
  isHalted: boolean;
  succeed(fired: FiredTrain): void;
  fail(fault: Fault): void;
}

export function createRunningTrain(train: GateTrain, sentAtMs: number): RunningTrain {
  const settled = new AbortController();
  let settle: { resolve: (fired: FiredTrain) => void; reject: (fault: Fault) => void } | undefined;
  const finished = new Promise<FiredTrain>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Whoever fired it may already be gone; the failure is told to all who wait.
  finished.catch(() => undefined);
  return {
    train,
    sentAtMs,
    finished,
    signal: settled.signal,
    isTaken: false,
    isHalted: false,
    succeed(fired) {
      settled.abort(new Error("the train is over"));
      settle?.resolve(fired);
    },
    fail(fault) {
      settled.abort(new Error("the train is over"));
      settle?.reject(fault);
    },
  };
}
