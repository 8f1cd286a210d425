/** The rack as a map, 8 rows by 12 columns. The cursor has brackets and a cell in need a mark, also without colour. Pure. */
import { COLUMN_COUNT, ROW_COUNT } from "../../../protocols/base/position.ts";
import { MEASURES, stateSign } from "../model/measures.ts";
import type { Model } from "../model/model.ts";
import { needsPerson } from "../model/rack-view.ts";
import { BLANK, padText, row, span, textWidth, type Row, type Span } from "../text/rows.ts";
import { UNKNOWN, voltText, wordsOf } from "../text/values.ts";

const ROW_LABEL = 3;
const CELL_WIDTH_MIN = 4;
const CELL_WIDTH_MAX = 12;
/** From here on a cell has room for words instead of letters. */
const WORDS_FROM_WIDTH = 8;
const CELL_HEIGHT_MAX = 3;

export interface MapSize {
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly width: number;
  readonly height: number;
}

/** The largest map that leaves `besideWidth` columns and fits into `height` rows. */
export function mapSize(width: number, height: number, besideWidth: number): MapSize {
  const free = Math.floor((width - besideWidth - ROW_LABEL - 1) / COLUMN_COUNT);
  const cellWidth = Math.min(CELL_WIDTH_MAX, Math.max(CELL_WIDTH_MIN, free));
  const cellHeight = Math.min(CELL_HEIGHT_MAX, Math.max(1, Math.floor((height - 1) / ROW_COUNT)));
  return {
    cellWidth,
    cellHeight,
    width: ROW_LABEL + COLUMN_COUNT * cellWidth + 1,
    height: 1 + ROW_COUNT * cellHeight,
  };
}

export function mapRows(model: Model, { cellWidth, cellHeight }: MapSize): readonly Row[] {
  const titles = Array.from({ length: COLUMN_COUNT }, (_, column) => padText(String(column + 1), cellWidth, "right"));
  const rows: Row[] = [row(span(" ".repeat(ROW_LABEL) + titles.join(""), "dim"))];
  for (let line = 0; line < ROW_COUNT; line += 1) {
    for (let part = 0; part < cellHeight; part += 1) rows.push(mapLine(model, line, part, cellWidth, cellHeight));
  }
  return rows;
}

function mapLine(model: Model, line: number, part: number, cellWidth: number, cellHeight: number): Row {
  const isBlank = part > 0 && part === cellHeight - 1;
  if (isBlank) return BLANK;
  const label = part === 0 ? ` ${String.fromCharCode(65 + line)} ` : " ".repeat(ROW_LABEL);
  const spans: Span[] = [span(label, "dim")];
  let isAfterCursor = false;
  for (let column = 0; column < COLUMN_COUNT; column += 1) {
    const index = line * COLUMN_COUNT + column;
    const isCursor = index === model.state.positionIndex;
    const content = cellPart(model, index, part, cellWidth - 1);
    const needs = part === 0 && needsPerson(model.rack, index);
    // The bracket that closes the cursor stands where the next cell's mark would.
    const isBracket = part === 0 && (isCursor || isAfterCursor);
    const mark = isBracket ? span(isCursor ? "[" : "]", "strong") : span(needs ? "!" : " ", needs ? "alarm" : "plain");
    if (isCursor) spans.push(mark, { ...content, tone: "cursor" });
    else if (needs) spans.push(...marked(mark, content));
    else spans.push(mark, content);
    isAfterCursor = isCursor;
  }
  if (isAfterCursor && part === 0) spans.push(span("]", "strong"));
  return spans;
}

/** The mark stands right before what it is about, where there is room. */
function marked(mark: Span, content: Span): readonly Span[] {
  const text = content.text.trimStart();
  const blanks = content.text.length - text.length;
  if (blanks === 0) return [mark, content];
  const before = span(`${mark.text === "!" ? " " : mark.text}${" ".repeat(blanks - 1)}`, "strong");
  return [before, span("!", "alarm"), { text, tone: content.tone }];
}

function cellPart(model: Model, index: number, part: number, width: number): Span {
  const cell = model.rack.cells[index] ?? null;
  if (cell === null) return span(padText(part === 0 ? "·" : "", width, "right"), "dim");
  const shown = MEASURES[model.state.measure].show(cell, model.rack);
  if (part === 0) {
    const text = width + 1 >= WORDS_FROM_WIDTH ? shown.long : shown.short;
    return span(padText(text, width, "right"), shown.tone);
  }
  // What is coloured by stands first; the same is not said twice.
  const isVoltage = model.state.measure === "voltage";
  const further = isVoltage ? wordsOf(cell.state) : voltText(cell.voltage_V);
  // A number that is cut is another number: without its unit it may fit.
  const narrow = isVoltage ? stateSign(cell.state).letter : (cell.voltage_V?.toFixed(2) ?? UNKNOWN);
  return span(padText(textWidth(further) <= width ? further : narrow, width, "right"), "dim");
}
