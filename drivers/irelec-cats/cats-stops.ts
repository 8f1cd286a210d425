/** Stops of the arm: one on its way is halted where it is, one that was not sent yet stays. */
import { type Clock, sleep } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { encodePlain } from "../../protocols/wire/irelec-cats/cats-commands.ts";
import { createOneAtATime } from "../link/one-at-a-time.ts";
import type { CatsReading } from "./cats-reader.ts";

export interface CatsStopsDeps {
  readonly name: string;
  readonly clock: Clock;
  readonly look: () => Promise<CatsReading>;
  /** One line on the operate socket, whatever waits for its answer there. False: its answer was lost. Rejects with `link.*`. */
  readonly orderNow: (line: string) => Promise<boolean>;
}

export interface CatsStops {
  /** One after the other; a stop is meant for all that was asked before it. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  /** Of the work that has its turn. */
  readonly isStopped: () => boolean;
  /** Throws Fault `changer.not-ready` where it was stopped before the arm is sent: nothing has moved. */
  readonly needGo: (signal?: AbortSignal) => void;
  /** Resolves when the arm rests. Rejects with `link.timeout`; until then a link that fails is tried again. */
  readonly abort: () => Promise<void>;
}

const POLL_MS = 100;
const ABORT_DEADLINE_MS = 15_000;

export function createCatsStops({ name, clock, look, orderNow }: CatsStopsDeps): CatsStops {
  const oneAtATime = createOneAtATime(name);
  let abortCount = 0;
  let abortsBefore = 0;

  function unstopped(isHeard: boolean, cause: Fault | undefined): Fault {
    const unseen = cause === undefined ? "did not stop" : "could not be seen to rest";
    const what = `The arm ${isHeard ? unseen : "did not say that it heard the stop"} within ${ABORT_DEADLINE_MS} ms`;
    return new Fault("link.timeout", name, cause === undefined ? `${what}.` : `${what}: ${cause.message}`, {}, cause);
  }

  const isStopped = (): boolean => abortCount !== abortsBefore;

  return {
    inTurn(work) {
      const before = abortCount;
      return oneAtATime(() => {
        abortsBefore = before;
        return work();
      });
    },
    isStopped,
    needGo(signal) {
      if (signal?.aborted !== true && !isStopped()) return;
      const reason: unknown = signal?.reason;
      const why = reason instanceof Error ? reason.message : "it was stopped on request";
      throw new Fault("changer.not-ready", name, `The arm was not sent: ${why}`, {}, reason);
    },
    async abort() {
      abortCount += 1;
      const untilMs = clock.monoMs() + ABORT_DEADLINE_MS;
      let isHeard = false;
      let cause: Fault | undefined;
      const unheard = (error: unknown): undefined => {
        if (!isFault(error) || !error.code.startsWith("link.")) throw error;
        cause = error;
        return undefined;
      };
      for (;;) {
        cause = undefined;
        if ((await orderNow(encodePlain("abort")).catch(unheard)) === true) isHeard = true;
        // An arm that rests may be about to begin: the bit of its path rises late. It rests for good once it heard the stop.
        for (let looks = 0; isHeard && looks < 10 && (looks === 0 || clock.monoMs() <= untilMs); looks += 1) {
          cause = undefined;
          const reading = await look().catch(unheard);
          if (reading !== undefined && reading.path === null) return;
          await sleep(clock, POLL_MS);
        }
        if (clock.monoMs() > untilMs) throw unstopped(isHeard, cause);
        if (!isHeard) await sleep(clock, POLL_MS);
      }
    },
  };
}
