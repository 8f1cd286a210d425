/** What goes wrong with cells: entries of a fault file, and what ordinary racks bring with them. */
import { z } from "zod";
import { parsePosition, positionIndex } from "../../protocols/base/position.ts";
import { CELL_FAULT_KINDS, type CellFault, drawCellFault } from "../cell/cell-fault.ts";
import type { Chance } from "../plant/plant.ts";

/** Something goes wrong with a cell; at 0 it was so when the cell was put in. */
export interface CellGoesWrong {
  readonly kind: "cell";
  readonly positionIndex: number;
  readonly fromMs: number;
  readonly fault: CellFault;
}

/** One that was sent in and is put into its place while the campaign runs. */
export interface CellComes {
  readonly kind: "cell-comes";
  readonly positionIndex: number;
  readonly fromMs: number;
}

/** Of cells in ordinary racks: about two in a hundred (chosen). */
const BAD_SHARE = 0.02;
const HOUR_MS = 3_600_000;

/** Draws for every position whether its cell is a bad one, how, and since when. Each position has its own chance. */
export function drawBadCells(chance: Chance, hours: number, positions: readonly number[]): readonly CellGoesWrong[] {
  return positions.flatMap((index): readonly CellGoesWrong[] => {
    const own = chance.stream(`cell ${index}`);
    if (own.uniform() >= BAD_SHARE) return [];
    const kind = CELL_FAULT_KINDS[Math.floor(own.uniform() * CELL_FAULT_KINDS.length)] ?? "high-resistance";
    // A cell does not turn round in its holder; contacts fail at loading as often as later.
    const isFromStart = kind === "reversed" || (kind === "open-circuit" && own.uniform() < 0.5);
    const fromMs = isFromStart ? 0 : Math.round(own.uniform() * hours * HOUR_MS);
    return [{ kind: "cell", positionIndex: index, fromMs, fault: drawCellFault(kind, own.stream("size")) }];
  });
}

const position = z.string().transform((text, context) => {
  const found = parsePosition(text);
  if (found !== undefined) return positionIndex(found);
  context.addIssue({ code: "custom", message: "is no position; write A1..H12" });
  return z.NEVER;
});
const at_s = z.number().min(0).default(0);
const ohm = (typical: number) => z.number().min(1e-3).max(1e9).default(typical);
const seconds = (typical: number) => z.number().min(0.01).max(1e9).default(typical);
const common = { position, at_s };

/** Sizes that are left out are those of a plain case. */
export const CELL_FAULT_SHAPES = [
  z.strictObject({ kind: z.literal("internal-short"), ...common, ohm: ohm(10) }),
  z.strictObject({
    kind: z.literal("dendrite"),
    ...{ ...common, ohm: ohm(1000), mean_on_s: seconds(10), mean_off_s: seconds(600) },
  }),
  z.strictObject({ kind: z.literal("high-resistance"), ...common, ohm: ohm(1000) }),
  z.strictObject({
    kind: z.literal("intermittent-contact"),
    ...{ ...common, ohm: ohm(1000), mean_on_s: seconds(1), mean_off_s: seconds(600) },
  }),
  z.strictObject({ kind: z.literal("open-circuit"), ...common }),
  z.strictObject({
    kind: z.literal("reversed"),
    position,
    at_s: z.literal(0, "a cell does not turn round in its holder").default(0),
  }),
  z.strictObject({ kind: z.literal("leaking"), ...common, drying_s: seconds(7200) }),
  z.strictObject({ kind: z.literal("overheating"), ...common, ohm: ohm(10), growth_s: seconds(300) }),
] as const;

export const CELL_COMES_SHAPE = z.strictObject({
  kind: z.literal("cell-comes"),
  position,
  at_s: z.number().gt(0, "a cell that comes was not there at the start"),
});

type CellFaultEntry = z.output<(typeof CELL_FAULT_SHAPES)[number]>;

export function cellGoesWrong(entry: CellFaultEntry): CellGoesWrong {
  return { kind: "cell", positionIndex: entry.position, fromMs: entry.at_s * 1000, fault: faultOf(entry) };
}

function faultOf(entry: CellFaultEntry): CellFault {
  switch (entry.kind) {
    case "internal-short":
    case "high-resistance":
      return { kind: entry.kind, ohm: entry.ohm };
    case "dendrite":
    case "intermittent-contact":
      return { kind: entry.kind, ohm: entry.ohm, meanOnS: entry.mean_on_s, meanOffS: entry.mean_off_s };
    case "open-circuit":
    case "reversed":
      return { kind: entry.kind };
    case "leaking":
      return { kind: entry.kind, dryingS: entry.drying_s };
    case "overheating":
      return { kind: entry.kind, ohm: entry.ohm, growthS: entry.growth_s };
  }
}
