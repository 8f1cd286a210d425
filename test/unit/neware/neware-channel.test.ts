import { describe, expect, test } from "vitest";
import type { CellLimits, ChannelStep } from "../../../protocols/roles/channel.ts";
import { addressOf, createNewareBench } from "../../support/neware-bench.ts";

const limits: CellLimits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.01, currentMinA: -0.01 };
const common = { sampleIntervalS: 1, untilTimeS: 600, limits };
const charge: ChannelStep = { kind: "constant-current", currentA: 0.001, untilVoltageV: 4.2, ...common };
const discharge: ChannelStep = { kind: "constant-current", currentA: -0.001, untilVoltageV: 3.5, ...common };
const rest: ChannelStep = { kind: "rest", ...common, untilTimeS: 30 };

describe("connecting", () => {
  test("logs in once for all channels of the cabinet and names the device", async () => {
    const bench = createNewareBench({ channelCount: 16 });
    const identities = await bench.settle(Promise.all(bench.channels.map(({ channel }) => channel.connect())));
    expect(identities[0]).toEqual({ model: "Neware BTS85", serialNumber: "cabinet 21", firmware: null });
    const asked = bench.requests.map((request) => /<cmd>(\w+)/.exec(request)?.[1]);
    expect(asked.filter((command) => command === "connect")).toHaveLength(1);
    expect(bench.cable.counters.opens).toBe(1);
    expect(bench.requests.length).toBeLessThan(8);
  });

  test("refuses a channel that the client does not have, and says which it has", async () => {
    const bench = createNewareBench();
    const stranger = bench.cabinet.channel("stranger", { ...addressOf(0), deviceId: 22 });
    const fault = await bench.faultOf(stranger.connect());
    expect(fault.code).toBe("device.wrong");
    expect(fault.message).toContain("22-1-1");
    expect(fault.detail["known"]).toBe("21-1-1");
  });

  test("refuses a device of another type under the same numbers", async () => {
    const bench = createNewareBench();
    const other = bench.cabinet.channel("other", { ...addressOf(0), deviceType: 24 });
    expect((await bench.faultOf(other.connect())).code).toBe("device.wrong");
  });

  test("says so when the login is refused", async () => {
    const bench = createNewareBench({ twin: { password: "other" } });
    const fault = await bench.faultOf(bench.one.channel.connect());
    expect(fault.code).toBe("device.refused");
    expect(fault.message).toContain("login");
  });

  test("says so when something else answers on the port", async () => {
    const bench = createNewareBench({ alter: () => "<html><body>It works</body></html></bts>" });
    expect((await bench.faultOf(bench.one.channel.connect())).code).toBe("device.wrong");
  });

  test("gives up in time when nobody answers", async () => {
    const bench = createNewareBench();
    bench.twin.hang(true);
    expect((await bench.faultOf(bench.one.channel.connect())).code).toBe("link.timeout");
    expect(bench.clock.nowMs()).toBeLessThan(9000);
  });

  test("ends what runs, as the other families do", async () => {
    const bench = createNewareBench();
    await bench.settle(bench.one.channel.connect());
    await bench.settle(bench.one.channel.start(charge));
    bench.one.channel.disconnect();
    await bench.pass(20);
    expect(bench.twin.channel(1, 1)?.status).toBe("working");
    await bench.settle(bench.one.channel.connect());
    expect(bench.twin.channel(1, 1)?.status).toBe("stop");
    expect(bench.one.cell.isConnected).toBe(false);
  });

  test("leaves a running test alone for a reader, and refuses to start beside it", async () => {
    const bench = createNewareBench();
    await bench.settle(bench.one.channel.connect());
    await bench.settle(bench.one.channel.start(charge));
    bench.one.channel.disconnect();
    await bench.pass(1);
    const reader = bench.cabinet.channel("reader", addressOf(0), { whatRuns: "leave" });
    await bench.settle(reader.connect());
    expect((await bench.faultOf(reader.start(rest))).code).toBe("device.unknown-outcome");
    expect((await bench.faultOf(reader.measureOpenCircuitV())).code).toBe("device.unknown-outcome");
    expect(bench.twin.channel(1, 1)?.status).toBe("working");
    expect(bench.twin.stopCount).toBe(0);
  });
});

describe("running a step", () => {
  test("charges to the voltage with every row handed on once, in order", async () => {
    const bench = createNewareBench();
    await bench.settle(bench.one.channel.connect());
    await bench.settle(bench.one.channel.start(charge));
    // 0.06 F from 3.7 V at 1 mA behind 10 ohm: 4.2 V after 29.4 s.
    await bench.pass(60);
    expect(bench.one.ends).toEqual(["voltage"]);
    const times = bench.one.samples.map(({ timeS }) => timeS);
    expect(times.slice(0, 3)).toEqual([0, 1, 2]);
    expect(times.at(-1)).toBeCloseTo(29.4, 0);
    expect([...new Set(times)].sort((a, b) => a - b)).toEqual(times);
    expect(bench.one.samples.at(-1)?.voltageV).toBeGreaterThan(4.199);
    expect(bench.one.samples[3]?.currentA).toBeCloseTo(0.001, 9);
    expect(bench.one.cell.isConnected).toBe(false);
    expect(bench.one.stepFaults).toEqual([]);
  });

  test("discharges with a negative current, then rests, each a test of its own", async () => {
    const bench = createNewareBench();
    await bench.settle(bench.one.channel.connect());
    await bench.settle(bench.one.channel.start(discharge));
    await bench.pass(30);
    expect(bench.one.samples[2]?.currentA).toBeCloseTo(-0.001, 9);
    expect(bench.one.ends).toEqual(["voltage"]);
    await bench.settle(bench.one.channel.start(rest));
    await bench.pass(50);
    expect(bench.one.ends).toEqual(["voltage", "time"]);
    expect(bench.twin.startCount).toBe(2);
    expect(bench.one.samples.at(-1)).toMatchObject({ timeS: 30, currentA: 0 });
  });

  test("holds a voltage at no more than the current that led to it", async () => {
    const bench = createNewareBench();
    await bench.settle(bench.one.channel.connect());
    await bench.settle(bench.one.channel.start(charge));
    await bench.pass(60);
    const hold: ChannelStep = { kind: "constant-voltage", voltageV: 4.2, untilCurrentA: 0.0002, ...common };
    await bench.settle(bench.one.channel.start(hold));
    const file = [...bench.share.values()].at(-1) ?? "";
    expect(file).toContain('Step_Type="3"');
    expect(file).toContain('<Curr Value="1.000000"/>');
    await bench.pass(60);
    expect(bench.one.ends).toEqual(["voltage", "current"]);
    expect(Math.max(...bench.one.samples.map(({ currentA }) => currentA))).toBeLessThan(0.00101);
  });

  test("holds below the cell's voltage as a discharge, under the limit", async () => {
    const bench = createNewareBench();
    await bench.settle(bench.one.channel.connect());
    await bench.settle(bench.one.channel.measureOpenCircuitV());
    const hold: ChannelStep = { kind: "constant-voltage", voltageV: 3.5, untilCurrentA: 0.0002, ...common };
    await bench.settle(bench.one.channel.start(hold));
    expect([...bench.share.values()].at(-1)).toContain('Step_Type="19"');
    await bench.pass(60);
    expect(bench.one.ends).toEqual(["current"]);
    expect(Math.min(...bench.one.samples.map(({ currentA }) => currentA))).toBeGreaterThan(-0.0091);
  });

  test("reports the channel's own protection as the limit it is", async () => {
    const bench = createNewareBench();
    await bench.settle(bench.one.channel.connect());
    await bench.settle(bench.one.channel.start({ ...charge, untilVoltageV: null }));
    await bench.pass(90);
    expect(bench.one.ends).toEqual(["limit"]);
    expect(bench.one.cell.isConnected).toBe(false);
    expect(bench.one.samples.at(-1)?.voltageV).toBeLessThan(4.33);
  });

  test("refuses what the cell or the channel must not have, before anything is sent", async () => {
    const bench = createNewareBench();
    await bench.settle(bench.one.channel.connect());
    const refused: readonly ChannelStep[] = [
      { ...charge, kind: "constant-current", currentA: 0.02, untilVoltageV: 4.2 },
      { ...charge, kind: "constant-current", currentA: Number.NaN, untilVoltageV: 4.2 },
      { ...charge, kind: "constant-current", currentA: 0.001, untilVoltageV: 4.4 },
      { ...rest, untilTimeS: Number.POSITIVE_INFINITY },
      { ...rest, sampleIntervalS: 0.1 },
      { kind: "constant-voltage", voltageV: 5.2, untilCurrentA: null, ...common },
    ];
    for (const step of refused)
      expect((await bench.faultOf(bench.one.channel.start(step))).code).toBe("protocol.invalid");
    expect(bench.share.size).toBe(0);
    expect(bench.twin.startCount).toBe(0);
  });

  test("refuses a second step while one runs", async () => {
    const bench = createNewareBench();
    await bench.settle(bench.one.channel.connect());
    await bench.settle(bench.one.channel.start(charge));
    expect((await bench.faultOf(bench.one.channel.start(rest))).code).toBe("device.refused");
    expect(bench.twin.startCount).toBe(1);
  });

  test("starts nothing when the step file cannot be written, and says where to look", async () => {
    const bench = createNewareBench({ cabinet: { writeFile: () => Promise.reject(new Error("read-only share")) } });
    await bench.settle(bench.one.channel.connect());
    const fault = await bench.faultOf(bench.one.channel.start(charge));
    expect(fault.code).toBe("channel.step-file");
    expect(fault.message).toContain("read-only share");
    expect(bench.twin.startCount).toBe(0);
  });

  test("is refused by a client that does not see the file", async () => {
    const bench = createNewareBench({ cabinet: { writeFile: () => Promise.resolve() } });
    await bench.settle(bench.one.channel.connect());
    expect((await bench.faultOf(bench.one.channel.start(charge))).code).toBe("device.refused");
    await bench.settle(bench.one.channel.measureOpenCircuitV());
  });
});

describe("stopping", () => {
  test("confirms the cell off, hands on the last rows and says aborted", async () => {
    const bench = createNewareBench();
    await bench.settle(bench.one.channel.connect());
    await bench.settle(bench.one.channel.start(charge));
    await bench.pass(12.3);
    await bench.settle(bench.one.channel.abort());
    expect(bench.one.cell.isConnected).toBe(false);
    await bench.pass(1);
    expect(bench.one.ends).toEqual(["aborted"]);
    expect(bench.one.samples.at(-1)?.timeS).toBeGreaterThan(12.1);
    await bench.settle(bench.one.channel.abort());
    expect(bench.twin.stopCount).toBe(1);
  });

  test("tells whoever goes on at once no end of the step before, but its last rows", async () => {
    const bench = createNewareBench();
    const { channel, ends, samples } = bench.one;
    await bench.settle(channel.connect());
    for (const next of [() => channel.start(charge), async () => void (await channel.measureOpenCircuitV())]) {
      if (samples.length === 0) await bench.settle(channel.start(charge));
      await bench.pass(12.3);
      samples.length = 0;
      await bench.settle(channel.abort().then(next));
      await bench.pass(1);
      expect(ends).toEqual([]);
      expect(samples.length).toBeGreaterThan(0);
    }
  });

  test("reaches 96 channels in one message and within a second", async () => {
    const bench = createNewareBench({ channelCount: 96, twin: { tickMs: 1000 } });
    await bench.settle(Promise.all(bench.channels.map(({ channel }) => channel.connect())));
    await bench.settle(Promise.all(bench.channels.map(({ channel }) => channel.start(charge))));
    await bench.pass(7);
    const before = bench.clock.nowMs();
    await bench.settle(Promise.all(bench.channels.map(({ channel }) => channel.abort())));
    expect(bench.clock.nowMs() - before).toBeLessThan(1000);
    expect(bench.channels.some(({ cell }) => cell.isConnected)).toBe(false);
    expect(bench.requests.filter((request) => request.includes("<cmd>stop</cmd>")).length).toBeLessThanOrEqual(2);
  });

  test("keeps a step from running that was aborted before its start went out", async () => {
    const bench = createNewareBench();
    await bench.settle(bench.one.channel.connect());
    const starting = bench.faultOf(bench.one.channel.start(charge));
    const aborting = bench.one.channel.abort();
    expect((await starting).message).toContain("aborted");
    await bench.settle(aborting);
    expect(bench.twin.startCount).toBe(0);
  });
});

describe("the open-circuit voltage", () => {
  test("is never a value from before the cell was off", async () => {
    const bench = createNewareBench();
    await bench.settle(bench.one.channel.connect());
    await bench.settle(
      bench.one.channel.start({
        ...charge,
        currentA: 0.008,
        kind: "constant-current",
        untilVoltageV: null,
        untilTimeS: 2,
      }),
    );
    await bench.pass(4.5);
    await bench.settle(bench.one.channel.abort());
    const voltageV = await bench.settle(bench.one.channel.measureOpenCircuitV());
    expect(voltageV).toBeCloseTo(bench.one.cell.innerV, 3);
  });
});
