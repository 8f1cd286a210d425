/** The guided alignment as it is seen: where it stands, the rack with what was found of each cell, which keys there are. Pure. */
import { COLUMN_COUNT, positionAt, ROW_COUNT, type Position } from "../../../protocols/base/position.ts";
import {
  BLANK,
  cut,
  padText,
  row,
  span,
  spread,
  tall,
  wrapWords,
  type Row,
  type Span,
} from "../../terminal/text/rows.ts";
import { countText } from "../../terminal/text/values.ts";

export const GUIDE_STEPS = ["Set out", "Rack and beam", "Cells", "Keep"] as const;

export type CellSeen =
  | { readonly kind: "measuring" }
  | { readonly kind: "found"; readonly offMm: number }
  | { readonly kind: "missed" };

export interface GuideView {
  readonly site: string;
  /** Index into the steps. */
  readonly step: number;
  /** What is done, or asked; each is a paragraph. */
  readonly words: readonly string[];
  readonly wanted: ReadonlySet<Position>;
  readonly cells: ReadonlyMap<Position, CellSeen>;
  /** Position under the cursor, where cells can be chosen; null elsewhere. */
  readonly cursor: number | null;
  readonly exposures: number;
  /** What was found, and what was said last. */
  readonly lines: readonly string[];
  readonly keys: readonly (readonly [key: string, what: string])[];
}

const CELL_WIDTH = 4;
const WORDS_MAX = 5;

export function guideRows(view: GuideView, columns: number, terminalRows: number): readonly Row[] {
  const [width, height] = [columns - 1, terminalRows - 1];
  const words = view.words.flatMap((text) => wrapWords(text, width - 2)).slice(0, WORDS_MAX);
  const head = [
    spread(
      row(span(" beamrack", "accent"), span("  alignment", "strong"), span(`  ${view.site}`, "dim")),
      row(span(`${countText(view.exposures)} exposures `, "dim")),
      width,
    ),
    stepRow(view.step),
    BLANK,
    ...words.map((text) => row(span(` ${text}`))),
    BLANK,
    ...mapRows(view),
    row(span("   1/100 mm off its place   · waits   > is measured   ! cannot be told", "dim")),
  ];
  const left = Math.max(0, height - head.length - 1);
  const said = view.lines.flatMap((text) => wrapWords(text, width - 2)).slice(-left);
  return [...tall([...head, ...said.map((text) => row(span(` ${text}`, "dim")))], height - 1), keyRow(view)].map(
    (cells) => cut(cells, width),
  );
}

function stepRow(step: number): Row {
  return GUIDE_STEPS.flatMap((title, index): readonly Span[] => [
    span(" "),
    span(` ${index + 1} ${title} `, index === step ? "bar" : "dim"),
  ]);
}

function mapRows({ wanted, cells, cursor }: GuideView): readonly Row[] {
  const titles = Array.from({ length: COLUMN_COUNT }, (_, column) => padText(String(column + 1), CELL_WIDTH, "right"));
  return [
    row(span(`   ${titles.join("")}`, "dim")),
    ...Array.from({ length: ROW_COUNT }, (_, line): Row => [
      span(` ${String.fromCharCode(65 + line)} `, "dim"),
      ...Array.from({ length: COLUMN_COUNT }, (_cell, column): Span => {
        const index = line * COLUMN_COUNT + column;
        const position = positionAt(index);
        const { text, tone } = cellSpan(cells.get(position), wanted.has(position));
        if (index === cursor) return span(padText(`[${text.trim()}]`, CELL_WIDTH, "right"), "cursor");
        return span(padText(text, CELL_WIDTH, "right"), tone);
      }),
    ]),
  ];
}

function cellSpan(cell: CellSeen | undefined, isWanted: boolean): Span {
  if (cell === undefined) return span(isWanted ? "·" : " ", "dim");
  if (cell.kind === "measuring") return span(">", "accent");
  if (cell.kind === "missed") return span("!", "alarm");
  return span(String(Math.round(100 * cell.offMm)), "good");
}

function keyRow({ keys }: GuideView): Row {
  return keys.flatMap(([key, what]): readonly Span[] => [span(` ${key}`, "accent"), span(` ${what} `, "dim")]);
}
