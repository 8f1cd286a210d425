import { describe, expect, it } from "vitest";
import type { InputLevels } from "../../../protocols/roles/beam-io.ts";
import { GOOD_LEVELS } from "./levels.ts";
import { leafStates } from "./machine-bench.ts";
import { CYCLE_MS, FAULT, holding, IDLE_MS, permitting, watching } from "./supervisor-bench.ts";

describe("the permit's heartbeat", () => {
  it("beats once per completed cycle and is told once", async () => {
    const bench = await permitting();
    await bench.for(2000);
    expect(bench.toldTypes()).toEqual(["PERMIT_GRANTED"]);
    const gaps = bench.renewedAtMs.slice(1).map((atMs, index) => atMs - (bench.renewedAtMs[index] ?? NaN));
    expect(gaps.length).toBeGreaterThan(15);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(CYCLE_MS + 10);
  });

  it("stops and is taken away when the exposure returns it", async () => {
    const bench = await permitting();
    bench.send({ type: "PERMIT_RETURNED", exposureId: "x1" });
    await bench.for(20);
    const count = bench.renewedAtMs.length;
    await bench.for(3000);
    expect(bench.state()).toBe("watching");
    expect(bench.renewedAtMs).toHaveLength(count);
    expect(bench.calls).toContain("drop");
  });

  it("is not stopped by another exposure's return", async () => {
    const bench = await permitting();
    bench.send({ type: "PERMIT_RETURNED", exposureId: "x0" });
    await bench.for(500);
    expect(bench.state()).toBe("permitting");
  });

  it("ends with its deadline, though nobody returns it", async () => {
    const bench = await watching();
    const untilMs = bench.clock.monoMs() + 500;
    await bench.want({ untilMs });
    await bench.for(3000);
    expect(bench.toldTypes()).toEqual(["PERMIT_GRANTED", "PERMIT_REFUSED"]);
    expect(bench.told()[1]).toMatchObject({ reasons: ["exposure deadline passed"] });
    expect(Math.max(...bench.renewedAtMs)).toBeLessThan(untilMs);
    expect(bench.state()).toBe("watching");
  });

  it.each<readonly [string, Partial<InputLevels>]>([
    ["beam no longer permitted", { interlocks: { ...GOOD_LEVELS.interlocks, beamPermitted: false } }],
    ["search broken", { interlocks: { ...GOOD_LEVELS.interlocks, searched: false } }],
    ["door open", { interlocks: { ...GOOD_LEVELS.interlocks, doorClosed: false } }],
    ["emergency stop", { interlocks: { ...GOOD_LEVELS.interlocks, emergencyOk: false } }],
    ["watchdog tripped", { watchdogTripped: true }],
    ["switches in contradiction", { shutterOpenSwitch: true }],
    ["safety shutter falling", { safetyShutterOpenSwitch: false }],
    ["a filter moved", { filtersIn: [false, false] }],
  ])("stops within a cycle when a level breaks: %s", async (_, changes) => {
    const bench = await permitting();
    await bench.for(250);
    const brokeAtMs = bench.clock.monoMs();
    bench.setLevels(changes);
    await bench.for(3000);
    expect(Math.max(...bench.renewedAtMs)).toBeLessThanOrEqual(brokeAtMs + 5);
    expect(bench.parent.count("PERMIT_REFUSED")).toBe(1);
    expect(bench.calls).toContain("drop");
  });

  it("is never begun while a condition does not hold", async () => {
    const bench = await watching();
    await bench.want({ bookingSeq: 0 });
    await bench.for(1000);
    expect(bench.renewedAtMs).toEqual([]);
    expect(bench.told()).toMatchObject([{ type: "PERMIT_REFUSED", exposureId: "x1", reasons: ["no booking"] }]);
    expect(bench.recorder.types()).toEqual(["permit-refused"]);
  });

  it("stops with a unit that does not answer: a hanging read leaves no renewals", async () => {
    const bench = await permitting();
    bench.behaviour.read = "hangs";
    const hungAtMs = bench.clock.monoMs();
    await bench.for(4800);
    expect(bench.state()).toBe("permitting");
    await bench.for(60_000);
    expect(Math.max(...bench.renewedAtMs)).toBeLessThanOrEqual(hungAtMs + 5);
    expect(["blind", "rearming", "notRearmed"]).toContain(bench.state());
    expect(bench.toldTypes()).toEqual(["PERMIT_GRANTED", "PERMIT_REFUSED", "SUPERVISOR_BLIND"]);
  });

  it("does not wait for ever for the permit to be taken away: it lapses, and the supervisor is blind", async () => {
    const bench = await permitting();
    bench.behaviour.drop = "hangs";
    bench.send({ type: "PERMIT_RETURNED", exposureId: "x1" });
    await bench.for(100);
    const count = bench.renewedAtMs.length;
    expect(bench.state()).toBe("withdrawing");
    expect(bench.context().waiting?.untilMs).toBeLessThan(bench.clock.monoMs() + 5000);
    await bench.for(5000);
    expect(bench.toldTypes()).toEqual(["PERMIT_GRANTED", "SUPERVISOR_BLIND"]);
    expect(bench.renewedAtMs).toHaveLength(count);
    await bench.for(10_000);
    expect(bench.state()).toBe("watching");
  });

  it("lives for what was booked from the moment the shutter is asked open, and no longer", async () => {
    const bench = await watching();
    await bench.want({ untilMs: bench.clock.monoMs() + 300, lifeMs: 2000 });
    await bench.for(150);
    const usedAtMs = bench.clock.monoMs();
    bench.send({ type: "PERMIT_USED", exposureId: "x0" });
    expect(bench.context().request?.untilMs).toBeLessThan(usedAtMs + 300);
    bench.send({ type: "PERMIT_USED", exposureId: "x1" });
    expect(bench.context().waiting?.untilMs).toBe(usedAtMs + 2000);
    await bench.for(1000);
    // Asked for once; a second word does not make it longer.
    bench.send({ type: "PERMIT_USED", exposureId: "x1" });
    await bench.for(10_000);
    const last = Math.max(...bench.renewedAtMs);
    expect(last).toBeLessThan(usedAtMs + 2000);
    expect(last).toBeGreaterThan(usedAtMs + 2000 - 2 * CYCLE_MS);
    expect(bench.told().at(-1)).toMatchObject({ type: "PERMIT_REFUSED", reasons: ["exposure deadline passed"] });
  });

  it("is shortened too: a long wish does not outlive a short exposure", async () => {
    const bench = await watching();
    await bench.want({ untilMs: bench.clock.monoMs() + 10_000, lifeMs: 500 });
    const usedAtMs = bench.clock.monoMs();
    bench.send({ type: "PERMIT_USED", exposureId: "x1" });
    await bench.for(10_000);
    expect(Math.max(...bench.renewedAtMs)).toBeLessThan(usedAtMs + 500);
  });

  it.each(["read", "renew"] as const)("is refused and the supervisor blind when a %s fails", async (part) => {
    const bench = await permitting();
    bench.behaviour[part] = "fails";
    await bench.for(300);
    expect(bench.state()).toBe("blind");
    expect(bench.toldTypes()).toEqual(["PERMIT_GRANTED", "PERMIT_REFUSED", "SUPERVISOR_BLIND"]);
    expect(bench.told()[1]).toMatchObject({
      reasons: [`the input/output unit does not answer: ${part} failed`],
    });
    const count = bench.renewedAtMs.length;
    await bench.for(3000);
    expect(bench.renewedAtMs).toHaveLength(count);
  });

  it("is not given on levels that took too long to come back", async () => {
    const bench = await watching();
    await bench.want();
    const before = bench.renewedAtMs.length;
    bench.send({ type: "IO_LOST", fault: FAULT });
    await bench.for(3000);
    expect(bench.renewedAtMs.length).toBe(before);
  });

  it("is given no more once the levels as they were shown have ended the exposure", async () => {
    const bench = await permitting();
    const count = bench.renewedAtMs.length;
    bench.whenShown(() => {
      bench.send({ type: "PERMIT_RETURNED", exposureId: "x1" });
    });
    await bench.for(1000);
    expect(bench.renewedAtMs).toHaveLength(count);
    expect(bench.state()).toBe("watching");
  });

  it("goes by what was read for it: what the watch before it had asked for is not shown any more", async () => {
    const bench = await watching();
    const shownBefore = bench.shownLevels()?.readAtMs ?? NaN;
    // The watch is reading; its answer is there in 3 ms, and the permit's own two ms later.
    await bench.for(shownBefore + IDLE_MS + 2 - bench.clock.monoMs());
    const request = { exposureId: "x1", bookingSeq: 4, untilMs: 60_000, lifeMs: 10_000, filtersIn: [true, false] };
    bench.send({ type: "PERMIT_WANTED", request });
    await bench.for(4);
    expect(bench.calls.filter((call) => call === "read")).toHaveLength(4);
    expect(bench.shownLevels()?.readAtMs).toBe(shownBefore);
    await bench.for(2);
    expect(bench.shownLevels()?.readAtMs).toBe(shownBefore + IDLE_MS + 7);
  });

  it("wanted again while the last one is taken away is given after it", async () => {
    const bench = await permitting();
    bench.send({ type: "PERMIT_RETURNED", exposureId: "x1" });
    await bench.want({ exposureId: "x2" });
    await bench.for(50);
    expect(bench.state()).toBe("permitting");
    expect(bench.told().at(-1)).toEqual({ type: "PERMIT_GRANTED", exposureId: "x2" });
  });

  it("wanted and returned while the last one is taken away is not given at all", async () => {
    const bench = await permitting();
    bench.send({ type: "PERMIT_RETURNED", exposureId: "x1" });
    const count = bench.renewedAtMs.length;
    const request = { exposureId: "x2", bookingSeq: 4, untilMs: 60_000, lifeMs: 10_000, filtersIn: [true, false] };
    bench.send({ type: "PERMIT_WANTED", request });
    bench.send({ type: "PERMIT_RETURNED", exposureId: "x2" });
    await bench.for(1000);
    expect(bench.state()).toBe("watching");
    expect(bench.renewedAtMs).toHaveLength(count);
  });

  it("that cannot be taken away is said: the supervisor is blind", async () => {
    const bench = await permitting();
    bench.behaviour.drop = "fails";
    bench.send({ type: "PERMIT_RETURNED", exposureId: "x1" });
    await bench.for(50);
    expect(bench.state()).toBe("blind");
    expect(bench.toldTypes().at(-1)).toBe("SUPERVISOR_BLIND");
  });
});

describe("an interlock that broke", () => {
  it.each(["searched", "doorClosed", "emergencyOk"] as const)(
    "(%s) holds until a person re-arms, though it is made good",
    async (name) => {
      const bench = await watching();
      bench.setInterlock(name, false);
      await bench.for(2 * IDLE_MS);
      expect(bench.state()).toBe("holding");
      expect(bench.isForOperator()).toBe(true);
      expect(bench.context().waiting).toMatchObject({
        who: "operator",
        reason: expect.stringContaining(name) as string,
      });
      expect(bench.told()).toContainEqual({ type: "INTERLOCK_BROKEN", broken: [name] });
      bench.setInterlock(name, true);
      await bench.for(60_000);
      await bench.want();
      expect(bench.state()).toBe("holding");
      expect(bench.toldTypes().at(-1)).toBe("PERMIT_REFUSED");
      expect(bench.renewedAtMs).toEqual([]);
      bench.send({ type: "RE_ARM", author: "operator" });
      await bench.for(50);
      expect(bench.state()).toBe("watching");
      expect(bench.context().latched).toEqual([]);
      expect(bench.recorder.events).toContainEqual({ type: "interlock-rearmed", data: { author: "operator" } });
      await bench.want();
      expect(bench.state()).toBe("permitting");
    },
  );

  it("tells the exposure at once, by the interlock's name", async () => {
    const bench = await holding();
    expect(bench.told()).toContainEqual({
      type: "PERMIT_REFUSED",
      exposureId: "x1",
      reasons: ["interlock doorClosed"],
    });
  });

  it("breaks again at once when it is re-armed without being made good", async () => {
    const bench = await holding();
    bench.send({ type: "RE_ARM", author: "operator" });
    await bench.for(200);
    expect(bench.state()).toBe("holding");
    expect(bench.parent.count("INTERLOCK_BROKEN")).toBe(2);
  });

  it("is joined by another that breaks while a person is awaited", async () => {
    const bench = await holding();
    bench.setInterlock("emergencyOk", false);
    await bench.for(2 * IDLE_MS);
    expect(bench.state()).toBe("holding");
    expect(bench.context().latched).toEqual(["doorClosed", "emergencyOk"]);
  });

  it("is not forgotten when the unit is lost and comes back: a person is still awaited, and can re-arm", async () => {
    const bench = await holding();
    bench.send({ type: "IO_LOST", fault: FAULT });
    expect(bench.state()).toBe("blind");
    bench.setInterlock("doorClosed", true);
    bench.send({ type: "IO_READY" });
    await bench.for(50);
    expect(bench.context().latched).toEqual(["doorClosed"]);
    expect(bench.state()).toBe("holding");
    expect(bench.isForOperator()).toBe(true);
    bench.send({ type: "RE_ARM", author: "operator" });
    await bench.for(50);
    expect(bench.state()).toBe("watching");
    expect(bench.context().latched).toEqual([]);
  });

  it("leaves the supervisor blind when the unit stops answering meanwhile", async () => {
    const bench = await holding();
    bench.behaviour.read = "fails";
    await bench.for(2 * IDLE_MS);
    expect(bench.state()).toBe("blind");
  });
});

describe("a condition that comes back by itself", () => {
  it.each(["beamPermitted", "motionEnabled"] as const)("(%s) latches nothing", async (name) => {
    const bench = await watching();
    bench.setInterlock(name, false);
    await bench.for(2 * IDLE_MS);
    expect(bench.state()).toBe("watching");
    bench.setInterlock(name, true);
    await bench.want();
    expect(bench.state()).toBe("permitting");
  });
});

describe("every state of the supervisor", () => {
  it("is entered and left again", async () => {
    const bench = await holding();
    bench.setInterlock("doorClosed", true);
    bench.send({ type: "RE_ARM", author: "operator" });
    await bench.for(50);
    bench.behaviour.rearm = "fails";
    bench.send({ type: "IO_LOST", fault: FAULT });
    bench.send({ type: "IO_READY" });
    await bench.for(5010);
    expect([...bench.parent.trace.left].sort()).toEqual(leafStates(bench.machine));
  });
});
