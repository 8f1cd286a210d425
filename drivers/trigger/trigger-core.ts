/**
 * What every gate generator's driver does alike: one operation at a time, a train armed once and fired once, its end
 * awaited, a lost answer read back on a fresh link and the command never repeated.
 */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault, type FaultCode } from "../../protocols/base/fault.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import {
  trainLengthS,
  trainProblem,
  type GateTrain,
  type Trigger,
  type TriggerCapabilities,
} from "../../protocols/roles/trigger.ts";
import { createOneAtATime } from "../link/one-at-a-time.ts";
import { createRunningTrain, type RunningTrain } from "./running-train.ts";

/** An open conversation; each family's own. */
export interface TriggerTalk {
  readonly isOpen: boolean;
  /** The core is not told of a link that it closed itself. */
  close(why: string): void;
}

/** What a look at a running train shows. */
export type TrainLook = { readonly isOver: false } | { readonly isOver: true; readonly gateCount: number };

/** The family's part. All of it rejects with `link.*` when an answer is lost or cannot be read. */
export interface TriggerDialect<Talk extends TriggerTalk> {
  readonly driver: string;
  readonly capabilities: TriggerCapabilities;
  /** Opens a fresh link; `lost` is told when it closes by itself. */
  open(lost: (talk: Talk, why: string) => void): Promise<Talk>;
  /** Rejects with `device.wrong`. */
  identify(talk: Talk): Promise<Identity>;
  /**
   * Nothing fires by itself any more, and what runs ends. Sent at once, beside an answer that is awaited, and nothing is asked
   * before it: a device that hears and is not heard comes to rest as well. Throws `link.*`.
   */
  tellRest(talk: Talk): void;
  /** Reads back what it was told. Rejects with `device.refused`. */
  confirmRest(talk: Talk): Promise<void>;
  /** Sets and reads back. Rejects with `device.refused`. `assertAsked` throws where nothing more is to be sent. */
  arm(talk: Talk, train: GateTrain, assertAsked: () => void): Promise<GateTrain>;
  /** Reads back what was armed. Rejects with `device.refused` when it is no longer so. */
  verify(talk: Talk, train: GateTrain): Promise<void>;
  /** Fires; resolves when the device has taken it. Rejects with `device.refused`. */
  fire(talk: Talk): Promise<void>;
  /** Whether the last command to fire was heard, asked on a fresh link; null when the device cannot tell. */
  wasFired(talk: Talk): Promise<boolean | null>;
  /** Rejects with `device.refused` when the train cannot come to its end. */
  look(talk: Talk, train: GateTrain): Promise<TrainLook>;
}

export interface TriggerCoreDeps {
  readonly name: string;
  readonly clock: Clock;
  /** Default `end`: connecting leaves the outputs at rest. */
  readonly whatRuns?: "end" | "leave" | undefined;
}

const LOOK_EVERY_MS = 100;
const NOT_OPENED: readonly FaultCode[] = ["link.open-failed", "link.refused"];
const REOPEN_PAUSES_MS = [100, 300, 1000] as const;
/** Beyond the train's own length. */
const END_GRACE_MS = 2000;

export function createTrigger<Talk extends TriggerTalk>(deps: TriggerCoreDeps, dialect: TriggerDialect<Talk>): Trigger {
  const { name, clock } = deps;
  const oneAtATime = createOneAtATime(name);
  const faultHandlers = new Set<(fault: Fault) => void>();
  let talk: Talk | undefined;
  let armed: GateTrain | undefined;
  let running: RunningTrain | undefined;
  /** What was asked before a halt is not sent behind it. */
  let haltCount = 0;
  /** False once disconnected: nothing is opened again then, not even to read back. */
  let isWanted = false;

  function report(fault: Fault): void {
    for (const handler of faultHandlers) handler(fault);
  }

  function needTalk(): Talk {
    if (talk === undefined) throw new Fault("link.closed", name, "the trigger is not connected");
    return talk;
  }

  /** Nothing is known any more. A train whose command is being read back is left to whoever does that. */
  function forget(why: string): void {
    const open = talk;
    talk = undefined;
    armed = undefined;
    open?.close(why);
    if (running?.isTaken !== true) return;
    const left = running;
    running = undefined;
    left.fail(new Fault("device.unknown-outcome", name, `the trigger was lost while its gates ran: ${why}`));
  }

  function onLost(from: Talk, why: string): void {
    if (talk !== from) return;
    forget(why);
    report(new Fault("link.closed", name, `the link closed: ${why}`));
  }

  /** After a lost answer the link is of no more use; a refusal leaves it as it is. */
  async function guarded<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (isLost(error) && talk !== undefined) {
        forget(error.message);
        report(new Fault("link.closed", name, "the link was closed because an answer was lost", {}, error));
      }
      throw error;
    }
  }

  /** As it is asked now: `assertAsked` throws once a halt was asked behind it. */
  function asked<T>(work: (assertAsked: () => void) => Promise<T>): Promise<T> {
    const askedAt = haltCount;
    const assertAsked = (): void => {
      if (haltCount === askedAt) return;
      throw new Fault("trigger.aborted", name, "it was ended on request before it was fired");
    };
    return oneAtATime(async () => {
      assertAsked();
      try {
        return await work(assertAsked);
      } catch (error) {
        // What was read back in the middle of a halt is the halt's doing.
        if (isFault(error) && error.code === "device.refused") assertAsked();
        throw error;
      }
    });
  }

  async function bringToRest(on: Talk): Promise<void> {
    dialect.tellRest(on);
    await dialect.confirmRest(on);
  }

  function unconfirmed(code: FaultCode, cause: Fault): Fault {
    const what = `its outputs were told to come to rest, and that was not confirmed: ${cause.message}`;
    return new Fault(code, name, what, {}, cause);
  }

  async function openFresh(): Promise<{ readonly fresh: Talk; readonly identity: Identity }> {
    if (!isWanted) throw new Fault("link.closed", name, "the trigger was disconnected");
    const fresh = await dialect.open(onLost);
    try {
      if (!isStillWanted()) throw new Fault("link.closed", name, "the trigger was disconnected while connecting");
      const identity = await dialect.identify(fresh);
      talk = fresh;
      return { fresh, identity };
    } catch (error) {
      fresh.close("connecting failed");
      throw error;
    }
  }

  /** A device that takes one connection needs a moment to notice that the last one is gone. */
  async function openToReadBack(): Promise<Talk> {
    for (const pauseMs of REOPEN_PAUSES_MS) {
      try {
        return (await openFresh()).fresh;
      } catch (error) {
        if (!isFault(error) || !NOT_OPENED.includes(error.code)) throw error;
        await sleep(clock, pauseMs);
      }
    }
    return (await openFresh()).fresh;
  }

  function isStillWanted(): boolean {
    return isWanted;
  }

  async function connect(): Promise<Identity> {
    const { fresh, identity } = await openFresh();
    if (deps.whatRuns !== "leave") {
      try {
        await bringToRest(fresh);
      } catch (error) {
        if (talk === fresh) talk = undefined;
        fresh.close("connecting failed");
        throw isLost(error) ? unconfirmed(error.code, error) : error;
      }
    }
    return identity;
  }

  async function arm(train: GateTrain, assertAsked: () => void): Promise<GateTrain> {
    const problem = trainProblem(train, dialect.capabilities);
    if (problem !== undefined) throw new Fault("device.refused", name, `the train cannot be given: ${problem}`);
    const on = needTalk();
    if (running !== undefined) throw new Fault("device.refused", name, "a train is still running");
    armed = undefined;
    const confirmed = await guarded(dialect.arm(on, train, assertAsked));
    assertAsked();
    if (talk === on) armed = confirmed;
    return confirmed;
  }

  async function fire(assertAsked: () => void): Promise<RunningTrain> {
    const on = needTalk();
    const train = armed;
    if (train === undefined) throw new Fault("device.refused", name, "no train is armed");
    armed = undefined;
    await guarded(dialect.verify(on, train));
    assertAsked();
    const present = createRunningTrain(train, clock.monoMs());
    running = present;
    const untilMs = present.sentAtMs + trainLengthS(train) * 1000 + END_GRACE_MS;
    try {
      await dialect.fire(on);
    } catch (error) {
      if (!isLost(error)) {
        running = undefined;
        throw error;
      }
      await readBack(present, error);
    }
    present.isTaken = true;
    awaitEnd(present, untilMs).catch((error: unknown) => {
      if (!isFault(error)) throw error;
      report(error);
    });
    return present;
  }

  /** The answer to the command was lost. Returns when the device says that it fired; nothing is fired again. */
  async function readBack(present: RunningTrain, cause: Fault): Promise<void> {
    const unknown = (found: string): Fault =>
      new Fault(
        "device.unknown-outcome",
        name,
        `the answer to the command to fire never came; read back: ${found}`,
        { found },
        cause,
      );
    forget("an answer was lost");
    try {
      const fresh = await openToReadBack();
      const wasFired = await dialect.wasFired(fresh);
      if (wasFired === true) return;
      running = undefined;
      await bringToRest(fresh);
      const fault = unknown(wasFired === false ? "it did not fire" : "it cannot tell; its outputs were set to rest");
      present.fail(fault);
      throw fault;
    } catch (error) {
      if (!isFault(error) || error.code === "device.unknown-outcome") throw error;
      running = undefined;
      const fault = unknown("the device does not answer");
      present.fail(fault);
      forget(error.message);
      report(new Fault("link.closed", name, `the trigger could not be read back: ${error.message}`, {}, error));
      throw fault;
    }
  }

  async function awaitEnd(present: RunningTrain, untilMs: number): Promise<void> {
    await pause(present, untilMs - END_GRACE_MS - clock.monoMs());
    while (!isOver(present)) {
      await oneAtATime(() => lookAt(present, untilMs));
      if (!isOver(present)) await pause(present, LOOK_EVERY_MS);
    }
  }

  function pause(present: RunningTrain, ms: number): Promise<void> {
    return sleep(clock, Math.max(0, ms), present.signal).catch(() => undefined);
  }

  async function lookAt(present: RunningTrain, untilMs: number): Promise<void> {
    if (isLeftAlone(present) || talk === undefined) return;
    const on = talk;
    try {
      const seen = await dialect.look(on, present.train);
      if (isLeftAlone(present)) return;
      if (seen.isOver)
        settle(present, () => {
          present.succeed({ gateCount: seen.gateCount });
        });
      else if (clock.monoMs() >= untilMs) {
        const what = `the gates were not over ${END_GRACE_MS / 1000} s after their time`;
        await bringToRest(on);
        settle(present, () => {
          present.fail(new Fault("trigger.late", name, what));
        });
      }
    } catch (error) {
      if (!isFault(error)) throw error;
      if (isLost(error)) await lookAgain(present, error);
      else if (!isLeftAlone(present)) {
        settle(present, () => {
          present.fail(error);
        });
        await guarded(bringToRest(on));
      }
    }
  }

  /** An answer was lost while the gates ran: one more look on a fresh link; what that does not show stays unknown. */
  async function lookAgain(present: RunningTrain, cause: Fault): Promise<void> {
    if (isOver(present)) return;
    present.isTaken = false;
    forget("an answer was lost");
    present.isTaken = true;
    try {
      const fresh = await openToReadBack();
      // The halt comes next: it is told on this link.
      if (isLeftAlone(present)) return;
      const seen = await dialect.look(fresh, present.train);
      if (seen.isOver) {
        settle(present, () => {
          present.succeed({ gateCount: seen.gateCount });
        });
        return;
      }
      const what = "an answer was lost while the gates ran, and the device cannot tell how they ended";
      settle(present, () => {
        present.fail(new Fault("device.unknown-outcome", name, what, {}, cause));
      });
      await bringToRest(fresh);
    } catch (error) {
      if (!isFault(error)) throw error;
      const what = `an answer was lost while the gates ran, and the device could not be read back: ${error.message}`;
      settle(present, () => {
        present.fail(new Fault("device.unknown-outcome", name, what, {}, cause));
      });
      forget(error.message);
      report(new Fault("link.closed", name, `the link was lost: ${error.message}`, {}, error));
    }
  }

  function isOver(present: RunningTrain): boolean {
    return present.signal.aborted;
  }

  function isLeftAlone(present: RunningTrain): boolean {
    return isOver(present) || present.isHalted;
  }

  function settle(present: RunningTrain, outcome: () => void): void {
    if (running === present) running = undefined;
    outcome();
  }

  /** Sends before it waits for its turn: what is under way may be an answer that never comes. */
  function abort(): Promise<void> {
    haltCount += 1;
    armed = undefined;
    if (running !== undefined) running.isHalted = true;
    const told = tellRestNow();
    return oneAtATime(() => confirmHalt(told));
  }

  /** Undefined where nothing could be sent. */
  function tellRestNow(): Talk | undefined {
    const on = talk;
    if (on === undefined) return undefined;
    try {
      dialect.tellRest(on);
      return on;
    } catch (error) {
      if (!isFault(error)) throw error;
      return undefined;
    }
  }

  async function confirmHalt(told: Talk | undefined): Promise<void> {
    const present = running;
    try {
      const on = needTalk();
      // A link opened since: on this one it has not been told.
      if (on !== told) dialect.tellRest(on);
      await guarded(dialect.confirmRest(on));
    } catch (error) {
      if (present !== undefined) present.isHalted = false;
      throw told !== undefined && isLost(error) ? unconfirmed("device.unknown-outcome", error) : error;
    }
    if (present === undefined) return;
    settle(present, () => {
      present.fail(new Fault("trigger.aborted", name, "the gates were ended on request"));
    });
  }

  return {
    name,
    driver: dialect.driver,
    capabilities: dialect.capabilities,
    connect() {
      forget("connecting anew");
      isWanted = true;
      return oneAtATime(connect);
    },
    disconnect() {
      isWanted = false;
      forget("closed by the host");
    },
    onFault(handler) {
      faultHandlers.add(handler);
      return () => faultHandlers.delete(handler);
    },
    arm: (train) => asked((assertAsked) => arm(train, assertAsked)),
    async fire() {
      const { sentAtMs, finished } = await asked(fire);
      return { sentAtMs, finished };
    },
    abort,
  };
}

/** An answer that is lost or cannot be read. */
function isLost(error: unknown): error is Fault {
  return isFault(error) && error.code.startsWith("link.");
}
