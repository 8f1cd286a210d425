import { describe, expect, it } from "vitest";
import { decide } from "../../../../controller/schedule/decide.ts";
import { exposureWhy } from "../../../../controller/schedule/decision-record.ts";
import type { BeamRequest } from "../../../../controller/schedule/schedule-state.ts";
import { timetableCommand } from "../../../../tui/commands/timetable.ts";
import { rackTravel } from "../../../support/schedule/workloads.ts";

const wish = (cellIndex: number, earliestS: number, wantedS: number, latestS: number): BeamRequest => ({
  ...{ id: `cell ${cellIndex}`, cellIndex, earliestMs: 1000 * earliestS, wantedMs: 1000 * wantedS },
  ...{ latestMs: 1000 * latestS, occupiesMs: 20_000, weight: 1, group: null },
});

function whyOf(...requests: readonly BeamRequest[]): string {
  const decision = decide({
    ...{ nowMs: 0, place: 0, fetched: null, travel: rackTravel(), requests, exposuresLeft: () => Infinity },
    beam: { missing: null, stops: [], losses: null },
    ...{ shares: new Map(), lately: { met: 0, missed: 0 }, order: [] },
  });
  return exposureWhy({ decision, openCount: requests.length }, 0);
}

describe("why an exposure is early", () => {
  it("is what is wanted at the same time, or what has no place beside it", () => {
    expect(whyOf(wish(1, 0, 30, 60), wish(2, 0, 30, 60))).toMatch(/before its wanted moment, to leave room for/);
    const without = [wish(2, 600, 601, 602), wish(3, 600, 601, 602)];
    expect(whyOf(wish(1, 0, 30, 60), ...without)).toMatch(
      /^29\.4 s before its wanted moment, as nothing is waited for while there is no place for one of those asked; before 2 others$/,
    );
  });
});

describe("the timetable of one cell", () => {
  it("is not asked of a position that there is none of", () => {
    const ask = (): unknown =>
      timetableCommand({ json: false, print: () => undefined }, ["anywhere", "--position", "Z9"]);
    expect(ask).toThrow(/"Z9" is no position; write A7/);
  });
});
