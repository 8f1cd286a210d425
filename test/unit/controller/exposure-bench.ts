/** An exposure machine on effects that a test lets fail, hang, come late or break. */
import { createActor } from "xstate";
import { expect } from "vitest";
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
import { createParent, createRecorder, never, testClock, type Parent } from "./machine-bench.ts";

export const ORDER: ExposureOrder = {
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
export const TAKES_MS = {
  check: 20,
  move: 200,
  book: 50,
  arm: 30,
  open: 40,
  expose: 1000,
  stopDetector: 10,
  close: 40,
};
export const DEADLINES = {
  bringDeadlineMs: 600,
  permitDeadlineMs: 300,
  permitLifeMs: (exposureS: number) => 1000 * exposureS + 330,
  exposeGraceMs: 250,
  closeDeadlineMs: 500,
  unclosedRoundMs: 1500,
};

export type EffectName = keyof typeof TAKES_MS | "makeSafe" | "awaitClosed";
/** `late` comes three seconds after everybody has stopped waiting. */
export type Behaviour = "works" | "fails" | "hangs" | "throws" | "late" | "slow" | "finds it open";

export interface Scenario {
  readonly effects?: Partial<Record<EffectName, Behaviour>>;
  /** What the supervisor answers; nothing by default of `silent`. */
  readonly permit?: "granted" | "refused" | "silent";
  readonly shutterFault?: "shutter.stuck-open" | "link.timeout";
  readonly events?: readonly (readonly [atMs: number, event: OutsideEvent])[];
  readonly untilMs?: number;
  /** The wanted moment. */
  readonly openAtMs?: number;
  /** The end of the window it was asked for. */
  readonly latestMs?: number;
  /** The end of the campaign. */
  readonly endAtMs?: number;
}

export type OutsideEvent =
  | { readonly type: "STOP_EXPOSING"; readonly reason: string; readonly isOver?: boolean }
  | { readonly type: "PERMIT_REFUSED"; readonly exposureId: string; readonly reasons: readonly string[] }
  | { readonly type: "PERMIT_GRANTED"; readonly exposureId: string }
  | { readonly type: "EXPOSE"; readonly order: ExposureOrder };

export interface Settled {
  readonly exposureId: string;
  readonly marks: ShutterMarks;
  readonly outcome: ExposureOutcome;
  readonly framePath: string | null;
}

export interface Result {
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

export async function run(scenario: Scenario): Promise<Result> {
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
    await sleep(clock, name === "makeSafe" || name === "awaitClosed" ? 100 : TAKES_MS[name], signal);
    if (behaviour === "hangs") await never();
    if (behaviour === "slow") await sleep(clock, 250);
    if (behaviour === "late") await sleep(clock, 3000);
    if (behaviour === "fails") throw new Fault(code, name, `${name} failed`);
    if (behaviour === "throws") throw new TypeError(`${name} has a defect`);
  }

  const effects: ExposureEffects = {
    check: () => act("check"),
    async move(_, signal) {
      await act("move", signal);
      return clock.monoMs();
    },
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
    async awaitClosed(_, note) {
      await act("awaitClosed");
      if (scenario.effects?.awaitClosed === "finds it open") return false;
      note({ closedSeenAtMs: clock.monoMs() });
      return true;
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
  const machine = createExposureMachine({
    ...{ clock, recorder, effects, ...DEADLINES },
    isOver: () => clock.monoMs() >= (scenario.endAtMs ?? Infinity),
  });
  const actor = createActor(machine, { parent: parent.ref });
  actor.start();
  actor.send({ type: "EXPOSE", order: orderOf(scenario) });
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
export function expectHonestEnd(result: Result): void {
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

export const STOP = { type: "STOP_EXPOSING", reason: "machine beam lost" } as const;

function orderOf({ openAtMs, latestMs }: Scenario): ExposureOrder {
  return {
    ...ORDER,
    ...(openAtMs === undefined ? {} : { openAtMs }),
    ...(latestMs === undefined ? {} : { latestMs }),
  };
}
