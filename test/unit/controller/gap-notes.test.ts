import { expect, it } from "vitest";
import type { GapRow } from "../../../controller/record/record-rows.ts";
import { createGapNotes } from "../../../controller/run/gap-notes.ts";

it.each([
  ["nothing of the channel was ever written", -Infinity, 71_508, [0]],
  ["its last sample was written before", 60_000, 71_508, [60_000]],
  ["its last sample was written", 71_508, 71_508, []],
])(
  "a controller that was killed twice notes what was heard and not written as a gap: %s",
  (_, lastMs, heardMs, from) => {
    const gaps: GapRow[] = [];
    createGapNotes({
      campaign: { cells: [] },
      store: { gap: (gap) => gaps.push(gap) },
      intake: { lastAtMs: Float64Array.of(lastMs) },
      nowMs: () => 82_560,
      fail: (error) => {
        throw error;
      },
      leftCells: [{ left: { phase: "under-way" } as never, heardUntilMs: heardMs }],
    });
    expect(gaps.map(({ fromMs }) => fromMs)).toEqual(from);
    expect(gaps.every(({ toMs }) => toMs === 82_560)).toBe(true);
  },
);

it("a gap behind a sample whose instrument's clock runs ahead begins and ends with that sample", () => {
  const gaps: GapRow[] = [];
  const notes = createGapNotes({
    campaign: { cells: [] },
    store: { gap: (gap) => gaps.push(gap) },
    intake: { lastAtMs: Float64Array.of(18_433_033) },
    nowMs: () => 18_432_624,
    fail: (error) => {
      throw error;
    },
    leftCells: undefined,
  });
  notes.note(0, "the cell was isolated");
  expect(gaps).toEqual([{ channelIndex: 0, fromMs: 18_433_033, toMs: 18_433_033, reason: "the cell was isolated" }]);
});
