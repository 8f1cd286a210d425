/** A safety supervisor on an input/output unit that a test lets hang, fail, refuse or break. */
import { createActor } from "xstate";
import { expect } from "vitest";
import { createSafetySupervisorMachine } from "../../../controller/machines/safety-supervisor-machine.ts";
import type { PermitRequest } from "../../../controller/safety/permit-judgement.ts";
import { sleep } from "../../../protocols/base/clock.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import type { BeamIo, InputLevels, Interlock } from "../../../protocols/roles/beam-io.ts";
import { GOOD_LEVELS } from "./levels.ts";
import { createParent, createRecorder, never, testClock } from "./machine-bench.ts";

export const CYCLE_MS = 100;
export const IDLE_MS = 1000;
export const FAULT = { code: "link.timeout", where: "io", what: "no answer", advice: "Check the unit." };

export type Part = "read" | "renew" | "drop" | "rearm";

/** `isLocked`: the unit of a rehearsal. */
export function open(isLocked = false) {
  const clock = testClock();
  const recorder = createRecorder();
  const parent = createParent();
  let behaviour: Partial<Record<Part, "hangs" | "fails" | "refuses" | "throws">> = {};
  const renewedAtMs: number[] = [];
  const calls: string[] = [];
  let levels = GOOD_LEVELS;
  let shown: InputLevels | null = null;
  let onShown = (): void => undefined;

  async function answer(part: Part): Promise<void> {
    calls.push(part);
    await sleep(clock, 5);
    if (behaviour[part] === "hangs") await never();
    if (behaviour[part] === "fails") throw new Fault("link.timeout", "io", `${part} failed`);
    if (behaviour[part] === "refuses") throw new Fault("io.watchdog", "io", `${part} was refused`);
    if (behaviour[part] === "throws") throw new TypeError(`${part} has a defect`);
  }
  const unused = (): never => {
    throw new Error("the supervisor must not do this");
  };
  const io: BeamIo = {
    name: "io",
    driver: "none",
    ...(isLocked ? { isLocked: true as const } : {}),
    connect: unused,
    disconnect: unused,
    onFault: unused,
    async readInputs() {
      await answer("read");
      return { ...levels, readAtMs: clock.monoMs() };
    },
    requestShutterOpen: unused,
    requestShutterClosed: unused,
    requestSafetyShutter: unused,
    setFilters: unused,
    permit: {
      async renewShutterPermit() {
        renewedAtMs.push(clock.monoMs());
        await answer("renew");
      },
      dropShutterPermit: () => answer("drop"),
      rearmWatchdog: () => answer("rearm"),
    },
  };
  const machine = createSafetySupervisorMachine({
    clock,
    io,
    recorder,
    permitCycleMs: CYCLE_MS,
    idleCycleMs: IDLE_MS,
    levelsMaximumAgeMs: 200,
    showLevels(read) {
      shown = read;
      onShown();
    },
  });
  const actor = createActor(machine, { parent: parent.ref });
  actor.start();
  return {
    clock,
    recorder,
    parent,
    get behaviour() {
      return behaviour;
    },
    set behaviour(next) {
      behaviour = next;
    },
    renewedAtMs,
    calls,
    machine,
    /** What the parent was told, but that the unit is seen. */
    told: () => parent.heard.filter((event) => event.type !== "SUPERVISOR_SEES"),
    toldTypes: () => parent.heardTypes().filter((type) => type !== "SUPERVISOR_SEES"),
    send: actor.send.bind(actor),
    state: () => actor.getSnapshot().value,
    context: () => actor.getSnapshot().context,
    isForOperator: () => actor.getSnapshot().hasTag("needs-operator"),
    shownLevels: () => shown,
    /** From here on, whenever levels are shown. */
    whenShown(act: () => void) {
      onShown = act;
    },
    setLevels(changes: Partial<InputLevels>) {
      levels = { ...levels, ...changes };
    },
    setInterlock(name: Interlock, holds: boolean) {
      levels = { ...levels, interlocks: { ...levels.interlocks, [name]: holds } };
    },
    for: (ms: number) => clock.run(clock.monoMs() + ms),
    async want(changes: Partial<PermitRequest> = {}) {
      const untilMs = clock.monoMs() + 10_000;
      const request = {
        exposureId: "x1",
        bookingSeq: 3,
        untilMs,
        lifeMs: 10_000,
        filtersIn: [true, false],
        ...changes,
      };
      actor.send({ type: "PERMIT_WANTED", request });
      await clock.run(clock.monoMs() + 50);
    },
  };
}

export async function watching(isLocked = false) {
  const bench = open(isLocked);
  bench.send({ type: "IO_READY" });
  await bench.for(20);
  expect(bench.state()).toBe("watching");
  return bench;
}

export async function permitting() {
  const bench = await watching();
  await bench.want();
  expect(bench.state()).toBe("permitting");
  return bench;
}

export async function holding() {
  const bench = await permitting();
  bench.setInterlock("doorClosed", false);
  await bench.for(300);
  expect(bench.state()).toBe("holding");
  return bench;
}
