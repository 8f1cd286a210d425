/**
 * How much chance of a false alarm is spent where. Over looks: each planned look gets its own share of the campaign's
 * level, so that looking often costs power and never validity (Bonferroni's bound on the looks: it holds whatever the
 * looks have in common). Within a look: Holm's step-down rule over all cells, quantities and materials, which holds
 * whatever they have in common too.
 */

/**
 * Level of look `look` (from 1). With `planned` looks each gets the same share; looks beyond the plan get nothing.
 * Without a known number (null) the shares are level / (k (k + 1)), whose sum over all k is the level.
 */
export function levelOfLook(level: number, look: number, planned: number | null): number {
  if (!(look >= 1)) return 0;
  if (planned === null) return level / (look * (look + 1));
  return look <= planned ? level / planned : 0;
}

/** Holm's adjusted chances, in the order given: reject where one is at most the level. What is no number becomes 1. */
export function holmAdjusted(chances: readonly number[]): readonly number[] {
  const order = chances
    .map((chance, index) => ({ chance: Number.isNaN(chance) ? 1 : chance, index }))
    .sort((left, right) => left.chance - right.chance);
  const adjusted = new Array<number>(chances.length).fill(1);
  let highest = 0;
  order.forEach(({ chance, index }, rank) => {
    highest = Math.max(highest, Math.min(1, chance * (chances.length - rank)));
    adjusted[index] = highest;
  });
  return adjusted;
}
