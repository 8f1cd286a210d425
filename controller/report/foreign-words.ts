/** What a group's report must not say: names of other groups, of their cells, places and channels, wherever they stand. */
import type { RackPlanCell } from "../record/rack-plan-event.ts";

/** The text without words of other groups. */
export type Censor = (text: string) => string;

/** As people write them too: a7, A07; `A7.2` is a cell there. */
const POSITION = /(?<![\p{L}\p{N}])([A-H])0?(1[0-2]|[1-9])(?:\.\d{1,2})?(?![\p{L}\p{N}])/giu;

/** `own`: positions that may be named. Where those are all, nothing is taken out. */
export function createCensor(
  plan: { readonly cells: readonly Pick<RackPlanCell, "position" | "group" | "barcode" | "channel">[] },
  own: ReadonlySet<string>,
): Censor {
  const foreign = plan.cells.filter(({ position }) => !own.has(position));
  if (foreign.length === 0) return (text) => text;
  const ownCells = plan.cells.filter(({ position }) => own.has(position));
  const ownGroups = new Set(ownCells.map(({ group }) => group));
  /** Others' names may be the same but for their case. */
  const ownNames = new Set(ownCells.flatMap(({ group, barcode, channel }) => [group, barcode, channel ?? ""]));
  const names = new Set<string>();
  for (const { barcode, channel, group } of foreign) {
    if (barcode !== "") names.add(barcode);
    if (channel !== null && channel !== "") names.add(channel);
    if (group !== "" && !ownGroups.has(group)) names.add(group);
  }
  const positions = new Set<string>(foreign.map(({ position }) => position));
  // Longest first, so that no name leaves the rest of a longer one behind.
  const longest = [...names].sort((a, b) => b.length - a.length).map(quoted);
  const named =
    longest.length === 0 ? null : new RegExp(`(?<![\\p{L}\\p{N}])(?:${longest.join("|")})(?![\\p{L}\\p{N}])`, "giu");
  return (text) => {
    const without = named === null ? text : text.replace(named, (name) => (ownNames.has(name) ? name : "(another's)"));
    return without.replace(POSITION, (word, row: string, column: string) =>
      positions.has(`${row.toUpperCase()}${column}`) ? "(another's)" : word,
    );
  };
}

function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
