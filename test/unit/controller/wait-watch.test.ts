import { expect, it } from "vitest";
import { waitingFor, type Waiting } from "../../../controller/machines/waiting.ts";
import { createAlarms } from "../../../controller/run/alarms.ts";
import { watchWaits } from "../../../controller/run/wait-watch.ts";
import type { Clock } from "../../../protocols/base/clock.ts";

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
  let waits: (readonly [string, Waiting | null])[] | null = [
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
  waits = null;
  look = () => {
    throw new Error("it still looks");
  };
});
