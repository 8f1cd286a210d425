/** Ctrl-C, an order to stop, a lost terminal: the first asks the command to end well, the second ends the process. */
import { constants } from "node:os";
import type { InterruptReason } from "../command-context.ts";

const SIGNALS: readonly InterruptReason[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** `onForced` is told before the process is ended by a second signal. */
export function listenForInterrupts(
  handler: (reason: InterruptReason) => void,
  onForced: (reason: InterruptReason) => void,
): () => void {
  let told = false;
  const listener = (signal: NodeJS.Signals): void => {
    const reason = SIGNALS.find((name) => name === signal);
    if (reason === undefined) return;
    if (told) {
      onForced(reason);
      process.exit(128 + constants.signals[signal]);
    }
    told = true;
    handler(reason);
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}
