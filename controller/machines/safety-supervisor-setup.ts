/** The parts of the safety supervisor: its loops, what it judges by, notes and tells. Which of it when, the machine itself says. */
import { assign, enqueueActions, fromCallback, sendParent, sendTo, setup } from "xstate";
import { within, type Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { BeamIo, InputLevels, Interlock } from "../../protocols/roles/beam-io.ts";
import { isSilence } from "../beam/unit-answers.ts";
import { brokenLatches, judgePermit, type PermitRequest } from "../safety/permit-judgement.ts";
import { deadlineActor } from "./deadline.ts";
import { taskActor } from "./task.ts";
import { faultJson, faultNote, type FaultNote } from "./errors.ts";
import type { Recorder } from "./recorder.ts";
import { repeat } from "./repeat.ts";
import { waitingFor, type Waiting } from "./waiting.ts";

export interface SafetySupervisorContext {
  readonly request: PermitRequest | null;
  /** The shutter was asked open under the permit: its life is counted from there, once. */
  readonly isUsed: boolean;
  readonly latched: readonly Interlock[];
  readonly fault: FaultNote | null;
  /** What kind of blindness was told, `link` or `io`; null while the supervisor sees, and before it ever did. */
  readonly toldBlind: string | null;
  readonly waiting: Waiting | null;
}

export type SafetySupervisorEvent =
  | { readonly type: "IO_READY" }
  | { readonly type: "IO_LOST"; readonly fault: FaultNote }
  | { readonly type: "PERMIT_WANTED"; readonly request: PermitRequest }
  | { readonly type: "PERMIT_USED"; readonly exposureId: string }
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
  /** Of before a restart: what broke and waits for a person. */
  readonly latchedAtStart?: readonly Interlock[];
  /** Where the last levels are shown; written by completed reads only. */
  readonly showLevels: (levels: InputLevels) => void;
}

/** For one turn of a loop, one re-arming, one withdrawal: each is a few requests with shorter deadlines of their own. */
export const UNIT_DEADLINE_MS = 5000;

/** To the permit's loop. */
interface LastBeat {
  readonly type: "LAST_BEAT";
  readonly untilMs: number;
}

/** For the unit to do something. */
interface UnitWait {
  readonly reason: string;
  readonly ms: number;
}

interface PermitLoopInput {
  readonly request: PermitRequest;
  readonly latched: readonly Interlock[];
}

export function setupSafetySupervisor(deps: SafetySupervisorDeps) {
  const { clock, io, recorder } = deps;

  function lateFault(what: string): Fault {
    return new Fault("link.timeout", io.name, `${what}: no answer within ${UNIT_DEADLINE_MS} ms`);
  }

  function unitWait({ reason, ms }: UnitWait): Waiting {
    return waitingFor(reason, io.name, clock.monoMs(), clock.monoMs() + ms);
  }

  /** Reads every level afresh and goes by them; an interlock that broke is told instead, and ends the loop. */
  async function byLevels(
    latched: readonly Interlock[],
    isLeft: () => boolean,
    sendBack: (event: SafetySupervisorEvent) => void,
    go: (levels: InputLevels) => boolean | Promise<boolean>,
  ): Promise<boolean> {
    const levels = await within(clock, UNIT_DEADLINE_MS, io.readInputs(), () => lateFault("the inputs"));
    if (isLeft()) return false;
    deps.showLevels(levels);
    // What they showed may have ended this: a heartbeat now would be of a permit that was given back.
    if (isLeft()) return false;
    const broken = brokenLatches(levels).filter((name) => !latched.includes(name));
    if (broken.length === 0) return go(levels);
    sendBack({ type: "LATCHED", broken });
    return false;
  }

  const watch = fromCallback<SafetySupervisorEvent, { readonly latched: readonly Interlock[] }>(({ sendBack, input }) =>
    repeat(
      clock,
      deps.idleCycleMs,
      (isLeft) =>
        byLevels(input.latched, isLeft, sendBack, ({ watchdogTripped }) => {
          // Found out by a write that was refused; without this nobody would bring it in order.
          if (watchdogTripped) throw new Fault("io.watchdog", io.name, "The output watchdog has tripped.");
          return true;
        }),
      (error) => {
        sendBack({ type: "BLIND", fault: faultNote(error) });
      },
    ),
  );

  const permit = fromCallback<LastBeat, PermitLoopInput>(({ sendBack, receive, input }) => {
    let { request } = input;
    let isGranted = false;
    receive(({ untilMs }) => {
      request = { ...request, untilMs };
    });
    return repeat(
      clock,
      deps.permitCycleMs,
      (isLeft) =>
        byLevels(input.latched, isLeft, sendBack, async (levels) => {
          const verdict = judgePermit(request, levels, {
            nowMs: clock.monoMs(),
            levelsMaximumAgeMs: deps.levelsMaximumAgeMs,
            latched: input.latched,
          });
          // What is spared a rehearsal is spared it on a unit that cannot be asked to open, and on no other.
          const isMixedUp = request.isRehearsed !== io.isLocked;
          if (!verdict.grant || isMixedUp) {
            const mixedUp = isMixedUp ? ["a rehearsal and a run with beam are mixed up"] : [];
            sendBack({ type: "REFUSED", reasons: [...mixedUp, ...(verdict.grant ? [] : verdict.reasons)] });
            return false;
          }
          if (request.isRehearsed !== true) {
            await within(clock, UNIT_DEADLINE_MS, io.permit.renewShutterPermit(), () => lateFault("the heartbeat"));
          }
          if (!isGranted && !isLeft()) {
            isGranted = true;
            sendBack({ type: "GRANTED" });
          }
          return true;
        }),
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
      withdraw: taskActor(clock, () => io.permit.dropShutterPermit()),
      /** Only a unit whose levels can be read counts as seen. One that answers shows them, though its watchdog stays as it is. */
      rearm: taskActor(clock, async () => {
        try {
          await io.permit.rearmWatchdog();
        } catch (error) {
          // It is an open shutter that keeps a watchdog from being re-armed: whoever looks after that must see it.
          if (isFault(error) && !isSilence(error)) await io.readInputs().then(deps.showLevels, passOver);
          throw error;
        }
        deps.showLevels(await io.readInputs());
      }),
      deadline: deadlineActor(clock),
    },
    guards: {
      hasLatch: ({ context }) => context.latched.length > 0,
      hasRequest: ({ context }) => context.request !== null,
      isCurrent: ({ context, event }) => "exposureId" in event && context.request?.exposureId === event.exposureId,
      isFirstUse: ({ context, event }) =>
        event.type === "PERMIT_USED" && context.request?.exposureId === event.exposureId && !context.isUsed,
    },
    actions: {
      forgetRequest: assign((_, wait: UnitWait) => ({ request: null, isUsed: false, waiting: unitWait(wait) })),
      noteWait: assign({ waiting: (_, wait: UnitWait) => unitWait(wait) }),
      noteLate: assign({
        fault: ({ context }) => faultNote(lateFault(context.waiting?.reason ?? "an answer")),
      }),
      /** From the moment the shutter is asked open the permit lives as long as was booked for it, and not longer. */
      limitPermit: assign(({ context }) => {
        const request = requested(context);
        const untilMs = clock.monoMs() + request.lifeMs;
        return {
          isUsed: true,
          request: { ...request, untilMs },
          waiting: context.waiting === null ? null : { ...context.waiting, untilMs },
        };
      }),
      tellLastBeat: sendTo(
        "permit",
        ({ context }) => ({ type: "LAST_BEAT", untilMs: requested(context).untilMs }) satisfies LastBeat,
      ),
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
      /** Once for each kind of trouble: the alarm stands until the unit is seen again. */
      sayBlind: enqueueActions(({ enqueue, context }) => {
        const fault = context.fault ?? faultNote(lateFault("the unit"));
        const kind = fault.code.split(".")[0] ?? "";
        if (context.toldBlind === kind) return;
        enqueue.assign({ toldBlind: kind });
        enqueue(() => {
          recorder.record("supervisor-blind", faultJson(fault));
        });
        enqueue.sendParent({ type: "SUPERVISOR_BLIND", fault } satisfies PermitNews);
      }),
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
      recordRearmed: (_, { author }: { readonly author: string }) => {
        recorder.record("interlock-rearmed", { author });
      },
      /** A person is answered, whatever the state. */
      recordNotRearmed: ({ context }, { author, reason }: { readonly author: string; readonly reason: string }) => {
        recorder.record("interlock-not-rearmed", { author, reason, latched: [...context.latched] });
      },
    },
  });
}

export function requested(context: SafetySupervisorContext): PermitRequest {
  return context.request ?? { exposureId: "", bookingSeq: 0, untilMs: 0, lifeMs: 0, filtersIn: [] };
}

function refusalReasons(event: SafetySupervisorEvent): readonly string[] {
  if (event.type === "REFUSED") return event.reasons;
  if (event.type === "LATCHED") return event.broken.map((name) => `interlock ${name}`);
  if (event.type === "BLIND") return [`the input/output unit does not answer: ${event.fault.what}`];
  return ["the supervisor gives no permit in its present state"];
}

/** A fault that says less than the one before it. */
function passOver(error: unknown): void {
  if (!isFault(error)) throw error;
}
