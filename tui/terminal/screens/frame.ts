/**
 * The whole of a screen: head, tabs, what must be known first, the screen itself, the keys at its foot. Nothing that is
 * not true now is drawn as if it were. Pure.
 */
import { isTimeZone, localText } from "../../../protocols/base/local-time.ts";
import { ACTIONS, isOn } from "../keys/actions.ts";
import { keysText } from "../keys/keys-text.ts";
import type { Model } from "../model/model.ts";
import { isLive, timeMs, untakenCount, type RackView } from "../model/rack-view.ts";
import { SCREEN_IDS, SCREEN_TITLES, type ScreenId } from "../model/screen-state.ts";
import { BLANK, cut, inTone, row, rowWidth, span, spread, tall, wrapWords, type Row, type Span } from "../text/rows.ts";
import { clockText, countText, percentText } from "../text/values.ts";
import { LIVE_WORDS, noteRows } from "./note-rows.ts";
import { overlayRows } from "./overlays.ts";
import { bodySize, drawScreen } from "./screen-table.ts";

/** Below this nothing can be shown that would not mislead. */
export const COLUMNS_MIN = 80;
export const ROWS_MIN = 24;

/** One row and one column less than the terminal has. */
export function drawFrame(model: Model): readonly Row[] {
  const width = model.columns - 1;
  const height = model.rows - 1;
  if (model.columns < COLUMNS_MIN || model.rows < ROWS_MIN) return tall(tooSmall(model), Math.max(1, height));
  const body = bodyRows(model, width, bodySize(model).height);
  return tall(
    [
      headRow(model, width),
      tabRow(model, width),
      ...noteRows(model, width),
      ...body,
      controlRow(model, width),
      keyRow(model, width),
    ],
    height,
  ).map((cells) => cut(cells, width));
}

/** Keys still count, so what is asked, and what came of it, is told here too. */
function tooSmall(model: Model): readonly Row[] {
  const { columns, rows, rack, state } = model;
  const width = Math.max(1, columns - 1);
  const untaken = untakenCount(rack);
  const alarms = untaken === 0 ? "" : ` ${countText(untaken)} ${untaken === 1 ? "alarm" : "alarms"} open!`;
  const needs = `beamrack needs ${COLUMNS_MIN}x${ROWS_MIN}, this is ${columns}x${rows}.${alarms} q leaves.`;
  const { overlay } = state;
  const asked = overlay?.kind === "question" ? overlayRows(model, overlay, width, rows) : [];
  const notes = state.notice === null && isLive(rack) ? [] : noteRows(model, width);
  return [...asked, ...wrapWords(needs, width).map((line) => row(span(line))), ...notes];
}

function bodyRows(model: Model, width: number, height: number): readonly Row[] {
  const { overlay } = model.state;
  if (overlay?.kind === "help") return tall([...overlayRows(model, overlay, width - 2, height)], height).map(inset);
  const drawn = drawScreen(model);
  const asOf = asOfSpan(model.rack);
  const live = isLive(model.rack);
  const title = spread(drawn.title, asOf === null ? BLANK : [asOf], width - 2);
  const rows = tall([title, ...(live ? drawn.rows : inTone(drawn.rows, "dim"))], height);
  if (overlay === null) return rows.map(inset);
  const over = overlayRows(model, overlay, width - 2, height - 1);
  return [...rows.slice(0, height - over.length), ...over].map(inset);
}

function inset(cells: Row): Row {
  return cells.length === 0 ? cells : [span(" "), ...cells];
}

function asOfSpan(rack: RackView): Span | null {
  if (rack.nowMs === null) return null;
  return isLive(rack) ? null : span(` LAST KNOWN ${clockText(rack.nowMs)} `, "alarmBar");
}

/** From here on the place is named beside its time. */
const PLACE_FROM = 110;

/** What the clock on the wall says there; nothing where nobody said where. */
function localSpans(nowMs: number, zone: string | undefined, width: number): readonly Span[] {
  if (zone === undefined || !isTimeZone(zone)) return [];
  const clock = localText(nowMs, zone).slice(11);
  return [span(width < PLACE_FROM ? ` (${clock})` : ` (${clock} ${zone})`, "dim")];
}

function headRow(model: Model, width: number): Row {
  const { rack } = model;
  const { campaign } = rack;
  const left: Span[] = [span(" beamrack", "accent")];
  if (campaign !== null) {
    left.push(span(`  ${campaign.campaign}`, "strong"), span(`  ${campaign.site}`, "dim"));
    if (campaign.state === "held") left.push(span("  held", "warn"));
    else if (campaign.state !== "running")
      left.push(span(`  ${campaign.state}`, campaign.state === "failed" ? "alarm" : "accent"));
  }
  const [word, tone] = LIVE_WORDS[rack.liveness.kind];
  const right: Span[] = [];
  if (rack.nowMs !== null && isLive(rack)) {
    const pace = rack.heartbeat?.pace ?? campaign?.pace ?? 1;
    right.push(span(clockText(rack.nowMs)), span(pace === 1 ? " UTC" : ` at ${countText(pace)}x`, "dim"));
    right.push(...localSpans(rack.nowMs, campaign?.timezone, width));
    if (campaign?.duration_s != null)
      right.push(span(`   ${percentText(Math.min(1, campaign.elapsed_s / campaign.duration_s))}`, "strong"));
  }
  right.push(span(right.length === 0 ? "" : "   "), span(word, tone));
  return spread(left, right, width);
}

function tabRow({ state, rack }: Model, width: number): Row {
  const wide = tabSpans(state.screen, untakenCount(rack), " ");
  return rowWidth(wide) <= width ? wide : cut(tabSpans(state.screen, untakenCount(rack), ""), width);
}

function tabSpans(chosen: ScreenId, untaken: number, gap: string): Row {
  return SCREEN_IDS.flatMap((screen, index): readonly Span[] => {
    const count = screen === "alarms" && untaken > 0 ? ` ${untaken > 99 ? "99+" : String(untaken)}` : "";
    const isChosen = screen === chosen;
    return [
      span(index === 0 ? "" : gap),
      span(` ${index + 1} ${SCREEN_TITLES[screen]}`, isChosen ? "bar" : "dim"),
      span(count, isChosen ? "bar" : "alarm"),
      span(isChosen ? gap : "", "bar"),
    ];
  });
}

/** Who may give orders, and what is being taken over. */
function controlRow({ rack, author }: Model, width: number): Row {
  const { control } = rack;
  const me = author === null ? span(" looking only", "dim") : span(` ${author}`, "dim");
  if (control === null) return row(me);
  if (!isLive(rack))
    return spread(row(me), [span(`control was: ${control.holder?.author ?? "nobody's"}`, "dim")], width);
  const { holder, taking_over: next } = control;
  const held =
    holder === null
      ? span("control: nobody has it, c takes it", "dim")
      : holder.author === author
        ? span(`control: you, until ${clockText(timeMs(holder.until))}`, "accent")
        : span(`control: ${holder.author}, until ${clockText(timeMs(holder.until))}`, "dim");
  const passing = next === null ? [] : [span(`   ${next.author} takes over at ${clockText(timeMs(next.at))}`, "warn")];
  return spread(row(me), [held, ...passing], width);
}

/** What the arrows do, where it is not to move down a list. */
const ARROWS: Readonly<Partial<Record<ScreenId, Row>>> = {
  rack: row(span(" ←↑↓→", "accent"), span(" cell", "dim")),
  cell: row(span(" ← →", "accent"), span(" cell", "dim")),
  dose: row(span(" ← →", "accent"), span(" cell", "dim")),
  shift: row(span(" ← →", "accent"), span(" since  ", "dim"), span("↑↓", "accent"), span(" move", "dim")),
};
const DOWN: Row = row(span(" ↑↓", "accent"), span(" move", "dim"));

function keyRow({ state }: Model, width: number): Row {
  const { screen, overlay } = state;
  if (overlay !== null)
    return row(
      span(overlay.kind === "help" ? " ↑↓ more   any other key goes back" : " esc leaves all as it is", "dim"),
    );
  const named = ACTIONS.filter(
    (action) => action.footer !== undefined && (action.footerOn ?? screen) === screen && isOn(action, screen),
  );
  const own = named.filter(({ screens }) => screens !== "all");
  const common = named.filter(({ screens }) => screens === "all");
  const spans = [...own, ...common].flatMap((action): readonly Span[] => [
    span("  "),
    span(keysText(action), "accent"),
    span(` ${action.footer ?? ""}`, "dim"),
  ]);
  return cut([...(ARROWS[screen] ?? DOWN), ...spans], width);
}
