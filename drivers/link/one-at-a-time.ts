/** Runs asynchronous work strictly one after the other, in the order asked; a failure does not stop the next. */
import { Fault } from "../../protocols/base/fault.ts";

/** Work that may wait before a caller is turned away: more is a sign of a caller that does not await. */
const WAITING_MAX = 64;

export type OneAtATime = <T>(work: () => Promise<T>) => Promise<T>;

/** Rejects with `device.refused` when too much waits already. */
export function createOneAtATime(name: string): OneAtATime {
  let tail: Promise<unknown> = Promise.resolve();
  let waitingCount = 0;
  return <T>(work: () => Promise<T>): Promise<T> => {
    if (waitingCount >= WAITING_MAX) {
      return Promise.reject(new Fault("device.refused", name, `${WAITING_MAX} commands wait for this device already.`));
    }
    waitingCount += 1;
    const run = async (): Promise<T> => {
      waitingCount -= 1;
      return work();
    };
    const result = tail.then(run, run);
    tail = result.catch(() => undefined);
    return result;
  };
}
