import { expect, it } from "vitest";
import { createSilenceWatch } from "../../../drivers/palmsens-methodscript/silence-watch.ts";

/** Timers fire as they are told to; the last one is kept. */
function standstill() {
  const time: { nowMs: number; fire: () => void; inMs: number } = { nowMs: 0, fire: () => undefined, inMs: NaN };
  const clock = {
    wallMs: () => time.nowMs,
    monoMs: () => time.nowMs,
    setTimeout(fire: () => void, inMs: number) {
      Object.assign(time, { fire, inMs });
      return null;
    },
    clearTimeout: () => undefined,
  };
  return { time, watch: createSilenceWatch(clock) };
}

it("a computer that stood still reads what came meanwhile before a channel counts as silent", () => {
  const { time, watch } = standstill();
  let heardMs = 0;
  const silent: string[] = [];
  watch.watch(
    () => heardMs + 3000,
    () => silent.push("heard again"),
  );
  watch.watch(
    () => 3000,
    () => silent.push("mute"),
  );
  time.nowMs = 60_000;
  time.fire();
  expect(silent).toEqual([]);
  heardMs = 60_100;
  time.nowMs += time.inMs;
  time.fire();
  expect(silent).toEqual(["mute"]);
});

it("a computer that is always late is told of silence too", () => {
  const { time, watch } = standstill();
  let isSilent = false;
  watch.watch(
    () => 3000,
    () => {
      isSilent = true;
    },
  );
  for (let turn = 0; turn < 2; turn += 1) {
    time.nowMs += time.inMs + 5000;
    time.fire();
  }
  expect(isSilent).toBe(true);
});
