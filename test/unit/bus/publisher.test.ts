import { describe, expect, it } from "vitest";
import {
  BACKLOG_MAX_BYTES,
  createBusPublisher,
  STREAM_MAX,
  type SaidTopic,
} from "../../../controller/bus/bus-publisher.ts";
import type { BusTopic } from "../../../protocols/bus/topics.ts";

function bench(topics: readonly SaidTopic[] = [], former: readonly BusTopic[] = []) {
  const said: { topic: string; payload: string; retain: boolean }[] = [];
  const state = { nowMs: 0, isOpen: true, backlogBytes: 0 };
  const publisher = createBusPublisher({
    port: {
      isOpen: () => state.isOpen,
      backlogBytes: () => state.backlogBytes,
      publish: (topic, payload, retain) => said.push({ topic, payload, retain }),
    },
    rack: "r",
    ...{ topics, former: () => former },
    nowMs: () => state.nowMs,
    timeText: () => "2026-03-02T12:00:00.000Z",
    dayText: () => "2026-03-02T12:00:00.000Z",
  });
  return {
    ...{ said, state, publisher },
    run: (ms: number): void => {
      for (let left = ms; left > 0; left -= 100) {
        state.nowMs += 100;
        publisher.tick();
      }
    },
  };
}

describe("what is retained", () => {
  it("is said when it has changed, and no more often than its period", () => {
    let value = 0;
    const { said, run } = bench([{ topic: { kind: "beam" }, periodMs: 200, body: () => ({ value }) }]);
    run(1000);
    expect(said).toHaveLength(1);
    for (let step = 0; step < 20; step += 1) {
      value += 1;
      run(100);
    }
    expect(said.length).toBeGreaterThan(9);
    expect(said.length).toBeLessThanOrEqual(12);
    expect(said[0]).toMatchObject({ topic: "beamrack/r/beam", retain: true });
    expect(JSON.parse(said.at(-1)?.payload ?? "")).toMatchObject({ v: 1, at: "2026-03-02T12:00:00.000Z", value: 20 });
  });

  it("empties what a broker may keep of a campaign before: places without a cell, and cells of which nothing is known yet", () => {
    const former = [{ kind: "cell", of: "H12" }] as const;
    const known: { body?: object } = {};
    const topics = [{ topic: { kind: "cell", of: "A1" } as const, periodMs: 200, body: () => known.body }];
    const { said, run, publisher } = bench(topics, former);
    run(1000);
    const of = (topic: string): readonly string[] =>
      said.filter((one) => one.topic.endsWith(topic)).map(({ payload }) => payload);
    expect(of("cell/H12")).toEqual([""]);
    expect(of("cell/A1")).toEqual([""]);
    known.body = { value: 1 };
    run(400);
    expect(of("cell/A1")).toHaveLength(2);
    publisher.begin();
    run(400);
    expect(of("cell/H12")).toEqual(["", ""]);
    expect(
      of("cell/A1")
        .slice(1)
        .every((payload) => payload !== ""),
    ).toBe(true);
  });

  it("is said afresh to a broker that came back and knows nothing", () => {
    const { said, run, publisher } = bench([{ topic: { kind: "beam" }, periodMs: 200, body: () => ({ value: 1 }) }]);
    run(1000);
    publisher.begin();
    run(200);
    expect(said).toHaveLength(2);
  });

  it("waits while the broker takes nothing, and is then said once, as it is by then", () => {
    let value = 0;
    const { said, run, state } = bench([{ topic: { kind: "beam" }, periodMs: 100, body: () => ({ value }) }]);
    state.backlogBytes = BACKLOG_MAX_BYTES;
    for (value = 1; value < 50; value += 1) run(100);
    expect(said).toHaveLength(0);
    state.backlogBytes = 0;
    run(100);
    expect(said).toHaveLength(1);
    expect(said[0]?.payload).toContain(`"value":${String(value)}`);
  });

  it("of many cells is not made all in one tick", () => {
    let madeInTick = 0;
    const topics = Array.from({ length: 96 }, (_, index): SaidTopic => ({
      topic: { kind: "cell", of: `A${String(index)}` },
      periodMs: 200,
      body() {
        madeInTick += 1;
        return { index };
      },
    }));
    const { run } = bench(topics);
    run(1000);
    madeInTick = 0;
    run(100);
    expect(madeInTick).toBeLessThanOrEqual(48);
  });
});

describe("streams", () => {
  it("go out in order, and are not retained", () => {
    const { said, run, publisher } = bench();
    publisher.stream("log", { seq: 1 });
    publisher.stream("log", { seq: 2 });
    run(100);
    expect(said.map(({ payload, retain }) => [payload, retain])).toEqual([
      ['{"v":1,"seq":1}', false],
      ['{"v":1,"seq":2}', false],
    ]);
  });

  it("keep the newest and count what was given up while there is no broker", () => {
    const { said, run, publisher, state } = bench();
    state.isOpen = false;
    for (let seq = 1; seq <= STREAM_MAX + 25; seq += 1) publisher.stream("log", { seq });
    run(100);
    expect(said).toHaveLength(0);
    state.isOpen = true;
    run(100);
    expect(said).toHaveLength(STREAM_MAX);
    expect(said[0]?.payload).toContain('"seq":26');
    expect(publisher.droppedCount).toBe(25);
  });
});
