/** The rack at a glance: the map, the cell under the cursor, the beam, and why anything waits. Pure. */
import { positionAt } from "../../../protocols/base/position.ts";
import type { BusCell } from "../../../protocols/bus/cell-views.ts";
import { MEASURES, stateSign } from "../model/measures.ts";
import type { Model } from "../model/model.ts";
import { isAlarmAt, isUntaken, notableWait, timeMs, untakenAlarmAt, type RackView } from "../model/rack-view.ts";
import { shownAlarms } from "../model/shown-alarms.ts";
import { beside, BLANK, cut, row, span, wrapWords, type Row } from "../text/rows.ts";
import {
  ampereText,
  barText,
  countText,
  quantityText,
  shareText,
  spanText,
  voltText,
  whenText,
  wordsOf,
} from "../text/values.ts";
import { plotRows, rangeOf, type PlotPanel } from "../text/braille-plot.ts";
import { flow, labelled, labelledLines, relativeText, underLabel, waitLines, type Drawn } from "./parts.ts";
import { logRow } from "./log-row.ts";
import { mapRows, mapSize } from "./rack-map.ts";

const NOTHING_SAID = "nothing said of it yet";
const GAP = 2;
const LABEL = 8;
const SIDE_MIN = 22;
const SIDE_MAX = 56;
/** Rows under the map and its legend: beam, waits, alarms; where there are more, the log. */
const FOOT_ROWS_MIN = 5;
const LOG_ROWS_MIN = 3;
const PLOT_ROWS_MIN = 8;

export function rackScreen(model: Model, width: number, height: number): Drawn {
  const { rack, state } = model;
  const measure = MEASURES[state.measure];
  const title = row(span("Rack", "strong"), span(" by ", "dim"), span(measure.title, "accent"));
  const legend = flow([measure.legend(rack)], width - 1);
  const aside = Math.min(SIDE_MAX, Math.max(SIDE_MIN, Math.floor(width * 0.26)));
  const size = mapSize(width, height - FOOT_ROWS_MIN - legend.length - 2, aside);
  const sideWidth = width - size.width - GAP;
  const side = sideWidth < SIDE_MIN ? [] : cellSide(model, sideWidth, size.height);
  const map = beside(
    [
      { rows: mapRows(model, size), width: size.width },
      { rows: side, width: sideWidth },
    ],
    GAP,
  );
  const legendRows = legend.map((cells) => cut([span(" "), ...cells], width));
  const gap = height - map.length - legend.length - FOOT_ROWS_MIN >= 2 ? [BLANK] : [];
  const footHeight = height - map.length - legend.length - 2 * gap.length;
  return { title, rows: [...map, ...gap, ...legendRows, ...gap, ...footRows(model, width, footHeight)] };
}

/** The cell under the cursor, in few words. */
function cellSide(model: Model, width: number, height: number): readonly Row[] {
  const { rack, state } = model;
  const position = positionAt(state.positionIndex);
  const cell = rack.cells[state.positionIndex] ?? null;
  if (cell === null)
    return [row(span(position, "strong"), span(rack.campaign === null ? "  not known yet" : "  no cell here", "dim"))];
  const alarm = untakenAlarmAt(rack, position);
  const label = 9;
  const facts = [
    row(span(position, "strong"), span(`  ${cell.cell}`)),
    ...stateRows(cell),
    ...(alarm === null ? [] : [row(span(`! ${alarm.code}`, "alarm"))]),
    ...waitOrLatest(cell, rack, width, label),
    labelled("voltage", voltageText(cell, rack), label),
    labelled("current", currentText(cell), label),
    labelled("charge", chargeText(cell), label),
    labelled("dose", `${shareText(cell.dose.limit_fraction)} used`, label),
    labelled(
      "exposed",
      `${countText(cell.dose.exposures)}, ${relativeText(cell.last_exposure?.at, rack.nowMs)}`,
      label,
    ),
    labelled("next", relativeText(cell.next_exposure?.at, rack.nowMs), label),
    ...(cell.state_of_health === null ? [] : [labelled("health", shareText(cell.state_of_health), label)]),
    labelled("group", cell.group, label),
    ...(cell.fault === null ? [] : labelledLines("because", cell.fault.what, width, label, "warn")),
  ];
  const left = height - facts.length - 1;
  return (left < PLOT_ROWS_MIN ? facts : [...facts, BLANK, ...voltageRows(model, width, left)]).slice(0, height);
}

/** How the voltage went, where there is room to see it. */
function voltageRows({ rack, state }: Model, width: number, height: number): readonly Row[] {
  const trace = rack.traces[state.positionIndex] ?? null;
  const points = (trace?.time_s ?? []).map((timeS, index) => ({ x: timeS / 3600, y: trace?.voltage_V[index] ?? NaN }));
  const x = rangeOf(points.map((point) => point.x));
  const panel: PlotPanel = {
    ...{
      title: "V",
      points,
      x,
      y: rangeOf(trace?.voltage_V ?? [], 0.02),
      tone: "accent",
      emptyText: "no samples told yet",
    },
    yText: (value) => value.toFixed(2),
    xTexts: x === null ? null : [`${x.from.toFixed(1)} h`, `${x.to.toFixed(1)} h`],
  };
  return plotRows(panel, width, Math.min(height, Math.floor(width / 3)));
}

/** The state and, under it where there is one, the step. */
export function stateRows(cell: BusCell): readonly Row[] {
  const { tone } = stateSign(cell.state);
  const held = cell.held_by === null ? "" : ` by ${cell.held_by}`;
  const step = cell.step === null ? "" : `, step ${cell.step} of ${cell.step_count}`;
  return [
    row(span(`${wordsOf(cell.state)}${held}`, tone), span(step)),
    ...(cell.label === null ? [] : [row(span(cell.label, "dim"))]),
  ];
}

/** A wait in full; of a step that runs only when it is over at the latest. */
export function waitOrLatest(cell: BusCell, rack: RackView, width: number, label: number): readonly Row[] {
  const notable = notableWait(cell);
  if (notable !== null) return waitLines(notable, rack.nowMs, width);
  const latestMs = timeMs(cell.waiting_for?.until);
  return latestMs === null ? [] : [labelled("ends by", whenText(latestMs, rack.nowMs), label, "dim")];
}

/** `62 % ± 1`: with what it may be off by. */
export function chargeText(cell: BusCell): string {
  if (cell.soc === null) return "not known yet";
  const doubt = cell.soc_uncertainty;
  return `${shareText(cell.soc)}${doubt === null ? "" : ` ± ${String(Math.max(1, Math.round(doubt * 100)))}`}`;
}

const CONFIRMED_OFF: ReadonlySet<string> = new Set(["keeping", "held", "away", "complete", "stopped"]);
const UNHEARD: ReadonlySet<string> = new Set(["isolated", "awaitingReturn", "findingOut"]);

/** `0.409 mA`; what was read last is not shown as if it flowed still. */
export function currentText(cell: BusCell): string {
  if (cell.current_A === null) return ampereText(null);
  if (CONFIRMED_OFF.has(cell.state)) return `off; last ${ampereText(cell.current_A)}`;
  return `${UNHEARD.has(cell.state) ? "last " : ""}${ampereText(cell.current_A)}`;
}

/** A cell that is off is read now and then, if at all: after this long its last reading is called so. */
const READ_S = 10;

/** `3.842 V`; a reading from before the cell was switched off, or out of reach, is not shown as if it were true now. */
export function voltageText(cell: BusCell, rack: RackView, decimals = 3): string {
  const text = voltText(cell.voltage_V, decimals);
  if (cell.voltage_V === null || !(CONFIRMED_OFF.has(cell.state) || UNHEARD.has(cell.state))) return text;
  const readMs = timeMs(cell.sampled_at);
  const pace = rack.heartbeat?.pace ?? rack.campaign?.pace ?? 1;
  const isNew = readMs !== null && rack.nowMs !== null && rack.nowMs - readMs <= READ_S * 1000 * Math.max(1, pace);
  return isNew ? text : `last ${text}`;
}

function footRows(model: Model, width: number, height: number): readonly Row[] {
  const { rack } = model;
  const inner = width - LABEL - 1;
  const beam = underLabel(" beam", [cut(beamRow(rack), inner)], LABEL);
  const each = Math.max(2, Math.floor((height - 1) / 4));
  const waits = underLabel(" waits", waitRows(rack, inner, each), LABEL);
  const alarms = underLabel(" alarms", alarmRows(rack, inner, each), LABEL);
  const rows = [...beam, ...waits, ...alarms].slice(0, height);
  const left = height - rows.length - 1;
  if (left < LOG_ROWS_MIN) return rows;
  const lines = rack.log.slice(-left).map((line) => logRow(line, inner));
  return [...rows, BLANK, ...underLabel(" log", lines, LABEL)];
}

/** What the beam does, or why it does nothing. */
export function beamRow(rack: RackView): Row {
  const { beam, exposure, schedule, campaign } = rack;
  if (beam === null) return row(span(NOTHING_SAID, "dim"));
  const up = beam.is_up === null ? span("not known", "dim") : beam.is_up ? span("up", "good") : span("DOWN", "alarm");
  const ring = beam.ring_current_mA === null ? "" : ` ${quantityText(Number(beam.ring_current_mA.toFixed(1)), "mA")}`;
  const current = exposure?.current ?? null;
  const parts: Row[] = [row(up, span(ring))];
  if (current !== null) parts.push(exposingRow(rack));
  else if (campaign?.note != null) parts.push(row(span(`waits for ${campaign.note}`, "accent")));
  if (schedule !== null) {
    // The end of the row is what a narrow terminal cuts.
    if (current === null && schedule.next_sweep_at !== null)
      parts.push(row(span(`next ${relativeText(schedule.next_sweep_at, rack.nowMs)}`, "dim")));
    parts.push(row(span(`sweep ${schedule.sweep.number} of ${schedule.sweep.of}`, "dim")));
  }
  return parts.flatMap((part, index) => (index === 0 ? part : [span("   "), ...part]));
}

/** `B4 ███░░ 3 of 6 s`. */
export function exposingRow(rack: RackView, barWidth = 8): Row {
  const current = rack.exposure?.current ?? null;
  if (current === null) return BLANK;
  const openMs = timeMs(current.open_since);
  if (openMs === null || rack.nowMs === null) {
    return row(span(current.position, "strong"), span(` ${wordsOf(current.phase)}`, "accent"));
  }
  const openS = Math.min(current.exposure_s, Math.max(0, (rack.nowMs - openMs) / 1000));
  return row(
    span(current.position, "strong"),
    span(" "),
    span(barText(openS / current.exposure_s, barWidth), "accent"),
    span(` ${openS.toFixed(0)} of ${spanText(current.exposure_s)}`),
  );
}

/** Cells that wait for the same, together, most of them first. */
function waitRows(rack: RackView, width: number, rowsMax: number): readonly Row[] {
  const waits = new Map<string, { count: number; position: string; who: string; untilMs: number | null }>();
  for (const cell of rack.cells) {
    const waiting = cell === null ? null : notableWait(cell);
    if (cell === null || waiting === null) continue;
    const known = waits.get(waiting.reason);
    const untilMs = timeMs(waiting.until);
    if (known === undefined)
      waits.set(waiting.reason, { count: 1, position: cell.position, who: waiting.who, untilMs });
    else {
      known.count += 1;
      if (untilMs !== null && (known.untilMs === null || untilMs < known.untilMs)) known.untilMs = untilMs;
    }
  }
  if (waits.size === 0)
    return [row(span(rack.campaign === null ? NOTHING_SAID : "no cell waits for anything but its own step", "dim"))];
  const groups = [...waits].sort(([, left], [, right]) => left.count - right.count);
  return groups.slice(0, rowsMax).map(([reason, { count, position, who, untilMs }], index) => {
    const until =
      untilMs === null || rack.nowMs === null ? "" : `, at most ${spanText((untilMs - rack.nowMs) / 1000)} more`;
    const whose = count === 1 ? position : `${countText(count)} cells`;
    const more = index === rowsMax - 1 && groups.length > rowsMax ? `   and ${groups.length - rowsMax} more` : "";
    return cut(row(span(whose, "strong"), span(` for ${reason}`), span(` (${who})${until}${more}`, "dim")), width);
  });
}

function alarmRows(rack: RackView, width: number, rowsMax: number): readonly Row[] {
  const shown = shownAlarms(rack);
  if (shown.length === 0) return [row(span(rack.areAlarmsKnown ? "none" : NOTHING_SAID, "dim"))];
  const open = shown.length + rack.alarmsUnnamedCount;
  return shown.slice(0, rowsMax).map((alarm, index) => {
    const tone = isUntaken(alarm, rack.nowMs) ? "alarm" : "dim";
    const more = index === Math.min(rowsMax, shown.length) - 1 && open > rowsMax ? `${open - rowsMax} more · ` : "";
    return cut(
      row(span(more, "dim"), span(alarm.where, tone), span(` ${alarm.what}`, tone === "dim" ? "dim" : "plain")),
      width,
    );
  });
}

/** What is open at a cell, but for the code that is told of it anyway. */
export function alarmsOf(rack: RackView, position: string, width: number, toldCode?: string): readonly Row[] {
  return rack.alarms
    .filter((alarm) => isAlarmAt(alarm, position) && alarm.code !== toldCode)
    .flatMap((alarm) => {
      const isOpen = isUntaken(alarm, rack.nowMs);
      return wrapWords(alarm.what, width - 2).map((line, index) =>
        row(span(`${isOpen && index === 0 ? "!" : " "} ${line}`, isOpen ? "alarm" : "dim")),
      );
    });
}
