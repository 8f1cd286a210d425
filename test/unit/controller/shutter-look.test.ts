import { describe, expect, it } from "vitest";
import type { FaultNote } from "../../../controller/machines/errors.ts";
import { createShutterLook } from "../../../controller/resume/shutter-look.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import type { InputLevels } from "../../../protocols/roles/beam-io.ts";
import { GOOD_LEVELS } from "./levels.ts";

/** Begun, as after a restart; up to 400 ms all is charged. */
function look(answer: () => Promise<void> = () => Promise.resolve(), begins = true) {
  const told: FaultNote[] = [];
  const seen = {
    ...{ nowMs: 0, asked: 0, askedUpstream: 0, isExposing: false },
    ...{ unclosed: [] as number[], late: [] as number[][], cleared: [] as string[] },
  };
  const shutterLook = createShutterLook({
    io: {
      name: "io",
      requestShutterClosed() {
        seen.asked += 1;
        return answer();
      },
      requestSafetyShutter(isOpen) {
        if (!isOpen) seen.askedUpstream += 1;
        return Promise.resolve();
      },
    },
    worstClosingMs: 1500,
    nowMs: () => seen.nowMs,
    isExposing: () => seen.isExposing,
    unclosed: (sinceMs) => seen.unclosed.push(sinceMs),
    late: (fromMs, toMs) => seen.late.push([fromMs, toMs]),
    tell: (fault) => told.push(fault),
    clear: (code) => seen.cleared.push(code),
    fail: (error) => {
      throw error;
    },
  });
  if (begins) shutterLook.begin(400);
  return {
    seen,
    told,
    begin: (accountedToMs: number, wasNotOff: boolean = false, lateUntilMs: number | null = null) => {
      shutterLook.begin(accountedToMs, wasNotOff, lateUntilMs);
    },
    see: (levels: InputLevels) => {
      shutterLook.showLevels(levels);
    },
  };
}

const closed = GOOD_LEVELS;
const open = { ...GOOD_LEVELS, shutterClosedSwitch: false, shutterOpenSwitch: true };
const openBehindUpstream = { ...open, safetyShutterOpenSwitch: false, safetyShutterClosedSwitch: true };

describe("the first look at the shutter after a restart", () => {
  it("is content with one that reads closed, and does nothing to it", () => {
    const { seen, told, see } = look();
    see(closed);
    see(open);
    expect([seen.asked, seen.askedUpstream, told, seen.unclosed]).toEqual([0, 0, [], []]);
  });

  it("charges one that was late as the controller was lost as if open until then, where it reads closed, and once", () => {
    for (const [nowMs, toMs] of [
      [9000, 3000],
      [2000, 2000],
    ] as const) {
      const { seen, begin, see } = look(undefined, false);
      begin(400, false, 3000);
      seen.nowMs = nowMs;
      see(closed);
      see(closed);
      expect([seen.late, seen.unclosed]).toEqual([[[400, toMs]], []]);
    }
    const { seen, begin, see } = look(undefined, false);
    begin(400, false, 3000);
    seen.nowMs = 9000;
    see(open);
    expect([seen.late, seen.unclosed]).toEqual([[], [400]]);
  });

  it("charges nothing for one that was late where all is charged up to now", () => {
    const { seen, begin, see } = look(undefined, false);
    begin(400, false, 3000);
    seen.nowMs = 400;
    see(closed);
    expect([seen.late, seen.unclosed]).toEqual([[], []]);
  });

  it("gives one that is open all the time that closing may take, and no more", () => {
    const { seen, told, see } = look();
    for (const atMs of [0, 1500]) {
      seen.nowMs = atMs;
      see(open);
    }
    expect(told).toEqual([]);
    seen.nowMs = 1501;
    see(open);
    expect(told).toHaveLength(1);
  });

  it("asks one that is open to close, and the one upstream, and gives them their time", () => {
    const { seen, told, see } = look();
    see(open);
    seen.nowMs = 1000;
    see(open);
    expect([seen.asked, seen.askedUpstream, told]).toEqual([1, 1, []]);
    see(closed);
    seen.nowMs = 9000;
    see(open);
    expect([seen.asked, seen.askedUpstream, told]).toEqual([1, 1, []]);
  });

  it("tells once of both that stay open, and asks them again and again", () => {
    const { seen, told, see } = look();
    for (const atMs of [0, 1600, 3000]) {
      seen.nowMs = atMs;
      see(open);
    }
    expect(told).toMatchObject([{ code: "shutter.beam-not-off", where: "io" }]);
    expect([seen.asked, seen.askedUpstream]).toEqual([3, 3]);
    see(closed);
    expect(seen.cleared).toEqual(["shutter.beam-not-off"]);
  });

  it("tells of one that stays open behind a closed one as of a shutter that is stuck, until it reads closed", () => {
    const { seen, told, see } = look();
    see(open);
    seen.nowMs = 1600;
    see(openBehindUpstream);
    see(openBehindUpstream);
    expect(told).toMatchObject([{ code: "shutter.stuck-open", where: "io" }]);
    expect(seen.cleared).toEqual([]);
    see(closed);
    expect(seen.cleared).toEqual(["shutter.stuck-open"]);
  });

  it("has charged what no account covers, where neither reads closed, once", () => {
    const { seen, see } = look();
    seen.nowMs = 9000;
    see(open);
    see(open);
    expect(seen.unclosed).toEqual([400]);
  });

  it("has nothing charged behind a shutter upstream that reads closed, also if that opens later", () => {
    const { seen, see } = look();
    see(openBehindUpstream);
    see(open);
    expect(seen.unclosed).toEqual([]);
  });

  it("has charged what came until then, whatever it shows, where neither was known to be closed", () => {
    const { seen, begin, see } = look(undefined, false);
    begin(400, true);
    see(closed);
    see(closed);
    expect([seen.asked, seen.unclosed]).toEqual([0, [400]]);
  });

  it("that is asked for again clears what was told before, and has charged from the earlier of both", () => {
    const { seen, begin, see } = look();
    begin(9000);
    see(open);
    seen.nowMs = 1600;
    see(open);
    begin(12_000);
    see(closed);
    expect([seen.unclosed, seen.cleared]).toEqual([[400], ["shutter.beam-not-off"]]);
  });

  it("is not taken where nobody asked for it", () => {
    const { seen, see } = look(undefined, false);
    see(open);
    expect([seen.asked, seen.unclosed]).toEqual([0, []]);
  });

  it("leaves the shutter to an exposure that is under way, and has charged what came before", () => {
    const { seen, see } = look();
    seen.isExposing = true;
    see(open);
    expect([seen.asked, seen.unclosed]).toEqual([0, [400]]);
  });

  it("tells when the order does not go through", async () => {
    const { told, see } = look(() => Promise.reject(new Fault("link.timeout", "io", "no answer")));
    see(open);
    await Promise.resolve();
    await Promise.resolve();
    expect(told).toMatchObject([{ code: "link.timeout" }]);
  });
});
