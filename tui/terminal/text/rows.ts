/**
 * Text as the screens are made of: rows of spans, each with a tone. Widths are columns of a terminal, so a character
 * may take two or none. Pure: what a tone looks like is the palette's business.
 */

export const HEAT_STEPS = 6;

/** What a text means, not how it looks. `heat0` (little) to `heat5` (much) colour a number on a map. */
export type Tone =
  | "plain"
  | "strong"
  | "dim"
  | "accent"
  | "good"
  | "warn"
  | "alarm"
  | "cursor"
  | "bar"
  | "alarmBar"
  | "heat0"
  | "heat1"
  | "heat2"
  | "heat3"
  | "heat4"
  | "heat5";

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

export type Row = readonly Span[];

export const BLANK: Row = [];

const ELLIPSIS = "…";
/** Printable ASCII needs no looking at: nearly all text. */
const SIMPLE = /^[ -~]*$/;
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
const NONE = /\p{Mn}|\p{Me}|\p{Cf}/u;

/** Text in one tone, safe to draw: control characters, which could move the cursor, become `?`. */
export function span(text: string, tone: Tone = "plain"): Span {
  return { text: SIMPLE.test(text) ? text : text.normalize("NFC").replace(/\p{Cc}/gu, "?"), tone };
}

/** Strings are in the plain tone. */
export function row(...parts: readonly (string | Span)[]): Row {
  return parts.map((part) => (typeof part === "string" ? span(part) : part));
}

export function textWidth(text: string): number {
  if (SIMPLE.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  if (SIMPLE.test(character)) return 1;
  return NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
}

export function rowWidth(cells: Row): number {
  return cells.reduce((sum, { text }) => sum + textWidth(text), 0);
}

/** The text without tones. */
export function rowText(cells: Row): string {
  return cells.map(({ text }) => text).join("");
}

/** The first `width` columns. */
function takeColumns(text: string, width: number): string {
  if (SIMPLE.test(text)) return text.slice(0, width);
  let taken = "";
  let used = 0;
  for (const character of text) {
    used += characterWidth(character);
    if (used > width) return taken;
    taken += character;
  }
  return taken;
}

/** No wider than `width`; where something is lost, the last column says so. */
export function cut(cells: Row, width: number): Row {
  if (width <= 0) return BLANK;
  if (rowWidth(cells) <= width) return cells;
  const kept: Span[] = [];
  let left = width - 1;
  for (const { text, tone } of cells) {
    const taken = takeColumns(text, left);
    if (taken !== "") kept.push({ text: taken, tone });
    left -= textWidth(taken);
    if (taken !== text) break;
  }
  kept.push({ text: ELLIPSIS, tone: kept.at(-1)?.tone ?? "plain" });
  return kept;
}

export function cutText(text: string, width: number): string {
  return rowText(cut([{ text, tone: "plain" }], width));
}

/** Exactly `width` columns. */
export function fit(cells: Row, width: number): Row {
  const kept = cut(cells, width);
  const missing = width - rowWidth(kept);
  return missing > 0 ? [...kept, { text: " ".repeat(missing), tone: "plain" }] : kept;
}

export function padText(text: string, width: number, align: "left" | "right" | "centre" = "left"): string {
  const kept = cutText(text, width);
  const missing = Math.max(0, width - textWidth(kept));
  const before = align === "left" ? 0 : align === "right" ? missing : missing >> 1;
  return `${" ".repeat(before)}${kept}${" ".repeat(missing - before)}`;
}

/** `left` at the left edge and `right` at the right one; the left one gives way. */
export function spread(left: Row, right: Row, width: number): Row {
  const rightWidth = rowWidth(right);
  if (rightWidth === 0) return cut(left, width);
  if (rightWidth >= width) return cut(right, width);
  return [...fit(left, width - rightWidth - 1), { text: " ", tone: "plain" }, ...right];
}

/** Blocks side by side, each of its own width, with `gap` columns between them. */
export function beside(
  blocks: readonly { readonly rows: readonly Row[]; readonly width: number }[],
  gap: number,
): readonly Row[] {
  const height = Math.max(0, ...blocks.map(({ rows }) => rows.length));
  const between: Span = { text: " ".repeat(gap), tone: "plain" };
  return Array.from({ length: height }, (_, index) =>
    blocks.flatMap(({ rows, width }, block) => {
      const cells = rows[index] ?? BLANK;
      if (block === blocks.length - 1) return cut(cells, width);
      return [...fit(cells, width), between];
    }),
  );
}

/** Exactly `height` rows. */
export function tall(rows: readonly Row[], height: number): readonly Row[] {
  if (rows.length >= height) return rows.slice(0, Math.max(0, height));
  return [...rows, ...Array.from({ length: height - rows.length }, () => BLANK)];
}

/** Broken between words; a word that is too long for a line is broken within. */
export function wrapWords(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (textWidth(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== "") lines.push(line);
    let rest = word;
    while (textWidth(rest) > width && width > 0) {
      const head = takeColumns(rest, width);
      if (head === "") break;
      lines.push(head);
      rest = rest.slice(head.length);
    }
    line = rest;
  }
  if (line !== "") lines.push(line);
  return lines;
}

/** The same words, all in one tone: what is no longer true is drawn so. */
export function inTone(rows: readonly Row[], tone: Tone): readonly Row[] {
  return rows.map((cells) => (cells.length === 0 ? cells : [{ text: rowText(cells), tone }]));
}
