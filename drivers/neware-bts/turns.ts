/** The acts of one channel, one behind the other. */
export interface Turns {
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  /** The same, for what is asked once the step before is known to be off. */
  readonly afterwards: <T>(work: () => Promise<T>) => Promise<T>;
  /** Somebody has asked so, and waits for the turn. */
  readonly isFollowed: boolean;
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  let followersCount = 0;

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  }

  return {
    inTurn,
    afterwards: (work) => {
      followersCount += 1;
      return inTurn(() => {
        followersCount -= 1;
        return work();
      });
    },
    get isFollowed() {
      return followersCount > 0;
    },
  };
}
