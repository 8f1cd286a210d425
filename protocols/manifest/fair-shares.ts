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

/** Fractions of what all get, by group, rounded down so that they never come to more than 1. None of 0. */
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
  return new Map(
    inOrder.map(([group, hours]) => [group, Math.max(0.0001, Math.floor((10_000 * hours) / allH) / 10_000)]),
  );
}
