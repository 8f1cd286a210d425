import { afterAll, describe, expect, it } from "vitest";
import type { Site } from "../../protocols/site/site.ts";
import { parseWorldFaults } from "../../simulator/world/world-faults.ts";
import {
  campaign,
  expectSound,
  field,
  numeric,
  removeFolders,
  runWorld,
  SIX,
  site,
  type WorldRun,
} from "../support/world-campaign.ts";

afterAll(removeFolders);

/** What is wrong, as in a fault file. */
function wrong(...entries: readonly object[]) {
  return parseWorldFaults(entries, "faults.json");
}

/** The five others went on to the end, and were exposed in every sweep that the beam had time for. */
function expectOthersUnharmed(run: WorldRun): void {
  const states = run.summary.cells.by_state;
  expect((states["complete"] ?? 0) + (states["isolated"] ?? 0)).toBe(6);
  const isolated = run.of("cell-isolated").map((event) => field(event, "position"));
  expect(isolated.every((position) => position === "A3")).toBe(true);
  const missed = run.of("request-missed").map((event) => field(event, "position"));
  expect(missed.every((position) => position === "A3")).toBe(true);
}

/** The site with other levels for its gas sensor. */
function siteWithGasLevels(alarmAbove: number, stopAbove: number | null): Site {
  return {
    ...site,
    sensorSources: site.sensorSources.map((source) => ({
      ...source,
      sensors: source.sensors.map((sensor) =>
        sensor.quantity === "gas" ? { ...sensor, alarmAbove, stopAbove } : sensor,
      ),
    })),
  };
}

describe("a cell that falls ill while it is cycled", () => {
  it.each([
    ["internal-short", 600, "outside"],
    ["internal-short", 1500, "outside"],
    ["high-resistance", 1500, "outside"],
    ["open-circuit", 1500, "limit"],
    ["overheating", 1500, "outside"],
  ] as const)(
    "(%s after %d s) is isolated with the reading that told, and the others go on",
    async (kind, at_s, text) => {
      const hours = kind === "overheating" ? 1 : (at_s + 600) / 3600;
      const run = await runWorld({ hours, campaign: SIX, faults: wrong({ kind, position: "A3", at_s }) });
      expectSound(run);
      expectOthersUnharmed(run);
      const [isolated] = run.of("cell-isolated");
      expect(field(isolated, "position")).toBe("A3");
      expect(field(isolated, "what")).toContain(text);
      expect(isolated?.atMs).toBeGreaterThanOrEqual(at_s * 1000);
      expect(run.alarms).toContain("cell.limit A3");
      // What happens fast is seen fast; warmth takes its time.
      if (kind !== "overheating") expect(isolated?.atMs).toBeLessThan(at_s * 1000 + 5000);
    },
  );

  it("(high resistance) is isolated in seconds, though its protocol wants a record every five minutes only", async () => {
    const cells = SIX.cells.map((cell) => ({
      ...cell,
      protocol: { ...cell.protocol, record: { ...cell.protocol.record, timeS: 300 } },
    }));
    const at_s = 1500;
    const run = await runWorld({
      hours: 0.5,
      campaign: { ...campaign, cells },
      faults: wrong({ kind: "high-resistance", position: "A3", at_s }),
    });
    expectSound(run);
    expectOthersUnharmed(run);
    expect(run.of("cell-isolated")[0]?.atMs).toBeLessThan((at_s + 11) * 1000);
  });

  it("(high resistance while it charges) is isolated at the first look after the current turns, and nobody is blamed", async () => {
    const run = await runWorld({
      hours: 0.5,
      campaign: SIX,
      faults: wrong({ kind: "high-resistance", position: "A3", at_s: 600 }),
    });
    expectSound(run);
    expectOthersUnharmed(run);
    const turned = run
      .of("step-started")
      .find((event) => field(event, "position") === "A3" && field(event, "label") === "discharge");
    const [isolated] = run.of("cell-isolated");
    // The record of this protocol, and with it the instrument's own look at its limits, is every five seconds.
    expect((isolated?.atMs ?? NaN) - (turned?.atMs ?? NaN)).toBeLessThan(5500);
  });

  it("(leaking) is smelt: an alarm by the rack's sensor, with its reading on record, and nothing is stopped", async () => {
    const run = await runWorld({
      hours: 0.4,
      campaign: SIX,
      faults: wrong({ kind: "leaking", position: "A3", at_s: 900 }),
    });
    expectSound(run);
    expectOthersUnharmed(run);
    expect(run.alarms).toEqual(["rack.level rack gas"]);
    expect(run.summary.cells.by_state).toEqual({ complete: 6 });
    const readings = run.of("sensor-reading").filter((event) => field(event, "sensor") === "rack gas");
    const told = readings.find((event) => field(event, "level") === "alarm");
    expect(numeric(told, "value")).toBeGreaterThanOrEqual(0.2);
    expect(told?.atMs).toBeGreaterThan(900_000);
    expect(told?.atMs).toBeLessThan(1_200_000);
  });

  it("(overheating) warms the rack's air and fills it with gas, though its channel has let go of it", async () => {
    const run = await runWorld({
      hours: 0.6,
      campaign: SIX,
      faults: wrong({ kind: "overheating", position: "A3", at_s: 1500 }),
    });
    expect(run.alarms).toContain("rack.level rack gas");
    expect(run.virtual.world.rackSensors.gasPpm).toBeGreaterThan(0.2);
  });

  it("stops the rack when the site says so: no exposure after, every cell on open circuit", async () => {
    const run = await runWorld({
      hours: 0.6,
      campaign: SIX,
      faults: wrong({ kind: "overheating", position: "A3", at_s: 1500 }),
      site: siteWithGasLevels(0.2, 5),
    });
    const [ordered] = run.of("cells-ordered-off");
    expect(field(ordered, "reason")).toContain("ppm");
    const stoppedMs = ordered?.atMs ?? NaN;
    expect(stoppedMs).toBeGreaterThan(1_500_000);
    expect(run.of("cell-stopped")).toHaveLength(5);
    expect(run.of("exposure-booked").every((event) => event.atMs <= stoppedMs)).toBe(true);
    expect(run.of("step-started").every((event) => event.atMs <= stoppedMs)).toBe(true);
    expect(run.alarms).toContain("rack.stopped rack gas");
    expect(run.summary.violations).toEqual([]);
    expect(run.summary.truth).toMatchObject({ cells_isolated_without_fault: 0, exposures_unaccounted: 0 });
  });
});

describe("the air over a rack in order", () => {
  it("is kept on record, and alarms nobody", async () => {
    const run = await runWorld({ hours: 0.5, campaign: SIX });
    expect(run.alarms).toEqual([]);
    const readings = run.of("sensor-reading");
    expect(new Set(readings.map((event) => field(event, "sensor")))).toEqual(
      new Set(["rack air", "rack gas", "rack humidity"]),
    );
    const temperatures = readings.filter((event) => field(event, "quantity") === "temperature");
    expect(temperatures.length).toBeGreaterThanOrEqual(3);
    for (const event of temperatures) expect(Math.abs(numeric(event, "value") - 25)).toBeLessThan(1.5);
  });
});

describe("monitors that a site has besides", () => {
  it("are heard and kept on record, and follow the machine's current", async () => {
    const [source] = site.sensorSources;
    const [like] = source?.sensors ?? [];
    if (source === undefined || like === undefined) throw new Error("the reference site has sensors");
    const monitors = (["ion_chamber", "diode"] as const).map((quantity) => ({
      ...like,
      ...{ name: quantity, quantity, unit: "A", topic: `beamline/${quantity}` },
    }));
    const run = await runWorld({
      hours: 0.6,
      campaign: SIX,
      site: { ...site, sensorSources: [{ ...source, sensors: [...source.sensors, ...monitors] }] },
      faults: [{ kind: "beam-dump", fromMs: 1_000_000, toMs: 1_500_000 }],
    });
    expectSound(run);
    const chamber = run.of("sensor-reading").filter((event) => field(event, "quantity") === "ion_chamber");
    const currents = chamber.map((event) => numeric(event, "value"));
    // Every ten minutes: beam at first with the upstream shutter open, none in the dump, beam again.
    expect(currents.length).toBeGreaterThanOrEqual(3);
    const [, lit = 0, dark = 1, again = 0] = currents;
    expect(lit).toBeGreaterThan(1e-9);
    expect(dark).toBeLessThan(1e-11);
    expect(again / lit).toBeCloseTo(1, 1);
    expect(run.of("sensor-reading").some((event) => field(event, "quantity") === "diode")).toBe(true);
  });
});
