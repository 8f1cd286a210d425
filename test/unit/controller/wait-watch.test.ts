import { expect, it } from "vitest";
import { waitingFor, type Waiting } from "../../../controller/machines/waiting.ts";
import { createAlarms, type Alarm } from "../../../controller/run/alarms.ts";
import { watchWaits } from "../../../controller/run/wait-watch.ts";
import type { Clock } from "../../../protocols/base/clock.ts";

function bench(parts: () => readonly (readonly [string, Waiting | null])[] | null, left: readonly Alarm[] = []) {
  const of = { nowMs: 0, look: null as (() => void) | null };
  const clock: Clock = {
    wallMs: () => of.nowMs,
    monoMs: () => of.nowMs,
    setTimeout(fn) {
      of.look = fn;
      return 1;
    },
    clearTimeout: () => undefined,
  };
  const cleared: string[] = [];
  const alarms = createAlarms({ record: (type) => type === "alarm-cleared" && cleared.push(type) }, () => of.nowMs);
  alarms.restore(left, left.length);
  watchWaits({ clock, alarms, parts });
  return {
    ...{ alarms, cleared },
    isLooking: () => of.look !== null,
    at: (nowMs: number): readonly string[] => {
      const { look } = of;
      of.look = null;
      of.nowMs = nowMs;
      look?.();
      return alarms.open.map(({ code, where }) => `${code} ${where}`);
    },
  };
}

it("a deadline that a machine meets a little late is none that was missed", () => {
  const { at } = bench(() => [["B7", waitingFor("the step to end", "channel B7", 0, 60_000)]]);
  expect(at(70_000)).toEqual([]);
  expect(at(70_001)).toEqual(["wait.overdue B7"]);
});

it("what was overdue before a restart is over once nobody waits; of other alarms nothing is taken back", () => {
  const left = (
    [
      ["wait.overdue", "stage"],
      ["changer.stopped", "robot"],
    ] as const
  ).map(([code, where], index) => ({ id: index + 1, code, where, what: "", advice: "", raisedAtMs: 0 }));
  const { at, cleared } = bench(
    () => [
      ["stage", null],
      ["robot", null],
    ],
    left,
  );
  expect(at(30_000)).toEqual(["changer.stopped robot"]);
  expect(at(60_000)).toEqual(["changer.stopped robot"]);
  expect(cleared).toHaveLength(1);
});

it("nobody looks any more once the run is over", () => {
  const bound = { waits: [] as readonly (readonly [string, Waiting | null])[] | null };
  const { at, isLooking } = bench(() => bound.waits);
  at(30_000);
  expect(isLooking()).toBe(true);
  bound.waits = null;
  at(60_000);
  expect(isLooking()).toBe(false);
});

it("a wait that outlives its own deadline is an alarm until it ends; one for a person never is", () => {
  let nowMs = 0;
  let look: () => void = () => undefined;
  const clock: Clock = {
    wallMs: () => nowMs,
    monoMs: () => nowMs,
    setTimeout(fn) {
      look = fn;
      return 1;
    },
    clearTimeout: () => undefined,
  };
  let waits: (readonly [string, Waiting | null])[] = [
    ["B7", waitingFor("the step to end", "channel B7", 0, 60_000)],
    ["campaign", waitingFor("a person to resume exposing", "operator", 0, null)],
  ];
  const alarms = createAlarms({ record: () => undefined }, () => nowMs);
  watchWaits({ clock, alarms, parts: () => waits });
  const openAfter = (ms: number): readonly string[] => {
    nowMs += ms;
    look();
    return alarms.open.map(({ code, where, what }) => `${code} ${where}: ${what}`);
  };
  expect(openAfter(60_000)).toEqual([]);
  const late = [
    "wait.overdue B7: waits for the step to end from channel B7 since 1 min 30 s, 30 s longer than it should",
  ];
  expect(openAfter(30_000)).toEqual(late);
  expect(openAfter(30_000)).toEqual(late);
  waits = [["B7", null]];
  expect(openAfter(30_000)).toEqual([]);
});
