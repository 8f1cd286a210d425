/**
 * One exposure, honestly: check, bring the cell (motion, booking and arming side by side, as one task), take the permit, open,
 * expose, close, settle. Every way out of the shutter being asked open leads through closing and accounting: there
 * is no path from an open shutter to the next exposure that leaves photons unbooked.
 */
import { assign } from "xstate";
import type { Clock } from "../../protocols/base/clock.ts";
import { isFault } from "../../protocols/base/fault.ts";
import { faultAfter, faultNote } from "./errors.ts";
import { unclosedNote, WINDOW_PASSED } from "./exposure-notes.ts";
import { NO_MARKS, type ExposureContext, type ShutterMarks } from "./exposure-order.ts";
import { orderOf, permitAtMs, setupExposure, type ExposureMachineDeps } from "./exposure-setup.ts";
import { waitingFor, type Waiting } from "./waiting.ts";

export type { ExposureMachineDeps } from "./exposure-setup.ts";

export function createExposureMachine(deps: ExposureMachineDeps) {
  const { clock } = deps;

  return setupExposure(deps).createMachine({
    id: "exposure",
    context: {
      order: null,
      bookingSeq: null,
      marks: NO_MARKS,
      framePath: null,
      outcome: "aborted",
      fault: null,
      settledAtMs: -Infinity,
      permitUntilMs: null,
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
        invoke: {
          src: "check",
          input: ({ context }) => ({ of: orderOf(context), atMs: clock.monoMs() + deps.bringDeadlineMs }),
          onDone: "bringing",
          onError: { target: "givingUp", actions: assign({ fault: ({ event }) => faultNote(event.error) }) },
        },
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
        invoke: {
          src: "bring",
          input: ({ context }) => ({ of: orderOf(context), atMs: clock.monoMs() + deps.bringDeadlineMs }),
          onDone: [
            {
              guard: { type: "isEarly", params: ({ event }) => event.output },
              target: "holding",
              actions: assign(({ event }) => event.output),
            },
            { target: "permitting", actions: assign(({ event }) => event.output) },
          ],
          onError: { target: "givingUp", actions: assign({ fault: ({ event }) => faultNote(event.error) }) },
        },
        on: {
          DEADLINE: { target: "givingUp", actions: "noteLate" },
          STOP_EXPOSING: { target: "givingUp", actions: "noteStop" },
        },
      },
      /** Everything is in place before the wanted moment, or settles. */
      holding: {
        entry: assign({ waiting: ({ context }) => heldFor(context, clock, deps) }),
        invoke: {
          src: "deadline",
          input: ({ context }) => ({ atMs: permitAtMs(context, deps) }),
        },
        on: {
          DEADLINE: "permitting",
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
          "prepare",
        ],
        invoke: { src: "deadline", input: () => ({ atMs: clock.monoMs() + deps.permitDeadlineMs }) },
        on: {
          PERMIT_GRANTED: [
            { guard: "isTooLate", target: "returning", actions: assign({ fault: () => WINDOW_PASSED }) },
            { guard: "isCurrent", target: "opening" },
          ],
          PERMIT_REFUSED: { guard: "isCurrent", target: "returning", actions: "noteRefusal" },
          DEADLINE: { target: "returning", actions: "noteLate" },
          STOP_EXPOSING: { target: "returning", actions: "noteStop" },
        },
      },
      opening: {
        entry: ["noteUse", "usePermit"],
        invoke: {
          src: "open",
          input: ({ context, self }) => ({
            of: {
              order: orderOf(context),
              bookingSeq: context.bookingSeq ?? 0,
              note: (marks: Partial<ShutterMarks>): void => {
                self.send({ type: "MARK", exposureId: orderOf(context).exposureId, marks });
              },
            },
            atMs: clock.monoMs() + Math.min(deps.permitDeadlineMs, deps.permitLifeMs(orderOf(context).exposureS)),
          }),
          onDone: "exposing",
          onError: { target: "closing", actions: assign({ fault: ({ event }) => faultNote(event.error) }) },
        },
        on: {
          DEADLINE: { target: "closing", actions: "noteLate" },
          PERMIT_REFUSED: { guard: "isCurrent", target: "closing", actions: "noteRefusal" },
          STOP_EXPOSING: { target: "closing", actions: "noteStop" },
        },
      },
      exposing: {
        entry: assign({
          waiting: ({ context }) =>
            waitingFor("the exposure to end", "detector", clock.monoMs(), exposedByMs(context, clock, deps)),
        }),
        invoke: {
          src: "expose",
          input: ({ context, self }) => ({
            of: {
              order: orderOf(context),
              note: (marks: Partial<ShutterMarks>): void => {
                self.send({ type: "MARK", exposureId: orderOf(context).exposureId, marks });
              },
            },
            atMs: exposedByMs(context, clock, deps),
          }),
          onDone: {
            target: "closing",
            actions: assign({ framePath: ({ event }) => event.output.path, outcome: "made" as const }),
          },
          onError: {
            target: "closing",
            actions: assign({ fault: ({ event }) => faultNote(event.error), outcome: "partial" as const }),
          },
        },
        on: {
          MARK: { guard: "isCurrent", actions: ["keepMarks", "returnPermitOnceClosed"] },
          DEADLINE: { target: "closing", actions: ["noteDetectorLate", assign({ outcome: "partial" as const })] },
          PERMIT_REFUSED: {
            guard: "isCurrent",
            target: "closing",
            actions: ["noteRefusal", assign({ outcome: "partial" as const })],
          },
          STOP_EXPOSING: { target: "closing", actions: ["noteStop", assign({ outcome: "partial" as const })] },
        },
      },
      /** The permit goes back at once: closing needs no heartbeat, and a unit that hangs now lets the shutter fall shut. */
      closing: {
        entry: [
          {
            type: "waitFor",
            params: { reason: "the shutter's closed switch", who: "shutter", ms: deps.closeDeadlineMs },
          },
          "returnPermit",
        ],
        invoke: {
          src: "close",
          input: ({ context, self }) => ({
            of: {
              note: (marks: Partial<ShutterMarks>): void => {
                self.send({ type: "MARK", exposureId: orderOf(context).exposureId, marks });
              },
            },
            atMs: clock.monoMs() + deps.closeDeadlineMs + deps.permitDeadlineMs,
          }),
          onDone: "accounting",
          onError: [
            {
              // Nobody answers: permit and watchdog have closed the shutter within the time that was booked.
              guard: ({ event }) => isSilence(event.error),
              target: "accounting",
              actions: assign({ fault: ({ context, event }) => faultAfter(context.fault, event.error) }),
            },
            {
              target: "makingSafe",
              actions: assign({
                fault: ({ context, event }) => faultAfter(context.fault, event.error),
                outcome: "shutter-failure" as const,
              }),
            },
          ],
        },
        on: {
          DEADLINE: { target: "makingSafe", actions: ["noteLate", assign({ outcome: "shutter-failure" as const })] },
        },
      },
      /** The shutter did not report closed: safety shutter, and the whole time is charged. */
      makingSafe: {
        tags: ["needs-operator"],
        entry: [
          {
            type: "waitFor",
            params: { reason: "one of the shutters to report closed", who: "shutter", ms: deps.bringDeadlineMs },
          },
          "recordShutterLate",
        ],
        invoke: {
          src: "makeSafe",
          input: () => ({ of: undefined, atMs: clock.monoMs() + deps.bringDeadlineMs }),
          onDone: {
            target: "accounting",
            actions: assign({ marks: ({ context, event }) => ({ ...context.marks, closedSeenAtMs: event.output }) }),
          },
          onError: {
            target: "unclosed",
            actions: assign({ fault: ({ context, event }) => faultAfter(context.fault, event.error) }),
          },
        },
        on: { DEADLINE: { target: "unclosed", actions: "noteLate" } },
      },
      /**
       * Neither shutter reported closed: said aloud, and charged on and on, round by round, until one does. The
       * booking stays open, so that nothing is exposed meanwhile and nothing forgotten.
       */
      unclosed: {
        tags: ["needs-operator"],
        entry: [
          assign({ marks: ({ context }) => ({ ...context.marks, litUntilAtMs: clock.monoMs() }) }),
          {
            type: "waitFor",
            params: {
              reason: "a shutter to report closed; the beam may still be on the cell",
              who: "shutter",
              ms: deps.unclosedRoundMs,
            },
          },
          "tellBeamNotOff",
          "recordBeamNotOff",
        ],
        invoke: {
          src: "awaitClosed",
          input: ({ context, self }) => ({
            of: {
              marks: context.marks,
              note: (marks: Partial<ShutterMarks>): void => {
                self.send({ type: "MARK", exposureId: orderOf(context).exposureId, marks });
              },
            },
            atMs: clock.monoMs() + deps.unclosedRoundMs,
          }),
          onDone: [
            { guard: ({ event }) => event.output, target: "accounting", actions: "noteUnclosed" },
            { target: "unclosed", reenter: true },
          ],
          onError: {
            target: "accounting",
            actions: assign({
              fault: ({ context, event }) =>
                faultAfter(unclosedNote(context.fault, orderOf(context).position, context.marks), event.error),
            }),
          },
        },
        // Nobody is left to watch: charged up to now, and the alarm stands. The end is told once, and perhaps before this.
        always: { guard: () => deps.isOver(), target: "accounting", actions: "noteUnclosed" },
        on: {
          DEADLINE: { target: "unclosed", reenter: true },
          STOP_EXPOSING: {
            guard: "isOver",
            target: "accounting",
            actions: [
              assign({ marks: ({ context }) => ({ ...context.marks, litUntilAtMs: clock.monoMs() }) }),
              "noteUnclosed",
            ],
          },
        },
      },
      accounting: {
        entry: ["settle", "recordFault"],
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
        invoke: {
          src: "stopDetector",
          input: () => ({ of: undefined, atMs: clock.monoMs() + deps.bringDeadlineMs }),
          onDone: "done",
          onError: [
            { guard: ({ event }) => isFault(event.error), target: "done" },
            {
              target: "done",
              actions: [
                assign({ fault: ({ context, event }) => faultAfter(context.fault, event.error) }),
                "recordFault",
              ],
            },
          ],
        },
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

/** Nothing was heard, so that nothing renews the permit either. */
function isSilence(error: unknown): boolean {
  return isFault(error) && (error.code.startsWith("link.") || error.code === "device.unknown-outcome");
}

function heldFor(context: ExposureContext, clock: Clock, deps: ExposureMachineDeps): Waiting {
  const untilMs = permitAtMs(context, deps);
  const isSettling = (context.order?.openAtMs ?? -Infinity) <= context.settledAtMs;
  return isSettling
    ? waitingFor("the cell to settle in the beam", "stage", clock.monoMs(), untilMs)
    : waitingFor("the wanted moment", "timetable", clock.monoMs(), untilMs);
}

/** When the shutter is closed though the detector reported nothing: after its grace, and within the permit's life. */
function exposedByMs(context: ExposureContext, clock: Clock, deps: ExposureMachineDeps): number {
  const reportedByMs = clock.monoMs() + orderOf(context).exposureS * 1000 + deps.exposeGraceMs;
  return Math.min(reportedByMs, context.permitUntilMs ?? reportedByMs);
}
