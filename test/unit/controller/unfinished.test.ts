import { expect, it } from "vitest";
import type { LedgerRow } from "../../../controller/record/ledger-row.ts";
import { settleUnfinished } from "../../../controller/resume/unfinished.ts";
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
  ["one that is back later claims it until then", 990_000, 990_000],
])("%s", (_, nowMs, untilMs) => {
  const claimed: AccountedExposure[] = [];
  const told: unknown[] = [];
  settleUnfinished([booking], {
    ledger: { settle: () => ({ ...booking, kind: "charge-in-full" }) } as never,
    recorder: { record: (type: string, data: unknown) => told.push([type, data]) },
    tally: { accounted: (exposure: AccountedExposure) => claimed.push(exposure), exposed: () => undefined } as never,
    nowMs: () => nowMs,
  });
  expect(claimed).toEqual([{ positionIndex: 17, startMs: 948_319, endMs: untilMs }]);
  expect(told).toContainEqual([
    "exposure-ended",
    expect.objectContaining({ outcome: "unknown", lit_from_ms: 948_319, lit_until_ms: untilMs }),
  ]);
});
