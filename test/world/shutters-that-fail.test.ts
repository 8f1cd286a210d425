import { afterAll, describe, expect, it } from "vitest";
import { verifyRecord } from "../../controller/record/verify.ts";
import { assert } from "../../protocols/base/assert.ts";
import type { WorldFault } from "../../simulator/world/world-faults.ts";
import type { VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";
import {
  field,
  numeric,
  removeFolders,
  runWorld,
  site,
  type WorldRun,
  type WorldRunOptions,
} from "../support/world-campaign.ts";

afterAll(removeFolders);

/** Sweep 2 begins at 600 s; at 603 s the shutter is open on its first cell, B1. */
const FROM_MS = 603_000;

/** A site that has no shadow to flee to, so that the cell stays in the beam. */
const { shadow, ...rack } = site.rack;
assert(shadow !== undefined, "the reference site has no shadow any more");
const runWithoutShadow = (options: WorldRunOptions): Promise<WorldRun> =>
  runWorld({ ...options, site: { ...site, rack } });

type Act = (virtual: VirtualCampaign) => void;
/** The shutter upstream no longer follows the order to close. */
const jamUpstream: Act = ({ world }) => {
  const drive = world.beam.driveSafetyShutter.bind(world.beam);
  world.beam.driveSafetyShutter = (atMs, open) => {
    if (open) drive(atMs, open);
  };
};
const resume: Act = ({ run }) => {
  run.actor.send({ type: "RESUME_EXPOSING", author: "a person" });
};
const rearm: Act = ({ run }) => {
  run.actor.send({ type: "RE_ARM", author: "a person" });
};

function stuck(toMs?: number): WorldFault {
  return { kind: "shutter-stuck", at: "open", fromMs: FROM_MS, ...(toMs === undefined ? {} : { toMs }) };
}

function failed(run: WorldRun) {
  const ended = run.of("exposure-ended").find((event) => field(event, "outcome") === "shutter-failure");
  const settled = run
    .of("exposure-settled")
    .find((event) => field(event, "exposure_id") === field(ended, "exposure_id"));
  const opening = run.virtual.world.openings.find((item) => item.excessPhotons > 0);
  return { ended, settled, opening };
}

/** Two shutters at once are more than the site promises: the world finds the dose beyond its bound, and nothing else. */
function expectOnlyDoseSuffers(run: WorldRun, alsoBroken: readonly string[] = []): void {
  expect(new Set(run.summary.violations.map((violation) => violation.invariant))).toEqual(
    new Set(["dose", ...alsoBroken]),
  );
  expect(run.summary.truth).toMatchObject({
    exposures_unaccounted: 0,
    samples_lost: 0,
    cells_disturbed_by_beam_loss: 0,
  });
  expect(run.summary.dose.booked_not_settled).toBe(0);
  expect(run.virtual.run.isDone()).toBe(true);
  expect(verifyRecord(run.folder).ok).toBe(true);
}

describe("two shutters that both stay open", () => {
  it("charge the cell until one of them reads closed, and nothing is exposed until a person resumes", async () => {
    const run = await runWithoutShadow({
      hours: 0.4,
      faults: [stuck(660_000)],
      at: [
        [500, jamUpstream],
        [1000, resume],
      ],
    });
    expectOnlyDoseSuffers(run);
    const { ended, settled, opening } = failed(run);
    const litS = ((opening?.litEndMs ?? Infinity) - (opening?.startMs ?? 0)) / 1000;
    expect(litS).toBeGreaterThan(50);
    expect(numeric(ended, "open_s")).toBeGreaterThan(litS - 0.1);
    expect(numeric(ended, "open_s")).toBeLessThan(litS + 2);
    expect(numeric(settled, "open_time_s")).toBe(numeric(ended, "open_s"));
    expect(run.alarms.slice(0, 2)).toEqual(["shutter.beam-not-off B1", "shutter.stuck-open io"]);
    const said = run.of("alarm-raised").map((event) => field(event, "what"));
    expect(said[0]).toMatch(/charged to B1 so far, and every further second/);
    expect(said[1]).toMatch(/up to 60\.\d s of beam are charged to B1; the beam is off the cell now/);
    expect(run.of("alarm-cleared").some((event) => field(event, "code") === "shutter.beam-not-off")).toBe(true);
    const opened = run.of("shutter-opened").map((event) => event.atMs);
    expect(opened.filter((atMs) => atMs > FROM_MS && atMs < 1_000_000)).toEqual([]);
    expect(opened.some((atMs) => atMs > 1_000_000)).toBe(true);
  });

  it("let the stage leave for the shadow as soon as a person has closed the door that was open, and charge no further", async () => {
    const run = await runWorld({
      hours: 0.3,
      faults: [stuck(), { kind: "interlock", name: "doorClosed", fromMs: FROM_MS, toMs: FROM_MS + 30_000 }],
      at: [
        [500, jamUpstream],
        [640, rearm],
      ],
    });
    // With both stuck, nothing takes the beam away from an open door.
    expectOnlyDoseSuffers(run, ["shutter-interlocks"]);
    const { ended, opening } = failed(run);
    const { shadow: place } = site.rack;
    const last = opening?.deposits.at(-1);
    expect([last?.xMm, last?.yMm]).toEqual([
      (place?.xMm ?? NaN) - site.rack.originXMm,
      (place?.yMm ?? NaN) - site.rack.originYMm,
    ]);
    // Re-armed at 640 s, and looked at every second.
    expect(numeric(ended, "closed_seen_at_ms")).toBeGreaterThan(640_000);
    expect(numeric(ended, "closed_seen_at_ms")).toBeLessThan(643_000);
    expect(opening?.litEndMs ?? Infinity).toBeLessThan(numeric(ended, "closed_seen_at_ms") + 1);
    const cleared = run.of("alarm-cleared").find((event) => field(event, "code") === "shutter.beam-not-off");
    expect(cleared?.atMs).toBeLessThan(643_100);
    expect(run.virtual.run.alarms.open.map((alarm) => alarm.code)).toContain("shutter.stuck-open");
  });

  it("charge nothing for the time in which the machine had no beam", async () => {
    const faults = [stuck(700_000), { kind: "beam-dump", fromMs: 620_000, toMs: 680_000 } as const];
    const run = await runWithoutShadow({ hours: 0.3, faults, at: [[500, jamUpstream]] });
    expectOnlyDoseSuffers(run);
    const { ended, settled, opening } = failed(run);
    // The ring current is heard every two seconds.
    expect(numeric(ended, "dark_ms")).toBeGreaterThan(52_000);
    expect(numeric(ended, "dark_ms")).toBeLessThanOrEqual(60_000);
    const photons =
      numeric(settled, "flux_ph_s") * numeric(settled, "filter_transmission") * numeric(settled, "open_time_s");
    expect(photons).toBeGreaterThan((opening?.photons ?? Infinity) / 1.05);
    expect(photons).toBeLessThan((opening?.photons ?? 0) * 1.35);
  });

  it("to the end of the campaign are charged to the end, and the alarm stands", async () => {
    const run = await runWithoutShadow({ hours: 0.3, faults: [stuck()], at: [[500, jamUpstream]] });
    const { ended } = failed(run);
    expect(numeric(ended, "lit_until_ms")).toBe(0.3 * 3_600_000);
    expect(numeric(ended, "open_s")).toBeGreaterThan(470);
    expect(run.of("beam-not-off").length).toBeGreaterThan(5);
    expect(run.virtual.run.alarms.open.map((alarm) => alarm.code).sort()).toEqual([
      "shutter.beam-not-off",
      "shutter.stuck-open",
    ]);
    expect(run.virtual.run.isDone()).toBe(true);
    expect(run.summary.dose.booked_not_settled).toBe(0);
  });
});
