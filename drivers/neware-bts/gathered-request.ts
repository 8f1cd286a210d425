/**
 * Many channels, one request: whoever asks while the connection is busy is put into the next list. A stop of 96
 * channels is then one message.
 */
import type { Fault } from "../../protocols/base/fault.ts";

export interface GatheredRequest<K, V> {
  (key: K, withdrawn?: Withdrawn): Promise<V>;
}

/** Asked when the turn of a request has come: a reason means that it is not sent any more, and rejects with it. */
export type Withdrawn = () => Fault | undefined;

interface Waiting<K, V> {
  readonly key: K;
  readonly withdrawn: Withdrawn | undefined;
  resolve(value: V): void;
  reject(reason: unknown): void;
}

/**
 * `ask` sends one request for the keys it takes, when its turn has come, and gives the values in the same order;
 * `take` may be called once and hands over at most `keysMax` keys. It throws where all were withdrawn meanwhile.
 */
export function createGatheredRequest<K, V>(
  keysMax: number,
  ask: (take: () => readonly K[]) => Promise<readonly V[]>,
): GatheredRequest<K, V> {
  let waiting: Waiting<K, V>[] = [];
  let isAsked = false;

  async function send(): Promise<void> {
    let taken: Waiting<K, V>[] = [];
    try {
      const values = await ask(() => {
        isAsked = false;
        taken = stillWanted();
        if (waiting.length > 0) schedule();
        if (taken.length === 0) throw new Error("all that was asked was withdrawn");
        return taken.map(({ key }) => key);
      });
      for (const [index, entry] of taken.entries()) entry.resolve(values[index] as V);
    } catch (error) {
      // Nobody was asked for: the request was turned away before its turn.
      if (isAsked && taken.length === 0) {
        isAsked = false;
        taken = waiting;
        waiting = [];
      }
      for (const entry of taken) entry.reject(error);
    }
  }

  function stillWanted(): Waiting<K, V>[] {
    const wanted: Waiting<K, V>[] = [];
    while (wanted.length < keysMax) {
      const entry = waiting.shift();
      if (entry === undefined) break;
      const fault = entry.withdrawn?.();
      if (fault === undefined) wanted.push(entry);
      else entry.reject(fault);
    }
    return wanted;
  }

  function schedule(): void {
    if (isAsked) return;
    isAsked = true;
    void send();
  }

  return (key, withdrawn) =>
    new Promise<V>((resolve, reject) => {
      waiting.push({ key, withdrawn, resolve, reject });
      schedule();
    });
}
