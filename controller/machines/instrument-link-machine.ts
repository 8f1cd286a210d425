/**
 * One instrument's link: connect and identify, notice a loss, try again with growing pauses, give up by name after
 * a stated number of tries. It does not know what the instrument is for.
 */
import { assign, sendParent, setup } from "xstate";
import type { Clock } from "../../protocols/base/clock.ts";
import type { Identity, Instrument } from "../../protocols/roles/instrument.ts";
import { deadlineActor } from "./deadline.ts";
import { taskActor } from "./task.ts";
import { faultJson, faultNote, type FaultNote } from "./errors.ts";
import type { Recorder } from "./recorder.ts";
import { waitingFor, type Waiting } from "./waiting.ts";

export interface InstrumentLinkInput {
  readonly instrument: Instrument;
  /** What the whole rack needs is tried again for ever, with the alarm standing; nothing is given up. */
  readonly isNeededByAll?: boolean;
}

export interface InstrumentLinkContext {
  readonly instrument: Instrument;
  readonly isNeededByAll: boolean;
  readonly identity: Identity | null;
  readonly triesCount: number;
  /** Of the pause under way, or of the last one. */
  readonly pauseMs: number;
  readonly fault: FaultNote | null;
  readonly waiting: Waiting | null;
}

export type InstrumentLinkEvent =
  | { readonly type: "LINK_FAULT"; readonly fault: FaultNote }
  | { readonly type: "REPAIRED" }
  | { readonly type: "DEADLINE" };

/** What the parent hears. */
export type LinkNews =
  | { readonly type: "LINK_READY"; readonly name: string }
  | {
      readonly type: "LINK_LOST";
      readonly name: string;
      readonly fault: FaultNote;
      /** It has been tried for minutes, in vain, and is tried on: the beam waits for it. */
      readonly isLong?: true;
    }
  | { readonly type: "LINK_ISOLATED"; readonly name: string; readonly fault: FaultNote };

export interface InstrumentLinkDeps {
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** Tries before the instrument is isolated. */
  readonly triesMax: number;
  /** Longest time one attempt may take; drivers have their own, shorter deadlines inside. */
  readonly connectDeadlineMs: number;
  /**
   * Chance in [0, 1), asked once for each pause: instruments lost together, as at a power cut, then do not all come
   * back in the same moment. Default: none, every pause has its full length.
   */
  readonly jitter?: () => number;
}

const PAUSE_FIRST_MS = 500;
const PAUSE_MAX_MS = 30_000;
/** The beam waits for it. */
const PAUSE_MAX_NEEDED_MS = 5000;
/** As many times the tries after which another is given up, its shorter pauses come to about as long. */
const LONG_TRIES = 3;
/** The part of a pause that chance may take away; what is left still grows from try to try. */
const JITTER_SHARE = 0.3;

export function createInstrumentLinkMachine(deps: InstrumentLinkDeps) {
  const { clock, recorder } = deps;
  const jitter = deps.jitter ?? (() => 0);
  return setup({
    types: {
      context: {} as InstrumentLinkContext,
      input: {} as InstrumentLinkInput,
      events: {} as InstrumentLinkEvent,
    },
    actors: {
      connect: taskActor<Identity, Instrument>(clock, ({ input }) => input.connect()),
      deadline: deadlineActor(clock),
    },
    guards: {
      mayTryAgain: ({ context }) => context.isNeededByAll || context.triesCount < deps.triesMax,
    },
    actions: {
      disconnect: ({ context }) => {
        context.instrument.disconnect();
      },
      noteTry: assign({ triesCount: ({ context }) => context.triesCount + 1 }),
      noteConnecting: assign({
        waiting: ({ context }) =>
          waitingFor(
            `${context.instrument.name} to identify itself`,
            context.instrument.name,
            clock.monoMs(),
            clock.monoMs() + deps.connectDeadlineMs,
          ),
      }),
      notePause: assign(({ context }) => {
        const pauseMs = fullPauseMs(context) * (1 - JITTER_SHARE * jitter());
        const nowMs = clock.monoMs();
        const reason = `the pause before trying ${context.instrument.name} again`;
        return { pauseMs, waiting: waitingFor(reason, "beamrack", nowMs, nowMs + pauseMs) };
      }),
      noteLate: assign({
        fault: ({ context }) => ({
          code: "link.timeout",
          where: context.instrument.name,
          what: `did not identify itself within ${deps.connectDeadlineMs} ms`,
          advice: "Check power and cable.",
        }),
      }),
      noteReady: assign({ triesCount: 0, fault: null, waiting: null }),
      tellReady: sendParent(
        ({ context }) => ({ type: "LINK_READY", name: context.instrument.name }) satisfies LinkNews,
      ),
      tellLost: sendParent(
        ({ context }) =>
          ({
            ...{ type: "LINK_LOST", name: context.instrument.name, fault: knownFault(context) },
            ...(context.isNeededByAll && context.triesCount >= LONG_TRIES * deps.triesMax ? { isLong: true } : {}),
          }) satisfies LinkNews,
      ),
      tellIsolated: sendParent(
        ({ context }) =>
          ({ type: "LINK_ISOLATED", name: context.instrument.name, fault: knownFault(context) }) satisfies LinkNews,
      ),
      recordReady: ({ context }) => {
        recorder.record("instrument-ready", {
          instrument: context.instrument.name,
          driver: context.instrument.driver,
          model: context.identity?.model ?? null,
          serial_number: context.identity?.serialNumber ?? null,
          firmware: context.identity?.firmware ?? null,
        });
      },
      recordLost: ({ context }) => {
        // Each further try that fails is the same loss.
        if (context.triesCount > 1) return;
        recorder.record("instrument-lost", { instrument: context.instrument.name, ...faultJson(knownFault(context)) });
      },
      recordIsolated: ({ context }) => {
        recorder.record("instrument-isolated", {
          instrument: context.instrument.name,
          tries: context.triesCount,
          ...faultJson(knownFault(context)),
        });
      },
    },
  }).createMachine({
    id: "instrument-link",
    context: ({ input }) => ({
      instrument: input.instrument,
      isNeededByAll: input.isNeededByAll ?? false,
      identity: null,
      triesCount: 0,
      pauseMs: 0,
      fault: null,
      waiting: null,
    }),
    initial: "connecting",
    states: {
      connecting: {
        entry: ["noteTry", "noteConnecting"],
        invoke: {
          src: "connect",
          input: ({ context }) => ({ of: context.instrument, atMs: clock.monoMs() + deps.connectDeadlineMs }),
          onDone: { target: "ready", actions: assign({ identity: ({ event }) => event.output }) },
          onError: { target: "failed", actions: assign({ fault: ({ event }) => faultNote(event.error) }) },
        },
        on: { DEADLINE: { target: "failed", actions: "noteLate" } },
      },
      ready: {
        entry: ["noteReady", "recordReady", "tellReady"],
        on: {
          LINK_FAULT: {
            target: "failed",
            actions: assign({ fault: ({ event }) => event.fault }),
          },
        },
      },
      failed: {
        entry: ["disconnect", "recordLost", "tellLost"],
        always: [{ guard: "mayTryAgain", target: "pausing" }, { target: "isolated" }],
      },
      pausing: {
        entry: "notePause",
        invoke: {
          src: "deadline",
          input: ({ context }) => ({ atMs: clock.monoMs() + context.pauseMs }),
        },
        on: { DEADLINE: "connecting" },
      },
      isolated: {
        tags: ["needs-operator"],
        entry: [
          assign({
            waiting: ({ context }) =>
              waitingFor(
                `${context.instrument.name} to be repaired and acknowledged`,
                "operator",
                clock.monoMs(),
                null,
              ),
          }),
          "recordIsolated",
          "tellIsolated",
        ],
        on: { REPAIRED: { target: "connecting", actions: assign({ triesCount: 0 }) } },
      },
    },
  });
}

export type InstrumentLinkMachine = ReturnType<typeof createInstrumentLinkMachine>;

function fullPauseMs({ triesCount, isNeededByAll }: InstrumentLinkContext): number {
  const longestMs = isNeededByAll ? PAUSE_MAX_NEEDED_MS : PAUSE_MAX_MS;
  return Math.min(longestMs, PAUSE_FIRST_MS * 2 ** Math.max(0, triesCount - 1));
}

function knownFault(context: InstrumentLinkContext): FaultNote {
  return (
    context.fault ?? {
      code: "link.closed",
      where: context.instrument.name,
      what: "link lost",
      advice: "Check the cable.",
    }
  );
}
