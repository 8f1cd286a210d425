import { describe, expect, it } from "vitest";
import { createTimetableFold } from "../../../controller/schedule/timetable.ts";

/** Four requests of one trigger, each exposed some seconds off its wanted moment. */
function timetableOf(fold = createTimetableFold()) {
  [1, -2, 4, 8].forEach((offS, index) => {
    const request = index + 1;
    const wantedMs = 100_000 * request;
    fold.event("exposure-wanted", wantedMs - 60_000, {
      ...{ request, position: "A1", trigger: "tenths", reason: "at a tenth", key: `tenths A1 ${request}` },
      ...{ earliest_at_ms: wantedMs - 10_000, wanted_at_ms: wantedMs, latest_at_ms: wantedMs + 10_000 },
    });
    fold.event("exposure-ended", wantedMs + 12_000, {
      ...{ exposure_id: `X-R000${request}-A1`, request_id: `R000${request}-A1`, position: "A1", outcome: "made" },
      open_seen_at_ms: wantedMs + 1000 * offS,
    });
  });
  return fold.timetable();
}

describe("the timetable of a log", () => {
  it("tells of what is over how far it was from its wanted moment", () => {
    const { behind, counts, offMedianS } = timetableOf();
    expect(behind.map(({ request, outcome }) => `${request} ${outcome}`)).toEqual([
      "R1 met",
      "R2 met",
      "R3 met",
      "R4 met",
    ]);
    expect(counts.met).toBe(4);
    expect(offMedianS).toBe(4);
  });

  it("keeps no more of what is over than it was asked to; of all it has the counts", () => {
    const kept = timetableOf(createTimetableFold(2));
    expect(kept.behind.map(({ request }) => request)).toEqual(["R3", "R4"]);
    expect(kept).toMatchObject({ offMedianS: 8, counts: { met: 4 } });
    expect(timetableOf(createTimetableFold(0))).toMatchObject({ behind: [], offMedianS: null, counts: { met: 4 } });
  });
});
