/**
 * Many channels, one request: whoever asks while the connection is busy is put into the next list. A stop of 96
 * channels is then one message.
 */

export interface GatheredRequest<K, V> {
  (key: K): Promise<V>;
}

interface Waiting<K, V> {
  readonly key: K;
  resolve(value: V): void;
  reject(reason: unknown): void;
}

/**
 * `ask` sends one request for the keys it takes, when its turn has come, and gives the values in the same order;
 * `take` may be called once and hands over at most `keysMax` keys.
 */
export function createGatheredRequest<K, V>(
  keysMax: number,
  ask: (take: () => readonly K[]) => Promise<readonly V[]>,
): GatheredRequest<K, V> {
  let waiting: Waiting<K, V>[] = [];
  let isAsked = false;

  async function send(): Promise<void> {
    let taken: readonly Waiting<K, V>[] = [];
    try {
      const values = await ask(() => {
        isAsked = false;
        taken = waiting.splice(0, keysMax);
        if (waiting.length > 0) schedule();
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

  function schedule(): void {
    if (isAsked) return;
    isAsked = true;
    void send();
  }

  return (key) =>
    new Promise<V>((resolve, reject) => {
      waiting.push({ key, resolve, reject });
      schedule();
    });
}
