/** The states of a cell that is switched off for good, each by why: it is confirmed off, or told as one that may still be on. */
import { assign } from "xstate";
import { onEveryAct } from "./cell-acts.ts";
import { LIMIT_OPENS, offInput, type CellMachineDeps, type setupCell } from "./cell-setup.ts";
import { faultNote } from "./errors.ts";

/** For the cell's machine, among its other states. */
export function createOffStates(parts: ReturnType<typeof setupCell>, { clock, commandDeadlineMs }: CellMachineDeps) {
  const confirmedOff = {
    reason: "the channel to confirm the cell off",
    who: "channel",
    ms: commandDeadlineMs,
  } as const;

  return {
    opening: parts.createStateConfig({
      entry: { type: "waitFor", params: confirmedOff },
      invoke: {
        src: "openCircuit",
        input: ({ context }) => ({ of: offInput(context), atMs: clock.monoMs() + commandDeadlineMs }),
        onDone: { target: "isolated", actions: ["noteOff", "tellWhetherOff"] },
        onError: { target: "isolated", actions: ["noteNotOff", "tellWhetherOff"] },
      },
      // Whatever else is ordered, it is off for its own reason, and a person looks at it.
      on: {
        STOP_CELL: {},
        TIME_OVER: {},
        DEADLINE: { target: "isolated", actions: ["noteNotOff", "tellWhetherOff"] },
        CHANNEL_ISOLATED: { target: "isolated", actions: ["noteNotOff", "tellWhetherOff"] },
        ...onEveryAct("refuseAct"),
      },
    }),
    stopping: parts.createStateConfig({
      entry: { type: "waitFor", params: confirmedOff },
      invoke: {
        src: "openCircuit",
        input: ({ context }) => ({ of: offInput(context), atMs: clock.monoMs() + commandDeadlineMs }),
        onDone: "stopped",
        onError: {
          target: "isolated",
          actions: [assign({ fault: ({ event }) => faultNote(event.error) }), "noteNotOff"],
        },
      },
      // The same order again: it is being obeyed.
      on: {
        STOP_CELL: {},
        TIME_OVER: {},
        ...LIMIT_OPENS,
        DEADLINE: { target: "isolated", actions: ["keepLate", "noteNotOff"] },
        CHANNEL_ISOLATED: { target: "isolated", actions: ["keepFault", "noteNotOff"] },
        ...onEveryAct("refuseAct"),
      },
    }),
    finishing: parts.createStateConfig({
      entry: {
        type: "waitFor",
        params: { ...confirmedOff, reason: `${confirmedOff.reason} at the end of the campaign` },
      },
      invoke: {
        src: "openCircuit",
        input: ({ context }) => ({ of: offInput(context), atMs: clock.monoMs() + commandDeadlineMs }),
        onDone: "complete",
        onError: {
          target: "isolated",
          actions: [assign({ fault: ({ event }) => faultNote(event.error) }), "noteNotOff"],
        },
      },
      on: {
        ...LIMIT_OPENS,
        DEADLINE: { target: "isolated", actions: ["keepLate", "noteNotOff"] },
        CHANNEL_ISOLATED: { target: "isolated", actions: ["keepFault", "noteNotOff"] },
        ...onEveryAct("refuseAct"),
      },
    }),
  };
}
