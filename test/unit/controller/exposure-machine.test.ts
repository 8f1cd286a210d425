import { createActor } from "xstate";
import { describe, expect, it } from "vitest";
import { createExposureMachine } from "../../../controller/machines/exposure-machine.ts";
import {
  NO_MARKS,
  type ExposureEffects,
  type ExposureOrder,
  type ExposureOutcome,
  type ShutterMarks,
} from "../../../controller/machines/exposure-order.ts";
import { sleep } from "../../../protocols/base/clock.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import { createParent, createRecorder, leafStates, never, testClock, type Parent } from "./machine-bench.ts";

const ORDER: ExposureOrder = {
  exposureId: "x1",
  requestId: "r1",
  position: "B7",
  cellIndex: 18,
  spotIndex: 1,
  spotXMm: 0,
  spotYMm: 0,
  stageXMm: 10,
  stageYMm: 20,
  exposureS: 1,
  frameName: "f1",
  filtersIn: [true],
};

/** How long each effect takes when it goes well. The exposure is over after 1300 ms. */
const TAKES_MS = { check: 20, move: 200, book: 50, arm: 30, open: 40, expose: 1000, stopDetector: 10, close: 40 };
const DEADLINES = { bringDeadlineMs: 600, permitDeadlineMs: 300, exposeGraceMs: 250, closeDeadlineMs: 500 };

type EffectName = keyof typeof TAKES_MS | "makeSafe";
/** `late` comes three seconds after everybody has stopped waiting. */
type Behaviour = "works" | "fails" | "hangs" | "throws" | "late";

interface Scenario {
  readonly effects?: Partial<Record<EffectName, Behaviour>>;
  /** What the supervisor answers; nothing by default of `silent`. */
  readonly permit?: "granted" | "refused" | "silent";
  readonly shutterFault?: "shutter.stuck-open" | "link.timeout";
  readonly events?: readonly (readonly [atMs: number, event: OutsideEvent])[];
  readonly untilMs?: number;
}

type OutsideEvent =
  | { readonly type: "STOP_EXPOSING"; readonly reason: string }
  | { readonly type: "PERMIT_REFUSED"; readonly exposureId: string; readonly reasons: readonly string[] }
  | { readonly type: "PERMIT_GRANTED"; readonly exposureId: string }
  | { readonly type: "EXPOSE"; readonly order: ExposureOrder };

interface Settled {
  readonly exposureId: string;
  readonly marks: ShutterMarks;
  readonly outcome: ExposureOutcome;
  readonly framePath: string | null;
}

interface Result {
  readonly state: unknown;
  readonly calls: readonly string[];
  readonly settled: readonly Settled[];
  readonly parent: Parent;
  readonly wasBooked: boolean;
  readonly wasOpenAsked: boolean;
  readonly isShutterAskedOpen: boolean;
  readonly doneAtMs: number;
  readonly faultCode: string | undefined;
  readonly recorded: readonly string[];
}

async function run(scenario: Scenario): Promise<Result> {
  const clock = testClock();
  const recorder = createRecorder();
  const calls: string[] = [];
  const settled: Settled[] = [];
  let wasBooked = false;
  let wasOpenAsked = false;
  let isShutterAskedOpen = false;
  let doneAtMs = NaN;
  let orderedId = ORDER.exposureId;

  async function act(name: EffectName, signal?: AbortSignal): Promise<void> {
    calls.push(name);
    const behaviour = scenario.effects?.[name] ?? "works";
    const code = name === "close" ? (scenario.shutterFault ?? "shutter.stuck-open") : "link.timeout";
    await sleep(clock, name === "makeSafe" ? 100 : TAKES_MS[name], signal);
    if (behaviour === "hangs") await never();
    if (behaviour === "late") await sleep(clock, 3000);
    if (behaviour === "fails") throw new Fault(code, name, `${name} failed`);
    if (behaviour === "throws") throw new TypeError(`${name} has a defect`);
  }

  const effects: ExposureEffects = {
    check: () => act("check"),
    move: (_, signal) => act("move", signal),
    async book() {
      wasBooked = true;
      await act("book");
      return 7;
    },
    arm: () => act("arm"),
    async open(_, bookingSeq, note, signal) {
      expect(bookingSeq).toBe(7);
      wasOpenAsked = true;
      isShutterAskedOpen = true;
      note({ openAskedAtMs: clock.monoMs() });
      await act("open", signal);
      note({ openSeenAtMs: clock.monoMs() });
    },
    async expose() {
      await act("expose");
      return { path: "/frames/f1" };
    },
    stopDetector: () => act("stopDetector"),
    async close(note) {
      isShutterAskedOpen = false;
      note({ closeAskedAtMs: clock.monoMs() });
      await act("close");
      note({ closedSeenAtMs: clock.monoMs() });
    },
    async makeSafe() {
      await act("makeSafe");
      return clock.monoMs();
    },
    settle(order, marks, outcome, framePath) {
      settled.push({ exposureId: order.exposureId, marks, outcome, framePath });
    },
  };

  const parent = createParent((event) => {
    if (event.type === "EXPOSURE_DONE") doneAtMs = clock.monoMs();
    if (event.type !== "WANT_PERMIT" || scenario.permit === "silent") return;
    if (scenario.permit === "refused") {
      actor.send({ type: "PERMIT_REFUSED", exposureId: orderedId, reasons: ["interlock doorClosed"] });
    } else actor.send({ type: "PERMIT_GRANTED", exposureId: orderedId });
  });
  const machine = createExposureMachine({ clock, recorder, effects, ...DEADLINES });
  const actor = createActor(machine, { parent: parent.ref });
  actor.start();
  actor.send({ type: "EXPOSE", order: ORDER });
  for (const [atMs, event] of scenario.events ?? []) {
    clock.setTimeout(() => {
      if (event.type === "EXPOSE" && actor.getSnapshot().value === "idle") orderedId = event.order.exposureId;
      actor.send(event);
    }, atMs);
  }
  await clock.run(scenario.untilMs ?? 10_000);
  const snapshot = actor.getSnapshot();
  return {
    state: snapshot.value,
    calls,
    settled,
    parent,
    wasBooked,
    wasOpenAsked,
    isShutterAskedOpen,
    doneAtMs,
    faultCode: snapshot.context.fault?.code,
    recorded: recorder.types(),
  };
}

/** What must hold however an exposure ends. */
function expectHonestEnd(result: Result): void {
  expect(result.state).toBe("idle");
  expect(result.parent.count("EXPOSURE_DONE")).toBe(1);
  expect(result.settled).toHaveLength(1);
  expect(result.isShutterAskedOpen).toBe(false);
  expect(result.calls.includes("close")).toBe(result.wasOpenAsked);
  const wanted = result.parent.count("WANT_PERMIT");
  expect(result.parent.count("RETURN_PERMIT") > 0).toBe(wanted > 0);
  const types = result.parent.heardTypes();
  if (wanted > 0) expect(types.lastIndexOf("RETURN_PERMIT")).toBeGreaterThan(types.lastIndexOf("WANT_PERMIT"));
  if (!result.wasOpenAsked) expect(result.settled[0]?.marks).toEqual(NO_MARKS);
}

const STOP = { type: "STOP_EXPOSING", reason: "machine beam lost" } as const;

describe("an exposure that goes well", () => {
  it("checks, brings, opens, exposes, closes, settles, and says so", async () => {
    const result = await run({});
    expectHonestEnd(result);
    expect(result.calls).toEqual(["check", "move", "book", "arm", "open", "expose", "close"]);
    expect(result.settled).toEqual([
      {
        exposureId: "x1",
        marks: { openAskedAtMs: 220, openSeenAtMs: 260, closeAskedAtMs: 1260, closedSeenAtMs: 1300 },
        outcome: "made",
        framePath: "/frames/f1",
      },
    ]);
    expect(result.parent.heard).toMatchObject([
      { type: "WANT_PERMIT", request: { exposureId: "x1", bookingSeq: 7, untilMs: 220 + 1550, filtersIn: [true] } },
      { type: "RETURN_PERMIT", exposureId: "x1" },
      { type: "EXPOSURE_DONE", order: ORDER, outcome: "made", fault: null },
    ]);
    expect(result.recorded).toEqual([]);
  });
});

describe("an effect that fails", () => {
  it.each<[EffectName, ExposureOutcome, string]>([
    ["check", "aborted", "link.timeout"],
    ["move", "aborted", "link.timeout"],
    ["book", "aborted", "link.timeout"],
    ["arm", "aborted", "link.timeout"],
    ["open", "aborted", "link.timeout"],
    ["expose", "partial", "link.timeout"],
    ["close", "shutter-failure", "shutter.stuck-open"],
  ])("%s: the exposure ends %s, accounted, with its fault", async (name, outcome, code) => {
    for (const behaviour of ["fails", "throws"] as const) {
      if (name === "close" && behaviour === "throws") continue;
      const result = await run({ effects: { [name]: behaviour } });
      expectHonestEnd(result);
      expect(result.settled[0]?.outcome).toBe(outcome);
      expect(result.faultCode).toBe(behaviour === "fails" ? code : "bug");
      expect(result.recorded).toEqual(["exposure-trouble"]);
      expect(result.wasBooked).toBe(name !== "check");
    }
  });

  it("closing, when the switch says so: the beam is taken off upstream and the time of that is the end", async () => {
    const result = await run({ effects: { close: "fails" } });
    expect(result.calls.slice(-3)).toEqual(["close", "makeSafe", "stopDetector"]);
    expect(result.settled[0]?.marks.closedSeenAtMs).toBe(1400);
  });

  it("closing and making safe: the exposure is accounted without an end", async () => {
    const result = await run({ effects: { close: "fails", makeSafe: "fails" } });
    expectHonestEnd(result);
    expect(result.settled[0]).toMatchObject({ outcome: "shutter-failure", marks: { closedSeenAtMs: null } });
  });

  it("stopping the detector: the exposure is over all the same", async () => {
    const result = await run({ effects: { check: "fails", stopDetector: "fails" } });
    expectHonestEnd(result);
    expect(result.faultCode).toBe("link.timeout");
  });

  it("all at once in bringing: one end, one settlement", async () => {
    const result = await run({ effects: { move: "fails", book: "fails", arm: "fails" } });
    expectHonestEnd(result);
  });

  it("bringing the cell while the booking is not yet durable: settled at once, never opened", async () => {
    const result = await run({ effects: { arm: "fails" } });
    expectHonestEnd(result);
    expect(result.doneAtMs).toBe(TAKES_MS.check + TAKES_MS.arm + TAKES_MS.stopDetector);
    expect(result.parent.count("WANT_PERMIT")).toBe(0);
    expect(result.calls).not.toContain("open");
  });
});

describe("an effect that hangs", () => {
  it.each<[EffectName, number, string]>([
    ["check", 600, "device.unknown-outcome"],
    ["move", 620, "device.unknown-outcome"],
    ["book", 620, "device.unknown-outcome"],
    ["arm", 620, "device.unknown-outcome"],
    ["expose", 260 + 1250 + 40, "detector.late"],
  ])("%s: is given up at its deadline", async (name, givenUpAtMs, code) => {
    const result = await run({ effects: { [name]: "hangs" } });
    expectHonestEnd(result);
    expect(result.doneAtMs).toBe(givenUpAtMs + TAKES_MS.stopDetector);
    expect(result.faultCode).toBe(code);
  });

  it("opening: the shutter is asked closed at the deadline, long before the permit runs out", async () => {
    const result = await run({ effects: { open: "hangs" } });
    expectHonestEnd(result);
    expect(result.faultCode).toBe("device.unknown-outcome");
    expect(result.settled[0]).toMatchObject({ outcome: "aborted", marks: { openSeenAtMs: null, closeAskedAtMs: 520 } });
  });

  it("closing: the beam is taken off upstream at the deadline", async () => {
    const result = await run({ effects: { close: "hangs" } });
    expectHonestEnd(result);
    expect(result.calls.slice(-3)).toEqual(["close", "makeSafe", "stopDetector"]);
    expect(result.settled[0]?.outcome).toBe("shutter-failure");
  });

  it("closing and making safe: accounted without an end, and said", async () => {
    const result = await run({ effects: { close: "hangs", makeSafe: "hangs" } });
    expectHonestEnd(result);
    expect(result.settled[0]).toMatchObject({ outcome: "shutter-failure", marks: { closedSeenAtMs: null } });
    expect(result.faultCode).toBe("device.unknown-outcome");
  });

  it("stopping the detector: the exposure is over all the same, at its deadline", async () => {
    const result = await run({ effects: { check: "fails", stopDetector: "hangs" } });
    expectHonestEnd(result);
  });
});

describe("the permit", () => {
  it("refused: no photon, settled at nothing, with the reasons", async () => {
    const result = await run({ permit: "refused" });
    expectHonestEnd(result);
    expect(result.faultCode).toBe("interlock.tripped");
    expect(result.calls).not.toContain("open");
    expect(result.settled[0]).toMatchObject({ outcome: "aborted", marks: NO_MARKS });
  });

  it("not answered: given up at the deadline and returned", async () => {
    const result = await run({ permit: "silent" });
    expectHonestEnd(result);
    expect(result.doneAtMs).toBe(220 + 300 + 10);
    expect(result.faultCode).toBe("device.unknown-outcome");
  });

  it("of another exposure opens nothing and closes nothing", async () => {
    const late = await run({
      permit: "silent",
      events: [[400, { type: "PERMIT_GRANTED", exposureId: "x0" }]],
    });
    expect(late.wasOpenAsked).toBe(false);
    const other = await run({ events: [[700, { type: "PERMIT_REFUSED", exposureId: "x0", reasons: ["old"] }]] });
    expect(other.settled[0]?.outcome).toBe("made");
  });

  it("that comes after it was given up opens nothing", async () => {
    const result = await run({ permit: "silent", events: [[600, { type: "PERMIT_GRANTED", exposureId: "x1" }]] });
    expectHonestEnd(result);
    expect(result.wasOpenAsked).toBe(false);
  });
});

describe("at any moment", () => {
  const moments = Array.from({ length: 133 }, (_, index) => index * 10);

  it("a stop ends the exposure: closed, accounted once, permit returned", async () => {
    const outcomes = new Set<string>();
    for (const atMs of moments) {
      const result = await run({ events: [[atMs, STOP]], untilMs: 3000 });
      expectHonestEnd(result);
      outcomes.add(result.settled[0]?.outcome ?? "");
      if (atMs < 220) expect(result.wasOpenAsked, `stopped at ${atMs} ms`).toBe(false);
      if (atMs > 20 && atMs < 1260) expect(result.faultCode).toBe("permit.lapsed");
      if (atMs > 260 && atMs < 1260) {
        expect(result.settled[0]).toMatchObject({ outcome: "partial", marks: { closeAskedAtMs: atMs } });
      }
    }
    expect([...outcomes].sort()).toEqual(["aborted", "made", "partial"]);
  });

  it("a broken interlock ends the exposure: closed, accounted once, permit returned", async () => {
    for (const atMs of moments) {
      const event = { type: "PERMIT_REFUSED", exposureId: "x1", reasons: ["interlock doorClosed"] } as const;
      const result = await run({ events: [[atMs, event]], untilMs: 3000 });
      expectHonestEnd(result);
      if (atMs > 220 && atMs < 1260) expect(result.faultCode).toBe("interlock.tripped");
    }
  });

  it("another order waits for nobody: it is not taken while one is under way", async () => {
    for (const atMs of [0, 100, 240, 700, 1280]) {
      const event = { type: "EXPOSE", order: { ...ORDER, exposureId: "x2" } } as const;
      const result = await run({ events: [[atMs, event]], untilMs: 3000 });
      expectHonestEnd(result);
      expect(result.settled[0]?.exposureId).toBe("x1");
    }
  });
});

describe("the next exposure", () => {
  it("begins clean after trouble: nothing of the last one is left", async () => {
    const result = await run({
      effects: { arm: "fails" },
      events: [[1000, { type: "EXPOSE", order: { ...ORDER, exposureId: "x2" } }]],
    });
    expect(result.settled.map((item) => item.exposureId)).toEqual(["x1", "x2"]);
    expect(result.settled[1]?.marks).toEqual(NO_MARKS);
  });
});

describe("a shutter's mark that comes too late", () => {
  it("does not become the end of the next exposure", async () => {
    const result = await run({
      effects: { close: "late", makeSafe: "fails" },
      events: [[4000, { type: "EXPOSE", order: { ...ORDER, exposureId: "x2" } }]],
    });
    expect(result.settled).toMatchObject([
      { exposureId: "x1", marks: { openAskedAtMs: 220, closedSeenAtMs: null } },
      { exposureId: "x2", marks: { openAskedAtMs: 4220, closedSeenAtMs: null } },
    ]);
  });
});

describe("every state of an exposure", () => {
  it("is entered and left again", async () => {
    const clock = testClock();
    const unused = (): never => {
      throw new Error("not run");
    };
    const machine = createExposureMachine({
      clock,
      recorder: createRecorder(),
      effects: {
        check: unused,
        move: unused,
        book: unused,
        arm: unused,
        open: unused,
        expose: unused,
        stopDetector: unused,
        close: unused,
        makeSafe: unused,
        settle: unused,
      },
      ...DEADLINES,
    });
    const traces = await Promise.all(
      [{}, { effects: { close: "fails" } }, { permit: "refused" }, { effects: { move: "fails" } }].map((scenario) =>
        run(scenario as Scenario),
      ),
    );
    const left = new Set(traces.flatMap((result) => [...result.parent.trace.left]));
    expect([...left].sort()).toEqual(leafStates(machine));
  });
});
