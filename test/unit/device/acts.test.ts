import { describe, expect, it } from "vitest";
import { z } from "zod";

import { Fault } from "../../../protocols/base/fault.ts";
import { positionAt } from "../../../protocols/base/position.ts";
import { createMemoryLink } from "../../../simulator/links/memory-link.ts";
import { createSiteDrivers } from "../../../tui/rig/drivers.ts";
import { createRealLinks } from "../../../tui/rig/real-links.ts";
import { createVirtualTime } from "../../contract/contract-bench.ts";
import { site } from "../../support/world-campaign.ts";
import { createDeviceBench, refusalOf } from "./device-bench.ts";

const openedSchema = z.object({ open_s: z.number().nullable(), charged: z.string(), booked_s: z.number() });

describe("moving by hand", () => {
  it("is refused while the hutch does not permit it, and nothing moves", async () => {
    for (const interlock of ["doorClosed", "searched", "emergencyOk", "motionEnabled"]) {
      const bench = createDeviceBench();
      bench.world.beam.setInterlock(interlock, false);
      const fault = await refusalOf(bench.act("stage", "home", []));
      expect(fault.code).toBe("stage.no-permit");
      expect(fault.message).toContain(interlock);
      expect(bench.world.stage.isHomed).toBe(false);
    }
  });

  it("is refused when nobody can say whether it is permitted", async () => {
    const bench = createDeviceBench();
    bench.memory.links.get("io")?.plug(false);
    const fault = await refusalOf(bench.act("stage", "home", []));
    expect(fault).toMatchObject({ code: "stage.no-permit", where: "stage" });
    expect(fault.message).toContain("could not be read from io");
    expect(await bench.act("stage", "home", [], { isAlone: true })).toMatchObject({ at_rest: true });
  });

  it("goes where it was told, after homing when asked", async () => {
    const bench = createDeviceBench();
    expect(await bench.act("stage", "status", [])).toMatchObject({ homed: false, x_mm: null });
    expect((await refusalOf(bench.act("stage", "move", ["37.5", "12.5"]))).code).toBe("stage.not-homed");
    expect(await bench.act("stage", "move", ["37.5", "12.5"], { homesFirst: true })).toMatchObject({
      x_mm: 37.5,
      y_mm: 12.5,
      at_rest: true,
    });
  });

  it("is stopped by Ctrl-C on the way, and by its deadline", async () => {
    for (const [options, code] of [
      [{ interruptAfterMs: 3600 }, "device.interrupted"],
      [{ timeoutMs: 3600 }, "link.timeout"],
    ] as const) {
      const bench = createDeviceBench();
      const fault = await refusalOf(bench.act("stage", "home", [], options));
      expect(fault.code).toBe(code);
      await bench.time.pass(5);
      expect(bench.world.stage.isMoving(bench.clock.nowMs())).toBe(false);
    }
  });
});

describe("a channel asked by hand", () => {
  const step = {
    kind: "constant-current" as const,
    currentA: 0.0005,
    untilVoltageV: 4.2,
    untilTimeS: 600,
    sampleIntervalS: 1,
    limits: { voltageMaxV: 4.3, voltageMinV: 2, currentMaxA: 0.005, currentMinA: -0.005 },
  };

  it("is not disturbed while a step runs: status says so, everything else is refused", async () => {
    const bench = createDeviceBench();
    const channel = bench.drivers.channel(positionAt(0));
    await bench.time.settle(channel.connect());
    await bench.time.settle(channel.start(step));
    // The controller is gone; the instrument runs on with its own limits.
    channel.disconnect();
    await bench.time.pass(5);
    expect(await bench.act("channel A1", "status", [])).toEqual({ state: "a script is running" });
    for (const command of ["identify", "read"]) {
      const fault = await refusalOf(bench.act("channel A1", command, []));
      expect(fault).toMatchObject({ code: "device.refused", where: "channel A1" });
      expect(fault.message).toContain("`abort` ends it");
    }
    const scriptFault = await refusalOf(bench.act("channel A1", "run", ["x.mscr"], { readText: () => "cell_off\n" }));
    expect(scriptFault.code).toBe("device.refused");
    expect(await bench.act("channel A1", "status", [])).toEqual({ state: "a script is running" });
    expect(await bench.act("channel A1", "abort", [])).toMatchObject({ cell: "off" });
    expect(await bench.act("channel A1", "status", [])).toMatchObject({ state: "idle" });
    expect(await bench.act("channel A1", "read", [])).toMatchObject({
      open_circuit_V: expect.closeTo(2.6, 0) as number,
    });
  });

  it("runs a script as it stands and leaves the cell off, also when the script fails or takes too long", async () => {
    const bench = createDeviceBench();
    const good =
      "e\nvar p\nset_pgstat_chan 0\nset_pgstat_mode 3\ncell_off\nmeas 100m p ab\npck_start\npck_add p\npck_end\n\n";
    const run = (text: string, options = {}) =>
      bench.act("channel A1", "run", ["x.mscr"], { readText: () => text, ...options });
    expect(await run(good)).toMatchObject({ line_count: 1, cell: "off" });
    const refused = await refusalOf(run("this is no script\n"));
    expect(refused).toMatchObject({ code: "device.refused" });
    const endless = "set_pgstat_chan 0\nset_pgstat_mode 2\nset_max_bandwidth 40\nset_e 3\ncell_on\nwait 3000\n";
    const late = await refusalOf(run(endless, { timeoutMs: 4000 }));
    expect(late.code).toBe("link.timeout");
    expect(await bench.act("channel A1", "status", [])).toMatchObject({ state: "idle" });
  });

  it("takes no script that is empty or no text", () => {
    const bench = createDeviceBench();
    for (const text of ["", "e\n\n", "set_e \u00b5\n"]) {
      expect(() => bench.act("channel A1", "run", ["x.mscr"], { readText: () => text })).toThrow(/x\.mscr|line/);
    }
  });
});

describe("beam let in by hand", () => {
  const open = { forS: 0.5 };

  it("is booked before, given for the time asked, and settled within what was booked", async () => {
    const bench = createDeviceBench();
    const opened = openedSchema.parse(await bench.act("io", "open", ["A1"], open));
    expect(opened.charged).toBe("settlement");
    expect(opened.open_s).toBeGreaterThanOrEqual(0.5);
    expect(opened.open_s).toBeLessThan(0.75);
    expect(bench.rows.map(({ kind }) => kind)).toEqual(["booking", "settlement"]);
    expect(bench.events.map(({ type }) => type)).toEqual(["shutter-opened", "beam-by-hand"]);
    const nowMs = bench.clock.nowMs();
    expect(bench.world.beam.shutterClosedSwitch(nowMs)).toBe(true);
    expect(bench.world.beam.safetyShutterClosedSwitch(nowMs)).toBe(true);
  });

  it("opens a shutter that a trigger gates by a gate longer than what is asked, and closes it within", async () => {
    const gates = { leadS: 0.5 };
    const link = { kind: "tcp", host: "127.0.0.1", port: 5025 } as const;
    const bench = createDeviceBench({
      ...site,
      trigger: { name: "gates", link, output: null, gates, driver: "srs-dg645", serialNumber: null, gate: {} },
      shutter: { ...site.shutter, gate: gates },
    });
    const opened = openedSchema.parse(await bench.act("io", "open", ["A1"], open));
    expect(opened.charged).toBe("settlement");
    expect(opened.open_s).toBeGreaterThanOrEqual(0.5);
    expect(opened.open_s).toBeLessThan(0.75);
    expect(bench.world.beam.shutterClosedSwitch(bench.clock.nowMs())).toBe(true);
  });

  it("is not given while an interlock is broken: nothing is booked either", async () => {
    const bench = createDeviceBench();
    bench.world.beam.setInterlock("searched", false);
    const fault = await refusalOf(bench.act("io", "open", ["A1"], open));
    expect(fault).toMatchObject({ code: "interlock.tripped", where: "io" });
    expect(bench.rows).toEqual([]);
  });

  it("ends when an interlock breaks on the way, and what was given is settled", async () => {
    const bench = createDeviceBench();
    bench.clock.setTimeout(() => {
      bench.world.beam.setInterlock("doorClosed", false);
    }, 3000);
    const fault = await refusalOf(bench.act("io", "open", ["A1"], { forS: 20 }));
    expect(fault.code).toBe("permit.lapsed");
    expect(bench.world.beam.shutterClosedSwitch(bench.clock.nowMs())).toBe(true);
    expect(bench.rows.map(({ kind }) => kind)).toEqual(["booking", "settlement"]);
    expect(bench.rows[1]?.openTimeS).toBeLessThan(3);
  });

  it("whose shutter sticks open is charged in full and stopped by permit and safety shutter", async () => {
    const bench = createDeviceBench();
    bench.clock.setTimeout(() => {
      bench.world.beam.stickShutter(bench.clock.nowMs(), "open");
    }, 2500);
    const fault = await refusalOf(bench.act("io", "open", ["A1"], { forS: 2 }));
    expect(fault.code).toBe("shutter.stuck-open");
    expect(bench.rows.map(({ kind }) => kind)).toEqual(["booking", "charge-in-full"]);
    expect(bench.world.beam.safetyShutterClosedSwitch(bench.clock.nowMs())).toBe(true);
  });

  it("through the safety shutter alone costs no dose while the shutter is seen closed", async () => {
    const bench = createDeviceBench();
    const opened = openedSchema.parse(await bench.act("io", "open", ["safety-shutter", "A1"], open));
    expect(opened).toMatchObject({ open_s: 0, charged: "settlement" });
    expect(bench.world.beam.safetyShutterClosedSwitch(bench.clock.nowMs())).toBe(true);
    expect(bench.ledger.openCount).toBe(0);
  });

  it("is refused where it would pass a limit, before anything opens", async () => {
    const bench = createDeviceBench();
    const fault = await refusalOf(bench.act("io", "open", ["A1"], { forS: 3600 }));
    expect(fault).toMatchObject({ code: "dose.limit", where: "A1" });
    expect(bench.rows).toEqual([]);
    expect(bench.world.beam.shutterOrderedShutMs()).toBe(-Infinity);
  });

  it("needs a position, a time, and a spot that the campaign has", async () => {
    const bench = createDeviceBench();
    expect(() => bench.act("io", "open", ["Z9"], open)).toThrow(/position/);
    expect(() => bench.act("io", "open", ["A1"])).toThrow(/--for/);
    const fault = await refusalOf(bench.act("io", "open", ["A1"], { ...open, spot: 99 }));
    expect(fault.code).toBe("dose.unknown");
  });
});

describe("the filters moved by hand", () => {
  it("are waited for until their switches say so, and named when they do not", async () => {
    const bench = createDeviceBench();
    expect(await bench.act("io", "filters", ["in,out,in"])).toMatchObject({ filters_in: [true, false, true] });
    expect(() => bench.act("io", "filters", ["in"])).toThrow(/each of 3 filters/);
  });
});

/** What a controller that began then says first to the broker of its first source, each time it connects to it. */
async function firstWords(beganMs: number): Promise<readonly string[]> {
  const clock = { ...createVirtualTime().clock, wallMs: () => beganMs };
  const [source] = site.sensorSources;
  if (source === undefined) throw new Fault("site.invalid", "test", "the site has no source of sensors");
  const said: string[] = [];
  const drivers = createSiteDrivers(site, {
    ...createRealLinks(clock),
    openLinkOf: () => () => {
      const cable = createMemoryLink(clock, { name: source.name, latencyMs: 0 });
      cable.end.onData((chunk) => said.push(Buffer.from(chunk).toString("latin1")));
      return cable.openLink();
    },
  });
  const { connection } = drivers.sensorSource(source);
  connection.connect().catch(() => undefined);
  await clock.run(clock.nowMs() + 100);
  connection.disconnect();
  return said;
}

it("two controllers at one broker have names of their own, and do not throw each other out", async () => {
  const [one, another] = [await firstWords(1_000_000), await firstWords(2_000_000)];
  expect(one[0]).toMatch(/beamrack-.+-lfls$/);
  expect(another[0]).toMatch(/beamrack-.+-16v7k$/);
});
