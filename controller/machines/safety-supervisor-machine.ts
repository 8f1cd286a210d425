/**
 * The safety supervisor reads every level afresh, judges, and only then gives one heartbeat of the shutter permit;
 * nothing else holds the permit's register. While a permit is wanted the cycle runs in an invoked loop, so that the
 * machine hears of changes only. It can say no and close; it never opens anything.
 */
import { assign, fromCallback, fromPromise, sendParent, setup } from "xstate";
import type { Clock } from "../../protocols/base/clock.ts";
import type { BeamIo, InputLevels, Interlock } from "../../protocols/roles/beam-io.ts";
import { brokenLatches, judgePermit, type PermitRequest } from "../safety/permit-judgement.ts";
import { deadlineActor } from "./deadline.ts";
import { faultJson, faultNote, type FaultNote } from "./errors.ts";
import type { Recorder } from "./recorder.ts";
import { repeat } from "./repeat.ts";
import { waitingFor, type Waiting } from "./waiting.ts";

export interface SafetySupervisorContext {
  readonly request: PermitRequest | null;
  readonly latched: readonly Interlock[];
  readonly fault: FaultNote | null;
  readonly waiting: Waiting | null;
}

export type SafetySupervisorEvent =
  | { readonly type: "IO_READY" }
  | { readonly type: "IO_LOST"; readonly fault: FaultNote }
  | { readonly type: "PERMIT_WANTED"; readonly request: PermitRequest }
  | { readonly type: "PERMIT_RETURNED"; readonly exposureId: string }
  | { readonly type: "RE_ARM"; readonly author: string }
  | { readonly type: "DEADLINE" }
  /** From the loops. */
  | { readonly type: "LATCHED"; readonly broken: readonly Interlock[] }
  | { readonly type: "GRANTED" }
  | { readonly type: "REFUSED"; readonly reasons: readonly string[] }
  | { readonly type: "BLIND"; readonly fault: FaultNote };

/** What the parent hears. */
export type PermitNews =
  | { readonly type: "PERMIT_GRANTED"; readonly exposureId: string }
  | { readonly type: "PERMIT_REFUSED"; readonly exposureId: string; readonly reasons: readonly string[] }
  | { readonly type: "INTERLOCK_BROKEN"; readonly broken: readonly Interlock[] }
  | { readonly type: "SUPERVISOR_BLIND"; readonly fault: FaultNote }
  /** The unit was read, its watchdog is in order: permits may be asked for. */
  | { readonly type: "SUPERVISOR_SEES" };

export interface SafetySupervisorDeps {
  readonly clock: Clock;
  readonly io: BeamIo;
  readonly recorder: Recorder;
  /** Cycle while a permit lives; with the unit's watchdog it bounds how long a dead supervisor leaves the shutter open. */
  readonly permitCycleMs: number;
  /** Cycle while none is wanted. */
  readonly idleCycleMs: number;
  readonly levelsMaximumAgeMs: number;
  /** Where the last levels are shown; written by completed reads only. */
  readonly showLevels: (levels: InputLevels) => void;
}

/** Between two tries to bring the watchdog in order. */
const REARM_AGAIN_MS = 5000;

interface PermitLoopInput {
  readonly request: PermitRequest;
  readonly latched: readonly Interlock[];
}

export function createSafetySupervisorMachine(deps: SafetySupervisorDeps) {
  const { clock, io, recorder } = deps;

  /** Reads every level afresh; null when an interlock broke, which has then been told. */
  async function readWhole(
    latched: readonly Interlock[],
    isLeft: () => boolean,
    sendBack: (event: SafetySupervisorEvent) => void,
  ): Promise<InputLevels | null> {
    const levels = await io.readInputs();
    if (isLeft()) return null;
    deps.showLevels(levels);
    const broken = brokenLatches(levels).filter((name) => !latched.includes(name));
    if (broken.length === 0) return levels;
    sendBack({ type: "LATCHED", broken });
    return null;
  }

  const watch = fromCallback<SafetySupervisorEvent, { readonly latched: readonly Interlock[] }>(({ sendBack, input }) =>
    repeat(
      clock,
      deps.idleCycleMs,
      async (isLeft) => (await readWhole(input.latched, isLeft, sendBack)) !== null,
      (error) => {
        sendBack({ type: "BLIND", fault: faultNote(error) });
      },
    ),
  );

  const permit = fromCallback<SafetySupervisorEvent, PermitLoopInput>(({ sendBack, input }) => {
    let isGranted = false;
    return repeat(
      clock,
      deps.permitCycleMs,
      async (isLeft) => {
        const levels = await readWhole(input.latched, isLeft, sendBack);
        if (levels === null) return false;
        const verdict = judgePermit(input.request, levels, {
          nowMs: clock.monoMs(),
          levelsMaximumAgeMs: deps.levelsMaximumAgeMs,
          latched: input.latched,
        });
        if (!verdict.grant) {
          sendBack({ type: "REFUSED", reasons: verdict.reasons });
          return false;
        }
        await io.permit.renewShutterPermit();
        if (!isGranted && !isLeft()) {
          isGranted = true;
          sendBack({ type: "GRANTED" });
        }
        return true;
      },
      (error) => {
        sendBack({ type: "BLIND", fault: faultNote(error) });
      },
    );
  });

  return setup({
    types: {
      context: {} as SafetySupervisorContext,
      events: {} as SafetySupervisorEvent,
    },
    actors: {
      watch,
      permit,
      withdraw: fromPromise(() => io.permit.dropShutterPermit()),
      rearm: fromPromise(() => io.permit.rearmWatchdog()),
      deadline: deadlineActor(clock),
    },
    guards: {
      hasLatch: ({ context }) => context.latched.length > 0,
      hasRequest: ({ context }) => context.request !== null,
      isCurrent: ({ context, event }) =>
        event.type === "PERMIT_RETURNED" && context.request?.exposureId === event.exposureId,
    },
    actions: {
      forgetRequest: assign({ request: null, waiting: null }),
      noteBlindWait: assign({
        waiting: () => waitingFor("the input/output unit to answer", io.name, clock.monoMs(), null),
      }),
      tellGranted: sendParent(
        ({ context }) =>
          ({ type: "PERMIT_GRANTED", exposureId: context.request?.exposureId ?? "" }) satisfies PermitNews,
      ),
      tellRefused: sendParent(({ context, event }) => ({
        type: "PERMIT_REFUSED",
        exposureId: context.request?.exposureId ?? "",
        reasons: refusalReasons(event),
      })),
      tellBroken: sendParent(
        ({ context }) => ({ type: "INTERLOCK_BROKEN", broken: context.latched }) satisfies PermitNews,
      ),
      tellBlind: sendParent(({ context }) => ({
        type: "SUPERVISOR_BLIND",
        fault: context.fault ?? { code: "link.timeout", where: io.name, what: "no answer", advice: "Check the unit." },
      })),
      tellSees: sendParent({ type: "SUPERVISOR_SEES" } satisfies PermitNews),
      recordRefused: ({ context, event }) => {
        recorder.record("permit-refused", {
          exposure_id: context.request?.exposureId ?? null,
          reasons: [...refusalReasons(event)],
        });
      },
      recordBroken: ({ context }) => {
        recorder.record("interlock-broken", { interlocks: [...context.latched] });
      },
      recordRearmed: ({ event }) => {
        if (event.type === "RE_ARM") recorder.record("interlock-rearmed", { author: event.author });
      },
      recordBlind: ({ context }) => {
        recorder.record("supervisor-blind", context.fault === null ? {} : faultJson(context.fault));
      },
    },
  }).createMachine({
    id: "safety-supervisor",
    context: {
      request: null,
      latched: [],
      fault: null,
      waiting: waitingFor("the input/output unit to be ready", io.name, clock.monoMs(), null),
    },
    initial: "blind",
    on: {
      IO_LOST: {
        target: ".blind",
        actions: [assign({ fault: ({ event }) => event.fault }), "recordBlind", "tellBlind"],
      },
    },
    states: {
      /** Nothing can be read: nothing is permitted; the unit's own watchdog has let the shutter fall shut. */
      blind: {
        entry: ["forgetRequest", "noteBlindWait"],
        on: {
          IO_READY: "rearming",
          PERMIT_WANTED: {
            actions: [assign({ request: ({ event }) => event.request }), "tellRefused", assign({ request: null })],
          },
          // Told already; the link is being made anew.
          IO_LOST: { actions: assign({ fault: ({ event }) => event.fault }) },
        },
      },
      rearming: {
        entry: "noteBlindWait",
        invoke: {
          src: "rearm",
          // What was latched before the unit was lost still waits for a person.
          onDone: { target: "sorting", actions: [assign({ fault: null }), "tellSees"] },
          onError: {
            target: "notRearmed",
            actions: assign({ fault: ({ event }) => faultNote(event.error) }),
          },
        },
        on: {
          PERMIT_WANTED: {
            actions: [assign({ request: ({ event }) => event.request }), "tellRefused", assign({ request: null })],
          },
        },
      },
      /** The unit answers, but its watchdog is not in order; what keeps it from that may pass. */
      notRearmed: {
        entry: ["recordBlind", "tellBlind", "noteBlindWait"],
        invoke: { src: "deadline", input: () => ({ atMs: clock.monoMs() + REARM_AGAIN_MS }) },
        on: {
          DEADLINE: "rearming",
          IO_READY: "rearming",
          PERMIT_WANTED: {
            actions: [assign({ request: ({ event }) => event.request }), "tellRefused", assign({ request: null })],
          },
        },
      },
      watching: {
        entry: assign({ waiting: null }),
        invoke: { src: "watch", input: ({ context }) => ({ latched: context.latched }) },
        on: {
          PERMIT_WANTED: { target: "permitting", actions: assign({ request: ({ event }) => event.request }) },
          LATCHED: {
            target: "tripped",
            actions: assign({ latched: ({ context, event }) => [...context.latched, ...event.broken] }),
          },
          BLIND: {
            target: "blind",
            actions: [assign({ fault: ({ event }) => event.fault }), "recordBlind", "tellBlind"],
          },
        },
      },
      permitting: {
        entry: assign({
          waiting: ({ context }) =>
            waitingFor(
              `exposure ${requested(context).exposureId} to return the permit`,
              "exposure",
              clock.monoMs(),
              requested(context).untilMs,
            ),
        }),
        invoke: {
          src: "permit",
          input: ({ context }) => ({ request: requested(context), latched: context.latched }),
        },
        on: {
          GRANTED: { actions: "tellGranted" },
          REFUSED: { target: "withdrawing", actions: ["recordRefused", "tellRefused"] },
          PERMIT_RETURNED: { guard: "isCurrent", target: "withdrawing" },
          LATCHED: {
            target: "tripped",
            actions: [
              "tellRefused",
              assign({ latched: ({ context, event }) => [...context.latched, ...event.broken] }),
            ],
          },
          BLIND: {
            target: "blind",
            actions: ["tellRefused", assign({ fault: ({ event }) => event.fault }), "recordBlind", "tellBlind"],
          },
        },
      },
      /** The permit is taken away at once instead of letting it lapse. */
      withdrawing: {
        entry: [
          "forgetRequest",
          assign({
            waiting: () => waitingFor("the unit to take the shutter permit away", io.name, clock.monoMs(), null),
          }),
        ],
        invoke: {
          src: "withdraw",
          onDone: "sorting",
          onError: {
            target: "blind",
            actions: [assign({ fault: ({ event }) => faultNote(event.error) }), "recordBlind", "tellBlind"],
          },
        },
        on: {
          PERMIT_WANTED: { actions: assign({ request: ({ event }) => event.request }) },
          PERMIT_RETURNED: { guard: "isCurrent", actions: assign({ request: null }) },
        },
      },
      sorting: {
        always: [
          { guard: "hasRequest", target: "permitting" },
          { guard: "hasLatch", target: "holding" },
          { target: "watching" },
        ],
      },
      tripped: {
        entry: ["recordBroken", "tellBroken"],
        always: "withdrawing",
      },
      /** An interlock broke. A person looks, then re-arms; nothing else leads out. */
      holding: {
        tags: ["needs-operator"],
        entry: assign({
          waiting: ({ context }) =>
            waitingFor(
              `a person to re-arm after ${context.latched.join(", ")} broke`,
              "operator",
              clock.monoMs(),
              null,
            ),
        }),
        invoke: { src: "watch", input: ({ context }) => ({ latched: context.latched }) },
        on: {
          PERMIT_WANTED: {
            actions: [assign({ request: ({ event }) => event.request }), "tellRefused", assign({ request: null })],
          },
          RE_ARM: { target: "rearming", actions: ["recordRearmed", assign({ latched: [] })] },
          LATCHED: {
            target: "tripped",
            actions: assign({ latched: ({ context, event }) => [...context.latched, ...event.broken] }),
          },
          BLIND: {
            target: "blind",
            actions: [assign({ fault: ({ event }) => event.fault }), "recordBlind", "tellBlind"],
          },
        },
      },
    },
  });
}

export type SafetySupervisorMachine = ReturnType<typeof createSafetySupervisorMachine>;

function requested(context: SafetySupervisorContext): PermitRequest {
  return context.request ?? { exposureId: "", bookingSeq: 0, untilMs: 0, filtersIn: [] };
}

function refusalReasons(event: SafetySupervisorEvent): readonly string[] {
  if (event.type === "REFUSED") return event.reasons;
  if (event.type === "LATCHED") return event.broken.map((name) => `interlock ${name}`);
  if (event.type === "BLIND" || event.type === "IO_LOST") {
    return [`the input/output unit does not answer: ${event.fault.what}`];
  }
  return ["the supervisor gives no permit in its present state"];
}
