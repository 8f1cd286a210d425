import { expect, it } from "vitest";
import { queueView, type QueueFacts } from "../../../controller/bus/queue-view.ts";

const wanted = (number: number, position: string, latestMs: number) => ({
  ...{ number, cellIndex: number, position, latestMs, askedAtMs: 0, reason: `asked ${String(number)}` },
});

const FACTS: QueueFacts = {
  context: {
    sweep: { sweep: 3, startedAtMs: 0, latestMs: 900_000, remaining: [4, 5] },
    wanted: [wanted(1, "A1", 60_000), wanted(2, "A2", 30_000)],
    act: { kind: "end" },
    waiting: null,
  },
  positionOf: (cellIndex) => `B${String(cellIndex)}`,
  nowMs: 10_000,
  turnMs: 8000,
  isExposing: true,
  decided: null,
};

it("what cells asked for comes first, the most urgent before; then the sweep in its order, each a turn later", () => {
  expect(queueView(FACTS).map(({ position, atMs }) => [position, atMs])).toEqual([
    ["A2", 18_000],
    ["A1", 26_000],
    ["B4", 34_000],
    ["B5", 42_000],
  ]);
});

it("nobody says when, while the beam waits or no turn was measured", () => {
  for (const facts of [
    { ...FACTS, isExposing: false },
    { ...FACTS, turnMs: null },
  ]) {
    expect(queueView(facts).every(({ atMs }) => atMs === null)).toBe(true);
  }
});

it("what has passed is no queue: a sweep that is over, a request whose time is up", () => {
  const later = { ...FACTS, nowMs: 40_000 };
  expect(queueView(later).map(({ position }) => position)).toEqual(["A1", "B4", "B5"]);
  expect(queueView({ ...FACTS, nowMs: 900_000 })).toEqual([]);
});
