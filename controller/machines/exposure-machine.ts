/**
 * One exposure, honestly: check, bring the cell (motion, booking and arming side by side), take the permit, open,
 * expose, close, settle. Every way out of the shutter being asked open leads through closing and accounting: there
 * is no path from an open shutter to the next exposure that leaves photons unbooked.
 */
import { assign, fromPromise, sendParent, setup } from "xstate";
import type { Clock } from "../../protocols/base/clock.ts";
import { isFault } from "../../protocols/base/fault.ts";
import { deadlineActor } from "./deadline.ts";
import { faultJson, faultNote } from "./errors.ts";
import type { Recorder } from "./recorder.ts";
import {
  NO_MARKS,
  type ExposureContext,
  type ExposureEvent,
  type ExposureNews,
  type ExposureEffects,
  type ExposureOrder,
  type ShutterMarks,
} from "./exposure-order.ts";
import { waitingFor } from "./waiting.ts";

export interface ExposureMachineDeps {
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly effects: ExposureEffects;
  readonly bringDeadlineMs: number;
  readonly permitDeadlineMs: number;
  /** Beyond its own length: how late the end of an exposure may be reported before the shutter closes without it. */
  readonly exposeGraceMs: number;
  /** How long a unit that does not answer may be asked to close, and for the switch, before its bound is charged. */
  readonly closeDeadlineMs: number;
}

export function createExposureMachine(deps: ExposureMachineDeps) {
  const { clock, recorder, effects } = deps;

  return setup({
    types: {
      context: {} as ExposureContext,
      events: {} as ExposureEvent,
    },
    actors: {
      check: fromPromise<unknown, ExposureOrder>(({ input }) => effects.check(input)),
      move: fromPromise<unknown, ExposureOrder>(({ input, signal }) => effects.move(input, signal)),
      book: fromPromise<number, ExposureOrder>(({ input }) => effects.book(input)),
      arm: fromPromise<unknown, ExposureOrder>(({ input }) => effects.arm(input)),
      open: fromPromise<
        unknown,
        { order: ExposureOrder; bookingSeq: number; note: (marks: Partial<ShutterMarks>) => void }
      >(({ input, signal }) => effects.open(input.order, input.bookingSeq, input.note, signal)),
      expose: fromPromise<{ readonly path: string }, ExposureOrder>(({ input }) => effects.expose(input)),
      stopDetector: fromPromise(() => effects.stopDetector()),
      close: fromPromise<unknown, { note: (marks: Partial<ShutterMarks>) => void }>(({ input }) =>
        effects.close(input.note),
      ),
      makeSafe: fromPromise<number>(() => effects.makeSafe()),
      deadline: deadlineActor(clock),
    },
    guards: {
      isCurrent: ({ context, event }) => "exposureId" in event && event.exposureId === context.order?.exposureId,
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
            }
          : {},
      ),
      keepMarks: assign({
        marks: ({ context, event }) => (event.type === "MARK" ? { ...context.marks, ...event.marks } : context.marks),
      }),
      noteStop: assign({
        fault: ({ context, event }) =>
          event.type === "STOP_EXPOSING"
            ? { code: "permit.lapsed", where: "exposure", what: event.reason, advice: "What was given is accounted." }
            : context.fault,
      }),
      noteRefusal: assign({
        fault: ({ context, event }) =>
          event.type === "PERMIT_REFUSED"
            ? {
                code: "interlock.tripped",
                where: "shutter permit",
                what: `refused: ${event.reasons.join("; ")}`,
                advice: "Make the condition good; after a search, door or emergency break a person re-arms.",
              }
            : context.fault,
      }),
      noteLate: assign({
        fault: ({ context }) => ({
          code: "device.unknown-outcome",
          where: context.waiting?.who ?? "exposure",
          what: `${context.waiting?.reason ?? "an answer"} was awaited in vain`,
          advice: "The device is read back before anything is repeated.",
        }),
      }),
      noteDetectorLate: assign({
        fault: () => ({
          code: "detector.late",
          where: "detector",
          what: "the end of the exposure was not reported in time; the shutter was closed without it",
          advice: "Dose is accounted by the shutter's switches. Check the detector.",
        }),
      }),
      wantPermit: sendParent(
        ({ context }) =>
          ({
            type: "WANT_PERMIT",
            request: {
              exposureId: orderOf(context).exposureId,
              bookingSeq: context.bookingSeq ?? 0,
              untilMs: clock.monoMs() + permitLifeMs(orderOf(context), deps),
              filtersIn: orderOf(context).filtersIn,
            },
          }) satisfies ExposureNews,
      ),
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
  }).createMachine({
    id: "exposure",
    context: {
      order: null,
      bookingSeq: null,
      marks: NO_MARKS,
      framePath: null,
      outcome: "aborted",
      fault: null,
      waiting: null,
    },
    initial: "idle",
    // A mark that comes after its exposure was given up is nothing to the next one.
    on: { MARK: { guard: "isCurrent", actions: "keepMarks" } },
    states: {
      idle: {
        entry: assign({ waiting: null }),
        on: { EXPOSE: { target: "checking", actions: "takeOrder" } },
      },
      checking: {
        entry: {
          type: "waitFor",
          params: { reason: "belief, interlocks and filters", who: "io", ms: deps.bringDeadlineMs },
        },
        invoke: [
          {
            src: "check",
            input: ({ context }) => orderOf(context),
            onDone: "bringing",
            onError: { target: "givingUp", actions: assign({ fault: ({ event }) => faultNote(event.error) }) },
          },
          { src: "deadline", input: () => ({ atMs: clock.monoMs() + deps.bringDeadlineMs }) },
        ],
        on: {
          DEADLINE: { target: "givingUp", actions: "noteLate" },
          STOP_EXPOSING: { target: "givingUp", actions: "noteStop" },
        },
      },
      bringing: {
        entry: {
          type: "waitFor",
          params: {
            reason: "the cell in the beam, the dose booked, the detector armed",
            who: "stage",
            ms: deps.bringDeadlineMs,
          },
        },
        invoke: { src: "deadline", input: () => ({ atMs: clock.monoMs() + deps.bringDeadlineMs }) },
        type: "parallel",
        states: {
          motion: {
            initial: "moving",
            states: {
              moving: {
                invoke: {
                  src: "move",
                  input: ({ context }) => orderOf(context),
                  onDone: "inPlace",
                  onError: {
                    target: "#exposure.givingUp",
                    actions: assign({ fault: ({ event }) => faultNote(event.error) }),
                  },
                },
              },
              inPlace: { type: "final" },
            },
          },
          dose: {
            initial: "booking",
            states: {
              booking: {
                invoke: {
                  src: "book",
                  input: ({ context }) => orderOf(context),
                  onDone: { target: "booked", actions: assign({ bookingSeq: ({ event }) => event.output }) },
                  onError: {
                    target: "#exposure.givingUp",
                    actions: assign({ fault: ({ event }) => faultNote(event.error) }),
                  },
                },
              },
              booked: { type: "final" },
            },
          },
          detector: {
            initial: "arming",
            states: {
              arming: {
                invoke: {
                  src: "arm",
                  input: ({ context }) => orderOf(context),
                  onDone: "armed",
                  onError: {
                    target: "#exposure.givingUp",
                    actions: assign({ fault: ({ event }) => faultNote(event.error) }),
                  },
                },
              },
              armed: { type: "final" },
            },
          },
        },
        onDone: "permitting",
        on: {
          DEADLINE: { target: "givingUp", actions: "noteLate" },
          STOP_EXPOSING: { target: "givingUp", actions: "noteStop" },
        },
      },
      permitting: {
        entry: [
          {
            type: "waitFor",
            params: { reason: "the shutter permit", who: "safety supervisor", ms: deps.permitDeadlineMs },
          },
          "wantPermit",
        ],
        invoke: { src: "deadline", input: () => ({ atMs: clock.monoMs() + deps.permitDeadlineMs }) },
        on: {
          PERMIT_GRANTED: { guard: "isCurrent", target: "opening" },
          PERMIT_REFUSED: { guard: "isCurrent", target: "returning", actions: "noteRefusal" },
          DEADLINE: { target: "returning", actions: "noteLate" },
          STOP_EXPOSING: { target: "returning", actions: "noteStop" },
        },
      },
      opening: {
        entry: {
          type: "waitFor",
          params: { reason: "the shutter's open switch", who: "shutter", ms: deps.permitDeadlineMs },
        },
        invoke: [
          {
            src: "open",
            input: ({ context, self }) => ({
              order: orderOf(context),
              bookingSeq: context.bookingSeq ?? 0,
              note: (marks: Partial<ShutterMarks>): void => {
                self.send({ type: "MARK", exposureId: orderOf(context).exposureId, marks });
              },
            }),
            onDone: "exposing",
            onError: { target: "closing", actions: assign({ fault: ({ event }) => faultNote(event.error) }) },
          },
          { src: "deadline", input: () => ({ atMs: clock.monoMs() + deps.permitDeadlineMs }) },
        ],
        on: {
          DEADLINE: { target: "closing", actions: "noteLate" },
          PERMIT_REFUSED: { guard: "isCurrent", target: "closing", actions: "noteRefusal" },
          STOP_EXPOSING: { target: "closing", actions: "noteStop" },
        },
      },
      exposing: {
        entry: assign({
          waiting: ({ context }) =>
            waitingFor(
              "the exposure to end",
              "detector",
              clock.monoMs(),
              clock.monoMs() + orderOf(context).exposureS * 1000 + deps.exposeGraceMs,
            ),
        }),
        invoke: [
          {
            src: "expose",
            input: ({ context }) => orderOf(context),
            onDone: {
              target: "closing",
              actions: assign({ framePath: ({ event }) => event.output.path, outcome: "made" as const }),
            },
            onError: {
              target: "closing",
              actions: assign({ fault: ({ event }) => faultNote(event.error), outcome: "partial" as const }),
            },
          },
          {
            src: "deadline",
            input: ({ context }) => ({
              atMs: clock.monoMs() + orderOf(context).exposureS * 1000 + deps.exposeGraceMs,
            }),
          },
        ],
        on: {
          DEADLINE: { target: "closing", actions: ["noteDetectorLate", assign({ outcome: "partial" as const })] },
          PERMIT_REFUSED: {
            guard: "isCurrent",
            target: "closing",
            actions: ["noteRefusal", assign({ outcome: "partial" as const })],
          },
          STOP_EXPOSING: { target: "closing", actions: ["noteStop", assign({ outcome: "partial" as const })] },
        },
      },
      closing: {
        entry: {
          type: "waitFor",
          params: { reason: "the shutter's closed switch", who: "shutter", ms: deps.closeDeadlineMs },
        },
        invoke: [
          {
            src: "close",
            input: ({ context, self }) => ({
              note: (marks: Partial<ShutterMarks>): void => {
                self.send({ type: "MARK", exposureId: orderOf(context).exposureId, marks });
              },
            }),
            onDone: "accounting",
            onError: [
              {
                guard: ({ event }) => isShutterFault(event.error),
                target: "makingSafe",
                actions: assign({ fault: ({ event }) => faultNote(event.error), outcome: "shutter-failure" as const }),
              },
              // Nobody answers: permit and watchdog have closed the shutter within the time that was booked.
              { target: "accounting", actions: assign({ fault: ({ event }) => faultNote(event.error) }) },
            ],
          },
          { src: "deadline", input: () => ({ atMs: clock.monoMs() + deps.closeDeadlineMs + deps.permitDeadlineMs }) },
        ],
        on: {
          DEADLINE: { target: "makingSafe", actions: ["noteLate", assign({ outcome: "shutter-failure" as const })] },
        },
      },
      /** The shutter did not report closed: permit down, safety shutter, and the whole time is charged. */
      makingSafe: {
        tags: ["needs-operator"],
        entry: [
          {
            type: "waitFor",
            params: { reason: "one of the shutters to report closed", who: "shutter", ms: deps.bringDeadlineMs },
          },
          "returnPermit",
        ],
        invoke: [
          {
            src: "makeSafe",
            onDone: {
              target: "accounting",
              actions: assign({ marks: ({ context, event }) => ({ ...context.marks, closedSeenAtMs: event.output }) }),
            },
            onError: { target: "accounting", actions: assign({ fault: ({ event }) => faultNote(event.error) }) },
          },
          { src: "deadline", input: () => ({ atMs: clock.monoMs() + deps.bringDeadlineMs }) },
        ],
        on: { DEADLINE: { target: "accounting", actions: "noteLate" } },
      },
      accounting: {
        entry: ["returnPermit", "settle", "recordFault"],
        always: [{ guard: ({ context }) => context.outcome === "made", target: "done" }, { target: "quieting" }],
      },
      /** Permit not used: returned before anything else. */
      returning: {
        entry: "returnPermit",
        always: "givingUp",
      },
      /** No photon was asked for: the booking is settled at zero, with the shutter never asked open. */
      givingUp: {
        entry: ["settle", "recordFault"],
        always: "quieting",
      },
      /** A detector that was armed or counts is brought to rest before the next order. */
      quieting: {
        entry: {
          type: "waitFor",
          params: { reason: "the detector to come to rest", who: "detector", ms: deps.bringDeadlineMs },
        },
        invoke: [
          { src: "stopDetector", onDone: "done", onError: "done" },
          { src: "deadline", input: () => ({ atMs: clock.monoMs() + deps.bringDeadlineMs }) },
        ],
        on: { DEADLINE: "done" },
      },
      done: {
        entry: "tellDone",
        always: "idle",
      },
    },
  });
}

export type ExposureMachine = ReturnType<typeof createExposureMachine>;

function isShutterFault(error: unknown): boolean {
  return isFault(error) && error.code.startsWith("shutter.");
}

function orderOf(context: ExposureContext): ExposureOrder {
  if (context.order === null) throw new Error("exposure machine: no order in hand");
  return context.order;
}

/** Opening, exposing, closing and the grace between them; after that no heartbeat is given. */
function permitLifeMs(order: ExposureOrder, deps: ExposureMachineDeps): number {
  return deps.permitDeadlineMs + order.exposureS * 1000 + deps.exposeGraceMs;
}
