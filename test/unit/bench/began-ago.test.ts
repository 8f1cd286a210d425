import { afterAll, expect, it } from "vitest";
import { beganAgo } from "../../../tui/run/began-ago.ts";
import { lookAtFolder } from "../../../tui/run/left-folder.ts";
import { newFolder, open, removeFolders } from "../record/record-fixture.ts";

afterAll(removeFolders);

const HOUR_MS = 3_600_000;
const UP = { atMs: 2000, bootId: "b-1", upS: 100 };
/** Begun at six, heard of last an hour later. */
const LEFT = { startMs: 6 * HOUR_MS, lastMs: HOUR_MS, up: UP };

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

it("what the computer said last of how long it is up is read from the folder", () => {
  const folder = newFolder();
  const store = open(folder);
  store.appendEvent({ atMs: 0, type: "campaign-started", data: { start_ms: LEFT.startMs } });
  for (const upS of [100, 3700]) {
    store.appendEvent({ atMs: 1000 * upS, type: "clock-compared", data: { boot_id: "b-1", up_s: upS } });
  }
  store.appendEvent({ atMs: 4_000_000, type: "clock-compared", data: { source: "chrony" } });
  store.close();
  expect(lookAtFolder(folder)?.up).toEqual({ atMs: 3_700_000, bootId: "b-1", upS: 3700 });
});
