/**
 * What the map of the rack can be coloured by. Each measure says a cell in at most three columns, and in more where
 * there is room; its tone repeats what the text says. Pure.
 */
import { row, span, type Row, type Span, type Tone } from "../text/rows.ts";
import { countText, spanText, UNKNOWN, voltText, wordsOf } from "../text/values.ts";
import type { BusCell } from "../../../protocols/bus/cell-views.ts";
import { POSITION_COUNT } from "../../../protocols/base/position.ts";
import { timeMs, type RackView } from "./rack-view.ts";

export const MEASURE_IDS = ["state", "step", "charge", "voltage", "dose", "health", "group", "last", "next"] as const;
export type MeasureId = (typeof MEASURE_IDS)[number];

export interface Shown {
  /** At most three columns. */
  readonly short: string;
  /** Where there is room: at most ten. */
  readonly long: string;
  readonly tone: Tone;
}

export interface Measure {
  readonly id: MeasureId;
  /** `Rack by state of charge`. */
  readonly title: string;
  show(cell: BusCell, rack: RackView): Shown;
  /** What letters, numbers and shades stand for. */
  legend(rack: RackView): Row;
}

/** From here on the number stands out. */
const NEAR_LIMIT = 0.85;

const NOTHING: Shown = { short: UNKNOWN, long: UNKNOWN, tone: "dim" };

const HEAT: readonly Tone[] = ["heat0", "heat1", "heat2", "heat3", "heat4", "heat5"];

function heat(share: number): Tone {
  const step = Math.floor(Math.min(0.999, Math.max(0, share)) * HEAT.length);
  return HEAT[step] ?? "plain";
}

interface StateSign {
  readonly letter: string;
  readonly tone: Tone;
}

/** Cells that go on as they should are drawn quietly, so that the others are seen. */
const STATE_SIGNS: Readonly<Record<string, StateSign>> = {
  awaitingChannel: { letter: "W", tone: "dim" },
  expected: { letter: "E", tone: "dim" },
  beginning: { letter: "W", tone: "dim" },
  proving: { letter: "P", tone: "accent" },
  choosing: { letter: "N", tone: "accent" },
  keeping: { letter: "S", tone: "accent" },
  starting: { letter: "S", tone: "accent" },
  cycling: { letter: "C", tone: "plain" },
  held: { letter: "H", tone: "warn" },
  away: { letter: "B", tone: "accent" },
  returning: { letter: "B", tone: "accent" },
  awaitingContacts: { letter: "R", tone: "warn" },
  givingBack: { letter: "O", tone: "warn" },
  awaitingReturn: { letter: "R", tone: "warn" },
  finding: { letter: "F", tone: "warn" },
  findingOut: { letter: "F", tone: "warn" },
  opening: { letter: "O", tone: "warn" },
  finishing: { letter: "O", tone: "dim" },
  stopping: { letter: "O", tone: "warn" },
  stopped: { letter: "O", tone: "warn" },
  complete: { letter: "D", tone: "good" },
  isolated: { letter: "X", tone: "alarm" },
};

export function stateSign(state: string): StateSign {
  return STATE_SIGNS[state] ?? { letter: state.slice(0, 1).toUpperCase(), tone: "warn" };
}

/** Groups by letter, in the order of their names. */
function groupLetter(rack: RackView, group: string): string {
  const names = groupNames(rack);
  const index = names.indexOf(group);
  return index < 0 ? "?" : String.fromCharCode(65 + (index % 26));
}

function groupNames(rack: RackView): readonly string[] {
  return [...new Set(rack.cells.flatMap((cell) => (cell === null ? [] : [cell.group])))].sort();
}

const GROUP_TONES: readonly Tone[] = ["accent", "plain", "good", "warn", "heat5", "dim"];

/** `12s`, `40m`, `3h`, `2d`: three columns. */
export function tinySpanText(seconds: number): string {
  if (!Number.isFinite(seconds)) return UNKNOWN;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 100) return `${whole}s`;
  if (whole < 99.5 * 60) return `${Math.round(whole / 60)}m`;
  if (whole < 99.5 * 3600) return `${Math.round(whole / 3600)}h`;
  return `${Math.min(99, Math.round(whole / 86_400))}d`;
}

function percent(share: number | null, suffix = " %"): Shown {
  if (share === null) return NOTHING;
  const text = String(Math.round(share * 100));
  return { short: text.length > 3 ? ">99" : text, long: `${text}${suffix}`, tone: heat(share) };
}

/** Shades from little to much, with the ends named. */
function ramp(title: string, from: string, to: string, rest = ""): Row {
  return row(
    span(`${title} `, "dim"),
    span(`${from} `),
    ...HEAT.map((tone): Span => ({ text: "██", tone })),
    span(` ${to}`),
    span(`   - not known${rest}`, "dim"),
  );
}

function since(atMs: number | null, nowMs: number | null, sign: 1 | -1): Shown {
  if (atMs === null || nowMs === null) return NOTHING;
  const seconds = ((atMs - nowMs) / 1000) * sign;
  const tone = seconds < -60 ? "warn" : heat(1 - Math.log10(1 + Math.max(0, seconds)) / 4.5);
  return { short: tinySpanText(seconds), long: seconds < -60 ? "overdue" : spanText(seconds), tone };
}

export const MEASURES: Readonly<Record<MeasureId, Measure>> = {
  state: {
    id: "state",
    title: "state",
    show({ state }) {
      const { letter, tone } = stateSign(state);
      return { short: letter, long: wordsOf(state), tone };
    },
    legend(rack) {
      const counts = new Map<string, number>();
      for (const cell of rack.cells) if (cell !== null) counts.set(cell.state, (counts.get(cell.state) ?? 0) + 1);
      const states = [...counts].sort(([, left], [, right]) => right - left);
      return row(
        ...states.flatMap(([state, count]) => {
          const { letter, tone } = stateSign(state);
          return [span(letter, tone), span(` ${wordsOf(state)} ${countText(count)}   `, "dim")];
        }),
      );
    },
  },
  step: {
    id: "step",
    title: "step",
    show({ step, label }, rack) {
      if (step === null) return NOTHING;
      const last = Math.max(1, ...rack.cells.map((cell) => cell?.step ?? 0));
      return { short: String(step), long: label ?? `step ${step}`, tone: heat((step - 0.5) / last) };
    },
    legend: () => row(span("number of the step in the cell's protocol file   - none left", "dim")),
  },
  charge: {
    id: "charge",
    title: "state of charge",
    show: ({ soc }) => percent(soc),
    legend: () => ramp("charge %", "0", "100", " before the first full or empty"),
  },
  voltage: {
    id: "voltage",
    title: "voltage",
    show({ voltage_V: voltageV }, rack) {
      if (voltageV === null) return NOTHING;
      const { from, to } = voltageRange(rack);
      return { short: voltageV.toFixed(1), long: voltText(voltageV), tone: heat((voltageV - from) / (to - from)) };
    },
    legend(rack) {
      const { from, to } = voltageRange(rack);
      return ramp("voltage", `${from.toFixed(1)} V`, `${to.toFixed(1)} V`);
    },
  },
  dose: {
    id: "dose",
    title: "dose used",
    show({ dose }) {
      const shown = percent(dose.limit_fraction);
      return dose.limit_fraction >= NEAR_LIMIT || dose.refused > 0 ? { ...shown, tone: "warn" } : shown;
    },
    legend: () => ramp("% of the nearest limit, at its upper value", "0", "100"),
  },
  health: {
    id: "health",
    title: "state of health",
    show: ({ state_of_health: health }) => percent(health),
    legend: () => ramp("capacity against the first whole discharge, %", "0", "100"),
  },
  group: {
    id: "group",
    title: "group",
    show({ group }, rack) {
      const letter = groupLetter(rack, group);
      return {
        short: letter,
        long: group,
        tone: GROUP_TONES[(letter.charCodeAt(0) - 65) % GROUP_TONES.length] ?? "plain",
      };
    },
    legend(rack) {
      const names = groupNames(rack);
      return row(...names.flatMap((name) => [span(groupLetter(rack, name), "strong"), span(` ${name}   `, "dim")]));
    },
  },
  last: {
    id: "last",
    title: "last exposure",
    show: ({ last_exposure: last }, { nowMs }) => since(timeMs(last?.at), nowMs, -1),
    legend: () => ramp("time since the last exposure", "long ago", "just now", " or never"),
  },
  next: {
    id: "next",
    title: "next exposure",
    show: ({ next_exposure: next }, { nowMs }) => since(timeMs(next?.at), nowMs, 1),
    legend: () => ramp("time to the next exposure", "far", "near", " or none planned"),
  },
};

function voltageRange(rack: RackView): { readonly from: number; readonly to: number } {
  let from = Infinity;
  let to = -Infinity;
  for (let index = 0; index < POSITION_COUNT; index += 1) {
    const voltageV = rack.cells[index]?.voltage_V ?? NaN;
    if (voltageV < from) from = voltageV;
    if (voltageV > to) to = voltageV;
  }
  if (!(from <= to)) return { from: 0, to: 5 };
  return { from: Math.floor(from * 10) / 10, to: Math.max(Math.ceil(to * 10) / 10, Math.floor(from * 10) / 10 + 0.1) };
}
