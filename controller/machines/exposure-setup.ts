/** The parts of the exposure machine: what it runs, judges, notes and tells. Which of it when, the machine itself says. */
import { assign, enqueueActions, sendParent, setup } from "xstate";
import type { Clock } from "../../protocols/base/clock.ts";
import { deadlineActor } from "./deadline.ts";
import { taskActor } from "./task.ts";
import { faultJson } from "./errors.ts";
import { beamNotOffNote, detectorLateNote, lateNote, refusalNote, stopNote, unclosedNote } from "./exposure-notes.ts";
import {
  marksJson,
  NO_MARKS,
  type ExposureContext,
  type ExposureEffects,
  type ExposureEvent,
  type ExposureNews,
  type ExposureOrder,
  type ShutterMarks,
} from "./exposure-order.ts";
import type { Recorder } from "./recorder.ts";
import { waitingFor } from "./waiting.ts";

export interface ExposureMachineDeps {
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly effects: ExposureEffects;
  readonly bringDeadlineMs: number;
  readonly permitDeadlineMs: number;
  /** From the order to open to the last heartbeat of the permit, for an exposure of so many seconds: as it is booked. */
  readonly permitLifeMs: (exposureS: number) => number;
  /** Beyond its own length: how late the end of an exposure may be reported before the shutter closes without it. */
  readonly exposeGraceMs: number;
  /** How long a unit that does not answer may be asked to close, and for the switch, before its bound is charged. */
  readonly closeDeadlineMs: number;
  /** Longest time of one round of waiting for a shutter that does not close, before the round is begun anew. */
  readonly unclosedRoundMs: number;
  /** The campaign's time is over. */
  readonly isOver: () => boolean;
  /** From the order to open to the open switch, as it usually takes; 0 where that is not said. */
  readonly openingMs?: number;
  /** So long before the order to open the permit is asked for, and what must run by then begun; 0 where that is not said. */
  readonly prepareMs?: number;
}

export function setupExposure(deps: ExposureMachineDeps) {
  const { clock, recorder, effects } = deps;
  const lifeMs = (context: ExposureContext): number => deps.permitLifeMs(orderOf(context).exposureS);

  return setup({
    types: {
      context: {} as ExposureContext,
      events: {} as ExposureEvent,
    },
    actors: {
      check: taskActor<unknown, ExposureOrder>(clock, ({ input }) => effects.check(input)),
      bring: taskActor<Brought, ExposureOrder>(clock, ({ input, signal }) => bring(effects, input, signal)),
      open: taskActor<
        unknown,
        { order: ExposureOrder; bookingSeq: number; note: (marks: Partial<ShutterMarks>) => void }
      >(clock, ({ input, signal }) => effects.open(input.order, input.bookingSeq, input.note, signal)),
      expose: taskActor<
        { readonly path: string },
        { order: ExposureOrder; note: (marks: Partial<ShutterMarks>) => void }
      >(clock, ({ input, signal }) => effects.expose(input.order, input.note, signal)),
      stopDetector: taskActor(clock, () => effects.stopDetector()),
      close: taskActor<unknown, { note: (marks: Partial<ShutterMarks>) => void }>(clock, ({ input }) =>
        effects.close(input.note),
      ),
      makeSafe: taskActor<number>(clock, () => effects.makeSafe()),
      awaitClosed: taskActor<boolean, { readonly marks: ShutterMarks; note: (marks: Partial<ShutterMarks>) => void }>(
        clock,
        ({ input, signal }) => effects.awaitClosed(input.marks, input.note, signal),
      ),
      deadline: deadlineActor(clock),
    },
    guards: {
      isCurrent: ({ context, event }) => "exposureId" in event && event.exposureId === context.order?.exposureId,
      isOver: ({ event }) => event.type === "STOP_EXPOSING" && event.isOver === true,
      /** With the permit in hand nothing is left to wait for. */
      isTooLate: ({ context }) => clock.monoMs() > (context.order?.latestMs ?? Infinity),
      isEarly: ({ context: { order } }, { settledAtMs }: Brought) =>
        clock.monoMs() < permitAtMs({ order, settledAtMs }, deps),
    },
    actions: {
      takeOrder: assign(({ event }) =>
        event.type === "EXPOSE"
          ? {
              order: event.order,
              bookingSeq: null,
              marks: NO_MARKS,
              framePath: null,
              outcome: "aborted" as const,
              fault: null,
              settledAtMs: -Infinity,
              permitUntilMs: null,
            }
          : {},
      ),
      keepMarks: assign({
        marks: ({ context, event }) => (event.type === "MARK" ? { ...context.marks, ...event.marks } : context.marks),
      }),
      noteStop: assign({
        fault: ({ context, event }) => (event.type === "STOP_EXPOSING" ? stopNote(event.reason) : context.fault),
      }),
      noteRefusal: assign({
        fault: ({ context, event }) => (event.type === "PERMIT_REFUSED" ? refusalNote(event.reasons) : context.fault),
      }),
      noteLate: assign({ fault: ({ context }) => lateNote(context.waiting) }),
      noteDetectorLate: assign({ fault: () => detectorLateNote() }),
      noteUnclosed: assign({
        fault: ({ context }) => unclosedNote(context.fault, orderOf(context).position, context.marks),
      }),
      wantPermit: sendParent(
        ({ context }) =>
          ({
            type: "WANT_PERMIT",
            request: {
              exposureId: orderOf(context).exposureId,
              bookingSeq: context.bookingSeq ?? 0,
              // Not longer than its life, so that the bound holds though nobody heard that it is used.
              untilMs: clock.monoMs() + Math.min(deps.permitDeadlineMs, lifeMs(context)),
              lifeMs: lifeMs(context),
              filtersIn: orderOf(context).filtersIn,
              ...(effects.isRehearsal === true ? { isRehearsed: true as const } : {}),
            },
          }) satisfies ExposureNews,
      ),
      noteUse: assign(({ context }) => {
        const nowMs = clock.monoMs();
        return {
          permitUntilMs: nowMs + lifeMs(context),
          waiting: waitingFor("the shutter's open switch", "shutter", nowMs, nowMs + deps.permitDeadlineMs),
        };
      }),
      usePermit: sendParent(
        ({ context }) => ({ type: "USE_PERMIT", exposureId: orderOf(context).exposureId }) satisfies ExposureNews,
      ),
      prepare: ({ context }) => effects.prepare?.(orderOf(context)),
      /** A gate has closed the shutter: from then on nobody needs the permit. */
      returnPermitOnceClosed: enqueueActions(({ enqueue, event, context }) => {
        if (event.type !== "MARK" || typeof event.marks.closedSeenAtMs !== "number") return;
        const { exposureId } = orderOf(context);
        enqueue.sendParent({ type: "RETURN_PERMIT", exposureId } satisfies ExposureNews);
      }),
      returnPermit: sendParent(
        ({ context }) => ({ type: "RETURN_PERMIT", exposureId: orderOf(context).exposureId }) satisfies ExposureNews,
      ),
      settle: ({ context }) => {
        effects.settle(orderOf(context), context.marks, context.outcome, context.framePath);
      },
      recordFault: ({ context }) => {
        if (context.fault === null) return;
        recorder.record("exposure-trouble", {
          exposure_id: orderOf(context).exposureId,
          position: orderOf(context).position,
          ...faultJson(context.fault),
        });
      },
      tellBeamNotOff: sendParent(
        ({ context }) =>
          ({
            type: "BEAM_NOT_OFF",
            fault: beamNotOffNote(orderOf(context).position, context.marks, clock.monoMs()),
          }) satisfies ExposureNews,
      ),
      recordShutterLate: ({ context }) => {
        const { exposureId, position } = orderOf(context);
        recorder.record("shutter-late", { exposure_id: exposureId, position, ...marksJson(context.marks) });
      },
      recordBeamNotOff: ({ context }) => {
        const { exposureId, position } = orderOf(context);
        recorder.record("beam-not-off", { exposure_id: exposureId, position, ...marksJson(context.marks) });
      },
      tellDone: sendParent(
        ({ context }) =>
          ({
            type: "EXPOSURE_DONE",
            order: orderOf(context),
            outcome: context.outcome,
            fault: context.fault,
          }) satisfies ExposureNews,
      ),
      waitFor: assign({
        waiting: (_, params: { readonly reason: string; readonly who: string; readonly ms: number }) =>
          waitingFor(params.reason, params.who, clock.monoMs(), clock.monoMs() + params.ms),
      }),
    },
  });
}

/** What there is once everything is in place; as it then stands in the machine's context. */
interface Brought {
  readonly bookingSeq: number;
  readonly settledAtMs: number;
}

/** Side by side; the first that fails ends it, and the stage is stopped with the task. */
async function bring(effects: ExposureEffects, order: ExposureOrder, signal: AbortSignal): Promise<Brought> {
  const [settledAtMs, bookingSeq] = await Promise.all([
    effects.move(order, signal),
    effects.book(order),
    effects.arm(order),
  ]);
  return { bookingSeq, settledAtMs };
}

export function orderOf(context: ExposureContext): ExposureOrder {
  if (context.order === null) throw new Error("exposure machine: no order in hand");
  return context.order;
}

/**
 * When the permit is asked for: as late as it can be, so that the levels are those of the act, and so early that nothing
 * but the order to open is left when the cell has settled and the shutter is to open.
 */
export function permitAtMs(
  { order, settledAtMs }: Pick<ExposureContext, "order" | "settledAtMs">,
  { openingMs = 0, prepareMs = 0 }: ExposureMachineDeps,
): number {
  return Math.max((order?.openAtMs ?? -Infinity) - openingMs, settledAtMs) - prepareMs;
}
