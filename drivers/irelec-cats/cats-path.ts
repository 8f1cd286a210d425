/**
 * Follows one path of the arm by the monitor socket from its order to its rest. The "path running" bit rises late,
 * so that rest counts only after motion was seen, and only in two readings.
 */
import { type Clock, sleep } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { CatsReading } from "./cats-reader.ts";
import { brokenOff, evidence, isMoved, isWhereItWas } from "./cats-readiness.ts";

export interface PathToFollow {
  readonly name: string;
  readonly clock: Clock;
  /** The robot's name of it. */
  readonly path: string;
  /** False: the answer to the order was lost. */
  readonly isAccepted: boolean;
  /** The last before the order. A short path may be over by the time that its answer is given up. */
  readonly before: CatsReading;
  readonly look: () => Promise<CatsReading>;
  readonly isAborted: () => boolean;
  /** Stops the arm; resolves when it rests. */
  readonly callOff: () => Promise<void>;
  readonly deadlineMs: number;
  /** A path that has not begun by then is called off: begun later, it would meet a stage that nobody holds still. */
  readonly beginDeadlineMs: number;
  /** A `get` came back from the rack to the trays and the sensor at the rack still sees the cell. */
  readonly onFailedGet: () => Promise<never>;
}

const POLL_MS = 100;
/** Looks that may fail in a row: the socket is opened anew for each. */
const LOST_LOOKS_MAX = 3;

export interface FollowedPath {
  /** At rest. */
  readonly reading: CatsReading;
  /** The sensor at the handover place was seen to see nothing, since the path began. */
  readonly sawEmpty: boolean;
}

/**
 * Resolves with the reading at rest. Rejects with `device.unknown-outcome` (never begun, answer lost),
 * `changer.not-ready` (never begun though accepted), `changer.alarm`, `changer.lost` (aborted, or failed get).
 */
export async function followPath(deps: PathToFollow): Promise<FollowedPath> {
  const { name, clock, path, beginDeadlineMs } = deps;
  const startMs = clock.monoMs();
  let hasBegun = false;
  let sawEmpty = false;
  let restingLooks = 0;
  /** One alone may be a wrong bit. */
  let movedLooks = 0;
  let hasBeenAtRack = false;
  let lostLooks = 0;
  for (;;) {
    // By when a look was begun: where the controller came to a stand in it, part of it is of before.
    const waitedMs = clock.monoMs() - startMs;
    let reading: CatsReading;
    try {
      reading = await deps.look();
      lostLooks = 0;
    } catch (error) {
      lostLooks += 1;
      if (isFault(error) && lostLooks < LOST_LOOKS_MAX) continue;
      throw outOfSight(error);
    }
    if (deps.isAborted()) {
      throw new Fault("changer.lost", name, `The path ${path} was stopped on request.`, evidence(reading));
    }
    const isRunning = reading.path !== null;
    if (isRunning) hasBegun = true;
    if (hasBegun && !reading.isPresent) sawEmpty = true;
    const why = brokenOff(reading);
    if (why !== undefined && (hasBegun || !deps.isAccepted || waitedMs > beginDeadlineMs)) {
      throw new Fault("changer.alarm", name, `The path ${path} broke off: ${why}.`, evidence(reading));
    }
    if (isRunning && path === "get") {
      if (reading.isArmAtRack) hasBeenAtRack = true;
      else if (hasBeenAtRack && reading.isInArea1 && reading.isPresent) await deps.onFailedGet();
    }
    restingLooks = isRunning ? 0 : restingLooks + 1;
    movedLooks = isMoved(deps.before, reading) ? movedLooks + 1 : 0;
    if ((hasBegun || movedLooks >= 2) && restingLooks >= 2) return { reading, sawEmpty };
    if (!hasBegun && movedLooks === 0 && waitedMs > beginDeadlineMs) throw await calledOff();
    if (waitedMs > deps.deadlineMs) {
      throw new Fault(
        "changer.alarm",
        name,
        `The path ${path} has not ended within ${Math.round(deps.deadlineMs / 1000)} s; it was left alone.`,
        evidence(reading),
      );
    }
    await sleep(clock, POLL_MS);
  }

  async function calledOff(): Promise<Fault> {
    let reading: CatsReading;
    const watched = { isCalling: true, wasRunning: false };
    const watch = async (): Promise<void> => {
      while (watched.isCalling) {
        const seen = await deps.look().catch(() => undefined);
        if (seen !== undefined && seen.path !== null) watched.wasRunning = true;
        await sleep(clock, POLL_MS);
      }
    };
    try {
      void watch();
      await deps.callOff();
      reading = await deps.look();
    } catch (error) {
      const what = `The robot did not begin ${path} within ${beginDeadlineMs / 1000} s, and may yet: it could not be called off`;
      return new Fault(
        "changer.lost",
        name,
        `${what}: ${error instanceof Error ? error.message : String(error)}`,
        {},
        error,
      );
    } finally {
      watched.isCalling = false;
    }
    // Stopped in the middle of a movement it has written nothing into its books, and may have the cell all the same.
    const hasLeft = watched.wasRunning || !isWhereItWas(deps.before, reading);
    if (!hasLeft && !isMoved(deps.before, reading)) return neverBegun(reading);
    return new Fault(
      "changer.lost",
      name,
      `The robot began ${path} after its ${beginDeadlineMs / 1000} s; it was stopped.`,
      evidence(reading),
    );
  }

  function neverBegun(reading: CatsReading): Fault {
    return deps.isAccepted
      ? new Fault(
          "changer.not-ready",
          name,
          `The robot accepted ${path} and did not begin within ${beginDeadlineMs / 1000} s${reading.message === "" ? "" : `; it says "${reading.message}"`}.`,
          evidence(reading),
        )
      : new Fault(
          "device.unknown-outcome",
          name,
          `The answer to ${path} was lost; by its own word the robot did not begin. It was not sent again.`,
          evidence(reading),
        );
  }

  function outOfSight(cause: unknown): Fault {
    return new Fault(
      "changer.lost",
      name,
      `The robot went out of sight during ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {},
      cause,
    );
  }
}

/** The gripper went off without the cell. `recover` stops the arm, and resolves with how it was left. */
export async function failedGet(name: string, recover: () => Promise<CatsReading>): Promise<never> {
  const what = "The gripper went off without the cell, which the sensor still sees at the handover place.";
  let reading: CatsReading;
  try {
    reading = await recover();
  } catch (error) {
    // Whatever it is: the arm was on its way, and that must not read as if it had not begun.
    const why = error instanceof Error ? error.message : String(error);
    throw new Fault("changer.lost", name, `${what} To stop the arm and put its books right failed: ${why}`, {}, error);
  }
  throw new Fault("changer.lost", name, `${what} The arm was stopped.`, evidence(reading));
}
