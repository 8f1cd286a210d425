import { afterAll, describe, expect, it } from "vitest";
import type { Site } from "../../protocols/site/site.ts";
import type { SiteTrigger } from "../../protocols/site/further.ts";
import type { WorldFault } from "../../simulator/world/world-faults.ts";
import {
  expectSound,
  field,
  numeric,
  removeFolders,
  runWorld,
  site,
  type WorldRun,
} from "../support/world-campaign.ts";

afterAll(removeFolders);

const GATES = { leadS: 0.3 };
const LINK = { kind: "tcp", host: "127.0.0.1", port: 47_104 } as const;
const COMMON = { name: "gates", link: LINK, output: null, gates: GATES } as const;
const DG645: SiteTrigger = { ...COMMON, driver: "srs-dg645", serialNumber: null, gate: {} };
const PANDABOX: SiteTrigger = { ...COMMON, driver: "pandabox", blocks: {} };

/** The reference site with a gate generator in the shutter's drive line. */
function gatedBy(trigger: SiteTrigger): Site {
  return { ...site, trigger, shutter: { ...site.shutter, gate: GATES } };
}

/** Runs made once for all that look at them. */
const runs = new Map<string, Promise<WorldRun>>();

function runGated(trigger: SiteTrigger, faults: readonly WorldFault[] = []): Promise<WorldRun> {
  const key = JSON.stringify([trigger.driver, faults]);
  const made = runs.get(key) ?? runWorld({ hours: 0.21, site: gatedBy(trigger), faults });
  runs.set(key, made);
  return made;
}

const TRAVEL_MS = 1000 * site.shutter.travelS;

/** Milliseconds at full opening, by the world's own reckoning: the blades take as long to open as to close. */
function openMs({ startMs, endMs }: { readonly startMs: number; readonly endMs: number }): number {
  return endMs - startMs - TRAVEL_MS;
}

/** Every opening belongs to one exposure on record, which is charged with at least its time. */
function expectCharged(run: WorldRun): void {
  const ended = run.of("exposure-ended");
  for (const opening of run.virtual.world.openings) {
    const own = ended.filter((event) => {
      const askedMs = numeric(event, "open_asked_at_ms");
      return askedMs <= opening.startMs && opening.startMs < askedMs + 1000;
    });
    expect(own).toHaveLength(1);
    expect(1000 * numeric(own[0], "open_s")).toBeGreaterThanOrEqual(openMs(opening) - 5);
  }
}

function troubles(run: WorldRun, fromMs: number, toMs: number): readonly string[] {
  const during = run.of("exposure-trouble").filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  return [...new Set(during.map((event) => `${field(event, "code")} ${field(event, "where")}`))];
}

describe("a shutter that a trigger times", () => {
  it("stays closed where an interlock breaks once it was asked open: the gate is the act", async () => {
    const undisturbed = await runGated(DG645);
    const opensMs = undisturbed.virtual.world.openings[3]?.startMs ?? NaN;
    const brokenMs = Math.floor(opensMs) - 26;
    const gated = await runGated(DG645, [
      { kind: "interlock", name: "doorClosed", fromMs: brokenMs, toMs: brokenMs + 5000 },
    ]);
    expectSound(gated);
    expect(troubles(gated, brokenMs, brokenMs + 1000)).toEqual(["interlock.tripped gates"]);
    const openings = gated.virtual.world.openings.map(({ startMs }) => startMs);
    expect(openings).toEqual(undisturbed.virtual.world.openings.slice(0, 3).map(({ startMs }) => startMs));
  });

  it.each([DG645, PANDABOX])("is open as long as the gate of a $driver, and is charged with that", async (trigger) => {
    const gated = await runGated(trigger);
    expectSound(gated);
    expect(gated.alarms).toEqual([]);
    const ended = gated.of("exposure-ended");
    expect(ended.length).toBeGreaterThan(15);
    expect(gated.virtual.world.openings).toHaveLength(ended.length);
    for (const event of ended) {
      const exposureS = numeric(event, "exposure_s");
      expect(numeric(event, "gate_s")).toBeCloseTo(exposureS, 6);
      expect(numeric(event, "open_s")).toBeGreaterThanOrEqual(exposureS);
      expect(numeric(event, "open_s")).toBeLessThan(exposureS + 0.01);
    }
    const exposureMs = 1000 * numeric(ended[0], "exposure_s");
    for (const opening of gated.virtual.world.openings) expect(openMs(opening)).toBeCloseTo(exposureMs, 3);
    expectCharged(gated);
  });

  it("is closed by software where a gate does not end, opens for no gate that comes late, and stays shut without one", async () => {
    const faulty = await runGated(DG645, [
      { kind: "trigger-holds", fromMs: 290_000, toMs: 320_000 },
      { kind: "trigger-repeats", fromMs: 320_000, toMs: 345_000, afterMs: 1 },
      { kind: "trigger-repeats", fromMs: 345_000, toMs: 400_000, afterMs: 300 },
      { kind: "trigger-withheld", fromMs: 590_000, toMs: 625_000 },
    ]);
    expectSound(faulty);
    expectCharged(faulty);
    // A gate that stays is a stray one to the next exposure.
    expect(troubles(faulty, 290_000, 320_000)).toEqual(["trigger.late gates", "trigger.stray-gate gates"]);
    expect(troubles(faulty, 320_000, 345_000)).toContain("trigger.late gates");
    expect(troubles(faulty, 347_000, 400_000)).toEqual(["trigger.stray-gate gates"]);
    expect(troubles(faulty, 590_000, 627_000)).toEqual(["shutter.stuck-closed io"]);
    const { openings } = faulty.virtual.world;
    const longest = Math.max(...openings.map(openMs));
    // The gate's own end, its travel and the switch's grace; then software has asked it closed.
    expect(longest).toBeGreaterThan(5200);
    expect(longest).toBeLessThan(5000 + TRAVEL_MS + 300);
    expect(openings.filter(({ startMs }) => startMs > 590_000 && startMs < 625_000)).toEqual([]);
    expect(faulty.summary.requests.met).toBe(faulty.summary.requests.asked - faulty.of("request-missed").length);
  });

  it("fires once, whether the order to fire was lost or only its answer; what was given is charged", async () => {
    const [first] = (await runGated(DG645)).virtual.world.openings;
    const firedMs = first?.startMs ?? NaN;
    for (const [faults, given] of [
      [[{ kind: "trigger-silent", fromMs: firedMs + 1, toMs: firedMs + 20_000 }], 1],
      [[{ kind: "link-hang", link: "gates", fromMs: firedMs - 1, toMs: firedMs + 20_000 }], 0],
    ] as const) {
      const lost = await runGated(DG645, faults);
      expectSound(lost);
      expectCharged(lost);
      const [cut, ...others] = lost.of("exposure-ended");
      expect(field(cut, "outcome")).not.toBe("made");
      expect(field(cut, "gate_s")).toBe("");
      const early = lost.virtual.world.openings.filter(({ startMs }) => startMs < firedMs + 10_000);
      expect(early).toHaveLength(given);
      for (const opening of early) expect(openMs(opening)).toBeLessThan(2500);
      expect(lost.virtual.world.openings).toHaveLength(others.length + given);
      expect(others.every((event) => field(event, "outcome") === "made")).toBe(true);
      expect(lost.alarms.some((alarm) => alarm.startsWith("link."))).toBe(true);
    }
  });
});
