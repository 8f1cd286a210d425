import { describe, expect, it } from "vitest";
import type { FaultNote } from "../../../controller/machines/errors.ts";
import { createShutterLook } from "../../../controller/resume/shutter-look.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import { GOOD_LEVELS } from "./levels.ts";

function look(answer: () => Promise<void> = () => Promise.resolve(), isNeeded = true) {
  const told: FaultNote[] = [];
  const seen = { nowMs: 0, asked: 0, isExposing: false };
  const see = createShutterLook({
    isNeeded,
    io: {
      name: "io",
      requestShutterClosed() {
        seen.asked += 1;
        return answer();
      },
    },
    worstClosingMs: 1500,
    nowMs: () => seen.nowMs,
    isExposing: () => seen.isExposing,
    tell: (fault) => told.push(fault),
    fail: (error) => {
      throw error;
    },
  });
  return { seen, told, see };
}

const closed = GOOD_LEVELS;
const open = { ...GOOD_LEVELS, shutterClosedSwitch: false, shutterOpenSwitch: true };

describe("the first look at the shutter after a restart", () => {
  it("is content with one that reads closed, and does nothing to it", () => {
    const { seen, told, see } = look();
    see(closed);
    see(open);
    expect([seen.asked, told]).toEqual([0, []]);
  });

  it("asks one that is open to close, and gives it its time", () => {
    const { seen, told, see } = look();
    see(open);
    seen.nowMs = 1000;
    see(open);
    expect([seen.asked, told]).toEqual([1, []]);
    see(closed);
    seen.nowMs = 9000;
    see(open);
    expect([seen.asked, told]).toEqual([1, []]);
  });

  it("tells once of one that stays open", () => {
    const { seen, told, see } = look();
    for (const atMs of [0, 1600, 3000]) {
      seen.nowMs = atMs;
      see(open);
    }
    expect(told).toMatchObject([{ code: "shutter.beam-not-off", where: "io" }]);
  });

  it("is not taken where there was no restart", () => {
    const { seen, see } = look(undefined, false);
    see(open);
    expect(seen.asked).toBe(0);
  });

  it("leaves the shutter to an exposure that is under way", () => {
    const { seen, see } = look();
    seen.isExposing = true;
    see(open);
    expect(seen.asked).toBe(0);
  });

  it("tells when the order does not go through", async () => {
    const { told, see } = look(() => Promise.reject(new Fault("link.timeout", "io", "no answer")));
    see(open);
    await Promise.resolve();
    await Promise.resolve();
    expect(told).toMatchObject([{ code: "link.timeout" }]);
  });
});
