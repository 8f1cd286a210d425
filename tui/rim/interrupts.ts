/**
 * Ctrl-C, an order to stop, a lost terminal: the first asks the command to end well, the second ends the process. Before
 * the command has begun there is nothing to end well.
 */
import { constants } from "node:os";
import { performance } from "node:perf_hooks";
import { isatty } from "node:tty";
import type { InterruptReason } from "../command-context.ts";

const SIGNALS: readonly InterruptReason[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * One Ctrl-C can arrive twice: the terminal tells the whole group of processes, and a parent such as npm passes it on.
 * A person who presses it again because nothing seems to happen takes longer than this.
 */
const SAME_PRESS_MS = 500;

/** Standard input, output and error. */
const STANDARD_STREAMS = [0, 1, 2];

/**
 * `onForced` is told before the process is ended by a second signal.
 *
 * A lost terminal is nobody's impatience, so it ends nothing at once. Where none of the standard streams is a terminal
 * there is none to lose: `nohup` asks for just that, and Node takes back what it asked of the system.
 */
export function listenForInterrupts(
  handler: (reason: InterruptReason) => void,
  onForced: (reason: InterruptReason) => void,
  hasTerminal = STANDARD_STREAMS.some((stream) => isatty(stream)),
): () => void {
  let toldAtMs: number | undefined;
  const listener = (signal: NodeJS.Signals): void => {
    const reason = SIGNALS.find((name) => name === signal);
    if (reason === undefined || (reason === "SIGHUP" && (!hasTerminal || toldAtMs !== undefined))) return;
    const nowMs = performance.now();
    if (toldAtMs !== undefined) {
      if (nowMs - toldAtMs < SAME_PRESS_MS) return;
      onForced(reason);
      process.exit(128 + constants.signals[signal]);
    }
    toldAtMs = nowMs;
    handler(reason);
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}

/** Until it is released the first of them ends the process, once `onEnd` was told. */
export function listenUntilBegun(onEnd: (reason: InterruptReason) => void): () => void {
  const listeners = (["SIGINT", "SIGTERM"] as const).map((reason) => {
    const listener = (): void => {
      onEnd(reason);
      process.exit(128 + constants.signals[reason]);
    };
    process.on(reason, listener);
    return { reason, listener };
  });
  return () => {
    for (const { reason, listener } of listeners) process.off(reason, listener);
  };
}
