/** Cells that go through the same steps side by side, told in one line. Pure. */
import type { ExpectedEvent } from "./expected.ts";

/** Ends further apart than this are told apart. */
const TOGETHER_MS = 60_000;
/** Of more cells than this the first is named, and the number of the others. */
const NAMED_MAX = 4;

interface Group {
  readonly first: ExpectedEvent;
  spreadS: number | null;
  readonly where: string[];
}

/** Of ends in order: those of the same kind within a minute as one, at the first of them, as unsure as the least sure. */
export function gatheredSteps(ends: readonly ExpectedEvent[]): readonly ExpectedEvent[] {
  const groups: Group[] = [];
  const open = new Map<string, Group>();
  for (const end of ends) {
    let group = open.get(end.text);
    if (group === undefined || end.atMs - group.first.atMs > TOGETHER_MS) {
      group = { first: end, spreadS: end.spreadS, where: [] };
      groups.push(group);
      open.set(end.text, group);
    }
    if (end.where !== null) group.where.push(end.where);
    if (end.spreadS !== null) group.spreadS = Math.max(group.spreadS ?? 0, end.spreadS);
  }
  return groups.map(({ first, spreadS, where }) => ({ ...first, spreadS, where: whereText(where) }));
}

function whereText(where: readonly string[]): string | null {
  if (where.length === 0) return null;
  if (where.length <= NAMED_MAX) return where.join(", ");
  return `${where[0] ?? ""} and ${where.length - 1} more:`;
}
