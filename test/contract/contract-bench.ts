/** What every contract suite needs of a bench, be its links in memory on a virtual clock or real on the machine's. */
import { expect } from "vitest";
import { Fault, type FaultCode } from "../../protocols/base/fault.ts";
import { createVirtualClock, type VirtualClock } from "../../simulator/clock/virtual-clock.ts";

export interface ContractBench {
  /** What the instrument reported unasked. */
  readonly faults: readonly Fault[];
  /** Lets time pass until the promise settles. Throws when that takes too long. */
  settle<T>(work: Promise<T>): Promise<T>;
  pass(seconds: number): Promise<void>;
  /** Seconds since some start, on the bench's clock. */
  nowS(): number;
  close(): Promise<void>;
}

export interface ContractOptions {
  /** Real seconds pass: what takes many of them is left out. */
  readonly isRealTime?: boolean;
}

export interface VirtualTime extends Omit<ContractBench, "faults"> {
  readonly clock: VirtualClock;
}

/** Virtual time with promises drained by macrotask turns. */
export function createVirtualTime(): VirtualTime {
  const clock = createVirtualClock(Date.UTC(2026, 0, 1), { drain: () => new Promise((done) => setImmediate(done)) });
  return {
    clock,
    async settle(work) {
      let isSettled = false;
      const done = (): void => {
        isSettled = true;
        clock.stop();
      };
      work.then(done, done);
      const lastMs = clock.nowMs() + 900_000;
      const isOver = (): boolean => isSettled || clock.nowMs() >= lastMs;
      while (!isOver()) await clock.run(Math.min(lastMs, clock.nowMs() + 60_000));
      if (!(isSettled as boolean)) throw new Error("nothing came of it in 15 virtual minutes");
      return work;
    },
    pass: (seconds) => clock.run(clock.nowMs() + seconds * 1000),
    nowS: () => clock.nowMs() / 1000,
    close: () => Promise.resolve(),
  };
}

/** The fault it was refused with. */
export async function faultOf(bench: Pick<ContractBench, "settle">, work: Promise<unknown>): Promise<Fault> {
  try {
    await bench.settle(work);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

export async function expectFault(
  bench: Pick<ContractBench, "settle">,
  work: Promise<unknown>,
  ...codes: readonly FaultCode[]
): Promise<Fault> {
  const fault = await faultOf(bench, work);
  expect(codes).toContain(fault.code);
  return fault;
}

/** Runs the test on a bench and closes it, whatever happens. */
export async function onBench<T extends ContractBench>(
  make: () => Promise<T>,
  test: (bench: T) => Promise<void>,
): Promise<void> {
  const bench = await make();
  try {
    await test(bench);
  } finally {
    await bench.close();
  }
}
