import { afterAll, describe, expect, it } from "vitest";
import { createChance } from "../../simulator/chance/chance.ts";
import { gapS } from "../../controller/schedule/travel.ts";
import { rackTravel } from "../support/schedule/workloads.ts";
import type { VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";
import {
  expectSound,
  field,
  missesOf,
  numeric,
  removeFolders,
  runWorld,
  sharedRun,
  SIX,
} from "../support/world-campaign.ts";

afterAll(removeFolders);

/** Sweep 2 begins at 600 s; at 603 s the shutter is open on its first cell, B1. */
const IN_EXPOSURE_MS = 603_000;

describe("machine beam lost in the middle of an exposure", () => {
  const faults = [{ kind: "beam-dump", fromMs: IN_EXPOSURE_MS, toMs: 700_000 }] as const;

  it("leaves a partial exposure with its dose accounted, and misses that say why", async () => {
    const run = await sharedRun({ campaign: SIX, hours: 0.3, faults });
    expectSound(run);
    expect(run.summary.exposures).toMatchObject({ partial: 1, aborted: 0 });
    const partial = run.of("exposure-ended").find((event) => field(event, "outcome") === "partial");
    // The ring current is heard every two seconds.
    expect(numeric(partial, "close_asked_at_ms") - IN_EXPOSURE_MS).toBeLessThan(2100);
    expect(field(partial, "position")).toBe("B1");
    expect(numeric(partial, "open_s")).toBeGreaterThan(1);
    expect(numeric(partial, "open_s")).toBeLessThan(5);
    expect(run.summary.dose.booked_not_settled).toBe(0);
    expect(missesOf(run)).toEqual([["B1", "beam", "machine beam lost"]]);
  });

  it("disturbs no cell and loses no sample", async () => {
    const run = await sharedRun({ campaign: SIX, hours: 0.3, faults });
    const calm = await sharedRun({ campaign: SIX, hours: 0.3 });
    expect(run.summary.truth).toMatchObject({ beam_losses: 1, cells_disturbed_by_beam_loss: 0, samples_lost: 0 });
    expect(run.summary.samples).toEqual(calm.summary.samples);
    expect(run.of("step-interrupted")).toEqual([]);
  });

  it("resumes exposing by itself, and within seconds of the beam's return", async () => {
    const run = await sharedRun({ campaign: SIX, hours: 0.3, faults });
    const next = run.of("shutter-opened").find((event) => event.atMs > IN_EXPOSURE_MS);
    expect(next?.atMs).toBeGreaterThanOrEqual(700_000);
    // Heard every two seconds, and steady for five.
    expect(next?.atMs).toBeLessThan(709_000);
    // From then on no more than the way to the next cell of the row, as the stage can make it, and the shutter's.
    expect(field(next, "position")).toBe("B2");
    const sinceMs = (next?.atMs ?? NaN) - (run.of("beam-back").at(-1)?.atMs ?? NaN);
    expect(sinceMs).toBeGreaterThan(0);
    expect(sinceMs).toBeLessThan(1000 * gapS(rackTravel(), 12, 13, Infinity) + 50);
    expect(run.summary.requests.met).toBe(run.summary.requests.asked - 1);
    expect(run.alarms).toEqual(["beam.lost machine"]);
    expect(run.summary.alarms.open).toBe(0);
  });

  it("wherever in a sweep it happens, leaves nothing unaccounted", async () => {
    const chance = createChance(11);
    for (let index = 0; index < 6; index += 1) {
      const fromMs = 600_000 + 33_000 * chance.uniform();
      const faults = [{ kind: "beam-dump", fromMs, toMs: fromMs + 30_000 }] as const;
      const run = await runWorld({ campaign: SIX, hours: 0.21, faults });
      expectSound(run);
      expect(run.summary.requests.missed).toBeLessThanOrEqual(1);
    }
  });
});

const rearm = (virtual: VirtualCampaign): void => {
  virtual.run.actor.send({ type: "RE_ARM", author: "a person" });
};

describe.each(["searched", "doorClosed", "emergencyOk"])("%s broken in the middle of an exposure", (name) => {
  const faults = [{ kind: "interlock", name, fromMs: IN_EXPOSURE_MS, toMs: 640_000 }] as const;

  it("shuts the shutter at once, and nothing is exposed until a person re-arms", async () => {
    const run = await runWorld({ campaign: SIX, hours: 0.3, faults, at: [[1000, rearm]] });
    expectSound(run);
    const closed = run.of("exposure-ended").find((event) => event.atMs >= IN_EXPOSURE_MS);
    expect(numeric(closed, "closed_seen_at_ms") - IN_EXPOSURE_MS).toBeLessThan(1000);
    const opened = run.of("shutter-opened").map((event) => event.atMs);
    expect(opened.filter((atMs) => atMs > IN_EXPOSURE_MS && atMs < 1_000_000)).toEqual([]);
    expect(opened.find((atMs) => atMs > IN_EXPOSURE_MS)).toBeLessThan(1_006_000);
    expect(run.alarms).toContain(`interlock.tripped ${name}`);
    expect(run.summary.alarms.open).toBe(0);
    expect(run.summary.requests.missed).toBe(6);
  });

  it("is no matter of the cells, which go on", async () => {
    const run = await sharedRun({ campaign: SIX, hours: 0.3, faults });
    const calm = await sharedRun({ campaign: SIX, hours: 0.3 });
    expectSound(run);
    expect(run.summary.samples).toEqual(calm.summary.samples);
    expect(run.summary.cells).toEqual(calm.summary.cells);
    expect(run.of("step-interrupted")).toEqual([]);
    expect(run.of("shutter-opened").some((event) => event.atMs > IN_EXPOSURE_MS)).toBe(false);
    expect(run.summary.alarms.open).toBeGreaterThan(0);
  });

  it("is not forgiven by a person who re-arms while it is still broken", async () => {
    const run = await runWorld({ campaign: SIX, hours: 0.3, faults, at: [[620, rearm]] });
    expectSound(run);
    expect(run.of("shutter-opened").filter((event) => event.atMs > IN_EXPOSURE_MS)).toEqual([]);
  });
});

describe("a door opened while the stage moves", () => {
  it.each([
    ["to a cell", 605_500],
    ["to its reference", 5_000],
  ])("%s stops the motion, and the campaign goes on once a person has re-armed", async (_, fromMs) => {
    let wasMoving = false;
    let isMoving = true;
    const run = await runWorld({
      campaign: SIX,
      hours: 0.3,
      faults: [{ kind: "interlock", name: "doorClosed", fromMs, toMs: fromMs + 20_000 }],
      at: [
        [fromMs / 1000 - 0.01, ({ world, clock }) => (wasMoving = world.stage.isMoving(clock.monoMs()))],
        [fromMs / 1000 + 2, ({ world, clock }) => (isMoving = world.stage.isMoving(clock.monoMs()))],
        [fromMs / 1000 + 30, rearm],
      ],
    });
    expectSound(run);
    expect([wasMoving, isMoving]).toEqual([true, false]);
    expect(run.summary.requests.missed).toBeLessThanOrEqual(1);
    expect(run.summary.alarms.open).toBe(0);
  });
});

describe("a motion permit that is taken away", () => {
  it("lets an exposure end, moves nothing until it is back, and then goes on by itself", async () => {
    const moving: number[] = [];
    const look = (virtual: VirtualCampaign): void => {
      const atMs = virtual.clock.monoMs();
      if (virtual.world.stage.isMoving(atMs)) moving.push(atMs);
    };
    const run = await runWorld({
      campaign: SIX,
      hours: 0.3,
      faults: [{ kind: "interlock", name: "motionEnabled", fromMs: IN_EXPOSURE_MS, toMs: 660_000 }],
      at: Array.from({ length: 650 }, (_, index) => [608 + index / 10, look] as const),
    });
    expectSound(run);
    expect(moving.filter((atMs) => atMs < 660_000)).toEqual([]);
    expect(moving.length).toBeGreaterThan(0);
    expect(run.summary.requests).toMatchObject({ missed: 0 });
    expect(run.alarms).toEqual(["interlock.tripped motionEnabled"]);
    expect(run.summary.alarms.open).toBe(0);
  });

  it("from the start keeps the stage from homing, and the stage homes when it is given", async () => {
    const homed: boolean[] = [];
    const run = await runWorld({
      campaign: SIX,
      hours: 0.3,
      faults: [{ kind: "interlock", name: "motionEnabled", fromMs: 0, toMs: 400_000 }],
      at: [399, 420].map((atS) => [atS, (virtual) => homed.push(virtual.world.stage.isHomed)] as const),
    });
    expectSound(run);
    expect(homed).toEqual([false, true]);
    expect(run.summary.requests).toMatchObject({ asked: 18, met: 18 });
  });
});
