import { describe, expect, it } from "vitest";
import { createCommitting } from "../../../controller/run/committing.ts";
import type { Alarms } from "../../../controller/run/alarms.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";

const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function open(commit: () => Promise<void>) {
  const clock = createVirtualClock(0, { drain });
  const failures: unknown[] = [];
  const nothing = (): void => undefined;
  const committing = createCommitting({
    ...{ store: { commit }, clock, waitsForDisk: true, over: nothing },
    alarms: () => ({ raise: nothing, clear: nothing }) as unknown as Alarms,
    fail: (error) => failures.push(error),
  });
  return { clock, committing, failures };
}

function full(): Promise<void> {
  return Promise.reject(new Fault("store.unwritable", "record", "the disk is full"));
}

describe("what is to be kept before anything goes on", () => {
  it("is, however long a disk is waited for", async () => {
    let isFull = true;
    let isKept = false;
    const { clock, committing, failures } = open(() => (isFull ? full() : Promise.resolve()));
    void committing.kept(new AbortController().signal).then(() => {
      isKept = true;
    });
    await clock.run(3_600_000);
    expect(isKept).toBe(false);
    isFull = false;
    await clock.run(3_610_000);
    expect(isKept).toBe(true);
    expect(failures).toEqual([]);
  });

  it("is not waited for any more by who was told to stop", async () => {
    const { clock, committing } = open(full);
    const stop = new AbortController();
    const told: unknown[] = [];
    committing.kept(stop.signal).catch((error: unknown) => told.push(error));
    await clock.run(60_000);
    stop.abort();
    await clock.run(60_001);
    expect(told).toHaveLength(1);
  });

  it("is the run's failure where the record fails otherwise", async () => {
    const broken = new Fault("store.damaged", "record", "not a database");
    const { clock, committing, failures } = open(() => Promise.reject(broken));
    const told: unknown[] = [];
    committing.kept(new AbortController().signal).catch((error: unknown) => told.push(error));
    await clock.run(10_000);
    expect(told).toEqual([broken]);
    expect(failures).toEqual([broken]);
  });
});
