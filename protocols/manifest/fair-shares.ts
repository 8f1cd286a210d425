/**
 * Who gets how much of the beam: each group what it wishes for, as long as there is enough. Where there is not, time is
 * dealt out by the cells that each has in the beam, and what one does not need goes to the others. Pure.
 */
export interface BeamWish {
  readonly group: string;
  /** In the beam. */
  readonly cells: number;
  /** All its wishes. */
  readonly hours: number;
}

const PARTS = 10_000;

/** Fractions of what all get, by group, never more than 1 together. None of 0. */
export function fairShares(wishes: readonly BeamWish[], hoursThereAre: number): ReadonlyMap<string, number> {
  const given = new Map<string, number>();
  let open = wishes.filter(({ cells, hours }) => cells > 0 && hours > 0);
  let leftH = hoursThereAre;
  while (open.length > 0) {
    const perCellH = leftH / open.reduce((sum, { cells }) => sum + cells, 0);
    const content = open.filter(({ cells, hours }) => hours <= perCellH * cells);
    // Nobody is content with an equal part: all get just that.
    for (const { group, cells, hours } of content.length > 0 ? content : open) {
      const partH = content.length > 0 ? hours : perCellH * cells;
      given.set(group, partH);
      leftH -= partH;
    }
    open = content.length > 0 ? open.filter(({ group }) => !given.has(group)) : [];
  }
  const allH = [...given.values()].reduce((sum, hours) => sum + hours, 0);
  const inOrder = wishes.flatMap(({ group }) => {
    const hours = given.get(group);
    return hours === undefined ? [] : [[group, hours] as const];
  });
  // In ten-thousandths, each at least one of them; the largest bears what that comes to.
  const parts = inOrder.map(([group, hours]) => ({ group, count: Math.max(1, Math.floor((PARTS * hours) / allH)) }));
  const excess = parts.reduce((sum, { count }) => sum + count, 0) - PARTS;
  const most = Math.max(0, ...parts.map(({ count }) => count));
  const largest = parts.find(({ count }) => count === most);
  if (largest !== undefined && excess > 0) largest.count -= excess;
  return new Map(parts.map(({ group, count }) => [group, count / PARTS]));
}
