import { afterAll, expect, it } from "vitest";
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { beganAgo } from "../../../tui/run/began-ago.ts";
import { lookAtFolder } from "../../../tui/run/left-folder.ts";
import { newFolder, open, removeFolders } from "../record/record-fixture.ts";

afterAll(removeFolders);

const HOUR_MS = 3_600_000;
/** Of a record that does not keep what the clock showed. */
const UP = { atMs: 2000, boot: { bootId: "b-1", upS: 100 } };
/** Begun at six, heard of last an hour later. */
const LEFT = { startMs: 6 * HOUR_MS, lastMs: HOUR_MS, compared: UP };

/** A restart an hour and a half after the begin, by a clock that shows so many hours. */
function restart(wallH: number, left: Parameters<typeof beganAgo>[0] = LEFT, bootId = "b-1") {
  return beganAgo(left, { wallMs: wallH * HOUR_MS, boot: { bootId, upS: 98 + 1.5 * 3600 } });
}

it("a run goes on as long after its begin as it is by the computer's own time, wherever its clock was set meanwhile", () => {
  expect(restart(7.5)).toMatchObject({ agoMs: 1.5 * HOUR_MS, setOnMs: 0, doubtfulBreakMs: 0 });
  expect(restart(31.5)).toEqual({ agoMs: 1.5 * HOUR_MS, setOnMs: 24 * HOUR_MS, doubtfulBreakMs: 0 });
  expect(restart(3)).toEqual({ agoMs: 1.5 * HOUR_MS, setOnMs: -4.5 * HOUR_MS, doubtfulBreakMs: 0 });
});

it("a run goes on by the clock where the computer was started anew, or never said how long it was up, and never back", () => {
  const { startMs, lastMs } = LEFT;
  for (const [wallH, agoH, doubtfulH] of [
    [8, 2, 0],
    [31, 25, 0],
    // Before the last event on record, or more than a day after it: nobody would believe it.
    [3, 1, -4],
    [31.5, 25.5, 24.5],
  ] as const) {
    const byClock = { agoMs: agoH * HOUR_MS, setOnMs: 0, doubtfulBreakMs: doubtfulH * HOUR_MS };
    expect(restart(wallH, LEFT, "b-2")).toEqual(byClock);
    expect(restart(wallH, { startMs, lastMs })).toEqual(byClock);
    expect(beganAgo(LEFT, { wallMs: wallH * HOUR_MS, boot: null })).toEqual(byClock);
  }
});

it("a run goes on by the finer clock where both agree", () => {
  expect(restart(7.5 + 1.9 / 3600)).toEqual({ agoMs: 1.5 * HOUR_MS + 1900, setOnMs: 0, doubtfulBreakMs: 0 });
});

it("what the clock was off by before the computer was started anew is no part of the break, and is told", () => {
  // Set an hour forward, or two back, while the campaign ran; then off for half an hour.
  for (const offH of [1, -2]) {
    const unsaid = { atMs: HOUR_MS - 60_000, wallMs: LEFT.startMs + HOUR_MS - 60_000 + offH * HOUR_MS };
    const compared = { ...unsaid, boot: UP.boot };
    expect(restart(7.5 + offH, { ...LEFT, compared }, "b-2")).toEqual({
      ...{ agoMs: 1.5 * HOUR_MS, setOnMs: offH * HOUR_MS, doubtfulBreakMs: 0 },
    });
    expect(beganAgo({ ...LEFT, compared: unsaid }, { wallMs: (7.5 + offH) * HOUR_MS, boot: null })).toMatchObject({
      agoMs: 1.5 * HOUR_MS,
    });
  }
});

it("a clock that stands before the last event once the computer was started anew is told as that, whatever it was off by", () => {
  const compared = { ...UP, wallMs: LEFT.startMs + UP.atMs + HOUR_MS };
  const found = restart(6, { ...LEFT, compared }, "b-2");
  expect(found).toMatchObject({ agoMs: HOUR_MS, doubtfulBreakMs: -2 * HOUR_MS });
});

it("what the computer said last of how long it is up, and what its clock showed, is read from the folder", () => {
  const last = (...comparisons: readonly { readonly atMs: number; readonly data: Json }[]) => {
    const folder = newFolder();
    const store = open(folder);
    store.appendEvent({ atMs: 0, type: "campaign-started", data: { start_ms: LEFT.startMs } });
    for (const { atMs, data } of comparisons) store.appendEvent({ atMs, type: "clock-compared", data });
    store.close();
    return lookAtFolder(folder)?.compared;
  };
  const first = { atMs: 100_000, data: { boot_id: "b-1", up_s: 100 } };
  const silent = { atMs: 4_000_000, data: { source: "chrony" } };
  const whole = { atMs: 5_000_000, data: { boot_id: "b-1", up_s: 5000, wall_ms: 9 } };
  expect(last(first, silent)).toEqual({ atMs: 100_000, boot: { bootId: "b-1", upS: 100 } });
  expect(last(first, whole)).toEqual({ atMs: 5_000_000, wallMs: 9, boot: { bootId: "b-1", upS: 5000 } });
  expect(last(silent)).toBeUndefined();
});
