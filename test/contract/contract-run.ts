/** How a contract is run: where each test leaves its bench, and how much slower or faster its world goes. */

/** Of vitest's own context; what is given is run when the test is over. */
export type AfterTest = (close: () => void | Promise<void>) => void;

export interface ContractOptions {
  /** Runs the tests side by side: for real time, which is mostly waiting. Default false. */
  readonly isConcurrent?: boolean;
  /** The device's motions take this many times what they take by default; waits of the contract go with it. Default 1. */
  readonly pace?: number;
}

/** A system may take a while to notice that a port is gone. */
const NOTICE_MS = 3000;

/** Until the driver has reported something, but no longer than a port may take to be noticed as gone. */
export async function untilFault(bench: {
  readonly faults: readonly unknown[];
  readonly pass: (ms: number) => Promise<void>;
}): Promise<void> {
  for (let waitedMs = 0; waitedMs < NOTICE_MS && bench.faults.length === 0; waitedMs += 25) await bench.pass(25);
}
