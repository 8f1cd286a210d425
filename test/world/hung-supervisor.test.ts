/**
 * The supervisor hangs in the middle of an exposure, and everything else goes on asking the unit: the heartbeat is the
 * only thing that keeps the permit alive, so the shutter must shut within the permit's life.
 */
import { afterAll, describe, expect, it } from "vitest";
import { assert } from "../../protocols/base/assert.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";
import { load } from "../support/campaign-files.ts";
import { expectSound, FILES, removeFolders, runWorld, site, type WorldRun } from "../support/world-campaign.ts";

afterAll(removeFolders);

/** Sweep 2 begins at 600 s; at 603 s the shutter is open on its first cell, for five seconds. */
const HANG_S = 603;
const HUNG_FOR_S = 30;

interface Hang {
  /** When the unit last got a heartbeat. */
  lastBeatMs: number;
  /** Requests that were answered while the supervisor hung. */
  answeredCount: number;
  /** When somebody first asked the shutter to close. */
  closeAskedMs: number;
}

/** From `HANG_S` on neither heartbeat nor withdrawal of the permit reaches the unit, and nothing comes back. */
function hangSupervisor(hang: Hang): readonly (readonly [number, (virtual: VirtualCampaign) => void])[] {
  const never = (): Promise<void> => new Promise(() => undefined);
  return [
    [
      1,
      ({ rig, clock }) => {
        const { io } = rig.roles;
        const { permit } = io;
        const renew = permit.renewShutterPermit.bind(permit);
        const drop = permit.dropShutterPermit.bind(permit);
        const close = io.requestShutterClosed.bind(io);
        const isHung = (): boolean => clock.monoMs() >= HANG_S * 1000 && clock.monoMs() < (HANG_S + HUNG_FOR_S) * 1000;
        permit.renewShutterPermit = async () => {
          if (isHung()) return never();
          await renew();
          if (clock.monoMs() < HANG_S * 1000) hang.lastBeatMs = clock.monoMs();
        };
        permit.dropShutterPermit = () => (isHung() ? never() : drop());
        io.requestShutterClosed = () => {
          if (isHung()) hang.closeAskedMs = Math.min(hang.closeAskedMs, clock.monoMs());
          return close();
        };
      },
    ],
    [
      HANG_S,
      ({ rig, clock }) => {
        const { io } = rig.roles;
        const untilMs = clock.monoMs() + 4000;
        const poll = (): void => {
          if (clock.monoMs() > untilMs) return;
          const count = (): void => {
            hang.answeredCount += 1;
          };
          io.readInputs().then(count, () => undefined);
          io.requestShutterOpen().then(count, () => undefined);
          clock.setTimeout(poll, 20);
        };
        poll();
      },
    ],
  ];
}

async function hungRun(of: {
  readonly site: Site;
  readonly campaign?: Campaign;
}): Promise<{ run: WorldRun; hang: Hang }> {
  const hang: Hang = { lastBeatMs: 0, answeredCount: 0, closeAskedMs: Infinity };
  const run = await runWorld({ hours: 0.3, ...of, at: hangSupervisor(hang) });
  return { run, hang };
}

/** The reference site with an ADAM-6050: twelve inputs, six outputs, two filters, and a relay behind the heartbeat. */
function adamSite(): { readonly site: Site; readonly campaign: Campaign } {
  const text = FILES["site.yaml"]
    .replace("  unit_id: 1\n", "  unit: adam-6050\n  unit_id: 1\n")
    .replace("filters: [9, 10, 11]", "filters: [9, 10]\n    permit_alive: 11")
    .replace("filters: [3, 4, 5]", "heartbeat: 3\n    filters: [4, 5]")
    .replace(/ {2}- \{ name: Sn 0\.5 mm.*\n/, "");
  const loaded = load({ ...FILES, "site.yaml": text }, "small.yaml");
  assert(loaded.kind === "loaded", `the site is refused: ${JSON.stringify(loaded.findings)}`);
  return { site: loaded.site, campaign: loaded.campaign };
}

describe.each([
  ["a WAGO unit", () => ({ site })],
  ["an ADAM module", adamSite],
])("a supervisor that hangs while the shutter is open, on %s,", (_, make) => {
  it("lets the shutter fall shut within the permit's life, however busy the rest is", async () => {
    const of = make();
    const { run, hang } = await hungRun(of);
    const opening = run.virtual.world.openings.find(
      ({ startMs, endMs }) => startMs < HANG_S * 1000 && endMs > HANG_S * 1000,
    );
    assert(opening !== undefined, "the shutter was not open when the supervisor hung");
    expect(hang.lastBeatMs).toBeGreaterThan(opening.startMs);
    const { watchdogMs, travelS } = of.site.shutter;
    expect(opening.endMs - hang.lastBeatMs).toBeLessThan(watchdogMs + 1000 * travelS + 50);
    // Nobody asked for it: the permit lapsed by itself, with the unit as busy as before.
    expect(hang.closeAskedMs).toBeGreaterThan(opening.endMs - 1000 * travelS);
    expect(hang.answeredCount).toBeGreaterThan(100);
    expect(opening.excessPhotons).toBe(0);
    expectSound(run);
    expect(run.alarms.length).toBeGreaterThan(0);
  });
});
