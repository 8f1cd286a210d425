/** A cell's machine on effects that a test directs: they take 10 ms, fail or hang as it says. */
import { createActor } from "xstate";
import { expect } from "vitest";
import { createCellMachine } from "../../../controller/machines/cell-machine.ts";
import { openAccount } from "../../../controller/cells/cell-account.ts";
import type { LeadBack, UnfitStep } from "../../../controller/cells/next-step.ts";
import type { LeftCell } from "../../../controller/machines/cell-news.ts";
import type { CellFound, FinishedStep, LeftStep, ProgrammeCursor } from "../../../controller/machines/programme.ts";
import { sleep } from "../../../protocols/base/clock.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import type { ChannelStep, StepEnd } from "../../../protocols/roles/channel.ts";
import { createParent, createRecorder, never, testClock } from "./machine-bench.ts";

export const FAULT = { code: "link.closed", where: "channel B7", what: "cable pulled", advice: "Check the cable." };
export const LIMIT = { code: "cell.limit", where: "B7", what: "4.3 V is outside", advice: "Inspect the cell." };
export const COMMAND_MS = 1000;
export const PROOF_MS = 3000;
export const GRACE_MS = 5000;

const limits = { voltageMaxV: 4.2, voltageMinV: 2.5, currentMaxA: 0.002, currentMinA: -0.002 };

/** What leads a cell back to the voltage that its step holds. */
export const LEAD = {
  ...{ kind: "lead", what: "" },
  step: {
    ...{ kind: "constant-current", currentA: 0.001, untilVoltageV: 4.1 },
    ...{ sampleIntervalS: 1, untilTimeS: 600, limits },
  },
} as const satisfies LeadBack;

/** Seconds at rest, a current in mA until a voltage, a rest that waits for an exposure for so long, or a hold of 4.1 V. */
export type BenchStep =
  | number
  | readonly [currentMa: number, untilV: number]
  | { readonly waitsS: number }
  | { readonly holdsS: number };

/** What each step came to is kept in `finished`. */
function programme(steps: readonly BenchStep[], finished: FinishedStep[] = [], number = 1): ProgrammeCursor | null {
  const [first] = steps;
  if (first === undefined) return null;
  if (typeof first === "object" && "waitsS" in first) {
    const { waitsS: maximumS } = first;
    const [rest] = [programme([maximumS], finished, number)];
    if (rest === null) return null;
    const wait = {
      ...{ for: "exposure", text: "its next exposure", who: "beam", maximumS },
      fallback: { kind: "go-on" },
    } as const;
    return {
      step: { ...rest.step, wait, asks: [{ presetName: "pattern", withinS: maximumS, reason: "a test" }] },
      next: (step) => {
        finished.push(step);
        return programme(steps.slice(1), finished, number + 1);
      },
      outcome: ({ end }) => ({
        ...{ isStepOver: true, asks: [] },
        wait: { ...wait, came: end === "awaited" ? "met" : end === "time" || end === "unknown" ? "in-vain" : "left" },
      }),
    };
  }
  const channelStep = channelStepOf(first);
  return {
    step: { stepNumber: number, cycleNumber: 0, label: LABELS[channelStep.kind] ?? "", channelStep },
    next: (step) => {
      finished.push(step);
      return programme(steps.slice(1), finished, number + 1);
    },
  };
}

const LABELS: Readonly<Record<string, string>> = {
  ...{ rest: "rest", "constant-current": "current", "constant-voltage": "hold" },
};

function channelStepOf(of: Exclude<BenchStep, { readonly waitsS: number }>): ChannelStep {
  const common = { sampleIntervalS: 1, limits };
  if (typeof of === "number") return { kind: "rest", untilTimeS: of, ...common };
  if ("holdsS" in of) {
    return { kind: "constant-voltage", voltageV: 4.1, untilCurrentA: null, untilTimeS: of.holdsS, ...common };
  }
  const [currentMa, untilVoltageV] = of;
  return { kind: "constant-current", currentA: currentMa / 1000, untilVoltageV, untilTimeS: 3600, ...common };
}

export type Part = "prove" | "start" | "off" | "find" | "back" | "look";

/** `left`: after a restart, the first step as the record left it; other than what stands here, where given. */
export function open(steps: readonly BenchStep[] = [100, 200], left?: Partial<LeftCell>, carriedBy?: "person") {
  const clock = testClock();
  const recorder = createRecorder();
  const parent = createParent();
  const behaviour: Partial<Record<Part, "fails" | "hangs" | "finds fault">> & {
    found?: CellFound;
    /** The instrument ends a step by itself. */
    runsAlone?: true;
    /** No sample of its step came. */
    isUnsampled?: true;
    /** When the last sample of its step came. */
    heardToMs?: number;
    /** When whoever connected anew found its step running. */
    foundRunningAtMs?: number;
    /** For how long the step had run then whose start was not answered. */
    ranAtLeastS?: number;
    /** What is recorded is kept once it is no more. */
    isDiskFull?: boolean;
    /** What runs as the cell is given up. */
    runsUntilMs?: number;
    /** For what the cell itself is waited. */
    awaited?: string | null;
    /** By the number of the step. */
    unfit?: Readonly<Record<number, UnfitStep>>;
    unfitWhenBrokenOff?: Readonly<Record<number, UnfitStep | LeadBack>>;
  } = {};
  const calls: string[] = [];
  /** Numbers of the steps before which their cell was looked at because they broke off. */
  const looks: number[] = [];
  const finished: FinishedStep[] = [];
  const soughtAs: LeftStep[] = [];
  const offAs: (LeftStep | undefined)[] = [];
  const rules = { nominalCapacityAh: 0.004, fullV: 4.2, emptyV: 2.8 };
  const totals = { chargedAh: 0, dischargedAh: 0, doubtAh: 0 };

  async function act(part: Part, what: string): Promise<void> {
    calls.push(what);
    await sleep(clock, 10);
    if (behaviour[part] === "hangs") await never();
    if (behaviour[part] === "finds fault") throw new Fault("cell.unproven", "B7", "-3.2 V: the cell seems reversed");
    if (behaviour[part] === "fails") throw new Fault("link.timeout", "channel B7", `${part} failed`);
  }

  const machine = createCellMachine({
    ...{ clock, recorder },
    async kept() {
      while (behaviour.isDiskFull === true) await sleep(clock, 100);
    },
    ...{ commandDeadlineMs: COMMAND_MS, proofDeadlineMs: PROOF_MS, stepGraceMs: GRACE_MS },
  });
  const actor = createActor(machine, {
    parent: parent.ref,
    input: {
      position: "B7",
      cellId: "C-1",
      channelName: "channel B7",
      ...(carriedBy === undefined ? {} : { carriedBy }),
      first: programme(steps, finished),
      effects: {
        get runsAlone() {
          return behaviour.runsAlone === true;
        },
        get foundRunningAtMs() {
          return behaviour.foundRunningAtMs ?? null;
        },
        ranAtLeastS: () => behaviour.ranAtLeastS ?? null,
        async prove() {
          await act("prove", "prove");
          return { openCircuitV: 3.2 };
        },
        startStep: (step, elapsedS, because) => {
          const why = because === null || because.startsWith("nothing was heard") ? "" : `, because ${because}`;
          const isLead = step.label === "hold" && step.channelStep.kind === "constant-current";
          return act(
            "start",
            `${isLead ? "lead to" : "start"} ${step.stepNumber} after ${elapsedS.toFixed(2)} s${why}`,
          );
        },
        async lookBefore({ stepNumber }, why) {
          // Kept apart: most tests of what breaks a step off are not about this look.
          if (why === "broken-off") looks.push(stepNumber);
          if (why === "broken-off") return behaviour.unfitWhenBrokenOff?.[stepNumber] ?? null;
          await act("look", `look before ${stepNumber}`);
          return behaviour.unfit?.[stepNumber] ?? null;
        },
        openCircuit: (was) => {
          offAs.push(was);
          return act("off", "off");
        },
        givenUp: () => behaviour.runsUntilMs ?? null,
        async findAgain(was) {
          soughtAs.push(was);
          await act("find", "find");
          return behaviour.found ?? { kind: "off", openCircuitV: 3.2, stepElapsedS: 0 };
        },
        async confirmBack(was, wiringSignal) {
          const how = wiringSignal === undefined ? "" : ", wiring asked";
          await act("back", `back after ${was.elapsedS.toFixed(2)} s${how}`);
          const wired = wiringSignal === undefined ? null : { currentA: 1e-4, responseV: 0.002, resistanceOhm: 20 };
          return { openCircuitV: 3.6, wired };
        },
        awaitedCell: () => behaviour.awaited ?? null,
        totals: () => ({ ...totals }),
        stepSamples: () =>
          behaviour.isUnsampled === true
            ? null
            : { channelIndex: 0, received: 3, fromMs: 0, toMs: behaviour.heardToMs ?? 2000, counted: 3 },
      },
      rules,
      ...(left === undefined
        ? {}
        : {
            left: {
              ...{ phase: "under-way", cursor: programme(steps, finished), account: openAccount(rules) },
              ...{ stepsDoneCount: 0, runningSinceMs: 0, stepElapsedS: 0, hold: null, leave: null },
              ...{ isOrderedOff: false, fault: null },
              ...left,
            } as const,
          }),
    },
  });
  actor.start();
  return {
    clock,
    recorder,
    parent,
    behaviour,
    calls,
    looks,
    finished,
    /** What it was looked for as, after a restart. */
    soughtAs,
    /** What may have run as it was switched off. */
    offAs,
    /** What has flowed so far; a test lets it flow. */
    totals,
    machine,
    send: actor.send.bind(actor),
    state: () => actor.getSnapshot().value,
    context: () => actor.getSnapshot().context,
    isForOperator: () => actor.getSnapshot().hasTag("needs-operator"),
    for: (ms: number) => clock.run(clock.monoMs() + ms),
    end(end: StepEnd, chargeAh = 0.001) {
      actor.send({ type: "STEP_ENDED", end, voltageV: 3.7, currentA: 0.0005, chargeAh });
    },
  };
}

/** A cell in its first step, which began at 20 ms. */
export async function cycling(steps?: readonly BenchStep[]) {
  const bench = open(steps);
  bench.send({ type: "CHANNEL_READY" });
  await bench.for(20);
  expect(bench.state()).toBe("cycling");
  return bench;
}
