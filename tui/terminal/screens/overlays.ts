/** What lies over a screen while something is typed or asked: palette, search, question, help. Pure. */
import { positionAt } from "../../../protocols/base/position.ts";
import { ACTIONS, isOn, paletteActions, type Action } from "../keys/actions.ts";
import { keysText } from "../keys/keys-text.ts";
import { findCell } from "../keys/find-cell.ts";
import type { Model } from "../model/model.ts";
import { SCREEN_TELLS, SCREEN_TITLES, type Overlay } from "../model/screen-state.ts";
import { BLANK, cut, fit, padText, row, span, tall, wrapWords, type Row } from "../text/rows.ts";
import { wordsOf } from "../text/values.ts";
import { heading, scrolled, scrollMaxOf } from "./parts.ts";
import { SCREEN_LESSONS } from "./screen-lessons.ts";
import { bodySize } from "./screen-table.ts";

/** Rows that lie over the lower part of the body; `help` takes all of it. */
export function overlayRows(model: Model, overlay: Overlay, width: number, height: number): readonly Row[] {
  switch (overlay.kind) {
    case "help":
      return helpRows(model, overlay.scroll, width, height);
    case "palette":
      return paletteRows(overlay.typed, overlay.chosen, width, Math.min(height, 14));
    case "find":
      return findRows(model, overlay.typed, width);
    case "filter":
      return [
        heading("Show only lines with", width),
        typedRow(overlay.typed),
        row(span("every word must be in the line; enter keeps it, escape on the log shows all again", "dim")),
      ];
    case "question":
      return questionRows(overlay, width);
  }
}

function typedRow(typed: string): Row {
  return row(span("> ", "accent"), span(typed, "strong"), span(" ", "cursor"));
}

function paletteRows(typed: string, chosen: number, width: number, height: number): readonly Row[] {
  const offered = paletteActions(typed);
  const shownCount = Math.max(1, height - 3);
  const at = Math.min(chosen, offered.length - 1);
  const first = Math.max(0, Math.min(at - Math.floor(shownCount / 2), offered.length - shownCount));
  const lines = offered.slice(first, first + shownCount).map((action, index) => {
    const isChosen = first + index === at;
    return fit(
      row(
        span(isChosen ? "▸ " : "  ", "accent"),
        span(padText(keysText(action), 7), isChosen ? "accent" : "dim"),
        span(action.title, isChosen ? "strong" : "plain"),
      ),
      width,
    );
  });
  const none = offered.length === 0 ? [row(span("  nothing is called that", "dim"))] : [];
  const hint = row(span("  type a part of its name, ↑↓ choose, enter does it, escape leaves", "dim"));
  return [heading("What to do", width), typedRow(typed), ...tall([...lines, ...none], shownCount), hint].map((cells) =>
    cut(cells, width),
  );
}

function findRows(model: Model, typed: string, width: number): readonly Row[] {
  const index = findCell(model, typed);
  const cell = index === null ? null : (model.rack.cells[index] ?? null);
  const found =
    typed.trim() === ""
      ? row(span("a position such as B7, or a part of a barcode; enter goes there, escape leaves", "dim"))
      : index === null
        ? row(span("no cell is called that", "warn"))
        : row(
            span(positionAt(index), "strong"),
            span(`  ${cell === null ? "no cell" : `${cell.cell}, ${wordsOf(cell.state)}`}`),
          );
  return [heading("Find a cell", width), typedRow(typed), found];
}

function questionRows(
  { question, typed }: Extract<Overlay, { readonly kind: "question" }>,
  width: number,
): readonly Row[] {
  const title = question.order.title;
  const isNote = question.order.command.command === "note";
  const consequence = wrapWords(question.consequence, width - 2).map((line) => row(span(`  ${line}`)));
  const head = row(
    span(`${title.charAt(0).toUpperCase()}${title.slice(1)}?`, question.by === "yes" ? "alarmBar" : "strong"),
  );
  if (question.by === "yes") {
    return [
      heading("Asked again", width),
      head,
      ...consequence,
      row(span("  y does it; any other key leaves all as it is.", "alarm")),
    ];
  }
  return [
    heading("Asked again", width),
    head,
    ...consequence,
    row(span(isNote ? "  note: " : "  why? ", "accent"), span(typed, "strong"), span(" ", "cursor")),
    row(
      span(
        `  ${isNote ? "what was seen" : "a word or two for the record"}; enter does it, escape leaves all as it is`,
        "dim",
      ),
    ),
  ].map((cells) => cut(cells, width));
}

/** What every screen has in common, told once. */
const SIGNS: readonly string[] = [
  "[ ] is the cursor, ! a cell that needs a person, - what is not known.",
  "Quiet is well: what is coloured wants a look. Letters and words say all that colour says.",
  "What is drawn as LAST KNOWN is not true now: the controller, or the way to it, is silent.",
];

function helpRows(model: Model, scroll: number, width: number, height: number): readonly Row[] {
  return tall(scrolled(helpText(model, width), scroll, height), height);
}

/** How far the help can be scrolled. */
export function helpScrollMax(model: Model): number {
  const { width, height } = bodySize(model);
  return scrollMaxOf(helpText(model, width - 2), height);
}

/** First what this screen is and what can be done on it, then what goes everywhere. */
function helpText(model: Model, width: number): readonly Row[] {
  const { screen } = model.state;
  const keyed = ACTIONS.filter((action) => action.keys.length > 0 && isOn(action, screen));
  const isOrder = ({ part }: Action): boolean => part === "order";
  const [toScreens, others] = split(
    keyed.filter((action) => !isOrder(action)),
    ({ id }) => id.startsWith("screen-"),
  );
  const [everywhere, here] = split(others, ({ screens }) => screens === "all");
  const parts: readonly (readonly [string, readonly Action[]])[] = [
    ["On this screen", here],
    ["Orders: asked again, and the consequence named", keyed.filter(isOrder)],
    ["Everywhere", everywhere],
  ];
  return [
    row(span(SCREEN_TITLES[screen], "strong"), span(`: ${SCREEN_TELLS[screen]}`)),
    ...SCREEN_LESSONS[screen].flatMap((line) => wrapWords(line, width)).map((line) => row(span(line))),
    BLANK,
    ...SIGNS.flatMap((line) => wrapWords(line, width)).map((line) => row(span(line, "dim"))),
    BLANK,
    ...parts.flatMap(([title, actions]) =>
      actions.length === 0 ? [] : [heading(title, width), ...inColumns(actions, width), BLANK],
    ),
    heading("Screens", width),
    ...inColumns(toScreens, width),
    BLANK,
    row(span("Everything else has a name: press : and type a part of it.", "dim")),
  ];
}

function split<T>(list: readonly T[], isFirst: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [list.filter(isFirst), list.filter((item) => !isFirst(item))];
}

/** Side by side where there is room for two. */
function inColumns(actions: readonly Action[], width: number): readonly Row[] {
  const columns = width >= 110 ? 2 : 1;
  const each = Math.floor(width / columns);
  const perColumn = Math.ceil(actions.length / columns);
  return Array.from({ length: perColumn }, (_, line) =>
    Array.from({ length: columns }, (__, column) => actions[column * perColumn + line]).flatMap((action) =>
      action === undefined ? [] : fit(row(span(padText(keysText(action), 8), "accent"), span(action.title)), each),
    ),
  );
}
