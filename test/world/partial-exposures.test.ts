import { afterAll, describe, expect, it } from "vitest";
import type { Campaign, ExposurePreset } from "../../protocols/campaign/campaign.ts";
import type { WorldFault } from "../../simulator/world/world-faults.ts";
import { expectSound, field, missesOf, numeric, removeFolders, runWorld, SIX } from "../support/world-campaign.ts";

afterAll(removeFolders);

/** Sweep 2 begins at 600 s; at 603 s the shutter is open on its first cell, B1. */
const BEAM_GOES: readonly WorldFault[] = [{ kind: "beam-dump", fromMs: 603_000, toMs: 640_000 }];

const PASSED = "its window passed before the shutter could open";

function ruledBy(partial: ExposurePreset["partial"]): Campaign {
  return { ...SIX, sweeps: SIX.sweeps.map((one) => ({ ...one, preset: { ...one.preset, partial } })) };
}

it("one that is ready only after its window is not made: a miss without alarm or pause, and the next sweep begins at once", async () => {
  // Each booking of sweep 2 is on the disk 12 s late.
  const run = await runWorld({
    hours: 0.11,
    campaign: { ...SIX, sweeps: SIX.sweeps.map((one) => ({ ...one, cadenceS: 40 })) },
    faults: [{ kind: "disk-slow", fromMs: 339_000, toMs: 380_000, lateMs: 12_000 }],
  });
  expectSound(run);
  const [missed, ...others] = run.of("request-missed").filter((event) => field(event, "text") === PASSED);
  expect(others).toEqual([]);
  expect([field(missed, "sweep"), run.summary.requests.late]).toEqual(["2", 0]);
  expect(run.alarms.filter((alarm) => alarm.startsWith("exposure."))).toEqual([]);
  const next = run.of("exposure-booked").find((event) => event.atMs > (missed?.atMs ?? Infinity));
  expect(field(next, "exposure_id")).toMatch(/^X-S0003-/);
  expect((next?.atMs ?? Infinity) - (missed?.atMs ?? 0)).toBeLessThan(1000);
});

describe("an exposure that lost its beam on the way", () => {
  it("is accepted as it is where the campaign takes what was given, and nothing is exposed again", async () => {
    const run = await runWorld({
      hours: 0.2,
      faults: BEAM_GOES,
      campaign: ruledBy({ acceptFromFraction: 0.1, otherwise: "repeat-once" }),
    });
    expectSound(run);
    expect(run.summary.exposures).toMatchObject({ partial: 1, aborted: 0 });
    expect(missesOf(run)).toEqual([]);
    expect(run.summary.requests.met).toBe(run.summary.requests.asked);
    const [accepted, ...others] = run.of("exposure-accepted");
    expect(others).toEqual([]);
    expect([field(accepted, "position"), field(accepted, "exposure_id")]).toEqual(["B1", "X-S0002-B1"]);
    expect(numeric(accepted, "given_fraction")).toBeGreaterThan(0.1);
    expect(run.of("exposure-wanted")).toEqual([]);
  });

  it("is repeated once where the campaign says so, as a request of its own with a booking of its own", async () => {
    const run = await runWorld({
      hours: 0.2,
      faults: BEAM_GOES,
      campaign: ruledBy({ acceptFromFraction: 1, otherwise: "repeat-once" }),
    });
    expectSound(run);
    expect(missesOf(run)).toEqual([["B1", "beam", "machine beam lost"]]);
    expect(run.of("exposure-wanted").map((event) => field(event, "repeat_of"))).toEqual(["X-S0002-B1"]);
    const again = run.of("exposure-ended").filter((event) => field(event, "exposure_id") === "X-R0013-B1");
    expect(again.map((event) => field(event, "outcome"))).toEqual(["made"]);
    const { asked, met, missed } = run.summary.requests;
    expect([met, missed]).toEqual([asked - 1, 1]);
    expect(run.summary.truth["exposures_unaccounted"]).toBe(0);
  });

  it("is not repeated a second time when the repeat fails too", async () => {
    const run = await runWorld({
      hours: 0.2,
      faults: [...BEAM_GOES, { kind: "beam-dump", fromMs: 648_500, toMs: 670_000 }],
      campaign: ruledBy({ acceptFromFraction: 1, otherwise: "repeat-once" }),
    });
    expectSound(run);
    const ofB1 = run.of("exposure-ended").filter((event) => field(event, "position") === "B1" && event.atMs > 600_000);
    expect(ofB1.map((event) => [field(event, "exposure_id"), field(event, "outcome")])).toEqual([
      ["X-S0002-B1", "partial"],
      ["X-R0013-B1", "partial"],
    ]);
    expect(run.of("exposure-wanted")).toHaveLength(1);
  });

  it("is skipped by default", async () => {
    const run = await runWorld({ hours: 0.2, campaign: SIX, faults: BEAM_GOES });
    expect(missesOf(run)).toEqual([["B1", "beam", "machine beam lost"]]);
    expect([run.of("exposure-wanted"), run.of("exposure-accepted")]).toEqual([[], []]);
  });

  it("is counted the same after a restart, and a repeat that was due is still made", async () => {
    const accepted = ruledBy({ acceptFromFraction: 0.1, otherwise: "skip" });
    const kills = [{ atS: 630, downS: 20 }];
    const taken = await runWorld({ hours: 0.25, faults: BEAM_GOES, campaign: accepted, kills });
    expect(taken.summary.requests.missed).toBe(0);
    const repeated = ruledBy({ acceptFromFraction: 1, otherwise: "repeat-once" });
    const again = await runWorld({ hours: 0.25, faults: BEAM_GOES, campaign: repeated, kills });
    expectSound(again);
    expect(again.summary.requests.missed).toBe(1);
    expect(again.of("exposure-ended").map((event) => field(event, "exposure_id"))).toContain("X-R0013-B1");
    expect(again.of("exposure-wanted")).toHaveLength(1);
  });
});

describe("an exposure that is cut short", () => {
  /** At 603 s the shutter is open on B1. */
  const KILLED = { hours: 0.2, kills: [{ atS: 603, downS: 5 }] };
  const SKIP = { acceptFromFraction: 1, otherwise: "skip" } as const;
  const AGAIN = { acceptFromFraction: null, otherwise: "repeat-once" } as const;

  it("by a kill of the controller is charged in full and made once more only by the campaign's rule for that", async () => {
    const general = await runWorld({ ...KILLED, campaign: ruledBy({ ...SKIP, otherwise: "repeat-once" }) });
    expectSound(general);
    expect(general.of("exposure-wanted")).toEqual([]);
    const own = await runWorld({ ...KILLED, campaign: ruledBy({ ...SKIP, causes: { controllerKilled: AGAIN } }) });
    expectSound(own);
    const ofB1 = own.of("exposure-ended").filter((event) => field(event, "position") === "B1" && event.atMs > 600_000);
    expect(ofB1.map((event) => ["exposure_id", "outcome", "charged"].map((key) => field(event, key)))).toEqual([
      ["X-S0002-B1", "unknown", "charge-in-full"],
      ["X-R0013-B1", "made", "settlement"],
    ]);
    const { asked, met, missed } = own.summary.requests;
    expect([met, missed]).toEqual([asked - 1, 1]);
    const repeat = own.of("shutter-opened").find((event) => field(event, "exposure_id") === "X-R0013-B1");
    // And by a kill in its repeat it is not made a third time.
    const run = await runWorld({
      hours: 0.2,
      kills: [...KILLED.kills, { atS: (repeat?.atMs ?? NaN) / 1000 + 1, downS: 5 }],
      campaign: ruledBy({ ...SKIP, causes: { controllerKilled: AGAIN } }),
    });
    expectSound(run);
    const twice = run.of("exposure-ended").filter((event) => field(event, "position") === "B1" && event.atMs > 600_000);
    expect(twice.map((event) => [field(event, "exposure_id"), field(event, "outcome")])).toEqual([
      ["X-S0002-B1", "unknown"],
      ["X-R0013-B1", "unknown"],
    ]);
    expect(run.of("exposure-wanted")).toHaveLength(1);
  });

  it("follows the rule of what cut it, and the general one where that has none", async () => {
    const causes = { beamLoss: { acceptFromFraction: 0.1, otherwise: "skip" }, pause: AGAIN } as const;
    const rules = ruledBy({ ...SKIP, causes });
    const lost = await runWorld({ hours: 0.2, faults: BEAM_GOES, campaign: rules });
    expectSound(lost);
    expect(lost.of("exposure-accepted").map((event) => field(event, "position"))).toEqual(["B1"]);
    expect(field(lost.of("exposure-accepted")[0], "frame")).toMatch(/B1_S0002_00000\.cbf$/);
    const held = await runWorld({
      hours: 0.2,
      campaign: rules,
      at: [
        [
          603,
          ({ run }) => {
            run.actor.send({ type: "STOP_EXPOSING", author: "a person", reason: "a look" });
          },
        ],
        [
          605,
          ({ run }) => {
            run.actor.send({ type: "RESUME_EXPOSING", author: "a person" });
          },
        ],
      ],
    });
    expectSound(held);
    expect(held.of("exposure-wanted").map((event) => field(event, "repeat_of"))).toEqual(["X-S0002-B1"]);
  });

  it("is not accepted where the detector has no frame of it, whatever was given", async () => {
    const faults: readonly WorldFault[] = [...BEAM_GOES, { kind: "detector-dead", fromMs: 602_990, toMs: 625_000 }];
    const run = await runWorld({
      hours: 0.2,
      faults,
      campaign: ruledBy({ acceptFromFraction: 0.1, otherwise: "skip" }),
    });
    expectSound(run);
    expect(run.of("exposure-accepted")).toEqual([]);
    expect(missesOf(run).filter(([position]) => position === "B1")).toHaveLength(1);
  });
});
