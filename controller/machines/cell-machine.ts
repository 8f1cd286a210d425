/**
 * One cell on its channel: prove it, then run its protocol step by step. The instrument runs each step alone with
 * its limits inside; this machine hears only facts (step ended, limit passed, link lost) and never samples. What
 * happens to beam, stage or detector does not reach it.
 */
import { assign, enqueueActions, fromPromise, sendParent, setup } from "xstate";
import type { Clock } from "../../protocols/base/clock.ts";
import { closeAccount, openAccount } from "../cells/cell-account.ts";
import { actOf, afterAct, BY_PERSON, onEveryAct, onStoppingActs } from "./cell-acts.ts";
import {
  elapsedWhenFound,
  finishedNews,
  hasComeAlready,
  instrumentLimit,
  isAwaited,
  isolatedNews,
  lateFault,
  leftStep,
  mayProveAgain,
  notOff,
  suspectNews,
  type CellContext,
  type CellEvent,
  type CellInput,
  type CellNews,
} from "./cell-news.ts";
import { createCellRecords } from "./cell-records.ts";
import { afterStep, elapsedS, remainingMs, RESTARTED, UNHEARD, type StepIsOver } from "./cell-steps.ts";
import { deadlineActor } from "./deadline.ts";
import { faultNote } from "./errors.ts";
import type { Recorder } from "./recorder.ts";
import type { CellEffects, CellFound, LeftStep, ProgrammeStep } from "./programme.ts";
import { waitingFor } from "./waiting.ts";

export interface CellMachineDeps {
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** How long a start or an abort may take. */
  readonly commandDeadlineMs: number;
  /** How long the proof of polarity, contact and wiring may take. */
  readonly proofDeadlineMs: number;
  /** How long after its own time limit a step's end may still be awaited. */
  readonly stepGraceMs: number;
}

export function createCellMachine(deps: CellMachineDeps) {
  const { clock } = deps;
  const records = createCellRecords(deps.recorder);
  const deadlineIn = (ms: number): { readonly atMs: number } => ({ atMs: clock.monoMs() + ms });

  const confirmedOff = {
    reason: "the channel to confirm the cell off",
    who: "channel",
    ms: deps.commandDeadlineMs,
  } as const;

  return setup({
    types: {
      context: {} as CellContext,
      input: {} as CellInput,
      events: {} as CellEvent,
    },
    actors: {
      prove: fromPromise<{ readonly openCircuitV: number }, CellEffects>(({ input, signal }) => input.prove(signal)),
      findAgain: fromPromise<CellFound, FindInput>(({ input }) => input.effects.findAgain(input.left)),
      startStep: fromPromise<unknown, StartInput>(async ({ input }) => {
        if (input.step !== null) await input.effects.startStep(input.step, input.elapsedS, input.because);
      }),
      openCircuit: fromPromise<unknown, CellEffects>(({ input }) => input.openCircuit()),
      deadline: deadlineActor(clock),
    },
    guards: {
      endedAtLimit: ({ event }) => event.type === "STEP_ENDED" && event.end === "limit",
      wasAborted: ({ event }) => event.type === "STEP_ENDED" && event.end === "aborted",
      hasStep: ({ context }) => context.cursor !== null,
      wasIsolated: ({ context }) => context.left?.phase === "isolated",
      wasComplete: ({ context }) => context.left?.phase === "complete",
      wasStopped: ({ context }) => context.left?.phase === "stopped",
      wasOrderedOff: ({ context }) => context.left?.isOrderedOff === true,
      wasUnderWay: ({ context }) => context.left?.phase === "under-way",
      mustLeave: ({ context }) => context.cursor !== null && context.leave !== null,
      isHeld: ({ context }) => context.cursor !== null && context.hold !== null,
      hasTimeLeft: ({ context }) =>
        context.cursor !== null && elapsedS(context, clock.monoMs()) < context.cursor.step.channelStep.untilTimeS,
      isAwaited: ({ context, event }) => isAwaited(context, event),
      hasCome: ({ context }) => hasComeAlready(context),
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
      noteStepStart: assign(({ context }) => {
        const nowMs = clock.monoMs();
        const stepElapsedS = elapsedS(context, nowMs);
        const started = { stepStartedAtMs: nowMs, stepElapsedS, breakReason: null };
        const { cursor } = context;
        if (cursor === null) return { ...started, waiting: null };
        const { stepNumber, label, wait } = cursor.step;
        const untilMs = nowMs + remainingMs({ ...context, stepElapsedS });
        if (wait == null) {
          const reason = `step ${stepNumber} (${label}) to end`;
          return { ...started, waiting: waitingFor(reason, context.channelName, nowMs, untilMs + deps.stepGraceMs) };
        }
        const waitSinceMs = context.waitSinceMs ?? nowMs - 1000 * stepElapsedS;
        const reason = `${wait.text}, in step ${stepNumber} (${label}); in vain: ${FALLBACK_TEXT[wait.fallback.kind]}`;
        return { ...started, waitSinceMs, waiting: waitingFor(reason, wait.who, waitSinceMs, untilMs) };
      }),
      noteFound: enqueueActions(({ context, enqueue }, found: CellFound) => {
        enqueue.assign({
          stepElapsedS: elapsedWhenFound(context, found, clock.monoMs()),
          breakReason: found.kind === "off" && context.left?.runningSinceMs !== null ? RESTARTED : null,
        });
        enqueue(({ context: after }) => {
          records.found(after, found);
        });
      }),
      passOnEnd: enqueueActions(({ enqueue }, found: CellFound) => {
        if (found.kind !== "ended") return;
        const { end, voltageV, currentA, chargeAh } = found;
        enqueue.raise({ type: "STEP_ENDED", end, voltageV, currentA, chargeAh });
      }),
      noteBreak: assign({
        stepElapsedS: ({ context }) => context.stepElapsedS + (clock.monoMs() - context.stepStartedAtMs) / 1000,
        breakReason: ({ event }) => (actOf(event) === null ? UNHEARD : BY_PERSON),
      }),
      beginAccount: assign({
        account: ({ context }) => openAccount(context.rules, context.effects.totals()),
      }),
      goOn: enqueueActions(({ context, event, enqueue }, params: { readonly how: StepIsOver }) => {
        const after = afterStep(context, event, params.how);
        if (after === null) return;
        enqueue(() => {
          if (params.how === "left" && context.leave !== null) records.stepLeft(context, context.leave, after.chargeAh);
          if (params.how === "unknown") records.stepOver(context, after.chargeAh);
          if (after.outcome?.wait != null) records.waitEnded(context, after.outcome.wait, clock.monoMs());
          records.halfCycles(context, after.closed);
        });
        enqueue.assign(after.changes);
        const { position, cursor } = context;
        const asks = after.outcome?.asks ?? [];
        if (asks.length > 0) enqueue(tell({ type: "EXPOSURES_WANTED", position, asks }));
        if (cursor === null || after.outcome?.isStepOver === false) return;
        const { stepNumber } = cursor.step;
        if (context.effects.isWatched?.(stepNumber) !== true) return;
        enqueue(tell({ type: "STEP_PASSED", position, stepNumber }));
      }),
      closeHalfCycle: enqueueActions(({ context, enqueue }) => {
        const done = closeAccount(context.account, context.effects.totals());
        enqueue(() => {
          records.halfCycles(context, done.closed);
        });
        enqueue.assign({ account: done.account });
      }),
      noteAct: enqueueActions(({ context, event, enqueue }) => {
        const asked = actOf(event);
        if (asked === null) return;
        const changes = afterAct(context, asked);
        enqueue(() => {
          records.act(context, asked, changes === null);
        });
        if (changes !== null) enqueue.assign(changes);
      }),
      noteAwaited: assign({
        leave: ({ event }) =>
          event.type === "AWAITED" ? { kind: "awaited", author: "beamrack", reason: event.what } : null,
      }),
      noteCome: assign({
        leave: ({ context }) => ({
          kind: "awaited",
          author: "beamrack",
          reason: `${context.cursor?.step.wait?.text ?? "it"} had come before`,
        }),
      }),
      askAtStart: enqueueActions(({ context, enqueue }) => {
        const { cursor, position, stepElapsedS } = context;
        const asks = cursor?.step.asks ?? [];
        if (asks.length > 0 && stepElapsedS === 0) {
          enqueue(tell({ type: "EXPOSURES_WANTED", position, asks }));
        }
      }),
      refuseAct: ({ context, event }) => {
        const asked = actOf(event);
        if (asked !== null) records.act(context, asked, true);
      },
      recordHeld: ({ context }) => {
        records.held(context);
      },
      keepFault: assign({
        fault: ({ context, event }) => ("fault" in event ? event.fault : context.fault),
      }),
      keepLate: assign({ fault: ({ context }) => lateFault(context) }),
      noteInstrumentLimit: assign({
        fault: ({ context, event }) =>
          event.type === "STEP_ENDED"
            ? instrumentLimit(context.position, event.voltageV, event.currentA)
            : context.fault,
      }),
      noteNotOff: assign({ fault: ({ context }) => notOff(context) }),
      recordStepStarted: ({ context }) => {
        records.stepStarted(context);
      },
      recordStepEnded: ({ context, event }) => {
        if (event.type === "STEP_ENDED") records.stepEnded(context, event);
      },
      recordInterrupted: ({ context }) => {
        records.stepInterrupted(context);
      },
      recordOver: ({ context }, params: { readonly as: "cell-isolated" | "cell-complete" | "cell-stopped" }) => {
        records.over(params.as, context);
      },
      tellFinished: sendParent(({ context }) => finishedNews(context)),
      tellSuspect: sendParent(({ context }) => suspectNews(context)),
      tellIsolated: sendParent(({ context }) => isolatedNews(context)),
    },
  }).createMachine({
    id: "cell",
    context: ({ input }) => ({
      ...input,
      cursor: input.left === undefined ? input.first : input.left.cursor,
      stepStartedAtMs: 0,
      stepElapsedS: input.left?.stepElapsedS ?? 0,
      stepsDoneCount: input.left?.stepsDoneCount ?? 0,
      proofTriesCount: 0,
      account: input.left?.account ?? openAccount(input.rules),
      hold: input.left?.hold ?? null,
      leave: input.left?.leave ?? null,
      breakReason: null,
      fault: input.left?.fault ?? null,
      waiting: null,
      waitSinceMs: null,
    }),
    initial: "beginning",
    on: {
      CHANNEL_ISOLATED: { target: ".isolated", actions: "keepFault" },
      STOP_CELL: ".stopping",
      TIME_OVER: ".finishing",
      AWAITED: { guard: "isAwaited", actions: "noteAwaited" },
      // Where nothing runs they take effect before the next step.
      ...onEveryAct("noteAct"),
    },
    states: {
      /** After a restart a cell whose part was over stays so. */
      beginning: {
        always: [
          { guard: "wasIsolated", target: "isolated" },
          { guard: "wasComplete", target: "complete" },
          { guard: "wasStopped", target: "stopped" },
          { target: "awaitingChannel" },
        ],
      },
      awaitingChannel: {
        entry: { type: "waitFor", params: { reason: "the channel to be ready", who: "channel", ms: null } },
        on: {
          CHANNEL_READY: [
            { guard: "wasOrderedOff", target: "stopping" },
            { guard: "wasUnderWay", target: "finding" },
            { target: "proving" },
          ],
          LIMIT_PASSED: { target: "opening", actions: "keepFault" },
        },
      },
      /** After a restart: what the record says ran may run on, be over, or be off; the voltage tells whether it is the same cell. */
      finding: {
        entry: {
          type: "waitFor",
          params: { reason: "the channel to say what became of the step", who: "channel", ms: deps.commandDeadlineMs },
        },
        invoke: [
          {
            src: "findAgain",
            input: ({ context }) => ({ effects: context.effects, left: leftStep(context) }),
            onDone: [
              {
                guard: ({ event }) => event.output.kind === "off",
                target: "choosing",
                actions: { type: "noteFound", params: ({ event }) => event.output },
              },
              {
                target: "cycling",
                actions: [
                  { type: "noteFound", params: ({ event }) => event.output },
                  "noteStepStart",
                  { type: "passOnEnd", params: ({ event }) => event.output },
                ],
              },
            ],
            onError: [
              {
                guard: ({ context, event }) => mayProveAgain(context, event.error),
                target: "awaitingChannel",
                actions: [
                  assign({
                    fault: ({ event }) => faultNote(event.error),
                    proofTriesCount: ({ context }) => context.proofTriesCount + 1,
                  }),
                  "tellSuspect",
                ],
              },
              { target: "opening", actions: assign({ fault: ({ event }) => faultNote(event.error) }) },
            ],
          },
          { src: "deadline", input: () => deadlineIn(deps.commandDeadlineMs) },
        ],
        on: {
          DEADLINE: { target: "opening", actions: "keepLate" },
          LIMIT_PASSED: { target: "opening", actions: "keepFault" },
          CHANNEL_LOST: { target: "awaitingChannel", actions: "keepFault" },
        },
      },
      /** No current before contact, polarity and wiring are proven by what the channel itself reads. */
      proving: {
        entry: {
          type: "waitFor",
          params: {
            reason: "open-circuit voltage and a small current to prove polarity, contact and wiring",
            who: "channel",
            ms: deps.proofDeadlineMs,
          },
        },
        invoke: [
          {
            src: "prove",
            input: ({ context }) => context.effects,
            onDone: { target: "choosing", actions: "beginAccount" },
            onError: [
              // Something came between: that says nothing of the cell.
              {
                guard: ({ context, event }) => mayProveAgain(context, event.error),
                target: "awaitingChannel",
                actions: [
                  assign({
                    fault: ({ event }) => faultNote(event.error),
                    proofTriesCount: ({ context }) => context.proofTriesCount + 1,
                  }),
                  "tellSuspect",
                ],
              },
              { target: "opening", actions: assign({ fault: ({ event }) => faultNote(event.error) }) },
            ],
          },
          { src: "deadline", input: () => deadlineIn(deps.proofDeadlineMs) },
        ],
        on: {
          DEADLINE: { target: "opening", actions: "keepLate" },
          LIMIT_PASSED: { target: "opening", actions: "keepFault" },
          CHANNEL_LOST: { target: "awaitingChannel", actions: "keepFault" },
        },
      },
      choosing: {
        always: [
          { guard: "mustLeave", target: "choosing", actions: { type: "goOn", params: { how: "left" } } },
          { guard: "isHeld", target: "held" },
          { guard: "hasCome", target: "choosing", actions: "noteCome" },
          { guard: "hasTimeLeft", target: "starting" },
          { guard: "hasStep", target: "choosing", actions: { type: "goOn", params: { how: "unknown" } } },
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
              elapsedS: elapsedS(context, clock.monoMs()),
              because: context.breakReason,
            }),
            onDone: { target: "cycling", actions: ["noteStepStart", "recordStepStarted", "askAtStart"] },
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
            {
              target: "choosing",
              actions: [
                "noteStepStart",
                "recordStepStarted",
                "askAtStart",
                "recordStepEnded",
                { type: "goOn", params: { how: "told" } },
              ],
            },
          ],
          LIMIT_PASSED: { target: "opening", actions: "keepFault" },
          STEP_FAILED: { target: "findingOut", actions: ["keepFault", "recordInterrupted"] },
          DEADLINE: { target: "findingOut", actions: ["keepLate", "recordInterrupted"] },
          CHANNEL_LOST: { target: "awaitingReturn", actions: ["keepFault", "recordInterrupted"] },
          AWAITED: { guard: "isAwaited", target: "findingOut", actions: "noteAwaited" },
          ...onStoppingActs({ target: "findingOut", actions: "noteAct" } as const),
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
            { target: "choosing", actions: ["recordStepEnded", { type: "goOn", params: { how: "told" } }] },
          ],
          LIMIT_PASSED: { target: "opening", actions: "keepFault" },
          STEP_FAILED: { target: "findingOut", actions: ["keepFault", "noteBreak", "recordInterrupted"] },
          CHANNEL_LOST: { target: "awaitingReturn", actions: ["keepFault", "noteBreak", "recordInterrupted"] },
          DEADLINE: { target: "findingOut", actions: ["keepLate", "noteBreak", "recordInterrupted"] },
          AWAITED: { guard: "isAwaited", target: "findingOut", actions: ["noteBreak", "noteAwaited"] },
          ...onStoppingActs({ target: "findingOut", actions: ["noteBreak", "noteAct"] } as const),
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
      /** A person holds the cell: it is off, and its step goes on with the time it has left when a person says so. */
      held: {
        tags: ["needs-operator"],
        entry: [
          assign({
            waiting: ({ context }) =>
              waitingFor(
                `a person to resume the cell, held by ${context.hold?.author ?? "somebody"}: ${context.hold?.reason ?? ""}`,
                "operator",
                clock.monoMs(),
                null,
              ),
          }),
          "recordHeld",
        ],
        on: {
          RESUME_CELL: { target: "choosing", actions: "noteAct" },
          SKIP_STEP: { target: "choosing", actions: "noteAct" },
          END_STEP: { target: "choosing", actions: "noteAct" },
        },
      },
      opening: {
        entry: { type: "waitFor", params: confirmedOff },
        invoke: [
          {
            src: "openCircuit",
            input: ({ context }) => context.effects,
            onDone: "isolated",
            onError: { target: "isolated", actions: "noteNotOff" },
          },
          { src: "deadline", input: () => deadlineIn(deps.commandDeadlineMs) },
        ],
        on: { DEADLINE: { target: "isolated", actions: "noteNotOff" }, ...onEveryAct("refuseAct") },
      },
      stopping: {
        entry: { type: "waitFor", params: confirmedOff },
        invoke: [
          {
            src: "openCircuit",
            input: ({ context }) => context.effects,
            onDone: "stopped",
            onError: { target: "isolated", actions: assign({ fault: ({ event }) => faultNote(event.error) }) },
          },
          { src: "deadline", input: () => deadlineIn(deps.commandDeadlineMs) },
        ],
        on: { DEADLINE: { target: "isolated", actions: "keepLate" }, ...onEveryAct("refuseAct") },
      },
      finishing: {
        entry: {
          type: "waitFor",
          params: { ...confirmedOff, reason: `${confirmedOff.reason} at the end of the campaign` },
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
        on: { DEADLINE: { target: "isolated", actions: "keepLate" }, ...onEveryAct("refuseAct") },
      },
      isolated: {
        tags: ["needs-operator"],
        entry: [
          { type: "waitFor", params: { reason: "a person to inspect the cell", who: "operator", ms: null } },
          "closeHalfCycle",
          { type: "recordOver", params: { as: "cell-isolated" } },
          "tellIsolated",
        ],
        on: { STOP_CELL: {}, TIME_OVER: {}, CHANNEL_ISOLATED: {}, ...onEveryAct("refuseAct") },
      },
      complete: {
        entry: [
          assign({ waiting: null }),
          "closeHalfCycle",
          { type: "recordOver", params: { as: "cell-complete" } },
          "tellFinished",
        ],
        on: { STOP_CELL: {}, TIME_OVER: {}, CHANNEL_ISOLATED: {}, ...onEveryAct("refuseAct") },
      },
      stopped: {
        entry: [
          assign({ waiting: null }),
          "closeHalfCycle",
          { type: "recordOver", params: { as: "cell-stopped" } },
          "tellFinished",
        ],
        on: { STOP_CELL: {}, TIME_OVER: {}, CHANNEL_ISOLATED: {}, ...onEveryAct("refuseAct") },
      },
    },
  });
}

export type CellMachine = ReturnType<typeof createCellMachine>;

/** For `enqueueActions`, which knows no other way to the parent. */
function tell(news: CellNews) {
  return sendParent<CellContext, CellEvent, undefined, CellNews, CellEvent>(news);
}

const FALLBACK_TEXT = {
  "go-on": "the protocol goes on",
  "end-protocol": "the protocol ends",
  rest: "the cell rests, then the protocol goes on",
} as const;

interface FindInput {
  readonly effects: CellEffects;
  readonly left: LeftStep;
}

/** What a step's start is given. */
interface StartInput {
  readonly effects: CellEffects;
  readonly step: ProgrammeStep | null;
  readonly elapsedS: number;
  readonly because: string | null;
}
