/** The states of a cell that is out of its place: in a robot's gripper or a person's hands, until it is proven back. */
import { assign } from "xstate";
import { carriedStep, isWiringAsked, mayAskAgain, type CellContext } from "./cell-news.ts";
import { LIMIT_OPENS, offInput, type CellMachineDeps, type setupCell } from "./cell-setup.ts";
import { faultNote } from "./errors.ts";
import { backAwaited } from "./waiting.ts";

/** For the cell's machine, among its other states. */
export function createAwayStates(parts: ReturnType<typeof setupCell>, deps: CellMachineDeps) {
  const { clock, commandDeadlineMs } = deps;
  const backMs = (context: CellContext): number =>
    isWiringAsked(context) || context.isNew ? commandDeadlineMs + deps.proofDeadlineMs : commandDeadlineMs;

  return {
    /** Off, and the robot's: in the beam, in its gripper, or about to be taken; or a person's, who may be still to bring it. What runs on is the wait of its step, if any. */
    away: parts.createStateConfig({
      entry: assign({
        waiting: ({ context }) => backAwaited(context, clock.monoMs()),
      }),
      on: {
        PUT_BACK: [
          // Nobody had access: it is still to come.
          { guard: "isNotBrought" },
          { target: "returning", actions: "noteBack" },
        ],
        ...LIMIT_OPENS,
      },
    }),
    /** Whether it lies in its contacts again, and is the one that was taken: its voltage tells, and after a person its wiring too. */
    returning: parts.createStateConfig({
      entry: {
        type: "waitFor",
        params: ({ context }) => ({ reason: backReason(context), who: "channel", ms: backMs(context) }),
      },
      invoke: {
        src: "confirmBack",
        input: ({ context }) => ({
          of: {
            ...{
              effects: context.effects,
              left: carriedStep(context),
              isWiringAsked: isWiringAsked(context),
              isNew: context.isNew,
            },
          },
          atMs: clock.monoMs() + backMs(context),
        }),
        onDone: { target: "choosing", actions: { type: "noteIsBack", params: ({ event }) => event.output } },
        onError: [
          {
            guard: ({ event }) => mayAskAgain(event.error),
            target: "awaitingContacts",
            actions: [assign({ fault: ({ event }) => faultNote(event.error) }), "tellSuspect"],
          },
          {
            guard: "isInHand",
            target: "givingBack",
            actions: assign({ fault: ({ event }) => faultNote(event.error) }),
          },
          { target: "opening", actions: assign({ fault: ({ event }) => faultNote(event.error) }) },
        ],
      },
      on: {
        DEADLINE: { target: "awaitingContacts", actions: ["keepLate", "tellSuspect"] },
        LIMIT_PASSED: { target: "opening", actions: "keepFault" },
        CHANNEL_LOST: { target: "awaitingContacts", actions: "keepFault" },
        // Its proof is a current too.
        TAKE_OUT: { guard: "isPersons", target: "givingBack", actions: "noteTaken" },
        HOLD_CELL: { guard: "isInHand", target: "givingBack", actions: "noteAct" },
      },
    }),
    awaitingContacts: parts.createStateConfig({
      entry: {
        type: "waitFor",
        params: ({ context: { isCarried } }) => ({
          reason: `the channel to answer, to ${isCarried ? "confirm the cell off" : "see the cell back in its place"}`,
          ...{ who: "channel", ms: null },
        }),
      },
      on: {
        CHANNEL_READY: [
          // What was begun of its proof may run on: it counts as off once it is confirmed.
          { guard: "isTaken", target: "givingBack" },
          // Its proof would be a current.
          { guard: "isHeldInHand", target: "givingBack" },
          { target: "returning" },
        ],
        TAKE_OUT: { guard: "isPersons", target: "awaitingContacts", reenter: true, actions: "noteTaken" },
        // Whoever has it in hand is to know that what was begun of its proof may run on. An instrument that runs it alone has ended
        // it soon; of that, and of a cell in its place, the rule of all holds.
        CHANNEL_ISOLATED: { guard: "mayProofRunOn", target: "isolated", actions: ["keepFault", "noteNotOff"] },
        ...LIMIT_OPENS,
      },
    }),
    /** What lies there is not what was taken out, or not as it lay: off, and the person's again, who can mend it. */
    givingBack: parts.createStateConfig({
      entry: {
        type: "waitFor",
        params: { reason: "the channel to confirm the cell off", who: "channel", ms: commandDeadlineMs },
      },
      invoke: {
        src: "openCircuit",
        input: ({ context }) => ({ of: offInput(context), atMs: clock.monoMs() + commandDeadlineMs }),
        onDone: { target: "away", actions: "noteTaken" },
        onError: { target: "isolated", actions: "noteNotOff" },
      },
      on: {
        DEADLINE: { target: "isolated", actions: "noteNotOff" },
        CHANNEL_ISOLATED: { target: "isolated", actions: ["keepFault", "noteNotOff"] },
        ...LIMIT_OPENS,
      },
    }),
  };
}

/** What is awaited while it is looked at. */
function backReason(context: CellContext): string {
  const more =
    isWiringAsked(context) || context.isNew ? ", and a small current to prove polarity, contact and wiring again" : "";
  return `its voltage, back in its place${more}`;
}
