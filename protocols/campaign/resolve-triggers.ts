/**
 * What a campaign's triggers come to: cells and steps by name, grids spelt out, windows with their defaults. Refused is
 * what could never ask, or could not be told apart from the next that asks.
 */
import { findingAt, type Path } from "../input/document.ts";
import { wordAdvice } from "../input/suggest.ts";
import { selectCells } from "./trigger-cells.ts";
import { checkDirections, checkVoltages, fastest, restsOf, type Marks } from "./trigger-reach.ts";
import { refuser, type TriggerReading } from "./trigger-reading.ts";
import type { MarksRecord, SweepRecord, TriggerRecord } from "./trigger-schema.ts";
import type { CampaignTrigger, CycleRange, TriggerCell, TriggerWindow } from "./trigger.ts";

type TimeWindow = Extract<TriggerWindow, { in: "time" }>;

/** Where a file gives no window; seconds. */
const WINDOWS = {
  "voltage-grid": { earlyS: 15, lateS: 120 },
  "step-edge": { earlyS: 0, lateS: 600 },
  "rest-end": { earlyS: 120, lateS: 0 },
  relaxation: { earlyS: 10, lateS: 60 },
  cycle: { earlyS: 0, lateS: 600 },
  "dqdv-peak": { earlyS: 0, lateS: 300 },
  operator: { earlyS: 0, lateS: 3600 },
  agent: { earlyS: 0, lateS: 3600 },
} as const;
const CHARGE_WINDOW = { in: "state-of-charge", early: 0.005, late: 0.005 } as const;
const MARKS_MAX = 1000;
/** Of a step of a grid: sums of decimal fractions are a little off. */
const ROUNDING = 1e-6;

export function resolveTriggers(reading: TriggerReading): readonly CampaignTrigger[] {
  reportNames(reading);
  return reading.file.triggers.flatMap(({ path, record }) => {
    if (record === undefined) return [];
    const isKnown = checkPreset(reading, path, record);
    if (record.kind === "sweep") return [];
    const selected = selectCells(reading, path, record);
    if (selected === undefined) return [];
    const preset = reading.presets.find((candidate) => candidate.name === record.preset);
    const before = reading.findings.length;
    const own = resolveOne(reading, path, record, selected);
    if (own === undefined || preset === undefined || !isKnown || reading.findings.length > before) return [];
    const { name, weight, owner } = record;
    return [{ name, preset, cells: selected, cycles: cyclesOf(record), weight, owner: owner ?? null, ...own }];
  });
}

/** Undefined where findings of their own say why. */
type OwnPart = CampaignTrigger extends infer Trigger
  ? Trigger extends CampaignTrigger
    ? Omit<Trigger, "name" | "preset" | "cells" | "cycles" | "weight" | "owner">
    : never
  : never;

function resolveOne(
  reading: TriggerReading,
  path: Path,
  record: TriggerRecord,
  selected: readonly TriggerCell[],
): OwnPart | undefined {
  const refuse = refuser(reading);
  switch (record.kind) {
    case "time-grid": {
      const everyS = record.every_min * 60;
      const window = record.window === undefined ? null : windowOf(reading, path, record);
      if (window !== null) reportLong(reading, path, window.earlyS + window.lateS, everyS, "s");
      const durationH = reading.file.durationH ?? null;
      if (durationH !== null && record.first_after_min * 60 >= durationH * 3600) {
        refuse([...path, "first_after_min"], "the campaign is over by then", `Give less than ${durationH * 60}.`);
      }
      return { kind: record.kind, everyS, firstAfterS: record.first_after_min * 60, window };
    }
    case "state-of-charge-grid": {
      const marks = marksOf(reading, path, record);
      if (marks === undefined) return undefined;
      checkDirections(reading, path, selected, marks);
      const given = record.window;
      const window: TriggerWindow =
        given === undefined
          ? CHARGE_WINDOW
          : "early_s" in given
            ? windowOf(reading, path, { kind: "voltage-grid", window: given })
            : { in: "state-of-charge", early: given.early_state_of_charge, late: given.late_state_of_charge };
      const gap = leastGap(marks);
      if (window.in === "state-of-charge") {
        if (!(window.early + window.late > 0)) refuseEmpty(reading, path);
        reportLong(reading, path, window.early + window.late, gap, "of the state of charge");
      } else {
        const rate = fastest(reading, selected);
        if (rate > 0) reportLong(reading, path, window.earlyS + window.lateS, (gap * 3600) / rate, "s");
      }
      return { kind: record.kind, ...marks, window, reference: record.reference };
    }
    case "voltage-grid": {
      const marks = marksOf(reading, path, record);
      if (marks === undefined) return undefined;
      checkDirections(reading, path, selected, marks);
      checkVoltages(reading, path, selected, marks);
      return { kind: record.kind, ...marks, window: windowOf(reading, path, record) };
    }
    case "step-edge": {
      if (record.steps === undefined) {
        refuse([...path, "steps"], "it is not said of which steps", "Give steps: their ids or tags.");
      }
      const edges = record.at === "both" ? (["before", "after"] as const) : ([record.at] as const);
      return { kind: record.kind, edges, window: windowOf(reading, path, record) };
    }
    case "rest-end": {
      restsOf(reading, path, selected);
      const window = windowOf(reading, path, record);
      if (window.lateS > 0) {
        const advice = "Leave out late_s, or give kind: step-edge with at: after.";
        refuse([...path, "window", "late_s"], "a rest that is over is no rest any more", advice);
      }
      return { kind: record.kind, window };
    }
    case "relaxation": {
      const longestS = restsOf(reading, path, selected);
      const window = windowOf(reading, path, record);
      const afterS = rising(record.after_min.map((after) => after * 60));
      const late = afterS.find((after) => after > longestS);
      if (late !== undefined && longestS > 0) {
        const what = `no rest of these cells lasts ${late / 60} min; the longest has ${longestS / 60} min`;
        refuse([...path, "after_min"], what, "Give moments within the rests, or longer rests.");
      }
      const gaps = afterS.map((after, index) => after - (afterS[index - 1] ?? after - window.earlyS - window.lateS));
      reportLong(reading, path, window.earlyS + window.lateS, Math.min(...gaps), "s");
      return { kind: record.kind, afterS, window };
    }
    case "cycle":
      return { kind: record.kind, window: windowOf(reading, path, record) };
    case "dqdv-peak": {
      const { from_V: fromV, to_V: toV, smooth_mV: smoothMv, fall, direction } = record;
      if (!(toV - fromV >= (5 * smoothMv) / 1000)) {
        const advice = "Give to_V above from_V, by at least five times smooth_mV.";
        refuse([...path, "to_V"], `${fromV} to ${toV} V is no range to find a peak in`, advice);
      }
      const window = windowOf(reading, path, record);
      reportEarly(reading, path, window);
      const directions = direction === "both" ? (["charge", "discharge"] as const) : ([direction] as const);
      const marks = Object.fromEntries(directions.map((one) => [one, [fromV, toV]]));
      const range = { charge: marks["charge"] ?? [], discharge: marks["discharge"] ?? [] };
      checkDirections(reading, path, selected, range);
      checkVoltages(reading, path, selected, range, { charge: "from_V", discharge: "to_V" });
      return { kind: record.kind, directions, fromV, toV, smoothV: smoothMv / 1000, fall, window };
    }
    case "operator":
    case "agent": {
      const window = windowOf(reading, path, record);
      reportEarly(reading, path, window);
      return { kind: record.kind, window };
    }
  }
}

function reportNames(reading: TriggerReading): void {
  const seen = new Map<string, Path>();
  for (const { path, record } of reading.file.triggers) {
    if (record === undefined) continue;
    const other = seen.get(record.name);
    if (other === undefined) seen.set(record.name, path);
    else {
      const what = `another trigger is called ${record.name}, in line ${reading.document.line(other)}`;
      refuser(reading)([...path, "name"], what, "Give each its own name: what is asked goes on record by it.");
    }
  }
}

function checkPreset(
  { document, file, findings }: TriggerReading,
  path: Path,
  record: TriggerRecord | SweepRecord,
): boolean {
  const names = file.presets.map((preset) => preset.name);
  if (names.includes(record.preset)) return true;
  findings.push(
    findingAt(
      document,
      "error",
      "campaign.unknown-preset",
      [...path, "preset"],
      `unknown preset ${record.preset}`,
      wordAdvice(record.preset, names, "Known"),
    ),
  );
  return false;
}

function cyclesOf({ cycles }: TriggerRecord): readonly CycleRange[] | null {
  if (cycles === undefined) return null;
  if (!("from" in cycles)) return [...new Set(cycles)].map((cycle) => ({ from: cycle, to: cycle, every: 1 }));
  return [{ from: cycles.from, to: cycles.to ?? null, every: cycles.every }];
}

function marksOf(
  reading: TriggerReading,
  path: Path,
  record: Extract<TriggerRecord, { kind: "state-of-charge-grid" | "voltage-grid" }>,
): Marks | undefined {
  if (record.charge === undefined && record.discharge === undefined) {
    refuser(reading)(path, "the grid has no marks", "Give charge, discharge, or both.");
    return undefined;
  }
  const charge = spelt(reading, [...path, "charge"], record.charge);
  const discharge = spelt(reading, [...path, "discharge"], record.discharge);
  return charge === undefined || discharge === undefined ? undefined : { charge, discharge };
}

/** From, from + every, ... up to `to`, which belongs to it where it is met. */
function spelt(reading: TriggerReading, path: Path, record: MarksRecord | undefined): readonly number[] | undefined {
  if (record === undefined) return [];
  if ("at" in record) return rising(record.at);
  if ("at_V" in record) return rising(record.at_V);
  const [from, to, every] =
    "from" in record ? [record.from, record.to, record.every] : [record.from_V, record.to_V, record.every_V];
  const steps = Math.floor(Math.abs(to - from) / every + ROUNDING);
  if (steps >= MARKS_MAX) {
    refuser(reading)(path, `the grid has ${steps + 1} marks`, `Give at most ${MARKS_MAX}.`);
    return undefined;
  }
  const sign = to < from ? -1 : 1;
  return rising(Array.from({ length: steps + 1 }, (_, index) => Number((from + sign * index * every).toPrecision(9))));
}

function rising(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

function leastGap({ charge, discharge }: Marks): number {
  let least = Infinity;
  for (const marks of [charge, discharge]) {
    marks.forEach((mark, index) => {
      const before = marks[index - 1];
      if (before !== undefined) least = Math.min(least, mark - before);
    });
  }
  return least;
}

function windowOf(
  reading: TriggerReading,
  path: Path,
  {
    kind,
    window,
  }: {
    readonly kind: Exclude<TriggerRecord["kind"], "state-of-charge-grid">;
    readonly window?: { readonly early_s: number; readonly late_s: number };
  },
): TimeWindow {
  if (window === undefined) {
    return { in: "time", ...(kind === "time-grid" ? { earlyS: 0, lateS: 0 } : WINDOWS[kind]) };
  }
  if (!(window.early_s + window.late_s > 0)) refuseEmpty(reading, path);
  return { in: "time", earlyS: window.early_s, lateS: window.late_s };
}

function refuseEmpty(reading: TriggerReading, path: Path): void {
  refuser(reading)([...path, "window"], "nothing can begin within no time", "Give a width before or after the moment.");
}

function reportLong(reading: TriggerReading, path: Path, width: number, interval: number, unit: string): void {
  if (!(width > interval * (1 + ROUNDING))) return;
  const [wide, apart] = [width, interval].map((value) => Number(value.toPrecision(4)));
  const what = `the window is ${String(wide)} ${unit} wide, the moments lie ${String(apart)} ${unit} apart`;
  refuser(reading)([...path, "window"], what, "Give a narrower window, or moments further apart.");
}

function reportEarly(reading: TriggerReading, path: Path, { earlyS }: TimeWindow): void {
  if (earlyS === 0) return;
  const what = "before it comes nobody knows of it";
  refuser(reading)([...path, "window", "early_s"], what, "Leave out early_s.");
}
