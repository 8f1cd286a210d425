import { describe, expect, it } from "vitest";
import { sleep, within } from "../../../protocols/base/clock.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";

const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("virtual clock", () => {
  it("runs events in order of time and, at equal times, in order of insertion", async () => {
    const clock = createVirtualClock(0, { drain });
    const seen: string[] = [];
    clock.at(5, () => seen.push("b"));
    clock.at(1, () => seen.push("a"));
    clock.setTimeout(() => seen.push("c"), 5);
    clock.at(5, () => seen.push("d"));
    await clock.run(10);
    expect(seen).toEqual(["a", "b", "c", "d"]);
    expect(clock.nowMs()).toBe(10);
  });

  it("keeps wall time and monotonic time in step", async () => {
    const clock = createVirtualClock(1_700_000_000_000, { drain });
    await clock.run(1234);
    expect(clock.wallMs()).toBe(1_700_000_001_234);
    expect(clock.monoMs()).toBe(1234);
  });

  it("lets a sleeper finish everything it does at that instant before the next event", async () => {
    const clock = createVirtualClock(0, { drain });
    const seen: string[] = [];
    const work = (async () => {
      await sleep(clock, 10);
      await Promise.resolve();
      await Promise.resolve();
      seen.push(`woke ${clock.monoMs()}`);
      await sleep(clock, 10);
      seen.push(`again ${clock.monoMs()}`);
    })();
    clock.at(10, () => seen.push("world 10"));
    clock.at(11, () => seen.push("world 11"));
    await clock.run(100);
    await work;
    expect(seen).toEqual(["woke 10", "world 10", "world 11", "again 20"]);
  });

  it("goes straight on after a quiet event and drains after a touched one", async () => {
    const clock = createVirtualClock(0, { drain });
    for (let ms = 1; ms <= 100; ms += 1) clock.at(ms, () => undefined);
    await clock.run(100);
    const quietDrains = clock.drainCount;
    clock.at(150, () => {
      clock.touch();
    });
    await clock.run(200);
    expect(quietDrains).toBe(1);
    expect(clock.drainCount).toBe(quietDrains + 2);
  });

  it("cancels an event once and never a later one that took its place", async () => {
    const clock = createVirtualClock(0, { drain });
    let fired = 0;
    const first = clock.at(5, () => (fired += 1));
    clock.cancel(first);
    await clock.run(6);
    clock.at(7, () => (fired += 10));
    clock.cancel(first);
    await clock.run(8);
    expect(fired).toBe(10);
    expect(clock.pending).toBe(0);
  });

  it("stays small when deadlines are set and cancelled for ever", () => {
    const clock = createVirtualClock(0, { drain });
    const kept = clock.setTimeout(() => undefined, 1e9);
    for (let turn = 0; turn < 100_000; turn += 1) clock.clearTimeout(clock.setTimeout(() => undefined, 1e9 + turn));
    expect(clock.pending).toBe(1);
    clock.clearTimeout(kept);
    expect(clock.pending).toBe(0);
  });

  it("orders ten thousand random events with random cancellations like a sorted list", async () => {
    const clock = createVirtualClock(0, { drain });
    let state = 12345;
    const next = (): number => (state = (state * 1103515245 + 12345) & 0x7fffffff);
    const expected: { at: number; id: number }[] = [];
    const seen: number[] = [];
    const handles: number[] = [];
    for (let id = 0; id < 10_000; id += 1) {
      const at = next() % 1000;
      handles.push(clock.at(at, () => seen.push(id)));
      expected.push({ at, id });
    }
    const dropped = new Set<number>();
    for (let id = 0; id < 10_000; id += 1) {
      if (next() % 3 === 0) continue;
      clock.cancel(handles[id] ?? -1);
      dropped.add(id);
    }
    await clock.run(1000);
    const living = expected.filter((event) => !dropped.has(event.id)).sort((a, b) => a.at - b.at || a.id - b.id);
    expect(seen).toEqual(living.map((event) => event.id));
  });

  it("rejects a deadline that passed while the work never ended", async () => {
    const clock = createVirtualClock(0, { drain });
    const never = new Promise<void>(() => undefined);
    const late = within(clock, 50, never, () => new Error("late")).catch((error: unknown) => String(error));
    await clock.run(60);
    expect(await late).toBe("Error: late");
  });

  it("stops after the present event and goes on from there", async () => {
    const clock = createVirtualClock(0, { drain });
    const seen: number[] = [];
    clock.at(1, () => {
      seen.push(1);
      clock.stop();
    });
    clock.at(2, () => seen.push(2));
    await clock.run(10);
    expect(clock.nowMs()).toBe(1);
    await clock.run(10);
    expect(seen).toEqual([1, 2]);
  });

  it("hands on what an event throws", async () => {
    const clock = createVirtualClock(0, { drain });
    clock.at(1, () => {
      throw new Error("broken");
    });
    await expect(clock.run(2)).rejects.toThrow("broken");
  });
});
