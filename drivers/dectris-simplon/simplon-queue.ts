/** One operation at a time, in the order asked; nothing that was asked before a halt is sent behind it. */
import { Fault } from "../../protocols/base/fault.ts";

export interface SimplonQueue {
  /** `assertAsked` throws `detector.aborted` once a halt has come; one that came before its turn rejects with it. */
  asked<T>(work: (assertAsked: () => void) => Promise<T>): Promise<T>;
  /** What is done in any case: disarming, closing, looking for files. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** True where something was asked that is not over. */
  halt(): boolean;
}

export function createSimplonQueue(name: string): SimplonQueue {
  let haltCount = 0;
  let underWayCount = 0;
  let tail: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = tail.then(work, work);
    tail = result.catch(() => undefined);
    return result;
  }

  return {
    inTurn,
    asked(work) {
      const askedAt = haltCount;
      const assertAsked = (): void => {
        if (haltCount === askedAt) return;
        const what = "it was ended on request before its exposure began: nothing was triggered";
        throw new Fault("detector.aborted", name, what);
      };
      underWayCount += 1;
      return inTurn(async () => {
        assertAsked();
        return work(assertAsked);
      }).finally(() => {
        underWayCount -= 1;
      });
    },
    halt() {
      haltCount += 1;
      return underWayCount > 0;
    },
  };
}
