/** What a rack's cells ask of one instrument at the same moment, without crowding its link. */

/** At most so many under way; others wait for their turn, in order. */
export function fewAtOnce(most: number): <Value>(act: () => Promise<Value>) => Promise<Value> {
  const waiting: (() => void)[] = [];
  let underWay = 0;
  return async (act) => {
    if (underWay >= most) await new Promise<void>((begin) => waiting.push(begin));
    else underWay += 1;
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      if (next === undefined) underWay -= 1;
      else next();
    }
  };
}

/** One look for all who ask before it has begun: what it tells is never older than the question. */
export function sharedLook<Value>(look: () => Promise<Value>): () => Promise<Value> {
  let underWay: Promise<unknown> = Promise.resolve();
  let next: Promise<Value> | null = null;
  return () => {
    next ??= underWay.then(() => {
      next = null;
      const begun = look();
      underWay = begun.catch(() => undefined);
      return begun;
    });
    return next;
  };
}
