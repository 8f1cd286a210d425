/** One odd item in an answer for many channels: whose it is has the trouble, and nobody else. */
import { describe, expect, test } from "vitest";
import type { CellLimits, ChannelStep } from "../../../protocols/roles/channel.ts";
import { createNewareBench, type ListenedChannel, type NewareBench } from "../../support/neware-bench.ts";

const limits: CellLimits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.01, currentMinA: -0.01 };
const charge: ChannelStep = {
  kind: "constant-current",
  currentA: 0.0001,
  untilVoltageV: 4.2,
  sampleIntervalS: 1,
  untilTimeS: 3600,
  limits,
};

interface Cabinet {
  readonly bench: NewareBench;
  readonly first: ListenedChannel;
  readonly second: ListenedChannel;
  readonly third: ListenedChannel;
  /** What becomes of the replies from now on. */
  readonly spoil: (alter: (reply: string) => string) => void;
}

/** Three channels, connected. */
async function cabinetOfThree(): Promise<Cabinet> {
  let altered = (reply: string): string => reply;
  const bench = createNewareBench({ channelCount: 3, alter: (reply) => altered(reply) });
  await bench.settle(Promise.all(bench.channels.map(({ channel }) => channel.connect())));
  const [first, second, third] = bench.channels;
  if (first === undefined || second === undefined || third === undefined) throw new Error("three were made");
  return {
    ...{ bench, first, second, third },
    spoil(alter) {
      altered = alter;
    },
  };
}

/** Outcomes side by side: the value, or the code of the fault. */
async function outcomes(bench: NewareBench, works: readonly Promise<unknown>[]): Promise<readonly unknown[]> {
  const settled = await bench.settle(Promise.allSettled(works));
  return settled.map((each) => (each.status === "fulfilled" ? each.value : (each.reason as { code: string }).code));
}

/** The second channel's item of a list, written otherwise. */
const onlySecond =
  (change: (item: string) => string) =>
  (reply: string): string =>
    reply.replace(/^ {4}<.*(?: chlid="2"|-1-2-0").*>$/m, (item) => change(item));

describe("an item that cannot be read", () => {
  test.each([
    ["lacks its state", (item: string) => item.replace(/ workstatus="\w+"/, "")],
    ["is another element", (item: string) => item.replace("<inquire", "<error")],
    ["names another channel", (item: string) => item.replace(/dev="[\d-]+"/, 'dev="27-21-1-7-0"')],
    ["names another cabinet", (item: string) => item.replace(/dev="[\d-]+"/, 'dev="27-22-1-2-0"')],
  ])("where it %s fails its own channel, by name, and leaves the link open", async (_, change) => {
    const { bench, spoil, second } = await cabinetOfThree();
    spoil((reply) => (reply.includes("<cmd>inquire_resp") ? onlySecond(change)(reply) : reply));
    const measured = await outcomes(
      bench,
      bench.channels.map(({ channel }) => channel.measureOpenCircuitV()),
    );
    expect(measured).toEqual([expect.closeTo(3.7, 3), "link.garbled", expect.closeTo(3.7, 3)]);
    spoil((reply) => reply.replace(/ workstatus="\w+"/, ""));
    expect((await bench.faultOf(second.channel.measureOpenCircuitV())).message).toContain("21-1-2");
    expect(bench.cable.counters.opens).toBe(1);
    expect(bench.channels.flatMap(({ faults }) => faults)).toEqual([]);
  });

  test("on and on lets its channel alone fall silent in its step; the others run on", async () => {
    const { bench, spoil, first, second, third } = await cabinetOfThree();
    await bench.settle(Promise.all(bench.channels.map(({ channel }) => channel.start(charge))));
    await bench.pass(10);
    spoil((reply) =>
      reply.includes("<cmd>inquiredf_resp") ? onlySecond((item) => item.replace(">false<", ">soon<"))(reply) : reply,
    );
    await bench.pass(60);
    expect(second.stepFaults.map(({ code }) => code)).toEqual(["channel.silent"]);
    for (const { stepFaults, samples } of [first, third]) {
      expect(stepFaults).toEqual([]);
      expect(samples.length).toBeGreaterThan(55);
    }
    expect(bench.cable.counters.opens).toBe(1);
  });

  test("in the answer to a stop of all has its own channel read back and stopped; each other is stopped once", async () => {
    const { bench, spoil } = await cabinetOfThree();
    await bench.settle(Promise.all(bench.channels.map(({ channel }) => channel.start(charge))));
    await bench.pass(10);
    bench.requests.length = 0;
    spoil((reply) =>
      reply.includes("<cmd>stop_resp") ? onlySecond((item) => item.replace(">ok<", ">perhaps<"))(reply) : reply,
    );
    await bench.settle(Promise.all(bench.channels.map(({ channel }) => channel.abort())));
    expect(bench.channels.map(({ cell }) => cell.isConnected)).toEqual([false, false, false]);
    expect(bench.requests.filter((request) => request.includes("<cmd>stop<"))).toHaveLength(1);
    expect(bench.cable.counters.opens).toBe(1);
  });

  test("that is a state nobody knows counts as running, for its own channel alone", async () => {
    const { bench, spoil } = await cabinetOfThree();
    spoil((reply) =>
      reply.includes("<cmd>getchlstatus_resp")
        ? onlySecond((item) => item.replace(">finish<", ">ligth<"))(reply)
        : reply,
    );
    const started = await outcomes(
      bench,
      bench.channels.map(({ channel }) => channel.start(charge)),
    );
    expect(started).toEqual([undefined, "device.unknown-outcome", undefined]);
  });

  test("with a test's number is no channel without tests: its rows would be taken for a step of ours", async () => {
    const { bench, spoil } = await cabinetOfThree();
    spoil((reply) =>
      reply.includes("<cmd>inquiredf_resp")
        ? onlySecond((item) => item.replace('testid="0"', 'testid="14x"'))(reply)
        : reply,
    );
    const started = await outcomes(
      bench,
      bench.channels.map(({ channel }) => channel.start(charge)),
    );
    expect(started).toEqual([undefined, "link.garbled", undefined]);
  });

  test("in the list of channels is nobody's", async () => {
    const bench = createNewareBench({
      channelCount: 3,
      alter: (reply) => reply.replace(' Channelid="2"', ' Channelid="--"'),
    });
    const connected = await outcomes(
      bench,
      bench.channels.map(({ channel }) => channel.connect()),
    );
    expect(connected).toEqual([expect.anything(), "device.wrong", expect.anything()]);
  });
});

describe("an answer as a whole", () => {
  test("with one item more than was asked for can be laid to nobody", async () => {
    const { bench, spoil } = await cabinetOfThree();
    spoil((reply) => (reply.includes("<cmd>getchlstatus") ? onlySecond((item) => `${item}\r\n${item}`)(reply) : reply));
    const started = await outcomes(
      bench,
      bench.channels.map(({ channel }) => channel.start(charge)),
    );
    expect(started).toEqual(["link.garbled", "link.garbled", "link.garbled"]);
  });

  test("in which every item names another channel is the answer to something else: the link is opened anew", async () => {
    const { bench, spoil } = await cabinetOfThree();
    spoil((reply) => (reply.includes("<cmd>getchlstatus") ? reply.replace(/chlid="/g, 'chlid="1') : reply));
    const start = (): Promise<unknown>[] => bench.channels.map(({ channel }) => channel.start(charge));
    expect(await outcomes(bench, start())).toEqual(["link.garbled", "link.garbled", "link.garbled"]);
    spoil((reply) => reply);
    expect(await outcomes(bench, start())).toEqual([undefined, undefined, undefined]);
    expect(bench.cable.counters.opens).toBe(2);
  });
});
