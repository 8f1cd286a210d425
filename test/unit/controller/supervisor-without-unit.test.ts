import { describe, expect, it } from "vitest";
import { CYCLE_MS, FAULT, holding, open, permitting, watching, type Part } from "./supervisor-bench.ts";

describe("the supervisor without its unit", () => {
  it("waits by name and permits nothing", async () => {
    const bench = open();
    expect(bench.context().waiting).toMatchObject({ reason: "the input/output unit to answer", who: "io" });
    await bench.want();
    expect(bench.context().waiting).toMatchObject({ who: "io" });
    await bench.for(4000);
    expect(bench.told()).toEqual([
      {
        type: "PERMIT_REFUSED",
        exposureId: "x1",
        reasons: ["the supervisor gives no permit in its present state"],
      },
    ]);
    expect(bench.calls).toEqual([]);
    expect(bench.context().request).toBeNull();
  });

  it("re-arms the watchdog when the unit is ready, and watches", async () => {
    const bench = await watching();
    expect(bench.calls).toEqual(["rearm", "read", "read"]);
    await bench.for(5000);
    expect(bench.calls.filter((call) => call === "read").length).toBeGreaterThanOrEqual(5);
    expect(bench.renewedAtMs).toEqual([]);
    expect(bench.shownLevels()?.readAtMs).toBeGreaterThan(4000);
  });

  it("permits nothing, and says so, until the watchdog can be re-armed; it tries again by itself", async () => {
    const bench = open();
    bench.behaviour.rearm = "fails";
    bench.send({ type: "IO_READY" });
    await bench.for(20);
    expect(bench.state()).toBe("notRearmed");
    expect(bench.parent.heard).toMatchObject([{ type: "SUPERVISOR_BLIND", fault: { what: "rearm failed" } }]);
    expect(bench.recorder.types()).toEqual(["supervisor-blind"]);
    expect(bench.context().waiting).toMatchObject({ who: "io" });
    await bench.want();
    expect(bench.toldTypes().at(-1)).toBe("PERMIT_REFUSED");
    delete bench.behaviour.rearm;
    await bench.for(5100);
    expect(bench.state()).toBe("watching");
    expect(bench.parent.heardTypes().at(-1)).toBe("SUPERVISOR_SEES");
    expect(bench.renewedAtMs).toEqual([]);
  });

  it("shows the levels of a unit that refuses to have its watchdog re-armed, and none of one that is silent", async () => {
    const bench = open();
    bench.setLevels({ shutterClosedSwitch: false, shutterOpenSwitch: true });
    bench.behaviour.rearm = "fails";
    bench.send({ type: "IO_READY" });
    await bench.for(20);
    expect(bench.calls).toEqual(["rearm"]);
    bench.behaviour.rearm = "refuses";
    await bench.for(5020);
    expect(bench.state()).toBe("notRearmed");
    expect(bench.shownLevels()?.shutterOpenSwitch).toBe(true);
  });

  it("says why its watchdog was refused, also where it does not answer after that", async () => {
    const bench = open();
    bench.behaviour.rearm = "refuses";
    bench.behaviour.read = "fails";
    bench.send({ type: "IO_READY" });
    await bench.for(20);
    expect(bench.told()).toMatchObject([{ type: "SUPERVISOR_BLIND", fault: { code: "io.watchdog" } }]);
  });

  it("tries by itself, and says that it sees nothing, when nobody tells it of the unit", async () => {
    const bench = open();
    bench.behaviour.rearm = "fails";
    const { untilMs } = bench.context().waiting ?? {};
    expect(untilMs).toBe(5000);
    await bench.for(5100);
    expect(bench.toldTypes()).toEqual(["SUPERVISOR_BLIND"]);
    await bench.for(60_000);
    expect(bench.calls.filter((call) => call === "rearm").length).toBeGreaterThan(8);
    expect(bench.toldTypes()).toEqual(["SUPERVISOR_BLIND"]);
    expect(bench.recorder.types()).toEqual(["supervisor-blind"]);
    delete bench.behaviour.rearm;
    await bench.for(5100);
    expect(bench.state()).toBe("watching");
    expect(bench.parent.heardTypes().at(-1)).toBe("SUPERVISOR_SEES");
  });

  it("is not told again of the same trouble, and is told of another kind", async () => {
    const bench = await watching();
    bench.send({ type: "IO_LOST", fault: FAULT });
    bench.behaviour.rearm = "refuses";
    await bench.for(12_000);
    expect(bench.told()).toMatchObject([
      { type: "SUPERVISOR_BLIND", fault: { code: "link.timeout" } },
      { type: "SUPERVISOR_BLIND", fault: { code: "io.watchdog" } },
    ]);
  });

  it("brings a watchdog in order that tripped while nobody asked for a permit", async () => {
    const bench = await watching();
    bench.setLevels({ watchdogTripped: true });
    await bench.for(1100);
    expect(bench.state()).toBe("blind");
    expect(bench.told()).toMatchObject([{ type: "SUPERVISOR_BLIND", fault: { code: "io.watchdog" } }]);
    await bench.want();
    expect(bench.toldTypes().at(-1)).toBe("PERMIT_REFUSED");
    bench.setLevels({ watchdogTripped: false });
    await bench.for(5100);
    expect(bench.calls.filter((call) => call === "rearm")).toHaveLength(2);
    expect(bench.state()).toBe("watching");
  });

  it.each<[Part, string]>([
    ["rearm", "notRearmed"],
    ["read", "notRearmed"],
  ])("does not wait for ever for a %s that hangs while it brings the watchdog in order", async (part, state) => {
    const bench = open();
    bench.behaviour[part] = "hangs";
    bench.send({ type: "IO_READY" });
    await bench.for(10);
    expect(bench.state()).toBe("rearming");
    expect(bench.context().waiting).toMatchObject({ who: "io", untilMs: 5000 });
    await bench.for(5010);
    expect(bench.state()).toBe(state);
    expect(bench.toldTypes()).toEqual(["SUPERVISOR_BLIND"]);
    bench.behaviour = {};
    await bench.for(5100);
    expect(bench.state()).toBe("watching");
  });

  it.each(["blind", "rearming"])("refuses at once what is wanted while it is %s", async (state) => {
    const bench = open();
    bench.behaviour.rearm = "hangs";
    if (state === "rearming") bench.send({ type: "IO_READY" });
    await bench.for(20);
    expect(bench.state()).toBe(state);
    await bench.want();
    expect(bench.toldTypes()).toEqual(["PERMIT_REFUSED"]);
    expect(bench.context()).toMatchObject({ request: null, waiting: { who: "io" } });
  });
});

describe("a person who re-arms", () => {
  const reArm = { type: "RE_ARM", author: "operator" } as const;
  const refusals = (bench: ReturnType<typeof open>) =>
    bench.recorder.events.filter((event) => event.type === "interlock-not-rearmed").map((event) => event.data);

  it("while nothing is latched is told so", async () => {
    const bench = await watching();
    bench.send(reArm);
    await bench.want();
    bench.send(reArm);
    const refused = { author: "operator", reason: "no interlock waits for it", latched: [] };
    expect(refusals(bench)).toEqual([refused, refused]);
    expect(bench.state()).toBe("permitting");
  });

  it.each<[string, Part, string]>([
    ["blind", "rearm", "cannot be seen"],
    ["rearming", "rearm", "being brought in order"],
    ["notRearmed", "rearm", "not in order"],
    ["withdrawing", "drop", "being taken away"],
  ])("while the supervisor is %s is told why not, and can do so later", async (state, part, reason) => {
    const bench = state === "withdrawing" ? await permitting() : await holding();
    bench.behaviour[part] = state === "notRearmed" ? "fails" : "hangs";
    if (state === "withdrawing") {
      bench.setInterlock("doorClosed", false);
      await bench.for(2 * CYCLE_MS);
    } else {
      bench.send({ type: "IO_LOST", fault: FAULT });
      if (state !== "blind") bench.send({ type: "IO_READY" });
      await bench.for(20);
    }
    expect(bench.state()).toBe(state);
    bench.send(reArm);
    expect(refusals(bench)).toEqual([
      { author: "operator", reason: expect.stringContaining(reason) as string, latched: ["doorClosed"] },
    ]);
    expect(bench.context().latched).toEqual(["doorClosed"]);
    bench.behaviour = {};
    bench.setInterlock("doorClosed", true);
    await bench.for(11_000);
    expect(bench.state()).toBe("holding");
    bench.send(reArm);
    await bench.for(50);
    expect(bench.state()).toBe("watching");
  });
});

describe("a defect in the supervisor's own work", () => {
  it.each<Part>(["read", "renew", "drop"])("(%s) is told as one, and no permit lives on", async (part) => {
    const bench = await permitting();
    bench.behaviour[part] = "throws";
    if (part === "drop") bench.send({ type: "PERMIT_RETURNED", exposureId: "x1" });
    await bench.for(300);
    expect(bench.told().at(-1)).toMatchObject({
      type: "SUPERVISOR_BLIND",
      fault: { code: "beamrack.defect", what: expect.stringContaining(`TypeError: ${part}`) as string },
    });
    const count = bench.renewedAtMs.length;
    await bench.for(1000);
    expect(bench.renewedAtMs).toHaveLength(count);
  });
});
