import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createBenchFaults } from "../../../tui/bench/bench-faults.ts";
import { readFaultOrder, type FaultOrder } from "../../../tui/bench/fault-order.ts";
import { createFaultyEnd } from "../../../tui/bench/faulty-end.ts";
import { createDevicePort } from "../../../tui/bench/listener.ts";

const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function order(payload: Readonly<Record<string, unknown>>): FaultOrder {
  const read = readFaultOrder(JSON.stringify(payload));
  if (read.kind === "refused") throw new Error(read.answer.what);
  return read.order;
}

describe("an order for a fault", () => {
  it("lasts until told otherwise, unless it says how long", () => {
    expect(order({ kind: "hang", instrument: "stage" })).toEqual({
      id: null,
      kind: "hang",
      instrument: "stage",
      forS: null,
      on: true,
      byMs: 500,
    });
    expect(order({ id: 3, kind: "slow", instrument: "io", for_s: 2, by_ms: 40 })).toMatchObject({ forS: 2, byMs: 40 });
  });

  it.each([
    ["no JSON", "hang the stage"],
    ["a kind that does not exist", '{"kind":"explode","instrument":"stage"}'],
    ["a time that is none", '{"kind":"hang","instrument":"stage","for_s":-1}'],
    ["words it does not know", '{"kind":"hang","instrument":"stage","forever":true}'],
  ])("of %s is answered with the reason", (_, payload) => {
    const read = readFaultOrder(payload);
    expect(read.kind).toBe("refused");
    if (read.kind === "refused") expect(read.answer).toMatchObject({ ok: false });
  });

  it("is carried out on the instrument named, and ends by itself", async () => {
    const clock = createVirtualClock(0, { drain });
    const log: string[] = [];
    const faults = createBenchFaults(
      [{ name: "stage", switches: { hang: (on) => void log.push(`${clock.nowMs()} ${String(on)}`) } }],
      clock,
    );
    expect(await faults.carryOut(order({ id: "a", kind: "hang", instrument: "stage", for_s: 2 }))).toEqual({
      id: "a",
      ok: true,
      what: "stage: hang for 2 s",
    });
    await clock.run(1000);
    // A newer order counts from now.
    await faults.carryOut(order({ kind: "hang", instrument: "stage", for_s: 2 }));
    await clock.run(10_000);
    expect(log).toEqual(["0 true", "1000 true", "3000 false"]);
  });

  it("that cannot be carried out is answered with what could be", async () => {
    const clock = createVirtualClock(0, { drain });
    const faults = createBenchFaults(
      [
        { name: "detector", switches: { hang: () => undefined } },
        { name: "io", switches: { unplug: () => Promise.reject(new Error("the port is taken")) } },
      ],
      clock,
    );
    const answerTo = (payload: Readonly<Record<string, unknown>>) => faults.carryOut(order(payload));
    expect(await answerTo({ kind: "lie", instrument: "detector" })).toMatchObject({
      ok: false,
      what: "detector cannot lie; it can hang",
    });
    expect(await answerTo({ kind: "hang", instrument: "toaster" })).toMatchObject({ ok: false });
    expect(await answerTo({ kind: "unplug", instrument: "io" })).toMatchObject({
      ok: false,
      what: "the port is taken",
    });
  });
});

describe("a faulty cable", () => {
  function cable() {
    const clock = createVirtualClock(0, { drain });
    const port = createDevicePort();
    const faulty = createFaultyEnd(port.end, clock, createChance(1));
    const toHost: string[] = [];
    const toDevice: string[] = [];
    const note = (list: string[], chunk: Uint8Array): void => {
      list.push(`${clock.nowMs()} ${Buffer.from(chunk).toString("latin1")}`);
    };
    faulty.end.onData((chunk) => {
      note(toDevice, chunk);
    });
    const connection = {
      send(chunk: Uint8Array) {
        note(toHost, chunk);
      },
      hangUp: () => undefined,
    };
    port.opened(connection);
    return {
      clock,
      faulty,
      toHost,
      toDevice,
      ask: (text: string): void => {
        port.data(connection, Buffer.from(text));
      },
      answer: (text: string): void => {
        faulty.end.send(Buffer.from(text));
      },
    };
  }

  it("that hangs loses what is sent either way, and carries again afterwards", () => {
    const { faulty, ask, answer, toHost, toDevice } = cable();
    faulty.hang(true);
    ask("a");
    answer("b");
    faulty.hang(false);
    ask("c");
    answer("d");
    expect({ toHost, toDevice }).toEqual({ toHost: ["0 d"], toDevice: ["0 c"] });
  });

  it("that is slow carries everything late and in order", async () => {
    const { clock, faulty, ask, answer, toHost, toDevice } = cable();
    faulty.slow(300);
    ask("a");
    answer("b");
    answer("c");
    await clock.run(1000);
    expect({ toHost, toDevice }).toEqual({ toHost: ["300 b", "300 c"], toDevice: ["300 a"] });
  });

  it("that garbles changes one bit of what the host hears, and nothing of what the device hears", () => {
    const { faulty, ask, answer, toHost, toDevice } = cable();
    faulty.garble(true);
    ask("hello");
    answer("hello");
    expect(toDevice).toEqual(["0 hello"]);
    const heard = Buffer.from(toHost[0]?.slice(2) ?? "", "latin1");
    const flips = [...heard].map((byte, index) => byte ^ "hello".charCodeAt(index)).filter((bits) => bits !== 0);
    expect(flips).toHaveLength(1);
    expect(Math.log2(flips[0] ?? 0) % 1).toBe(0);
  });
});
