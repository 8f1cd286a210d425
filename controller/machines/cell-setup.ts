/** The parts of a cell's machine: what it runs, judges, notes and tells. Which of it when, the machine itself says. */
import { assign, enqueueActions, sendParent, setup } from "xstate";
import type { Clock } from "../../protocols/base/clock.ts";
import { closeAccount, openAccount } from "../cells/cell-account.ts";
import { endsLead, leavesAsIs, type LeadBack, type UnfitStep } from "../cells/next-step.ts";
import { actOf, actOnUnfit, afterAct, BY_PERSON, isByPerson, isSpared } from "./cell-acts.ts";
import {
  elapsedWhenFound,
  finishedNews,
  hasComeAlready,
  isOver,
  faultOfEnd,
  isAwaited,
  isolatedNews,
  lateFault,
  leftStep,
  notOff,
  offSince,
  sparedFault,
  suspectNews,
  wasInHand,
  type CellContext,
  type CellEvent,
  type CellInput,
  type CellNews,
} from "./cell-news.ts";
import { createCellRecords } from "./cell-records.ts";
import {
  afterRanOn,
  afterStep,
  CARRIED,
  elapsedS,
  IN_HAND,
  isUnheard,
  remainingMs,
  RESTARTED,
  UNHEARD,
  type StepIsOver,
} from "./cell-steps.ts";
import { deadlineActor } from "./deadline.ts";
import { taskActor } from "./task.ts";
import { faultNote } from "./errors.ts";
import { afterFailedStart, afterFailure, failedBefore } from "./failed-start.ts";
import type { Recorder } from "./recorder.ts";
import type { CellBack, CellEffects, CellFound, LeftStep, LookedAt, ProgrammeStep } from "./programme.ts";
import { waitingFor, type AwaitedParty } from "./waiting.ts";

export interface CellMachineDeps {
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** Resolves once all that was recorded by now is durable, however long a disk is waited for. */
  readonly kept: (signal: AbortSignal) => Promise<void>;
  /** How long a start or an abort may take. */
  readonly commandDeadlineMs: number;
  /** How long the proof of polarity, contact and wiring may take. */
  readonly proofDeadlineMs: number;
  /** How long after its own time limit a step's end may still be awaited. */
  readonly stepGraceMs: number;
}

export function setupCell(deps: CellMachineDeps) {
  const { clock } = deps;
  const records = createCellRecords(deps.recorder);

  return setup({
    types: {
      context: {} as CellContext,
      input: {} as CellInput,
      events: {} as CellEvent,
    },
    actors: {
      prove: taskActor<{ readonly openCircuitV: number }, OffInput>(clock, ({ input, signal }) =>
        input.effects.prove(signal, input.left),
      ),
      findAgain: taskActor<CellFound, FindInput>(clock, ({ input }) => input.effects.findAgain(input.left)),
      confirmBack: taskActor<CellBack, BackInput>(
        clock,
        async ({ input: { effects, left, isWiringAsked, isNew }, signal }) =>
          isNew
            ? { ...(await effects.prove(signal)), wired: null }
            : effects.confirmBack(left, isWiringAsked ? signal : undefined),
      ),
      startStep: taskActor<UnfitStep | LeadBack | null, StartInput>(clock, async (given) => {
        const { input } = given;
        const { effects, step } = input;
        if (step === null) return null;
        let seen: UnfitStep | LeadBack | null = null;
        if (input.looksAt !== null && !leavesAsIs(step.channelStep)) {
          seen = (await effects.lookBefore?.(step, input.looksAt)) ?? null;
          given.signal.throwIfAborted();
        }
        const first = seen?.kind === "lead" ? { ...step, channelStep: seen.step, leadsTo: step } : step;
        if (seen === null || seen.kind === "lead") await effects.startStep(first, input.elapsedS, input.because);
        return seen;
      }),
      keep: taskActor<unknown, null>(clock, ({ signal }) => deps.kept(signal)),
      openCircuit: taskActor<unknown, OffInput>(clock, ({ input }) => input.effects.openCircuit(input.left)),
      deadline: deadlineActor(clock),
    },
    guards: {
      endedAtLimit: ({ event }) => event.type === "STEP_ENDED" && event.end === "limit",
      wasAborted: ({ event }) => event.type === "STEP_ENDED" && event.end === "aborted",
      hasLedBack: ({ context, event }) =>
        event.type === "STEP_ENDED" && endsLead(context.cursor?.step.channelStep, event.end),
      wantsNewLink: ({ context }) => afterFailedStart(context) === "new-link",
      isStartGivenUp: ({ context }) => afterFailedStart(context) === "given-up",
      failsAtOnce: ({ context, event }) => afterFailure(context, event, clock.monoMs()) !== null,
      failureWantsNewLink: ({ context, event }) => afterFailure(context, event, clock.monoMs()) === "new-link",
      isFailureGivenUp: ({ context, event }) => afterFailure(context, event, clock.monoMs()) === "given-up",
      hasStep: ({ context }) => context.cursor !== null,
      mayBeOn: ({ context }) => context.mayBeOn,
      wasIsolated: ({ context }) => context.left?.phase === "isolated",
      wasBeyondLimit: ({ context }) => context.left?.phase === "under-way" && context.left.fault !== null,
      wasComplete: ({ context }) => context.left?.phase === "complete",
      wasStopped: ({ context }) => context.left?.phase === "stopped",
      wasCarried: ({ context }) => context.left?.isCarried === true,
      isTaken: ({ context }) => context.isCarried,
      mayProofRunOn: ({ context }) => context.isCarried && context.effects.runsAlone !== true,
      isNotBrought: ({ context, event }) => context.isNew && event.type === "PUT_BACK" && event.isUntouched === true,
      joins: ({ context }) => context.left === undefined && context.joins === true,
      wasInHand: ({ context }) => context.left?.isCarried === true && context.carriedBy === "person",
      isPersons: ({ context }) => context.carriedBy === "person",
      isInHand: ({ context }) => wasInHand(context),
      isHeldInHand: ({ context }) => context.hold !== null && wasInHand(context),
      isCarried: ({ context }) => context.cursor !== null && context.isCarried,
      wasOrderedOff: ({ context }) => context.left?.isOrderedOff === true,
      wasUnderWay: ({ context }) => context.left?.phase === "under-way",
      mustBeKept: ({ context }) => context.isToBeKept && context.hold === null && !context.isCarried,
      mustProve: ({ context }) => !context.isProven && context.hold === null && !context.isCarried,
      isNotThere: ({ context }) => !context.isProven && (context.effects.awaitedCell?.() ?? null) !== null,
      mustLeave: ({ context }) => context.cursor !== null && context.leave !== null,
      isHeld: ({ context }) => context.cursor !== null && context.hold !== null,
      hasTimeLeft: ({ context }) =>
        context.cursor !== null && elapsedS(context, clock.monoMs()) < context.cursor.step.channelStep.untilTimeS,
      isAwaited: ({ context, event }) => isAwaited(context, event),
      hasCome: ({ context }) => hasComeAlready(context),
    },
    actions: {
      waitFor: assign({
        waiting: ({ context }, params: AwaitedParty) =>
          waitingFor(
            params.reason,
            params.who === "channel" ? context.channelName : params.who,
            clock.monoMs(),
            params.ms === null ? null : clock.monoMs() + params.ms,
          ),
      }),
      noteStepStart: assign(({ context }) => {
        const nowMs = clock.monoMs();
        const stepElapsedS = elapsedS(context, nowMs);
        const started = {
          stepStartedAtMs: nowMs,
          stepElapsedS,
          breakReason: null,
          isBrokenOff: false,
          ...{ isLedBack: false, isLeading: false, unheardSinceMs: null, isToBeKept: false },
        };
        const { cursor } = context;
        if (cursor === null) return { ...started, waiting: null };
        const mustLook = context.mustLook && leavesAsIs(cursor.step.channelStep);
        const { stepNumber, label, wait } = cursor.step;
        const untilMs = nowMs + remainingMs({ ...context, stepElapsedS });
        if (wait == null) {
          const reason = `step ${stepNumber} (${label}) to end`;
          return {
            ...started,
            mustLook,
            waiting: waitingFor(reason, context.channelName, nowMs, untilMs + deps.stepGraceMs),
          };
        }
        const waitSinceMs = context.waitSinceMs ?? nowMs - 1000 * stepElapsedS;
        const reason = `${wait.text}, in step ${stepNumber} (${label}); in vain: ${FALLBACK_TEXT[wait.fallback.kind]}`;
        return { ...started, mustLook, waitSinceMs, waiting: waitingFor(reason, wait.who, waitSinceMs, untilMs) };
      }),
      noteFound: enqueueActions(({ context, enqueue }, found: CellFound) => {
        const wasRunning = found.kind === "off" && context.left?.runningSinceMs !== null;
        enqueue.assign({
          stepElapsedS: elapsedWhenFound(context, found, clock.monoMs()),
          breakReason: wasRunning ? RESTARTED : null,
          isBrokenOff: wasRunning || (found.kind === "off" && found.stepElapsedS > 0),
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
        breakReason: ({ context, event }) => breakOf(event, context),
        failedStartsCount: ({ context, event }) => failedBefore(context, event, clock.monoMs()),
      }),
      /** The hold follows, with the time it has left. */
      noteLedBack: assign({
        stepElapsedS: ({ context }) => context.stepElapsedS + (clock.monoMs() - context.stepStartedAtMs) / 1000,
        ...{ isLedBack: true, failedStartsCount: 0 },
      }),
      forgetLead: assign({ isLedBack: false }),
      noteFailedStart: assign({ failedStartsCount: ({ context }) => context.failedStartsCount + 1 }),
      noteLead: assign({ isLeading: true }),
      /** What is led back has its hold before it still. */
      noteLost: assign({
        unheardSinceMs: ({ context, event }) => (isUnheard(event) && !context.isLeading ? clock.monoMs() : null),
      }),
      noteRanOn: assign(({ context }) => afterRanOn(context, clock.monoMs())),
      recordRanOn: enqueueActions(({ context, enqueue }) => {
        if (!context.hasRanOn) return;
        enqueue(() => {
          records.ranOn(context);
        });
        enqueue.assign({ hasRanOn: false });
      }),
      /** What ran, or was asked to, may have come to its end before anybody could hear it. */
      noteUnheard: assign({ isBrokenOff: true }),
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
        enqueue.assign({
          ...after.changes,
          ...{ stepStartedAtMs: NaN, failedStartsCount: 0 },
          mustLook: context.mustLook || isByPerson(context.leave),
          // Its time was over, and what came of it nobody heard: it may have had no power, and left the cell far from a hold.
          isBrokenOff: params.how === "unknown" && after.changes.cursor?.step.channelStep.kind === "constant-voltage",
        });
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
        if (isSpared(context)) enqueue(tell({ type: "CELL_SPARED", position: context.position, fault: null }));
      }),
      noteUnfit: enqueueActions(({ context, enqueue }, unfit: UnfitStep | LeadBack | null) => {
        if (unfit === null || unfit.kind === "lead") return;
        const done = actOnUnfit(unfit);
        enqueue(() => {
          records.act(context, done, false);
        });
        enqueue.assign(afterAct(context, done) ?? {});
        const { position } = context;
        if (unfit.kind === "over") return;
        enqueue(tell({ type: "CELL_SPARED", position, fault: sparedFault(position, unfit.what) }));
      }),
      awaitCell: assign({
        waiting: ({ context }) =>
          waitingFor(context.effects.awaitedCell?.() ?? "the cell", "whoever loads the rack", clock.monoMs(), null),
      }),
      noteTaken: assign({ isCarried: true }),
      noteBack: assign({
        isCarried: false,
        isUntouched: ({ event }) => event.type === "PUT_BACK" && event.isUntouched === true,
      }),
      noteIsBack: enqueueActions(({ context, enqueue }, back: CellBack) => {
        enqueue.assign({
          // Of what its step had done before, the time is on record; after a restart the samples end there too.
          breakReason: context.stepElapsedS > 0 && back.wired === null ? (context.breakReason ?? outOf(context)) : null,
          // A controller that is lost now is to leave on record that it lies there, before anything drives it.
          ...{ fault: null, isToBeKept: true },
        });
        if (context.isNew) {
          const account = openAccount(context.rules, context.effects.totals());
          enqueue.assign({ isNew: false, isProven: true, account });
        }
        enqueue(() => {
          records.putBack(context, back);
        });
      }),
      noteLeftOut: enqueueActions(({ context, enqueue }) => {
        enqueue.assign({ isProven: false, isCarried: false });
        enqueue(() => {
          records.leftOut(context);
        });
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
      recordTakenOut: ({ context }) => {
        records.takenOut(context);
      },
      recordAwaited: ({ context }) => {
        records.awaited(context);
      },
      recordCome: ({ context }) => {
        records.come(context);
      },
      recordHeld: ({ context }) => {
        records.held(context);
      },
      keepFault: assign({
        fault: ({ context, event }) => ("fault" in event ? event.fault : context.fault),
      }),
      keepFailure: assign({ fault: (_, error: unknown) => faultNote(error) }),
      noteFailedTry: assign({
        fault: (_, error: unknown) => faultNote(error),
        proofTriesCount: ({ context }) => context.proofTriesCount + 1,
      }),
      keepLate: assign({ fault: ({ context }) => lateFault(context) }),
      noteInstrumentEnd: assign({ fault: ({ context, event }) => faultOfEnd(context, event) }),
      noteNotOff: assign({ fault: ({ context }) => notOff(context), mayBeOn: true }),
      noteMayBeOn: assign({ mayBeOn: true }),
      noteOff: assign({ mayBeOn: false, fault: ({ context }) => offSince(context) }),
      /** The first time it is told with why the cell is isolated. */
      tellWhetherOff: enqueueActions(({ context, enqueue }) => {
        const { position, isToldOver, mayBeOn, fault } = context;
        if (isToldOver) enqueue(tell({ type: "CELL_NOT_OFF", position, fault: mayBeOn ? fault : null }));
      }),
      recordStepStarted: ({ context }) => {
        records.stepStarted(context);
      },
      recordLead: ({ context }, lead: { readonly what: string } | null) => {
        records.stepStarted(context, lead?.what ?? null);
      },
      recordStepEnded: ({ context, event }) => {
        if (event.type === "STEP_ENDED") records.stepEnded(context, event);
      },
      recordInterrupted: ({ context }) => {
        records.stepInterrupted(context);
      },
      recordIsolated: enqueueActions(({ context, enqueue }) => {
        const { isToldOver, mayBeOn, left } = context;
        if (isToldOver || (left !== undefined && isOver(left))) return;
        const untilMs = mayBeOn ? (context.effects.givenUp?.(leftStep(context)) ?? null) : null;
        const fault = untilMs === Infinity ? notOff(context) : context.fault;
        const done = closeAccount(context.account, context.effects.totals());
        enqueue(() => {
          records.halfCycles(context, done.closed);
          records.isolated({ ...context, fault }, untilMs);
        });
        enqueue.assign({ account: done.account, fault });
      }),
      recordOver: ({ context }, params: { readonly as: "cell-complete" | "cell-stopped" }) => {
        records.over(params.as, context);
      },
      tellFinished: enqueueActions(({ context, enqueue }) => {
        if (isSpared(context)) enqueue(tell({ type: "CELL_SPARED", position: context.position, fault: null }));
        enqueue(tell(finishedNews(context)));
      }),
      tellSuspect: sendParent(({ context }) => suspectNews(context)),
      tellIsolated: enqueueActions(({ context, enqueue }) => {
        if (context.isToldOver) return;
        if (isSpared(context)) enqueue(tell({ type: "CELL_SPARED", position: context.position, fault: null }));
        enqueue(tell(isolatedNews(context)));
      }),
    },
  });
}

/** Where no step is under way, but one was, or its end may still come: a limit is one all the same. */
export const LIMIT_OPENS = {
  STEP_ENDED: { guard: "endedAtLimit", target: "opening", actions: ["recordStepEnded", "noteInstrumentEnd"] },
  LIMIT_PASSED: { target: "opening", actions: "keepFault" },
} as const;

function outOf({ carriedBy }: Pick<CellContext, "carriedBy">): string {
  return carriedBy === "person" ? IN_HAND : CARRIED;
}

function breakOf(event: CellEvent, context: Pick<CellContext, "carriedBy">): string {
  if (event.type === "TAKE_OUT") return outOf(context);
  return actOf(event) === null ? UNHEARD : BY_PERSON;
}

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

type OffInput = Pick<FindInput, "effects"> & Partial<FindInput>;

export function offInput(context: CellContext): OffInput {
  const { effects, left } = context;
  return left === undefined ? { effects } : { effects, left: leftStep(context) };
}

interface BackInput extends FindInput {
  readonly isWiringAsked: boolean;
  /** Proven from the start, as before a first step. */
  readonly isNew: boolean;
}

/** What a step's start is given. */
interface StartInput {
  readonly looksAt: LookedAt | null;
  readonly effects: CellEffects;
  readonly step: ProgrammeStep | null;
  readonly elapsedS: number;
  readonly because: string | null;
}
