/** An act done, with a deadline, and made safe when somebody asks it to end. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import type { Act, ActBench } from "./act.ts";

export interface RunDeps {
  readonly name: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Told of Ctrl-C and its kin; returns the way to stop listening. */
  readonly onInterrupt: (handler: (reason: string) => void) => () => void;
}

/** What an act gets to make safe what it had begun, after it was asked to end. */
const ENDING_MS = 20_000;

/** Rejects with a Fault: the act's own, `device.interrupted`, or `link.timeout` at the deadline. */
export async function runAct(act: Act, bench: Omit<ActBench, "signal">, deps: RunDeps): Promise<Json> {
  const { name, clock, timeoutMs } = deps;
  const controller = new AbortController();
  const end = (fault: Fault): void => {
    if (!controller.signal.aborted) controller.abort(fault);
  };
  let giveUp: (fault: Fault) => void = () => undefined;
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  givenUp.catch(() => undefined);
  const release = deps.onInterrupt((reason) => {
    end(new Fault("device.interrupted", name, `${act.command} was ended by ${reason}`, { reason }));
  });
  const deadline = clock.setTimeout(() => {
    const late = `${act.command} was not done within ${timeoutMs / 1000} s`;
    end(new Fault("link.timeout", name, late, { timeoutMs }));
  }, timeoutMs);
  let ending: unknown;
  controller.signal.addEventListener("abort", () => {
    ending = clock.setTimeout(() => {
      giveUp(
        controller.signal.reason instanceof Fault
          ? controller.signal.reason
          : new Fault("link.timeout", name, "given up"),
      );
    }, ENDING_MS);
  });
  try {
    return await Promise.race([act.perform({ ...bench, signal: controller.signal }), givenUp]);
  } catch (error) {
    // Whatever the act says when it is broken off, why it was broken off comes first.
    const { reason } = controller.signal as { readonly reason: unknown };
    if (controller.signal.aborted && reason instanceof Fault && error instanceof Fault && error !== reason) {
      throw new Fault(reason.code, reason.where, `${reason.message}; ${error.message}`, error.detail, error);
    }
    throw error;
  } finally {
    release();
    clock.clearTimeout(deadline);
    clock.clearTimeout(ending);
  }
}
