/** At most `most` of them, evenly spread, the first among them. */
export function evenlyChosen<Item>(items: readonly Item[], most: number): readonly Item[] {
  const spacing = Math.max(1, (items.length - 1) / Math.max(1, most - 1));
  return items.filter((_, index) => Math.round(Math.round(index / spacing) * spacing) === index);
}
