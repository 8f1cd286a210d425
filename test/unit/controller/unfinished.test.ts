import { expect, it } from "vitest";
import type { LedgerRow } from "../../../controller/record/ledger-row.ts";
import { chargedToMs, settleUnfinished } from "../../../controller/resume/unfinished.ts";
import type { AccountedExposure } from "../../../controller/run/tally.ts";

const booking = {
  kind: "booking",
  exposureId: "X-S0001-B6",
  position: "B6",
  spotIndex: 0,
  atMs: 948_319,
  openTimeS: 5.39,
} as LedgerRow;

it.each([
  [
    "a controller that is back at once claims light for as long as it charges: a shutter may still be closing",
    950_781,
    953_709,
  ],
  [
    "one that is back later claims it until then, and for as long as closing takes: it may have opened just before",
    990_000,
    992_000,
  ],
])("%s", (_, nowMs, untilMs) => {
  const claimed: AccountedExposure[] = [];
  const told: unknown[] = [];
  settleUnfinished([booking], {
    ledger: { settle: () => ({ ...booking, kind: "charge-in-full" }) } as never,
    recorder: { record: (type: string, data: unknown) => told.push([type, data]) },
    tally: { accounted: (exposure: AccountedExposure) => claimed.push(exposure), exposed: () => undefined } as never,
    nowMs: () => nowMs,
    worstClosingMs: 2000,
  });
  expect(claimed).toEqual([{ positionIndex: 17, startMs: 948_319, endMs: untilMs }]);
  expect(told).toContainEqual([
    "exposure-ended",
    expect.objectContaining({ outcome: "unknown", lit_from_ms: 948_319, lit_until_ms: untilMs }),
  ]);
});

it("charges cover whatever may have come up to their bound, or up to what was last seen closed", () => {
  const settled = { ...booking, kind: "settlement", atMs: 954_000 } as LedgerRow;
  const inFull = { ...booking, kind: "charge-in-full", atMs: 990_000 } as LedgerRow;
  expect(chargedToMs([booking], false)).toBe(953_709);
  expect(chargedToMs([booking, inFull], false)).toBe(953_709);
  expect(chargedToMs([booking, settled], false)).toBeNull();
  expect(chargedToMs([booking, settled], true)).toBe(954_000);
  expect(chargedToMs([], true)).toBeNull();
});
