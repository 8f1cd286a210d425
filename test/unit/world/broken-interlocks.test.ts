import { expect, it } from "vitest";
import { createBrokenInterlocks } from "../../../simulator/world/broken-interlocks.ts";

it.each([
  { lookMs: undefined, endsHoming: true, seenFromMs: 1100 },
  { lookMs: 500, endsHoming: true, seenFromMs: 1000 },
  { lookMs: 2000, endsHoming: true, seenFromMs: 2100 },
  { lookMs: 2000, endsHoming: false, seenFromMs: 1000 },
])(
  "a stage may move for $seenFromMs ms behind a break, with a look each $lookMs ms, as the end of its homing: $endsHoming",
  ({ lookMs, endsHoming, seenFromMs }) => {
    const broken = createBrokenInterlocks(lookMs);
    expect(broken.isSeenAtMotion("motionEnabled", 5000, endsHoming)).toBe(false);
    broken.broke("motionEnabled", 5000, true);
    expect(broken.isSeenAtMotion("motionEnabled", 5000 + seenFromMs, endsHoming)).toBe(false);
    expect(broken.isSeenAtMotion("motionEnabled", 5001 + seenFromMs, endsHoming)).toBe(true);
    expect(broken.isSeenAtOpening("motionEnabled", 5026)).toBe(true);
  },
);
