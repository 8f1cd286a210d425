/**
 * The safety supervisor reads every level afresh, judges, and only then gives one heartbeat of the shutter permit;
 * nothing else holds the permit's register. While a permit is wanted the cycle runs in an invoked loop, so that the
 * machine hears of changes only. It can say no and close; it never opens anything.
 */
import { assign } from "xstate";
import { faultNote } from "./errors.ts";
import {
  requested,
  setupSafetySupervisor,
  UNIT_DEADLINE_MS,
  type SafetySupervisorDeps,
} from "./safety-supervisor-setup.ts";
import { waitingFor } from "./waiting.ts";

export type { PermitNews } from "./safety-supervisor-setup.ts";

/** Between two tries to see the unit and to bring its watchdog in order. */
const TRY_AGAIN_MS = 5000;

/** The answer to a person who re-arms where there is nothing to re-arm, or not yet. */
function notRearmed(reason: string) {
  type Asked = { readonly event: { readonly author: string } };
  return { type: "recordNotRearmed", params: ({ event }: Asked) => ({ author: event.author, reason }) } as const;
}

export function createSafetySupervisorMachine(deps: SafetySupervisorDeps) {
  const { clock } = deps;

  return setupSafetySupervisor(deps).createMachine({
    id: "safety-supervisor",
    context: {
      request: null,
      isUsed: false,
      latched: deps.latchedAtStart ?? [],
      fault: null,
      toldBlind: null,
      waiting: null,
    },
    initial: "blind",
    on: {
      IO_LOST: {
        target: ".blind",
        actions: [assign({ fault: ({ event }) => event.fault }), "sayBlind"],
      },
    },
    states: {
      /** Nothing can be read: nothing is permitted; the unit's own watchdog has let the shutter fall shut. */
      blind: {
        entry: { type: "forgetRequest", params: { reason: "the input/output unit to answer", ms: TRY_AGAIN_MS } },
        // The link is made anew by its own machine; a unit that answers but was not understood is tried again here.
        invoke: { src: "deadline", input: () => ({ atMs: clock.monoMs() + TRY_AGAIN_MS }) },
        on: {
          DEADLINE: "rearming",
          IO_READY: "rearming",
          RE_ARM: { actions: notRearmed("the hutch cannot be seen") },
          PERMIT_WANTED: {
            actions: [assign({ request: ({ event }) => event.request }), "tellRefused", assign({ request: null })],
          },
          // Told already; the link is being made anew.
          IO_LOST: { actions: assign({ fault: ({ event }) => event.fault }) },
        },
      },
      rearming: {
        entry: {
          type: "noteWait",
          params: { reason: "the output watchdog to be in order", ms: UNIT_DEADLINE_MS },
        },
        invoke: {
          src: "rearm",
          input: () => ({ of: undefined, atMs: clock.monoMs() + UNIT_DEADLINE_MS }),
          // What was latched before the unit was lost still waits for a person.
          onDone: { target: "sorting", actions: [assign({ fault: null, toldBlind: null }), "tellSees"] },
          onError: {
            target: "notRearmed",
            actions: assign({ fault: ({ event }) => faultNote(event.error) }),
          },
        },
        on: {
          DEADLINE: { target: "notRearmed", actions: "noteLate" },
          IO_READY: { target: "rearming", reenter: true },
          RE_ARM: {
            actions: notRearmed("the output watchdog is being brought in order; ask again"),
          },
          PERMIT_WANTED: {
            actions: [assign({ request: ({ event }) => event.request }), "tellRefused", assign({ request: null })],
          },
        },
      },
      /** The unit answers, but its watchdog is not in order; what keeps it from that may pass. */
      notRearmed: {
        entry: [
          "sayBlind",
          {
            type: "noteWait",
            params: { reason: "the next try to bring the output watchdog in order", ms: TRY_AGAIN_MS },
          },
        ],
        invoke: { src: "deadline", input: () => ({ atMs: clock.monoMs() + TRY_AGAIN_MS }) },
        on: {
          DEADLINE: "rearming",
          RE_ARM: {
            actions: notRearmed("the output watchdog is not in order"),
          },
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
          RE_ARM: { actions: notRearmed("no interlock waits for it") },
          PERMIT_WANTED: { target: "permitting", actions: assign({ request: ({ event }) => event.request }) },
          LATCHED: {
            target: "tripped",
            actions: assign({ latched: ({ context, event }) => [...context.latched, ...event.broken] }),
          },
          BLIND: {
            target: "blind",
            actions: [assign({ fault: ({ event }) => event.fault }), "sayBlind"],
          },
        },
      },
      permitting: {
        entry: assign({
          isUsed: false,
          waiting: ({ context }) =>
            waitingFor(
              `exposure ${requested(context).exposureId} to return the permit`,
              "exposure",
              clock.monoMs(),
              requested(context).untilMs,
            ),
        }),
        invoke: {
          id: "permit",
          src: "permit",
          input: ({ context }) => ({ request: requested(context), latched: context.latched }),
        },
        on: {
          GRANTED: { actions: "tellGranted" },
          REFUSED: { target: "withdrawing", actions: ["recordRefused", "tellRefused"] },
          PERMIT_USED: { guard: "isFirstUse", actions: ["limitPermit", "tellLastBeat"] },
          PERMIT_RETURNED: { guard: "isCurrent", target: "withdrawing" },
          RE_ARM: { actions: notRearmed("no interlock waits for it") },
          LATCHED: {
            target: "tripped",
            actions: [
              "tellRefused",
              assign({ latched: ({ context, event }) => [...context.latched, ...event.broken] }),
            ],
          },
          BLIND: {
            target: "blind",
            actions: ["tellRefused", assign({ fault: ({ event }) => event.fault }), "sayBlind"],
          },
        },
      },
      /** The permit is taken away at once instead of letting it lapse. */
      withdrawing: {
        entry: {
          type: "forgetRequest",
          params: { reason: "the unit to take the shutter permit away", ms: UNIT_DEADLINE_MS },
        },
        invoke: {
          src: "withdraw",
          input: () => ({ of: undefined, atMs: clock.monoMs() + UNIT_DEADLINE_MS }),
          onDone: "sorting",
          onError: {
            target: "blind",
            actions: [assign({ fault: ({ event }) => faultNote(event.error) }), "sayBlind"],
          },
        },
        on: {
          // Without a heartbeat it lapses by itself.
          DEADLINE: { target: "blind", actions: ["noteLate", "sayBlind"] },
          RE_ARM: {
            actions: notRearmed("the shutter permit is being taken away; ask again"),
          },
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
          RE_ARM: {
            target: "rearming",
            actions: [
              { type: "recordRearmed", params: ({ event }) => ({ author: event.author }) },
              assign({ latched: [] }),
            ],
          },
          LATCHED: {
            target: "tripped",
            actions: assign({ latched: ({ context, event }) => [...context.latched, ...event.broken] }),
          },
          BLIND: {
            target: "blind",
            actions: [assign({ fault: ({ event }) => event.fault }), "sayBlind"],
          },
        },
      },
    },
  });
}

export type SafetySupervisorMachine = ReturnType<typeof createSafetySupervisorMachine>;
