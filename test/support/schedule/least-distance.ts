/**
 * The least sum of distances from their moments that any order of exposures has, each beginning so long after the one
 * before. With one length for all, the order of the moments is the best; what is left is a fit of least absolute
 * deviations that does not fall, solved exactly (the slopes of its cost are kept in order).
 *
 * @param dueS moments, in any order
 * @param everyS from one beginning to the next at the least
 */
export function leastDistance(dueS: readonly number[], everyS: number): number {
  const slopes: number[] = [];
  const put = (value: number): void => {
    let [from, to] = [0, slopes.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((slopes[middle] ?? 0) <= value) from = middle + 1;
      else to = middle;
    }
    slopes.splice(from, 0, value);
  };
  let sum = 0;
  [...dueS]
    .sort((a, b) => a - b)
    .forEach((due, index) => {
      const free = due - index * everyS;
      put(free);
      const last = slopes.at(-1) ?? free;
      if (last <= free) return;
      sum += last - free;
      slopes.pop();
      put(free);
    });
  return sum;
}
