/**
 * One cell on its channel: prove it, then run its protocol step by step. The instrument runs each step alone with
 * its limits inside; this machine hears only facts (step ended, limit passed, link lost) and never samples. What
 * happens to beam, stage or detector does not reach it.
 */
import { and, assign } from "xstate";
import { LIMIT_OPENS, offInput, setupCell, type CellMachineDeps } from "./cell-setup.ts";
import { openAccount } from "../cells/cell-account.ts";
import { onEveryAct, onStoppingActs, whenOver } from "./cell-acts.ts";
import { leftStep, mayProveAgain, type CellContext } from "./cell-news.ts";
import { createAwayStates } from "./cell-away.ts";
import { createKeptState } from "./cell-kept.ts";
import { createOffStates } from "./cell-off.ts";
import { elapsedS, remainingMs } from "./cell-steps.ts";
import type { LookedAt } from "./programme.ts";
import { waitingFor } from "./waiting.ts";

export function createCellMachine(deps: CellMachineDeps) {
  const { clock } = deps;
  const deadlineIn = (ms: number): { readonly atMs: number } => ({ atMs: clock.monoMs() + ms });

  const keepFailure = { type: "keepFailure", params: errorOf } as const;
  /** Where something came between, which says nothing of the cell, it is proven again. */
  const afterFailedProof = [
    {
      guard: ({ context, event }: { readonly context: CellContext; readonly event: { readonly error: unknown } }) =>
        mayProveAgain(context, event.error),
      target: "awaitingChannel",
      actions: [{ type: "noteFailedTry", params: errorOf }, "tellSuspect"],
    },
    { target: "opening", actions: keepFailure },
  ] as const;
  const actedOn = { target: "choosing", actions: "noteAct" } as const;
  const notBegun = ["noteFailedStart", "noteUnheard", "recordInterrupted"] as const;
  /** Refused, or failed before it ran for good: it is begun again, behind a link made anew from time to time, and in the end no more. */
  const whenNotBegun = <const Keep extends readonly unknown[]>(...keep: Keep) => [
    { guard: "isStartGivenUp", target: "opening", actions: [...keep, "recordInterrupted"] } as const,
    { guard: "wantsNewLink", target: "awaitingReturn", actions: [...keep, ...notBegun] } as const,
    { target: "findingOut", actions: [...keep, ...notBegun] } as const,
  ];
  const aborted = ["recordStepEnded", "noteInstrumentEnd"] as const;
  const failed = ["keepFault", "noteBreak", "noteLost"] as const;
  /** It was over before anybody had said why it was to be. */
  const briefLead = { type: "recordLead", params: { what: "it was led back to the voltage that it holds" } } as const;
  const begun = ["noteStepStart", "recordStepStarted", "askAtStart"] as const;
  const parts = setupCell(deps);

  return parts.createMachine({
    id: "cell",
    context: ({ input }) => ({
      ...input,
      cursor: input.left === undefined ? input.first : input.left.cursor,
      stepStartedAtMs: input.left?.mustLook === true ? NaN : 0,
      stepElapsedS: input.left?.stepElapsedS ?? 0,
      stepsDoneCount: input.left?.stepsDoneCount ?? 0,
      ...{ proofTriesCount: 0, failedStartsCount: 0 },
      account: input.left?.account ?? openAccount(input.rules),
      ...{ hold: input.left?.hold ?? null, leave: input.left?.leave ?? null, breakReason: null },
      isCarried: input.left === undefined ? input.joins === true : input.left.isCarried === true,
      isNew: input.left === undefined ? input.joins === true : input.left.isNew === true,
      isUntouched: false,
      ...{ mustLook: input.left?.mustLook ?? false, isToBeKept: false },
      // Out of its place after a restart, whatever broke its step off before.
      ...{ isBrokenOff: input.left?.isCarried === true && input.left.stepElapsedS > 0, isLedBack: false },
      ...{ unheardSinceMs: null, hasRanOn: false, isLeading: false },
      isProven: input.left?.phase === "under-way" || input.left?.isProven === true,
      // Whoever isolated it before may have asked in vain: it is asked again, and told once it is off.
      ...{ mayBeOn: input.left?.phase === "isolated" && input.left.fault?.code === "cell.not-off", isToldOver: false },
      fault: input.left?.fault ?? null,
      ...{ waiting: null, waitSinceMs: null },
    }),
    initial: "beginning",
    on: {
      CHANNEL_ISOLATED: { target: ".isolated", actions: ["keepFault", "noteMayBeOn"] },
      STOP_CELL: ".stopping",
      TIME_OVER: ".finishing",
      AWAITED: { guard: "isAwaited", actions: "noteAwaited" },
      // Where nothing runs they take effect before the next step.
      ...onEveryAct("noteAct"),
      ...{ TAKE_OUT: { actions: "noteTaken" }, PUT_BACK: { actions: "noteBack" } },
      LEFT_OUT: { target: ".stopping", actions: "noteLeftOut" },
    },
    states: {
      /** After a restart a cell whose part was over stays so. */
      beginning: {
        always: [
          { guard: "wasIsolated", target: "isolated" },
          { guard: "wasComplete", target: "complete" },
          { guard: "wasStopped", target: "stopped" },
          // The controller before may have been lost while it was proven back by a current.
          { guard: "wasInHand", target: "awaitingContacts" },
          { guard: "wasCarried", target: "away" },
          { guard: "joins", target: "away" },
          { target: "awaitingChannel" },
        ],
      },
      awaitingChannel: {
        entry: { type: "waitFor", params: { reason: "the channel to be ready", who: "channel", ms: null } },
        on: {
          CHANNEL_READY: [
            { guard: "wasBeyondLimit", target: "opening" },
            { guard: "wasOrderedOff", target: "stopping" },
            { guard: "wasUnderWay", target: "finding" },
            { guard: "isNotThere", target: "expected" },
            { guard: "isHeld", target: "findingOut" },
            { guard: "mustBeKept", target: "keeping" },
            { target: "proving" },
          ],
          LIMIT_PASSED: { target: "opening", actions: "keepFault" },
        },
      },
      /** It was sent in and has not been put into its slot: nothing is measured there, and nothing driven. */
      expected: {
        entry: ["awaitCell", "recordAwaited"],
        on: {
          CELL_HAS_COME: { target: "choosing", actions: "recordCome" },
          CHANNEL_LOST: { target: "awaitingChannel", actions: "keepFault" },
          // Nothing lies there that could be switched off.
          ...{ STOP_CELL: "stopped", TIME_OVER: "stopped" },
        },
      },
      /** After a restart: what the record says ran may run on, be over, or be off; the voltage tells whether it is the same cell. */
      finding: {
        entry: {
          type: "waitFor",
          params: { reason: "the channel to say what became of the step", who: "channel", ms: deps.commandDeadlineMs },
        },
        invoke: {
          src: "findAgain",
          input: ({ context }) => ({
            of: { effects: context.effects, left: leftStep(context) },
            atMs: clock.monoMs() + deps.commandDeadlineMs,
          }),
          onDone: [
            {
              guard: ({ event }) => event.output.kind === "off",
              target: "choosing",
              actions: { type: "noteFound", params: ({ event }) => event.output },
            },
            // Ordered before anybody could ask the channel: it is obeyed now.
            {
              guard: ({ context, event }) => event.output.kind === "running" && isWantedOff(context),
              target: "findingOut",
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
          onError: afterFailedProof,
        },
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
          params: () => ({
            reason: "open-circuit voltage and a small current to prove polarity, contact and wiring",
            who: "channel",
            ms: deps.proofDeadlineMs,
          }),
        },
        invoke: {
          src: "prove",
          input: ({ context }) => ({ of: offInput(context), atMs: clock.monoMs() + deps.proofDeadlineMs }),
          onDone: { target: "choosing", actions: ["beginAccount", assign({ isProven: true })] },
          onError: afterFailedProof,
        },
        on: {
          // Its proof is a current too: off at once, and proven from the start when a person resumes it.
          HOLD_CELL: { guard: "hasStep", target: "findingOut", actions: "noteAct" },
          DEADLINE: { target: "opening", actions: "keepLate" },
          LIMIT_PASSED: { target: "opening", actions: "keepFault" },
          CHANNEL_LOST: { target: "awaitingChannel", actions: "keepFault" },
        },
      },
      choosing: {
        always: [
          { guard: and(["mustProve", "mustBeKept"]), target: "keeping" },
          { guard: "mustProve", target: "proving" },
          // That it is over is kept as well.
          { guard: "mustLeave", target: "choosing", actions: { type: "goOn", params: { how: "left" } } },
          { guard: "isCarried", target: "away", actions: "recordTakenOut" },
          { guard: "isHeld", target: "held" },
          { guard: "mustBeKept", target: "keeping" },
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
        invoke: {
          src: "startStep",
          input: ({ context }) => ({
            of: {
              effects: context.effects,
              step: context.cursor?.step ?? null,
              elapsedS: elapsedS(context, clock.monoMs()),
              because: context.breakReason,
              looksAt: looksAt(context),
            },
            atMs: clock.monoMs() + deps.commandDeadlineMs,
          }),
          onDone: [
            // It is left, or the cell held, before anything flows.
            {
              guard: ({ event }) => event.output !== null && event.output.kind !== "lead",
              target: "choosing",
              actions: { type: "noteUnfit", params: ({ event }) => event.output },
            },
            {
              guard: ({ event }) => event.output !== null,
              target: "cycling",
              actions: [
                "noteStepStart",
                "noteLead",
                { type: "recordLead", params: ({ event }) => event.output },
                "askAtStart",
              ],
            },
            { target: "cycling", actions: [...begun] },
          ],
          onError: whenNotBegun(keepFailure),
        },
        on: {
          // A step can be over before its start is acknowledged to us.
          STEP_ENDED: [
            {
              guard: "endedAtLimit",
              target: "opening",
              actions: ["noteStepStart", "recordStepStarted", "recordStepEnded", "noteInstrumentEnd"],
            },
            { guard: and(["wasAborted", "isStartGivenUp"]), target: "opening", actions: aborted },
            {
              guard: and(["wasAborted", "wantsNewLink"]),
              target: "awaitingReturn",
              actions: [...aborted, "noteFailedStart"],
            },
            { guard: "wasAborted", target: "findingOut", actions: ["recordStepEnded", "noteFailedStart"] },
            {
              guard: "hasLedBack",
              target: "choosing",
              actions: ["noteStepStart", briefLead, "askAtStart", "noteLedBack"],
            },
            { target: "choosing", actions: [...begun, "recordStepEnded", { type: "goOn", params: { how: "told" } }] },
          ],
          LIMIT_PASSED: { target: "opening", actions: "keepFault" },
          STEP_FAILED: whenNotBegun("keepFault"),
          DEADLINE: whenNotBegun("keepLate"),
          CHANNEL_LOST: { target: "awaitingReturn", actions: ["keepFault", "recordInterrupted"] },
          AWAITED: { guard: "isAwaited", target: "findingOut", actions: "noteAwaited" },
          TAKE_OUT: { target: "findingOut", actions: "noteTaken" },
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
            { guard: "endedAtLimit", target: "opening", actions: ["recordStepEnded", "noteInstrumentEnd"] },
            // Its instrument ends each that is begun.
            {
              guard: and(["wasAborted", "isFailureGivenUp"]),
              target: "opening",
              actions: [...aborted, "noteBreak"],
            },
            {
              guard: and(["wasAborted", "failureWantsNewLink"]),
              target: "awaitingReturn",
              actions: [...aborted, "noteBreak", "noteFailedStart"],
            },
            {
              guard: and(["wasAborted", "failsAtOnce"]),
              target: "findingOut",
              actions: ["recordStepEnded", "noteBreak", "noteFailedStart"],
            },
            // Somebody ended it at the instrument: it goes on with the time it has left.
            { guard: "wasAborted", target: "findingOut", actions: ["recordStepEnded", "noteBreak"] },
            { guard: "hasLedBack", target: "choosing", actions: "noteLedBack" },
            { target: "choosing", actions: ["recordStepEnded", { type: "goOn", params: { how: "told" } }] },
          ],
          LIMIT_PASSED: { target: "opening", actions: "keepFault" },
          STEP_FAILED: [
            { guard: "isFailureGivenUp", target: "opening", actions: [...failed, "recordInterrupted"] },
            { guard: "failureWantsNewLink", target: "awaitingReturn", actions: [...failed, ...notBegun] },
            { guard: "failsAtOnce", target: "findingOut", actions: [...failed, ...notBegun] },
            { target: "findingOut", actions: [...failed, "noteUnheard", "recordInterrupted"] },
          ],
          CHANNEL_LOST: {
            target: "awaitingReturn",
            actions: ["keepFault", "noteBreak", "noteLost", "recordInterrupted"],
          },
          DEADLINE: { target: "findingOut", actions: ["keepLate", "noteBreak", "noteUnheard", "recordInterrupted"] },
          AWAITED: { guard: "isAwaited", target: "findingOut", actions: ["noteBreak", "noteAwaited"] },
          TAKE_OUT: { target: "findingOut", actions: ["noteBreak", "noteTaken"] },
          ...onStoppingActs({ target: "findingOut", actions: ["noteBreak", "noteAct"] } as const),
        },
      },
      /** The link is gone; the instrument holds the cell on its own limits until somebody can ask it. */
      awaitingReturn: {
        entry: [
          {
            type: "waitFor",
            params: ({ context }) => ({ reason: returnReason(context), who: "channel", ms: null }),
          },
          "noteUnheard",
          "tellSuspect",
        ],
        on: { CHANNEL_READY: { target: "findingOut", actions: "noteRanOn" }, ...LIMIT_OPENS },
      },
      /** Nothing is assumed after a break: whatever may still run is ended and confirmed off, then the step goes on with the time it has left. */
      findingOut: {
        entry: [
          {
            type: "waitFor",
            params: { reason: "the channel to confirm that nothing runs", who: "channel", ms: deps.commandDeadlineMs },
          },
          "forgetLead",
        ],
        invoke: {
          src: "openCircuit",
          input: ({ context }) => ({ of: offInput(context), atMs: clock.monoMs() + deps.commandDeadlineMs }),
          onDone: { target: "choosing", actions: ["noteRanOn", "recordRanOn"] },
          onError: { target: "awaitingReturn", actions: keepFailure },
        },
        on: {
          ...LIMIT_OPENS,
          DEADLINE: { target: "awaitingReturn", actions: "keepLate" },
          CHANNEL_LOST: { target: "awaitingReturn", actions: "keepFault" },
        },
      },
      ...createAwayStates(parts, deps),
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
          ...{ RESUME_CELL: actedOn, SKIP_STEP: actedOn, END_STEP: actedOn },
          ...LIMIT_OPENS,
          TAKE_OUT: { actions: ["noteTaken", "recordTakenOut"] },
          PUT_BACK: { guard: "isTaken", target: "returning", actions: "noteBack" },
        },
      },
      keeping: createKeptState(parts),
      ...createOffStates(parts, deps),
      isolated: {
        tags: ["needs-operator"],
        entry: [
          { type: "waitFor", params: { reason: "a person to inspect the cell", who: "operator", ms: null } },
          "recordIsolated",
          "tellIsolated",
          assign({ isToldOver: true }),
        ],
        // What could not hear that it is to switch it off can now.
        on: { ...whenOver(), CHANNEL_READY: { guard: "mayBeOn", target: "opening" } },
      },
      complete: {
        entry: [
          assign({ waiting: null }),
          "closeHalfCycle",
          { type: "recordOver", params: { as: "cell-complete" } },
          "tellFinished",
        ],
        on: whenOver(),
      },
      stopped: {
        entry: [
          assign({ waiting: null }),
          "closeHalfCycle",
          { type: "recordOver", params: { as: "cell-stopped" } },
          "tellFinished",
        ],
        on: whenOver(),
      },
    },
  });
}

function looksAt({ mustLook, isBrokenOff, isLedBack, stepElapsedS, cursor }: CellContext): LookedAt | null {
  if (mustLook) return "out-of-turn";
  // Whoever broke it off: off, the cell relaxes from the voltage that it was held at.
  if (cursor?.step.channelStep.kind === "constant-voltage" && stepElapsedS > 0) return isLedBack ? null : "broken-off";
  return isBrokenOff ? "broken-off" : null;
}

function returnReason({ fault }: CellContext): string {
  const isHeld = fault?.code !== "cell.not-off";
  return `the channel to answer again; ${isHeld ? "the instrument's own limits hold the cell" : "the cell may be on, and perhaps nothing ends it"}`;
}

/** By a person's order, or to be taken out. */
function isWantedOff({ hold, leave, isCarried }: CellContext): boolean {
  return hold !== null || leave !== null || isCarried;
}

function errorOf({ event }: { readonly event: { readonly error: unknown } }): unknown {
  return event.error;
}

export type CellMachine = ReturnType<typeof createCellMachine>;
