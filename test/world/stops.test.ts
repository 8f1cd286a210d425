import { afterAll, describe, expect, it } from "vitest";
import type { StopClass } from "../../protocols/bus/commands.ts";
import { recordOf } from "../../controller/bus/event-text.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { load, repositoryText } from "../support/campaign-files.ts";
import { sitePathOf } from "../support/shipped-sites.ts";
import {
  FILES,
  campaign,
  expectSound,
  field,
  removeFolders,
  runWorld,
  SIX,
  type WorldRun,
} from "../support/world-campaign.ts";
import type { VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";

afterAll(removeFolders);

type Act = readonly [number, (virtual: VirtualCampaign) => void];

function stopAt(atS: number, stopClass: StopClass, positions?: readonly string[]): Act {
  const only = positions === undefined ? {} : { positions };
  return [
    atS,
    ({ run }) => {
      run.stops.order({ stopClass, author: "anna", reason: "a test", ...only });
    },
  ];
}

function resumeAt(atS: number): Act {
  return [
    atS,
    ({ run }) => {
      run.actor.send({ type: "RESUME_EXPOSING", author: "anna" });
    },
  ];
}

interface Ended {
  readonly class: string;
  readonly told_ms_max: number;
  readonly confirmed_ms_max: number;
  readonly not_confirmed: readonly string[];
  readonly devices: readonly { readonly device: string; readonly told_ms: number; readonly confirmed_ms: number }[];
}

function stopsOf(run: WorldRun): readonly Ended[] {
  return run.of("stop-ended").map(({ dataText }) => JSON.parse(dataText) as Ended);
}

function after(run: WorldRun, type: string, atS: number): number {
  return run.of(type).filter(({ atMs }) => atMs > atS * 1000).length;
}

describe("an emergency stop", () => {
  it("reaches every device at once, names the hung one, may be given again, and nothing begins again after it, nor after a restart", async () => {
    const run = await runWorld({
      hours: 0.13,
      faults: [{ kind: "link-hang", link: "channel A3", fromMs: 300_000 }],
      at: [stopAt(306, "emergency"), stopAt(306.05, "emergency"), stopAt(330, "emergency")],
      kills: [{ atS: 345, downS: 20 }],
    });
    expect(run.summary.violations).toEqual([]);
    const [first, again, ...more] = stopsOf(run);
    expect(more).toEqual([]);
    expect(run.of("stop-ordered")).toHaveLength(2);
    for (const stop of [first, again]) {
      expect(stop?.not_confirmed).toEqual(["channel A3"]);
      expect(stop?.devices).toHaveLength(campaign.cells.length + 2);
      for (const { device, told_ms: toldMs, confirmed_ms: confirmedMs } of stop?.devices ?? []) {
        expect(toldMs).toBeLessThanOrEqual(100);
        if (device !== "channel A3") expect(confirmedMs).toBeLessThanOrEqual(1000);
      }
    }
    expect(run.alarms).toContain("stop.not-confirmed channel A3");
    expect(run.of("exposure-ended").map((event) => field(event, "outcome"))).toContain("partial");
    expect(run.of("cell-stopped")).toHaveLength(campaign.cells.length - 1);
    for (const type of ["step-started", "exposure-booked", "exposing-resumed"]) expect(after(run, type, 306)).toBe(0);
  });
});

describe("an emergency stop while instruments are still awaited", () => {
  it("stops the cells of those that have answered for good", async () => {
    const run = await runWorld({
      hours: 0.05,
      campaign: SIX,
      faults: [{ kind: "link-unplugged", link: "channel A3", fromMs: 0 }],
      at: [stopAt(60, "emergency")],
    });
    expect(run.summary.violations).toEqual([]);
    expect((run.of("step-started")[0]?.atMs ?? Infinity) / 1000).toBeLessThan(60);
    expect((run.of("campaign-running")[0]?.atMs ?? 0) / 1000).toBeGreaterThan(60);
    expect(after(run, "step-started", 60)).toBe(0);
    const stopped = run.of("cell-stopped");
    expect(stopped).toHaveLength(SIX.cells.length - 1);
    for (const { atMs } of stopped) expect(atMs).toBeLessThan(62_000);
  });
});

describe("the milder stops", () => {
  it("end what they name and nothing else: an exposure, motion, the step of one cell, the current of another", async () => {
    const states: string[] = [];
    const run = await runWorld({
      hours: 0.13,
      at: [
        stopAt(306, "exposing"),
        [310, ({ run: { views } }) => states.push(views.stateOf(0))],
        resumeAt(320),
        stopAt(330, "motion"),
        stopAt(340, "step", ["A1"]),
        stopAt(341, "open-circuit", ["A2"]),
        resumeAt(360),
        [380, ({ run: { views } }) => states.push(...[0, 1, 2].map((cellIndex) => views.stateOf(cellIndex)))],
      ],
    });
    expectSound(run);
    const stops = stopsOf(run);
    expect(stops.map((stop) => [stop.class, ...stop.devices.map(({ device }) => device)])).toEqual([
      ["exposing", "io"],
      ["motion", "io", "stage"],
      ["step", "channel A1"],
      ["open-circuit", "channel A2"],
    ]);
    for (const stop of stops) expect(stop.confirmed_ms_max).toBeLessThanOrEqual(1000);
    expect(states).toEqual(["cycling", "held", "stopped", "cycling"]);
    expect(after(run, "exposure-booked", 380)).toBeGreaterThan(0);
    const [partial] = run.of("exposure-ended").filter((event) => field(event, "outcome") === "partial");
    expect(partial?.atMs).toBeLessThan(308_000);
    expect(
      run.of("cells-ordered-off").map(({ dataText }) => recordOf(JSON.parse(dataText) as Json)["positions"]),
    ).toEqual([["A2"]]);
  });
});

describe("a stop of every cell on other channels", () => {
  it("is confirmed by a cabinet of many channels within two seconds", async () => {
    const run = await runWorld({
      hours: 0.06,
      ...at(repositoryText(sitePathOf("neware-zaber"))),
      at: [stopAt(200, "emergency")],
    });
    expect(run.summary.violations).toEqual([]);
    const [stop] = stopsOf(run);
    expect(stop?.not_confirmed).toEqual([]);
    expect(stop?.confirmed_ms_max).toBeLessThanOrEqual(2000);
  });
});

function at(siteText: string) {
  const loaded = load({ ...FILES, "site.yaml": siteText }, "small.yaml");
  if (loaded.kind === "refused") throw new Error(JSON.stringify(loaded.findings));
  return { site: loaded.site, campaign: loaded.campaign };
}
