/** What every contract suite needs of a bench, be its links in memory on a virtual clock or real on the machine's. */
import { describe, expect } from "vitest";
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault, type FaultCode } from "../../protocols/base/fault.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import { createMemoryLink } from "../../simulator/links/memory-link.ts";
import type { DeviceEnd, WorldClock } from "../../simulator/plant/plant.ts";
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
  /** Real seconds pass, on a machine that does other things as well: what takes many of them is left out. */
  readonly isRealTime?: boolean;
}

/** What may be late by, on a machine busy with other tests. */
export const REAL_SLACK_S = 0.5;

/** How time goes on a bench: for its driver, and for its simulated device. */
export interface ContractTime extends Omit<ContractBench, "faults"> {
  readonly clock: Clock;
  readonly world: WorldClock;
}

export interface VirtualTime extends ContractTime {
  readonly clock: VirtualClock;
}

/** A cable that can be cut, in memory or between real ports. */
export interface ContractCable {
  readonly openLink: OpenLink;
  readonly end: DeviceEnd;
  readonly cut: () => void | Promise<void>;
  readonly hang: (isHung: boolean) => void;
}

/** Virtual time with promises drained by macrotask turns. */
export function createVirtualTime(): VirtualTime {
  const clock = createVirtualClock(Date.UTC(2026, 0, 1), { drain: () => new Promise((done) => setImmediate(done)) });
  return {
    clock,
    world: clock,
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

/** A cable in memory. */
export function createMemoryCable({ clock }: VirtualTime, name: string, latencyMs = 0.5): ContractCable {
  const link = createMemoryLink(clock, { name, latencyMs });
  return {
    openLink: link.openLink,
    end: link.end,
    cut() {
      link.cut("pulled");
    },
    hang(isHung) {
      link.hang(isHung);
    },
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

/** In real time as many tests as possible wait side by side. */
export function describeContract(name: string, options: ContractOptions, tests: () => void): void {
  (options.isRealTime === true ? describe.concurrent : describe)(name, tests);
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
