/** What was asked of a channel before it was disconnected, or before a stop, is not sent behind it: the link stays for others. */
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

interface Pair {
  readonly bench: NewareBench;
  readonly first: ListenedChannel;
  readonly second: ListenedChannel;
}

function pair(): Pair {
  const bench = createNewareBench({ channelCount: 2, twin: { answerMs: 100 } });
  const [first, second] = bench.channels;
  if (first === undefined || second === undefined) throw new Error("two were made");
  return { bench, first, second };
}

async function connectedPair(): Promise<Pair> {
  const made = pair();
  await made.bench.settle(Promise.all(made.bench.channels.map(({ channel }) => channel.connect())));
  made.bench.requests.length = 0;
  return made;
}

/** Asked now and looked at later. */
function asked<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

/** Until a request of this command reached the client. */
async function untilSent(bench: NewareBench, command: string): Promise<void> {
  const isThere = (): boolean => bench.requests.some((request) => request.includes(`<cmd>${command}<`));
  for (let tries = 0; tries < 1000 && !isThere(); tries += 1) await bench.pass(0.005);
  expect(isThere()).toBe(true);
}

/** How often the first or the second channel was ordered this. */
function ordersOf(channelId: 1 | 2, what: "start" | "stop", { requests }: NewareBench): number {
  return requests.filter((request) => new RegExp(`<${what} [^>]*chlid="${channelId}"`).test(request)).length;
}

describe("a disconnect while connecting", () => {
  test("closes the link as soon as it is open: nothing is sent on it", async () => {
    const bench = createNewareBench();
    const connecting = asked(bench.one.channel.connect());
    await bench.pass(0.0005);
    bench.one.channel.disconnect();
    expect((await bench.faultOf(connecting)).code).toBe("link.closed");
    await bench.pass(10);
    expect(bench.requests).toEqual([]);
    expect(bench.cable.counters).toMatchObject({ opens: 1, closes: 1 });
  });

  test("before the link is asked for opens none", async () => {
    const bench = createNewareBench();
    const connecting = asked(bench.one.channel.connect());
    bench.one.channel.disconnect();
    expect((await bench.faultOf(connecting)).code).toBe("link.closed");
    await bench.pass(10);
    expect(bench.cable.counters.opens).toBe(0);
  });

  test.each([0, 0.0005, 0.0015, 0.05, 0.15, 0.25])(
    "of one channel, %f s into it, leaves the others theirs",
    async (afterS) => {
      const { bench, first, second } = pair();
      const connecting = asked(first.channel.connect());
      const other = asked(second.channel.connect());
      await bench.pass(afterS);
      first.channel.disconnect();
      expect((await bench.faultOf(connecting)).code).toBe("link.closed");
      await bench.settle(other);
      expect((await bench.faultOf(first.channel.start(charge))).code).toBe("link.closed");
      await bench.settle(second.channel.start(charge));
      expect(bench.cable.counters.opens).toBe(1);
      await bench.settle(first.channel.connect());
      await bench.settle(first.channel.start(charge));
      expect([...first.faults, ...second.faults]).toEqual([]);
    },
  );

  test.each([0, 0.0005, 0.05, 0.15])(
    "of all, %f s into it, does not end the attempt of one that asks then",
    async (afterS) => {
      const { bench, first, second } = pair();
      const connecting = asked(first.channel.connect());
      await bench.pass(afterS);
      first.channel.disconnect();
      const other = asked(second.channel.connect());
      expect((await bench.faultOf(connecting)).code).toBe("link.closed");
      await bench.settle(other);
      await bench.settle(second.channel.start(charge));
      second.channel.disconnect();
      await bench.pass(1);
      expect(bench.cable.counters.closes).toBe(bench.cable.counters.opens);
    },
  );

  test("while what runs is being stopped sends no further stop", async () => {
    const { bench, first, second } = await connectedPair();
    await bench.settle(first.channel.start(charge));
    first.channel.disconnect();
    const channel = bench.twin.channel(1, 1);
    if (channel === undefined) throw new Error("it was made");
    // It does not stop for anybody.
    channel.stop = () => true;
    const connecting = asked(first.channel.connect());
    await untilSent(bench, "stop");
    first.channel.disconnect();
    expect((await bench.faultOf(connecting)).code).toBe("link.closed");
    await bench.pass(60);
    expect(ordersOf(1, "stop", bench)).toBe(1);
    await bench.settle(second.channel.start(charge));
  });
});

describe("a disconnect, with the link kept by another channel,", () => {
  test.each([0, 0.05, 0.15, 0.21, 0.25])(
    "%f s into a start that has not been sent is the end of it",
    async (afterS) => {
      const { bench, first, second } = await connectedPair();
      const other = asked(first.channel.start(charge));
      const starting = asked(second.channel.start(charge));
      await bench.pass(afterS);
      expect(ordersOf(2, "start", bench)).toBe(0);
      second.channel.disconnect();
      expect((await bench.faultOf(starting)).code).toBe("link.closed");
      await bench.settle(other);
      await bench.pass(10);
      expect(ordersOf(2, "start", bench)).toBe(0);
      expect([first.cell.isConnected, second.cell.isConnected]).toEqual([true, false]);
    },
  );

  test("is the end of a stop that waits at the client", async () => {
    const { bench, first, second } = await connectedPair();
    await bench.settle(first.channel.start(charge));
    const reading = asked(second.channel.abort());
    await bench.pass(0.01);
    const stopping = asked(first.channel.abort());
    await bench.pass(0.01);
    first.channel.disconnect();
    expect((await bench.faultOf(stopping)).code).toBe("link.closed");
    await bench.settle(reading);
    await bench.pass(10);
    expect(ordersOf(1, "stop", bench)).toBe(0);
    expect(first.cell.isConnected).toBe(true);
  });
});

describe("a stop", () => {
  test("that is asked while a start waits at the client has it withdrawn", async () => {
    const { bench, first, second } = await connectedPair();
    const other = asked(first.channel.start(charge));
    const starting = asked(second.channel.start(charge));
    await untilSent(bench, "start");
    // Both step files are written; the second start waits for the answer to the first.
    expect(bench.share.size).toBe(2);
    const stopping = asked(second.channel.abort());
    expect((await bench.faultOf(starting)).code).toBe("device.refused");
    await bench.settle(Promise.all([stopping, other]));
    await bench.pass(10);
    expect(ordersOf(2, "start", bench)).toBe(0);
    await bench.settle(second.channel.start(charge));
  });

  test("that is asked while a start waits for its turn is not kept by it: nothing of the step is asked", async () => {
    const { bench, first } = await connectedPair();
    const before = asked(first.channel.measureOpenCircuitV());
    const starting = asked(first.channel.start(charge));
    const stopping = asked(first.channel.abort());
    await bench.settle(before);
    bench.requests.length = 0;
    expect((await bench.faultOf(starting)).code).toBe("device.refused");
    await bench.settle(stopping);
    expect(bench.requests.map((request) => /<cmd>(\w+)</.exec(request)?.[1])).toEqual(["getchlstatus"]);
    expect(bench.share.size).toBe(0);
  });
});
