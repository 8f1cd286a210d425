/** The beam: whether the shutter may open, what is exposed now, what comes next and why, what was missed. Pure. */
import type { BusBeam, BusSchedule } from "../../../protocols/bus/rack-views.ts";
import type { Model } from "../model/model.ts";
import { timeMs, type RackView } from "../model/rack-view.ts";
import { beside, BLANK, row, span, tall, type Row, type Span, type Tone } from "../text/rows.ts";
import { clockText, quantityText, spanText, UNKNOWN, wordsOf } from "../text/values.ts";
import {
  flow,
  heading,
  labelled,
  nothingSaid,
  relativeText,
  scrolled,
  scrollMaxOf,
  table,
  waitLines,
  type Drawn,
} from "./parts.ts";
import { exposingRow } from "./rack-screen.ts";

const GAP = 3;
const LABEL = 15;
/** From here on there is room for what is not needed at a glance. */
const WIDE_FROM = 70;

export function beamScreen(model: Model, width: number, height: number): Drawn {
  const { rack } = model;
  const leftWidth = Math.min(64, Math.max(32, Math.floor(width * 0.4)));
  const rightWidth = width - leftWidth - GAP;
  const now = nowRows(rack, leftWidth);
  const whole = chainRows(rack, leftWidth, false);
  // All that must hold is always seen: where there is little room, what is in order by its name alone.
  const chain = now.length + whole.length <= height ? whole : chainRows(rack, leftWidth, true);
  const left = [...now, ...(now.length + chain.length < height ? [BLANK] : []), ...chain];
  const missCount = Math.min(rack.schedule?.misses.length ?? 0, Math.max(3, Math.floor(height / 4)));
  const misses = missRows(rack, rightWidth, missCount);
  const queueHeight = height - misses.length - 1;
  const queue = queueRows(rack, rightWidth);
  return {
    title: row(span("Beam", "strong")),
    rows: beside(
      [
        { rows: left.slice(0, height), width: leftWidth },
        {
          rows: [...tall(scrolled(queue, model.state.scroll.beam, queueHeight), queueHeight), BLANK, ...misses],
          width: rightWidth,
        },
      ],
      GAP,
    ),
    scrollMax: scrollMaxOf(queue, queueHeight),
  };
}

interface Link {
  readonly name: string;
  /** `rests`: not so now, and nothing is wrong with that. */
  readonly isOk: boolean | "rests" | null;
  readonly text: string;
}

/** It is closed while nothing is exposed. */
const SAFETY_SHUTTER = { open: true, closed: "rests", moving: "rests", contradiction: false } as const;

/** All that must hold for the shutter to open, as it was read last, in the order in which it is asked. */
function permitChain(beam: BusBeam): readonly Link[] {
  const { interlocks, latched } = beam;
  const level = (name: string, value: boolean | null, yes: string, no: string, latch: string): Link => ({
    name,
    isOk: value === null ? null : value && !latched.includes(latch),
    text:
      value === null
        ? "not read yet"
        : latched.includes(latch)
          ? value
            ? "broke, wait to be re-armed"
            : no
          : value
            ? yes
            : no,
  });
  return [
    level("search", interlocks.searched, "searched", "NOT SEARCHED", "searched"),
    level("door", interlocks.door_closed, "closed", "OPEN", "doorClosed"),
    level("emergency", interlocks.emergency_ok, "not pressed", "PRESSED", "emergencyOk"),
    level("motion", interlocks.motion_enabled, "enabled", "not enabled", "motionEnabled"),
    level("beam", interlocks.beam_permitted, "permitted", "NOT PERMITTED", "beamPermitted"),
    {
      name: "safety shutter",
      isOk: beam.safety_shutter === null ? null : SAFETY_SHUTTER[beam.safety_shutter],
      text: beam.safety_shutter ?? "not read yet",
    },
    {
      name: "watchdog",
      isOk: beam.watchdog_tripped === null ? null : !beam.watchdog_tripped,
      text: beam.watchdog_tripped === null ? "not read yet" : beam.watchdog_tripped ? "TRIPPED" : "in order",
    },
    {
      name: "machine",
      isOk: beam.is_up,
      text: beam.is_up === null ? "not known" : beam.is_up ? "gives beam" : "GIVES NO BEAM",
    },
  ];
}

function chainRows({ beam, nowMs }: RackView, width: number, isShort: boolean): readonly Row[] {
  if (beam === null) return [heading("Permit", width), row(span("nothing said of it yet", "dim"))];
  const sign = (isOk: Link["isOk"]): { readonly mark: string; readonly tone: Tone } =>
    isOk === "rests"
      ? { mark: "○", tone: "dim" }
      : isOk === null
        ? { mark: "?", tone: "dim" }
        : isOk
          ? { mark: "✓", tone: "good" }
          : { mark: "✗", tone: "alarm" };
  const readMs = timeMs(beam.levels_at);
  const age = readMs === null || nowMs === null ? "not read yet" : `${spanText((nowMs - readMs) / 1000)} ago`;
  const links = permitChain(beam);
  const inWords = isShort ? links.filter(({ isOk }) => isOk !== true) : links;
  const named = links.filter((link) => !inWords.includes(link));
  return [
    heading(`Permit: ${wordsOf(beam.permit)} (${age})`, width),
    ...inWords.map(({ name, isOk, text }) => {
      const { mark, tone } = sign(isOk);
      return row(span(`${mark} `, tone), ...labelled(name, text, LABEL, isOk === false ? "alarm" : "plain"));
    }),
    ...flow(
      named.map(({ name }) => row(span("✓ ", "good"), span(name))),
      width,
      "  ",
    ),
    ...(beam.waiting_for === null ? [] : waitLines(beam.waiting_for, nowMs, width)),
  ];
}

const SHUTTER_TONES = { open: "accent", closed: "plain", moving: "accent", contradiction: "alarm" } as const;

function nowRows(rack: RackView, width: number): readonly Row[] {
  const { beam } = rack;
  const flux = beam?.flux ?? null;
  const shutter = beam?.shutter ?? null;
  return [
    heading("Now", width),
    ...underWayRows(rack, width),
    labelled("shutter", shutter ?? UNKNOWN, LABEL, shutter === null ? "dim" : SHUTTER_TONES[shutter]),
    labelled("ring current", quantityText(beam?.ring_current_mA, "mA"), LABEL),
    labelled("flux", flux === null ? UNKNOWN : quantityText(flux.value, flux.unit), LABEL),
    ...(beam === null || beam.filters.length === 0 ? [] : [labelled("filters", filtersText(beam), LABEL)]),
  ];
}

/** The exposure, or what it waits for. */
function underWayRows(rack: RackView, width: number): readonly Row[] {
  const { exposure, campaign, nowMs } = rack;
  const current = exposure?.current ?? null;
  if (current === null) {
    const waiting = campaign?.waiting_for ?? null;
    if (exposure === null && waiting === null) return [labelled("exposure", nothingSaid(rack), LABEL, "dim")];
    return waiting === null ? [labelled("exposure", "none under way", LABEL)] : waitLines(waiting, nowMs, width);
  }
  const progress = exposingRow(rack, Math.max(6, width - 16));
  const stage = `stage ${current.stage_x_mm.toFixed(2)}, ${current.stage_y_mm.toFixed(2)} mm`;
  return [
    progress,
    row(span(`spot ${current.spot}, ${stage}`, "dim")),
    ...(current.waiting_for === null ? [] : waitLines(current.waiting_for, nowMs, width)),
  ];
}

function filtersText({ filters }: BusBeam): string {
  const inBeam = filters.filter((filter) => filter.in === true).map(({ name }) => name);
  const unknown = filters.filter((filter) => filter.in === null).length;
  return `${inBeam.length === 0 ? "none in the beam" : inBeam.join(", ")}${unknown > 0 ? `, ${unknown} not known` : ""}`;
}

/** Those before the one under way are over, though the list that was told last may still have them. */
function stillAhead({ schedule, exposure }: RackView): BusSchedule["queue"] {
  const queue = schedule?.queue ?? [];
  const at = queue.findIndex(({ position }) => position === exposure?.current?.position);
  return queue.slice(Math.max(0, at));
}

function queueRows(rack: RackView, width: number): readonly Row[] {
  const { schedule, nowMs } = rack;
  if (schedule === null) return [heading("Ahead", width), row(span(nothingSaid(rack), "dim"))];
  const { sweep } = schedule;
  const title = heading(`Ahead: sweep ${sweep.number} of ${sweep.of}, ${sweep.left} left`, width);
  if (schedule.queue.length === 0) {
    const next =
      schedule.next_sweep_at === null
        ? sweep.left > 0
          ? "nothing can be said of when"
          : "no further sweep is planned"
        : `the next sweep begins ${relativeText(schedule.next_sweep_at, nowMs)}`;
    return [title, row(span(next, "dim"))];
  }
  const isWide = width >= WIDE_FROM;
  const lines = stillAhead(rack).map(({ position, at, latest, reason }): Row => [
    span(position, "strong"),
    span(isPast(at, nowMs) ? "due" : relativeText(at, nowMs)),
    ...(isWide ? [span(latest === null ? "" : clockText(timeMs(latest)), "dim")] : []),
    span(reason, "dim"),
  ]);
  const columns = [
    { title: "cell", width: 4 },
    { title: "when", width: 10 },
    ...(isWide ? [{ title: "latest", width: 8 }] : []),
    { title: "why", width: 20 },
  ];
  return [title, ...table(columns, lines, width)];
}

/** An estimate that was overtaken. */
function isPast(at: string | null, nowMs: number | null): boolean {
  const atMs = timeMs(at);
  return atMs !== null && nowMs !== null && atMs < nowMs - 1000;
}

function missRows(rack: RackView, width: number, rowsMax: number): readonly Row[] {
  const title = heading("Missed", width);
  if (rack.schedule === null) return [title, row(span(nothingSaid(rack), "dim"))];
  const { misses } = rack.schedule;
  if (misses.length === 0) return [title, row(span("none", "dim"))];
  const isWide = width >= WIDE_FROM;
  const lines = misses
    .slice(0, rowsMax)
    .map(({ at, position, reason, text }): readonly Span[] => [
      span(clockText(timeMs(at)), "dim"),
      span(position, "strong"),
      ...(isWide ? [span(reason, "warn")] : []),
      span(text, isWide ? "dim" : "warn"),
    ]);
  const columns = [
    { title: "when", width: 8 },
    { title: "cell", width: 4 },
    ...(isWide ? [{ title: "why", width: 10 }] : []),
    { title: "", width: 20 },
  ];
  return [title, ...table(columns, lines, width)];
}
