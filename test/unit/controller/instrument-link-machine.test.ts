import { createActor } from "xstate";
import { describe, expect, it } from "vitest";
import { createInstrumentLinkMachine } from "../../../controller/machines/instrument-link-machine.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import type { Identity, Instrument } from "../../../protocols/roles/instrument.ts";
import { createParent, createRecorder, leafStates, never, testClock } from "./machine-bench.ts";

const IDENTITY: Identity = { model: "M", serialNumber: "7", firmware: null };
const FAULT = { code: "link.closed", where: "stage", what: "cable pulled", advice: "Check the cable." };
const DEADLINE_MS = 2000;

function open(triesMax = 4, jitter?: () => number, isNeededByAll = false) {
  const clock = testClock();
  const recorder = createRecorder();
  const parent = createParent();
  const triedAtMs: number[] = [];
  const link: { behaviour: "works" | "fails" | "hangs"; disconnects: number } = { behaviour: "works", disconnects: 0 };
  const instrument: Instrument = {
    name: "stage",
    driver: "test",
    connect() {
      triedAtMs.push(clock.monoMs());
      if (link.behaviour === "hangs") return never();
      if (link.behaviour === "fails") return Promise.reject(new Fault("link.open-failed", "stage", "no such port"));
      return Promise.resolve(IDENTITY);
    },
    disconnect() {
      link.disconnects += 1;
    },
    onFault: () => () => undefined,
  };
  const machine = createInstrumentLinkMachine({
    clock,
    recorder,
    triesMax,
    connectDeadlineMs: DEADLINE_MS,
    ...(jitter === undefined ? {} : { jitter }),
  });
  const actor = createActor(machine, { parent: parent.ref, input: { instrument, isNeededByAll } });
  return {
    clock,
    recorder,
    parent,
    triedAtMs,
    link,
    machine,
    start: () => actor.start(),
    send: actor.send.bind(actor),
    state: () => actor.getSnapshot().value,
    snapshot: () => actor.getSnapshot(),
    for: (ms: number) => clock.run(clock.monoMs() + ms),
  };
}

async function ready() {
  const bench = open();
  bench.start();
  await bench.for(1);
  expect(bench.state()).toBe("ready");
  return bench;
}

describe("an instrument's link", () => {
  it("connects, keeps who answered, and says it is ready", async () => {
    const bench = await ready();
    expect(bench.parent.heard).toEqual([{ type: "LINK_READY", name: "stage" }]);
    expect(bench.recorder.events).toEqual([
      {
        type: "instrument-ready",
        data: { instrument: "stage", driver: "test", model: "M", serial_number: "7", firmware: null },
      },
    ]);
    expect(bench.snapshot().context).toMatchObject({ identity: IDENTITY, waiting: null, triesCount: 0 });
  });

  it("says whom it waits for, and until when", () => {
    const bench = open();
    bench.start();
    expect(bench.snapshot().context.waiting).toEqual({
      reason: "stage to identify itself",
      who: "stage",
      sinceMs: 0,
      untilMs: DEADLINE_MS,
    });
  });

  it("that fails is tried again after growing pauses, then isolated by name", async () => {
    const bench = open(4);
    bench.link.behaviour = "fails";
    bench.start();
    await bench.for(60_000);
    expect(bench.triedAtMs).toEqual([0, 500, 1500, 3500]);
    expect(bench.state()).toBe("isolated");
    expect(bench.parent.heardTypes()).toEqual(["LINK_LOST", "LINK_LOST", "LINK_LOST", "LINK_LOST", "LINK_ISOLATED"]);
    expect(bench.parent.heard.at(-1)).toMatchObject({ name: "stage", fault: { code: "link.open-failed" } });
    expect(bench.recorder.events.at(-1)).toMatchObject({ type: "instrument-isolated", data: { tries: 4 } });
    expect(bench.snapshot().hasTag("needs-operator")).toBe(true);
    expect(bench.snapshot().context.waiting).toMatchObject({ who: "operator", untilMs: null });
    expect(bench.link.disconnects).toBe(4);
  });

  it("pauses half a minute at most", async () => {
    const bench = open(12);
    bench.link.behaviour = "fails";
    bench.start();
    await bench.for(600_000);
    const pauses = bench.triedAtMs.slice(1).map((atMs, index) => atMs - (bench.triedAtMs[index] ?? NaN));
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000]);
  });

  it("for which the beam waits is never given up, and called lost for long after minutes of trying", async () => {
    const bench = open(4, undefined, true);
    bench.link.behaviour = "fails";
    bench.start();
    await bench.for(120_000);
    const told = bench.parent.heard.map((event) => event["isLong"] === true);
    expect(told.indexOf(true)).toBe(11);
    expect(told.slice(11)).not.toContain(false);
    bench.link.behaviour = "works";
    await bench.for(5000);
    expect(bench.parent.heardTypes().at(-1)).toBe("LINK_READY");
  });

  it("shortens each pause by chance, so that instruments lost together do not come back in one moment", async () => {
    const draws = [0, 0.5, 0.999, 0.25, 0.75];
    const bench = open(6, () => draws.shift() ?? Number.NaN);
    bench.link.behaviour = "fails";
    bench.start();
    await bench.for(1);
    expect(bench.snapshot().context.waiting?.untilMs).toBe(500);
    await bench.for(600_000);
    const pauses = bench.triedAtMs.slice(1).map((atMs, index) => atMs - (bench.triedAtMs[index] ?? NaN));
    const shares = pauses.map((pauseMs, index) => pauseMs / (500 * 2 ** index));
    [1, 0.85, 0.7003, 0.925, 0.775].forEach((share, index) => {
      expect(shares[index]).toBeCloseTo(share, 6);
    });
    expect(draws).toEqual([]);
  });

  it("that does not answer is given up at its deadline, each time", async () => {
    const bench = open(2);
    bench.link.behaviour = "hangs";
    bench.start();
    await bench.for(60_000);
    expect(bench.triedAtMs).toEqual([0, DEADLINE_MS + 500]);
    expect(bench.parent.heard.at(-1)).toMatchObject({ type: "LINK_ISOLATED", fault: { code: "link.timeout" } });
  });

  it("that is lost is told, closed and made anew, with all its tries", async () => {
    const bench = await ready();
    bench.link.behaviour = "fails";
    bench.send({ type: "LINK_FAULT", fault: FAULT });
    expect(bench.state()).toBe("pausing");
    expect(bench.parent.heard.at(-1)).toEqual({ type: "LINK_LOST", name: "stage", fault: FAULT });
    expect(bench.link.disconnects).toBe(1);
    expect(bench.snapshot().context.waiting).toMatchObject({ who: "beamrack", untilMs: 501 });
    await bench.for(2000);
    bench.link.behaviour = "works";
    await bench.for(2500);
    expect(bench.state()).toBe("ready");
    expect(bench.snapshot().context).toMatchObject({ triesCount: 0, fault: null });
  });

  it("takes no news of trouble while it is not ready: it is in trouble already", async () => {
    const bench = await ready();
    bench.link.behaviour = "fails";
    bench.send({ type: "LINK_FAULT", fault: FAULT });
    bench.send({ type: "LINK_FAULT", fault: FAULT });
    expect(bench.parent.count("LINK_LOST")).toBe(1);
  });

  it("isolated stays so until a person has repaired it, then has all its tries again", async () => {
    const bench = open(2);
    bench.link.behaviour = "fails";
    bench.start();
    await bench.for(3_600_000);
    expect(bench.triedAtMs).toHaveLength(2);
    bench.send({ type: "REPAIRED" });
    await bench.for(60_000);
    expect(bench.triedAtMs).toHaveLength(4);
    bench.link.behaviour = "works";
    bench.send({ type: "REPAIRED" });
    await bench.for(1);
    expect(bench.state()).toBe("ready");
  });

  it("an answer that comes after the deadline changes nothing", async () => {
    const bench = open(2);
    bench.link.behaviour = "hangs";
    bench.start();
    await bench.for(DEADLINE_MS);
    expect(bench.state()).toBe("pausing");
  });

  it("passes through every state, and leaves each", async () => {
    const bench = open(1);
    bench.link.behaviour = "fails";
    bench.start();
    await bench.for(1);
    bench.link.behaviour = "works";
    bench.send({ type: "REPAIRED" });
    await bench.for(1);
    bench.send({ type: "LINK_FAULT", fault: FAULT });
    await bench.for(1000);
    expect([...bench.parent.trace.left].sort()).toEqual(leafStates(bench.machine));
  });
});
