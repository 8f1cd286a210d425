/**
 * One cell on its channel: prove it, then run its protocol step by step. The instrument runs each step alone with
 * its limits inside; this machine hears only facts (step ended, limit passed, link lost) and never samples. What
 * happens to beam, stage or detector does not reach it.
 */
import { assign, fromPromise, sendParent, setup } from "xstate";
import type { Clock } from "../../protocols/base/clock.ts";
import {
  instrumentLimit,
  notOff,
  type CellContext,
  type CellEvent,
  type CellInput,
  type CellNews,
} from "./cell-news.ts";
import { deadlineActor } from "./deadline.ts";
import { faultJson, faultNote } from "./errors.ts";
import type { Recorder } from "./recorder.ts";
import type { CellEffects, ProgrammeStep } from "./programme.ts";
import { waitingFor } from "./waiting.ts";

export interface CellMachineDeps {
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** How long a start, an abort or a proof may take. */
  readonly commandDeadlineMs: number;
  /** How long after its own time limit a step's end may still be awaited. */
  readonly stepGraceMs: number;
}

export function createCellMachine(deps: CellMachineDeps) {
  const { clock, recorder } = deps;
  const deadlineIn = (ms: number): { readonly atMs: number } => ({ atMs: clock.monoMs() + ms });

  return setup({
    types: {
      context: {} as CellContext,
      input: {} as CellInput,
      events: {} as CellEvent,
    },
    actors: {
      prove: fromPromise<{ readonly openCircuitV: number }, CellEffects>(({ input }) => input.prove()),
      startStep: fromPromise<unknown, { effects: CellEffects; step: ProgrammeStep | null; elapsedS: number }>(
        async ({ input }) => {
          if (input.step !== null) await input.effects.startStep(input.step, input.elapsedS);
        },
      ),
      openCircuit: fromPromise<unknown, CellEffects>(({ input }) => input.openCircuit()),
      deadline: deadlineActor(clock),
    },
    guards: {
      endedAtLimit: ({ event }) => event.type === "STEP_ENDED" && event.end === "limit",
      wasAborted: ({ event }) => event.type === "STEP_ENDED" && event.end === "aborted",
      hasStep: ({ context }) => context.cursor !== null,
      hasTimeLeft: ({ context }) =>
        context.cursor !== null && context.stepElapsedS < context.cursor.step.channelStep.untilTimeS,
    },
    actions: {
      waitFor: assign({
        waiting: (
          { context },
          params: { readonly reason: string; readonly who: "channel" | "operator"; readonly ms: number | null },
        ) =>
          waitingFor(
            params.reason,
            params.who === "channel" ? context.channelName : "operator",
            clock.monoMs(),
            params.ms === null ? null : clock.monoMs() + params.ms,
          ),
      }),
      noteStepStart: assign({
        stepStartedAtMs: () => clock.monoMs(),
        waiting: ({ context }) =>
          context.cursor === null
            ? null
            : waitingFor(
                `step ${context.cursor.step.stepNumber} (${context.cursor.step.label}) to end`,
                context.channelName,
                clock.monoMs(),
                clock.monoMs() + remainingMs(context) + deps.stepGraceMs,
              ),
      }),
      noteBreak: assign({
        stepElapsedS: ({ context }) => context.stepElapsedS + (clock.monoMs() - context.stepStartedAtMs) / 1000,
      }),
      advance: assign({
        cursor: ({ context, event }) =>
          context.cursor === null
            ? null
            : context.cursor.next({ chargeAh: event.type === "STEP_ENDED" ? event.chargeAh : NaN }),
        stepElapsedS: 0,
        stepsDoneCount: ({ context }) => context.stepsDoneCount + 1,
      }),
      keepFault: assign({
        fault: ({ context, event }) => ("fault" in event ? event.fault : context.fault),
      }),
      keepLate: assign({
        fault: ({ context }) => ({
          code: "link.timeout",
          where: context.channelName,
          what: `${context.waiting?.reason ?? "an answer"} was awaited in vain`,
          advice: "Check the instrument; its own limits hold the cell meanwhile.",
        }),
      }),
      noteInstrumentLimit: assign({
        fault: ({ context, event }) =>
          event.type === "STEP_ENDED"
            ? instrumentLimit(context.position, event.voltageV, event.currentA)
            : context.fault,
      }),
      noteNotOff: assign({ fault: ({ context }) => notOff(context) }),
      recordStepStarted: ({ context }) => {
        if (context.cursor === null) return;
        recorder.record("step-started", {
          position: context.position,
          step: context.cursor.step.stepNumber,
          cycle: context.cursor.step.cycleNumber,
          label: context.cursor.step.label,
          elapsed_s: context.stepElapsedS,
        });
      },
      recordStepEnded: ({ context, event }) => {
        if (event.type !== "STEP_ENDED" || context.cursor === null) return;
        recorder.record("step-ended", {
          position: context.position,
          step: context.cursor.step.stepNumber,
          cycle: context.cursor.step.cycleNumber,
          ended_by: event.end,
          voltage_V: finiteOrNull(event.voltageV),
          current_A: finiteOrNull(event.currentA),
          charge_Ah: finiteOrNull(event.chargeAh),
        });
      },
      recordInterrupted: ({ context }) => {
        recorder.record("step-interrupted", {
          position: context.position,
          step: context.cursor?.step.stepNumber ?? null,
          ...(context.fault === null ? {} : faultJson(context.fault)),
        });
      },
      recordIsolated: ({ context }) => {
        recorder.record("cell-isolated", {
          position: context.position,
          cell: context.cellId,
          ...(context.fault === null ? {} : faultJson(context.fault)),
        });
      },
      recordComplete: ({ context }) => {
        recorder.record("cell-complete", {
          position: context.position,
          cell: context.cellId,
          steps: context.stepsDoneCount,
        });
      },
      recordStopped: ({ context }) => {
        recorder.record("cell-stopped", { position: context.position, cell: context.cellId });
      },
      tellFinished: sendParent(
        ({ context }) => ({ type: "CELL_FINISHED", position: context.position }) satisfies CellNews,
      ),
      tellSuspect: sendParent(
        ({ context }) =>
          ({
            type: "CHANNEL_SUSPECT",
            channelName: context.channelName,
            fault: context.fault ?? {
              code: "link.timeout",
              where: context.channelName,
              what: "the channel does not answer as it should",
              advice: "Check the instrument.",
            },
          }) satisfies CellNews,
      ),
      tellIsolated: sendParent(
        ({ context }) =>
          ({
            type: "CELL_ISOLATED",
            position: context.position,
            fault: context.fault ?? {
              code: "cell.unproven",
              where: context.position,
              what: "isolated",
              advice: "Inspect the cell.",
            },
          }) satisfies CellNews,
      ),
    },
  }).createMachine({
    id: "cell",
    context: ({ input }) => ({
      ...input,
      cursor: input.first,
      stepStartedAtMs: 0,
      stepElapsedS: 0,
      stepsDoneCount: 0,
      fault: null,
      waiting: null,
    }),
    initial: "awaitingChannel",
    on: {
      CHANNEL_ISOLATED: { target: ".isolated", actions: "keepFault" },
      STOP_CELL: ".stopping",
      TIME_OVER: ".finishing",
    },
    states: {
      awaitingChannel: {
        entry: { type: "waitFor", params: { reason: "the channel to be ready", who: "channel", ms: null } },
        on: { CHANNEL_READY: "proving" },
      },
      /** No current before contact, polarity and wiring are proven by what the channel itself reads. */
      proving: {
        entry: {
          type: "waitFor",
          params: {
            reason: "the open-circuit voltage to prove cell and wiring",
            who: "channel",
            ms: deps.commandDeadlineMs,
          },
        },
        invoke: [
          {
            src: "prove",
            input: ({ context }) => context.effects,
            onDone: "choosing",
            onError: {
              target: "isolated",
              actions: assign({ fault: ({ event }) => faultNote(event.error) }),
            },
          },
          { src: "deadline", input: () => deadlineIn(deps.commandDeadlineMs) },
        ],
        on: {
          DEADLINE: { target: "isolated", actions: "keepLate" },
          CHANNEL_LOST: { target: "awaitingChannel", actions: "keepFault" },
        },
      },
      choosing: {
        always: [
          { guard: "hasTimeLeft", target: "starting" },
          { guard: "hasStep", target: "choosing", actions: "advance" },
          { target: "complete" },
        ],
      },
      starting: {
        entry: {
          type: "waitFor",
          params: { reason: "the instrument to accept the next step", who: "channel", ms: deps.commandDeadlineMs },
        },
        invoke: [
          {
            src: "startStep",
            input: ({ context }) => ({
              effects: context.effects,
              step: context.cursor?.step ?? null,
              elapsedS: context.stepElapsedS,
            }),
            onDone: { target: "cycling", actions: ["noteStepStart", "recordStepStarted"] },
            onError: {
              target: "findingOut",
              actions: [assign({ fault: ({ event }) => faultNote(event.error) }), "recordInterrupted"],
            },
          },
          { src: "deadline", input: () => deadlineIn(deps.commandDeadlineMs) },
        ],
        on: {
          // A step can be over before its start is acknowledged to us.
          STEP_ENDED: [
            {
              guard: "endedAtLimit",
              target: "opening",
              actions: ["noteStepStart", "recordStepStarted", "recordStepEnded", "noteInstrumentLimit"],
            },
            { guard: "wasAborted", target: "findingOut", actions: ["recordStepEnded"] },
            { target: "choosing", actions: ["noteStepStart", "recordStepStarted", "recordStepEnded", "advance"] },
          ],
          LIMIT_PASSED: { target: "opening", actions: "keepFault" },
          STEP_FAILED: { target: "findingOut", actions: ["keepFault", "recordInterrupted"] },
          DEADLINE: { target: "findingOut", actions: ["keepLate", "recordInterrupted"] },
          CHANNEL_LOST: { target: "awaitingReturn", actions: ["keepFault", "recordInterrupted"] },
        },
      },
      cycling: {
        invoke: {
          src: "deadline",
          input: ({ context }) => deadlineIn(remainingMs(context) + deps.stepGraceMs),
        },
        on: {
          STEP_ENDED: [
            { guard: "endedAtLimit", target: "opening", actions: ["recordStepEnded", "noteInstrumentLimit"] },
            // Somebody ended it at the instrument: it goes on with the time it has left.
            { guard: "wasAborted", target: "findingOut", actions: ["recordStepEnded", "noteBreak"] },
            { target: "choosing", actions: ["recordStepEnded", "advance"] },
          ],
          LIMIT_PASSED: { target: "opening", actions: "keepFault" },
          STEP_FAILED: { target: "findingOut", actions: ["keepFault", "noteBreak", "recordInterrupted"] },
          CHANNEL_LOST: { target: "awaitingReturn", actions: ["keepFault", "noteBreak", "recordInterrupted"] },
          DEADLINE: { target: "findingOut", actions: ["keepLate", "noteBreak", "recordInterrupted"] },
        },
      },
      /** The link is gone; the instrument holds the cell on its own limits until somebody can ask it. */
      awaitingReturn: {
        entry: [
          {
            type: "waitFor",
            params: {
              reason: "the channel to answer again; the instrument's own limits hold the cell",
              who: "channel",
              ms: null,
            },
          },
          "tellSuspect",
        ],
        on: { CHANNEL_READY: "findingOut" },
      },
      /** Nothing is assumed after a break: whatever may still run is ended and confirmed off, then the step goes on with the time it has left. */
      findingOut: {
        entry: {
          type: "waitFor",
          params: { reason: "the channel to confirm that nothing runs", who: "channel", ms: deps.commandDeadlineMs },
        },
        invoke: [
          {
            src: "openCircuit",
            input: ({ context }) => context.effects,
            onDone: "choosing",
            onError: { target: "awaitingReturn", actions: assign({ fault: ({ event }) => faultNote(event.error) }) },
          },
          { src: "deadline", input: () => deadlineIn(deps.commandDeadlineMs) },
        ],
        on: {
          DEADLINE: { target: "awaitingReturn", actions: "keepLate" },
          CHANNEL_LOST: { target: "awaitingReturn", actions: "keepFault" },
        },
      },
      opening: {
        entry: {
          type: "waitFor",
          params: { reason: "the channel to confirm the cell off", who: "channel", ms: deps.commandDeadlineMs },
        },
        invoke: [
          {
            src: "openCircuit",
            input: ({ context }) => context.effects,
            onDone: "isolated",
            onError: { target: "isolated", actions: "noteNotOff" },
          },
          { src: "deadline", input: () => deadlineIn(deps.commandDeadlineMs) },
        ],
        on: { DEADLINE: { target: "isolated", actions: "noteNotOff" } },
      },
      stopping: {
        entry: {
          type: "waitFor",
          params: { reason: "the channel to confirm the cell off", who: "channel", ms: deps.commandDeadlineMs },
        },
        invoke: [
          {
            src: "openCircuit",
            input: ({ context }) => context.effects,
            onDone: "stopped",
            onError: { target: "isolated", actions: assign({ fault: ({ event }) => faultNote(event.error) }) },
          },
          { src: "deadline", input: () => deadlineIn(deps.commandDeadlineMs) },
        ],
        on: { DEADLINE: { target: "isolated", actions: "keepLate" } },
      },
      finishing: {
        entry: {
          type: "waitFor",
          params: {
            reason: "the channel to confirm the cell off at the end of the campaign",
            who: "channel",
            ms: deps.commandDeadlineMs,
          },
        },
        invoke: [
          {
            src: "openCircuit",
            input: ({ context }) => context.effects,
            onDone: "complete",
            onError: { target: "isolated", actions: assign({ fault: ({ event }) => faultNote(event.error) }) },
          },
          { src: "deadline", input: () => deadlineIn(deps.commandDeadlineMs) },
        ],
        on: { DEADLINE: { target: "isolated", actions: "keepLate" } },
      },
      isolated: {
        tags: ["needs-operator"],
        entry: [
          { type: "waitFor", params: { reason: "a person to inspect the cell", who: "operator", ms: null } },
          "recordIsolated",
          "tellIsolated",
        ],
        on: { STOP_CELL: {}, TIME_OVER: {}, CHANNEL_ISOLATED: {} },
      },
      complete: {
        entry: [assign({ waiting: null }), "recordComplete", "tellFinished"],
        on: { STOP_CELL: {}, TIME_OVER: {}, CHANNEL_ISOLATED: {} },
      },
      stopped: {
        entry: [assign({ waiting: null }), "recordStopped", "tellFinished"],
        on: { STOP_CELL: {}, TIME_OVER: {}, CHANNEL_ISOLATED: {} },
      },
    },
  });
}

export type CellMachine = ReturnType<typeof createCellMachine>;

function remainingMs(context: CellContext): number {
  if (context.cursor === null) return 0;
  return Math.max(0, context.cursor.step.channelStep.untilTimeS - context.stepElapsedS) * 1000;
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
