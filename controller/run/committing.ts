/**
 * Durable commits of a run. A disk that refuses them, because it is full or was taken away, is waited for where it may
 * come back: an alarm says so, nothing is exposed meanwhile, cells go on, and what was appended waits in memory. Any
 * other commit that cannot be made is the run's failure, whoever waits for it.
 */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { faultNote } from "../machines/errors.ts";
import type { Alarms } from "./alarms.ts";
import type { Obstacle } from "./sweep-desk.ts";

export interface CommittingDeps {
  readonly store: { commit(): Promise<void> };
  readonly clock: Clock;
  /** Not needed before the first commit is refused. */
  readonly alarms: () => Alarms;
  /** On the wall's clock a person can make room; where false, the first refusal is the end. */
  readonly waitsForDisk: boolean;
  readonly fail: (error: unknown) => void;
  /** The disk takes the record again. */
  readonly over: () => void;
}

export interface Committing {
  /** Rejects as the store does; with store.refused where the disk is waited for. */
  readonly commit: () => Promise<void>;
  /** For what nobody waits for. Never throws. */
  readonly commitAlone: () => void;
  /**
   * Resolves once all that was recorded by now is durable, however long a disk is waited for. Rejects as `commit` does for
   * anything else, and once the signal is aborted.
   */
  readonly kept: (signal: AbortSignal) => Promise<void>;
  /** What keeps the beam from being used, or null. */
  readonly diskObstacle: () => Obstacle | null;
}

const WHERE = "record";
const RETRY_MS = 5000;

export function createCommitting(deps: CommittingDeps): Committing {
  const { store, clock, fail } = deps;
  let isRefused = false;

  async function commit(): Promise<void> {
    try {
      await store.commit();
    } catch (error) {
      const isWaitedFor = deps.waitsForDisk && isFault(error) && error.code === "store.unwritable";
      if (!isWaitedFor) {
        fail(error);
        throw error;
      }
      const refusal = new Fault("store.refused", WHERE, error.message, error.detail, error);
      if (!isRefused) {
        isRefused = true;
        deps.alarms().raise(faultNote(refusal));
        clock.setTimeout(tryAgain, RETRY_MS);
      }
      throw refusal;
    }
    if (!isRefused) return;
    isRefused = false;
    deps.alarms().clear("store.refused", WHERE);
    deps.over();
  }

  function commitAlone(): void {
    commit().catch((error: unknown) => {
      // A store that fails is kept as the run's failure; anything else is a bug and must surface.
      if (!isFault(error)) throw error;
    });
  }

  async function kept(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await commit();
        return;
      } catch (error) {
        if (!isFault(error) || error.code !== "store.refused") throw error;
      }
      await sleep(clock, RETRY_MS, signal);
    }
  }

  function tryAgain(): void {
    if (!isRefused) return;
    commitAlone();
    clock.setTimeout(tryAgain, RETRY_MS);
  }

  return {
    commit,
    commitAlone,
    kept,
    diskObstacle: () => (isRefused ? { reason: "the disk to take the record", who: WHERE } : null),
  };
}
