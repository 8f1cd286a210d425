import { describe, expect, test } from "vitest";
import type { CellLimits, ChannelStep } from "../../../protocols/roles/channel.ts";
import { createNewareBench } from "../../support/neware-bench.ts";

const limits: CellLimits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.01, currentMinA: -0.01 };
const charge: ChannelStep = {
  kind: "constant-current",
  currentA: 0.0001,
  untilVoltageV: 4.2,
  sampleIntervalS: 1,
  untilTimeS: 3600,
  limits,
};

/** Loses the first reply to `command` while `isArmed`. */
function losing(command: string) {
  const state = { isArmed: false, lost: 0 };
  return {
    state,
    passes: (reply: string): boolean => {
      if (!state.isArmed || state.lost > 0 || !reply.includes(`<cmd>${command}_resp`)) return true;
      state.lost += 1;
      return false;
    },
  };
}

describe("a reply that never comes", () => {
  test("to a start: the channel is read back, what ran is stopped, and the start is not sent again", async () => {
    const { state, passes } = losing("start");
    const bench = createNewareBench({ passes });
    await bench.settle(bench.one.channel.connect());
    state.isArmed = true;
    const fault = await bench.faultOf(bench.one.channel.start(charge));
    expect(fault.code).toBe("device.unknown-outcome");
    expect(fault.detail["found"]).toBe("it ran and was stopped");
    expect(bench.requests.filter((request) => request.includes("<cmd>start</cmd>"))).toHaveLength(1);
    expect(bench.one.cell.isConnected).toBe(false);
    await bench.settle(bench.one.channel.start(charge));
    await bench.pass(10);
    expect(bench.one.samples.length).toBeGreaterThan(3);
  });

  test("to a start that was never received: nothing ran, and that is what is said", async () => {
    const bench = createNewareBench();
    await bench.settle(bench.one.channel.connect());
    bench.clock.at(bench.clock.nowMs() + 45, () => {
      bench.twin.hang(true);
    });
    bench.clock.at(bench.clock.nowMs() + 5000, () => {
      bench.twin.hang(false);
    });
    const fault = await bench.faultOf(bench.one.channel.start(charge));
    expect(fault.code).toBe("device.unknown-outcome");
    expect(fault.detail["found"]).toBe("nothing ran");
    expect(bench.twin.startCount).toBe(0);
  });

  test("to a stop: the status is read before another stop is sent", async () => {
    const { state, passes } = losing("stop");
    const bench = createNewareBench({ passes });
    await bench.settle(bench.one.channel.connect());
    await bench.settle(bench.one.channel.start(charge));
    await bench.pass(8);
    state.isArmed = true;
    await bench.settle(bench.one.channel.abort());
    expect(state.lost).toBe(1);
    expect(bench.one.cell.isConnected).toBe(false);
    expect(bench.requests.filter((request) => request.includes("<cmd>stop</cmd>"))).toHaveLength(1);
  });

  test("to a poll: the link is opened anew, the step runs on and no row is lost or doubled", async () => {
    const { state, passes } = losing("donwload");
    const bench = createNewareBench({ passes });
    await bench.settle(bench.one.channel.connect());
    await bench.settle(bench.one.channel.start(charge));
    await bench.pass(8);
    state.isArmed = true;
    await bench.pass(60);
    expect(state.lost).toBe(1);
    expect(bench.cable.counters.opens).toBe(2);
    expect(bench.one.stepFaults).toEqual([]);
    const times = bench.one.samples.map(({ timeS }) => timeS);
    expect(times).toEqual(times.map((_, index) => index));
    expect(times.length).toBeGreaterThan(55);
  });
});

describe("a late reply", () => {
  test("is never taken for the answer to a later request", async () => {
    const bench = createNewareBench({ twin: { answerMs: 20 }, cabinet: { replyMs: 100 } });
    await bench.settle(bench.one.channel.connect());
    bench.cable.hang(true);
    const fault = await bench.faultOf(bench.one.channel.measureOpenCircuitV());
    bench.cable.hang(false);
    expect(fault.code).toBe("link.timeout");
    expect(await bench.settle(bench.one.channel.measureOpenCircuitV())).toBeCloseTo(3.7, 3);
    expect(bench.cable.counters.opens).toBe(2);
  });

  test("of the wrong command is refused as garbled", async () => {
    let isArmed = false;
    const bench = createNewareBench({
      alter: (reply) => (isArmed ? reply.replace("inquire_resp", "stop_resp") : reply),
    });
    await bench.settle(bench.one.channel.connect());
    isArmed = true;
    expect((await bench.faultOf(bench.one.channel.measureOpenCircuitV())).code).toBe("link.garbled");
  });
});

describe("a link that is cut", () => {
  test("tells every channel, leaves the cells to their own limits, and loses no sample", async () => {
    const bench = createNewareBench({ channelCount: 3 });
    await bench.settle(Promise.all(bench.channels.map(({ channel }) => channel.connect())));
    await bench.settle(Promise.all(bench.channels.map(({ channel }) => channel.start(charge))));
    await bench.pass(20);
    bench.cable.cut("the switch was rebooted");
    await bench.pass(30);
    for (const { stepFaults, faults, cell } of bench.channels) {
      expect(stepFaults.map(({ code }) => code)).toEqual(["link.closed"]);
      expect(faults.map(({ code }) => code)).toEqual(["link.closed"]);
      expect(cell.isConnected).toBe(true);
    }
    await bench.settle(Promise.all(bench.channels.map(({ channel }) => channel.connect())));
    for (const { samples, cell } of bench.channels) {
      expect(cell.isConnected).toBe(false);
      expect(samples.length).toBeGreaterThan(48);
      samples.slice(0, -1).forEach(({ timeS }, index) => {
        expect(timeS).toBe(index);
      });
    }
  });

  test("rejects what waits for it, and every command until somebody connects", async () => {
    const bench = createNewareBench();
    await bench.settle(bench.one.channel.connect());
    const measuring = bench.faultOf(bench.one.channel.measureOpenCircuitV());
    bench.cable.cut("pulled");
    expect((await measuring).code).toBe("link.closed");
    expect((await bench.faultOf(bench.one.channel.start(charge))).code).toBe("link.closed");
    expect((await bench.faultOf(bench.one.channel.abort())).code).toBe("link.closed");
  });
});

test("rows that were kept while the link was down are fetched though an answer is lost over it", async () => {
  const { state, passes } = losing("donwload");
  const bench = createNewareBench({ passes });
  await bench.settle(bench.one.channel.connect());
  await bench.settle(bench.one.channel.start(charge));
  await bench.pass(20);
  bench.cable.cut("the switch was rebooted");
  await bench.pass(30);
  state.isArmed = true;
  await bench.faultOf(bench.one.channel.connect());
  await bench.settle(bench.one.channel.connect());
  expect(bench.one.samples.length).toBeGreaterThan(48);
  bench.one.samples.slice(0, -1).forEach(({ timeS }, index) => {
    expect(timeS).toBe(index);
  });
});

test("rows that cannot be read are tried twice, then given up with a word, and keep nobody from the channel", async () => {
  let isArmed = false;
  const bench = createNewareBench({
    alter: (reply) => (isArmed ? reply.replace("<cmd>donwload_resp", "<cmd>stop_resp") : reply),
  });
  const { channel, faults } = bench.one;
  await bench.settle(channel.connect());
  await bench.settle(channel.start(charge));
  await bench.pass(20);
  bench.cable.cut("the switch was rebooted");
  await bench.pass(30);
  isArmed = true;
  expect((await bench.faultOf(channel.connect())).code).toBe("link.garbled");
  await bench.settle(channel.connect());
  expect(faults.at(-1)).toMatchObject({ code: "device.unknown-outcome" });
  expect(faults.at(-1)?.message).toMatch(/rows of a step that the link was lost over cannot be read/);
});

test("rows that the client never answers for are given up in the end, and keep nobody from the channel", async () => {
  let isArmed = false;
  const bench = createNewareBench({ passes: (reply) => !isArmed || !reply.includes("<cmd>donwload_resp") });
  const { channel, faults } = bench.one;
  await bench.settle(channel.connect());
  await bench.settle(channel.start(charge));
  await bench.pass(20);
  bench.cable.cut("the switch was rebooted");
  await bench.pass(30);
  isArmed = true;
  for (let tries = 1; tries < 5; tries += 1) expect((await bench.faultOf(channel.connect())).code).toBe("link.timeout");
  await bench.settle(channel.connect());
  expect(faults.at(-1)).toMatchObject({ code: "device.unknown-outcome" });
  expect(faults.at(-1)?.message).toMatch(/rows of a step that the link was lost over cannot be read/);
  await bench.settle(channel.start(charge));
});

describe("a client that hangs", () => {
  test("is named within its deadline, on every channel whose step runs", async () => {
    const bench = createNewareBench({ channelCount: 2 });
    await bench.settle(Promise.all(bench.channels.map(({ channel }) => channel.connect())));
    await bench.settle(Promise.all(bench.channels.map(({ channel }) => channel.start(charge))));
    await bench.pass(10);
    bench.twin.hang(true);
    await bench.pass(40);
    for (const { stepFaults } of bench.channels) expect(stepFaults.map(({ code }) => code)).toEqual(["link.closed"]);
  });

  test("is not taken for silent when it is only slow with 96 channels", async () => {
    const bench = createNewareBench({ channelCount: 96, twin: { answerMs: 150, tickMs: 1000 } });
    await bench.settle(Promise.all(bench.channels.map(({ channel }) => channel.connect())));
    await bench.settle(Promise.all(bench.channels.map(({ channel }) => channel.start(charge))));
    await bench.pass(120);
    for (const { samples, stepFaults } of bench.channels) {
      expect(stepFaults).toEqual([]);
      expect(samples.length).toBeGreaterThan(90);
      samples.forEach(({ timeS }, index) => {
        expect(timeS).toBe(index);
      });
    }
  });

  test("that answers but stores nothing more is silent", async () => {
    let isFrozen = false;
    const bench = createNewareBench({
      alter: (reply) => (isFrozen ? reply.replace(/count="\d+">false/, 'count="3">false') : reply),
    });
    await bench.settle(bench.one.channel.connect());
    await bench.settle(bench.one.channel.start(charge));
    await bench.pass(11);
    isFrozen = true;
    await bench.pass(40);
    expect(bench.one.stepFaults.map(({ code }) => code)).toEqual(["channel.silent"]);
    expect(bench.one.cell.isConnected).toBe(true);
    isFrozen = false;
    await bench.settle(bench.one.channel.abort());
    expect(bench.one.cell.isConnected).toBe(false);
    const times = bench.one.samples.slice(0, -1).map(({ timeS }) => timeS);
    expect(times).toEqual(times.map((_, index) => index));
  });
});

test("a test that somebody else started on our channel is not taken for ours", async () => {
  const bench = createNewareBench();
  await bench.settle(bench.one.channel.connect());
  await bench.settle(bench.one.channel.start(charge));
  await bench.pass(10);
  const channel = bench.twin.channel(1, 1);
  channel?.stop();
  channel?.start(
    900,
    {
      steps: [
        {
          type: 4,
          currentA: null,
          voltageV: null,
          timeMs: 60_000,
          stopVoltageV: null,
          stopCurrentA: null,
          stopCapacityAh: null,
          startStep: 0,
          cycleCount: 0,
        },
      ],
      recordMs: 1000,
      protection: {
        voltageMaxV: 5,
        voltageMinV: 0,
        currentMaxA: 1,
        currentMinA: -1,
        capacityMaxAh: 1,
        delayMs: 0,
      },
    },
    "someone",
  );
  await bench.pass(10);
  expect(bench.one.stepFaults.map(({ code }) => code)).toEqual(["device.unknown-outcome"]);
  expect(bench.one.samples.every(({ currentA }) => currentA > 0)).toBe(true);
});

test("a stop at the instrument's computer ends the step as aborted", async () => {
  const bench = createNewareBench();
  await bench.settle(bench.one.channel.connect());
  await bench.settle(bench.one.channel.start(charge));
  await bench.pass(10);
  bench.twin.channel(1, 1)?.stop();
  await bench.pass(15);
  expect(bench.one.ends).toEqual(["aborted"]);
});
