import { expect, it } from "vitest";
import { createBrokenInterlocks } from "../../../simulator/world/broken-interlocks.ts";

it.each([
  { lookMs: undefined, seenFromMs: 1100 },
  { lookMs: 2000, seenFromMs: 2100 },
])("a stage is stopped within a look at the hutch, $lookMs ms, and what it takes to stop", ({ lookMs, seenFromMs }) => {
  const broken = createBrokenInterlocks(lookMs);
  expect(broken.isSeenAtMotion("motionEnabled", 5000)).toBe(false);
  broken.broke("motionEnabled", 5000, true);
  expect(broken.isSeenAtMotion("motionEnabled", 5000 + seenFromMs)).toBe(false);
  expect(broken.isSeenAtMotion("motionEnabled", 5001 + seenFromMs)).toBe(true);
  expect(broken.isSeenAtOpening("motionEnabled", 5026)).toBe(true);
});
