import { expect, it } from "vitest";
import type { InputLevels } from "../../../protocols/roles/beam-io.ts";
import { createUnclosedTail } from "../../../controller/run/unclosed-tail.ts";

const OPEN = {
  ...{ shutterOpenSwitch: true, shutterClosedSwitch: false },
  ...{ safetyShutterOpenSwitch: true, safetyShutterClosedSwitch: false },
} as InputLevels;

it.each([
  ["the shutter", { ...OPEN, shutterOpenSwitch: false, shutterClosedSwitch: true }],
  ["the safety shutter", { ...OPEN, safetyShutterOpenSwitch: false, safetyShutterClosedSwitch: true }],
])("light that outlasts its exposure's account is charged until %s reads closed, once", (_, closed) => {
  const charged: number[][] = [];
  let nowMs = 0;
  const tail = createUnclosedTail(
    (...time) => charged.push(time),
    () => nowMs,
  );
  tail.showLevels(closed);
  tail.note(900_000);
  tail.note(902_000);
  nowMs = 904_000;
  tail.showLevels(OPEN);
  tail.showLevels({ ...OPEN, shutterClosedSwitch: true, safetyShutterClosedSwitch: true });
  expect(charged).toEqual([]);
  nowMs = 905_000;
  tail.showLevels(closed);
  nowMs = 906_000;
  tail.showLevels(closed);
  expect(charged).toEqual([[900_000, 905_000]]);
});
