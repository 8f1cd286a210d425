import { afterAll, describe, expect, it } from "vitest";
import type { VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";
import {
  expectSound,
  field,
  missesOf,
  numeric,
  removeFolders,
  runWorld,
  sharedRun,
  site,
  SIX,
} from "../support/world-campaign.ts";

afterAll(removeFolders);

const FROM_MS = 603_000;
const resume = (virtual: VirtualCampaign): void => {
  virtual.run.actor.send({ type: "RESUME_EXPOSING", author: "a person" });
};

describe("a shutter that stays open in an exposure", () => {
  const faults = [{ kind: "shutter-stuck", at: "open", fromMs: FROM_MS, toMs: 640_000 }] as const;

  it("is noticed at once, and the shutter upstream takes the beam off the cell within its bound", async () => {
    const run = await sharedRun({ campaign: SIX, hours: 0.36, faults });
    expectSound(run);
    const [failed] = run.of("exposure-ended").filter((event) => field(event, "outcome") === "shutter-failure");
    const lit = run.virtual.world.openings.find((opening) => opening.excessPhotons > 0);
    const boundMs = 1000 * (site.shutter.safetyShutterCloseS + 1);
    expect((lit?.litEndMs ?? Infinity) - numeric(failed, "close_asked_at_ms")).toBeLessThan(boundMs);
    expect(run.alarms).toContain("shutter.stuck-open io");
  });

  it("makes the stage leave for the shadow at once: the beam is off the cell sooner, and on no other on the way", async () => {
    const run = await sharedRun({ campaign: SIX, hours: 0.36, faults });
    const lit = run.virtual.world.openings.find((opening) => opening.excessPhotons > 0);
    const [failed] = run.of("exposure-ended").filter((event) => field(event, "outcome") === "shutter-failure");
    // The shutter upstream takes two seconds; half a second is for the switch that does not come, and the way off.
    expect((lit?.litEndMs ?? Infinity) - numeric(failed, "close_asked_at_ms")).toBeLessThan(600);
    const { shadow } = site.rack;
    const last = lit?.deposits.at(-1);
    expect([last?.xMm, last?.yMm]).toEqual([
      (shadow?.xMm ?? NaN) - site.rack.originXMm,
      (shadow?.yMm ?? NaN) - site.rack.originYMm,
    ]);
    const onDiscs = lit?.deposits.filter((deposit) => Math.hypot(deposit.xMm, deposit.yMm) <= 7) ?? [];
    expect(new Set(onDiscs.map((deposit) => deposit.positionIndex)).size).toBe(1);
    // Nowhere on its way nearer to the middle of another cell than the rim of its can.
    const own = onDiscs[0]?.positionIndex;
    for (const deposit of lit?.deposits ?? [])
      if (deposit.positionIndex !== own) expect(Math.hypot(deposit.xMm, deposit.yMm)).toBeGreaterThan(10);
  });

  it("is charged to its cell for the whole time, and what it gave too much is counted apart", async () => {
    const run = await sharedRun({ campaign: SIX, hours: 0.36, faults });
    const [failed] = run.of("exposure-ended").filter((event) => field(event, "outcome") === "shutter-failure");
    const lit = run.virtual.world.openings.find((opening) => opening.excessPhotons > 0);
    expect(numeric(failed, "open_s")).toBeGreaterThan(((lit?.litEndMs ?? Infinity) - (lit?.startMs ?? 0)) / 1000 - 0.1);
    const excess = run.summary.truth["shutter_failure_excess_Gy"] ?? 0;
    expect(excess).toBeGreaterThan(10);
    expect(excess).toBeLessThan(3000);
  });

  it("holds all exposures until a person resumes them, even when it has come free", async () => {
    const held = await sharedRun({ campaign: SIX, hours: 0.36, faults });
    expect(held.of("shutter-opened").filter((event) => event.atMs > FROM_MS)).toEqual([]);
    expect(held.summary.requests.missed).toBe(held.summary.requests.asked - held.summary.requests.met);
    expect(held.summary.requests.asked).toBe(24);
    const run = await runWorld({ campaign: SIX, hours: 0.36, faults, at: [[1000, resume]] });
    expectSound(run);
    const next = run.of("shutter-opened").find((event) => event.atMs > FROM_MS);
    expect(next?.atMs).toBeGreaterThan(1_000_000);
    expect(run.summary.alarms.open).toBe(0);
  });

  it("is not exposed with again while it still stands open, whoever resumes", async () => {
    const run = await runWorld({
      campaign: SIX,
      hours: 0.36,
      faults: [{ kind: "shutter-stuck", at: "open", fromMs: FROM_MS }],
      at: [
        [700, resume],
        [900, resume],
      ],
    });
    expectSound(run);
    expect(run.of("shutter-opened").filter((event) => event.atMs > FROM_MS)).toEqual([]);
    expect(run.of("exposing-held").length).toBe(3);
    expect(run.virtual.world.openings.filter((opening) => opening.litEndMs > 612_000)).toEqual([]);
  });
});

describe("a shutter that does not open", () => {
  it("costs the requests it is tried for and no other, and exposures go on when it is free", async () => {
    const run = await runWorld({
      campaign: SIX,
      hours: 0.36,
      faults: [{ kind: "shutter-stuck", at: "closed", fromMs: FROM_MS, toMs: 630_000 }],
    });
    expectSound(run);
    expect(run.alarms).toEqual(["shutter.stuck-closed io"]);
    expect(run.summary.alarms.open).toBe(0);
    const missed = missesOf(run);
    expect(missed.length).toBeGreaterThan(0);
    expect(missed.length).toBeLessThan(6);
    expect(missed.every(([, , text]) => text?.startsWith("the shutter reads closed") === true)).toBe(true);
  });
});
