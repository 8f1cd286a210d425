/** Progress as text: a few lines for a terminal, one line for a log. Pure. */
import { countText, durationText, percentText, plainText, UNKNOWN } from "./number-text.ts";
import type { ProgressState } from "./progress-state.ts";

const BAR_WIDTH_MAX = 32;
const BAR_WIDTH_MIN = 8;
const COLUMNS_MIN = 20;
const ALARMS_NAMED_MAX = 3;

export interface Style {
  readonly bold: (text: string) => string;
  readonly alarm: (text: string) => string;
}

export const PLAIN: Style = { bold: (text) => text, alarm: (text) => text };
export const COLOURED: Style = {
  bold: (text) => `\u001b[1m${text}\u001b[22m`,
  alarm: (text) => `\u001b[31;1m${text}\u001b[39;22m`,
};

/** Lines no wider than `columns`, without line ends. Colour repeats what the words say, never more. */
export function renderProgress(state: ProgressState, columns: number, style: Style = PLAIN): readonly string[] {
  const width = Math.max(COLUMNS_MIN, columns);
  const lines = [
    fit(plainText(state.campaign), width, style.bold),
    ...flow("", [barText(state, width), reachedText(state)], width),
    ...flow("time    ", timeParts(state), width),
    ...flow("cells   ", cellParts(state), width),
    ...flow("beam    ", beamParts(state), width),
    ...flow("dose    ", doseParts(state), width),
    state.alarmsOpen > 0 ? fit(`alarms  ${alarmText(state)}`, width, style.alarm) : fit("alarms  none", width),
  ];
  if (state.note !== undefined) lines.push(fit(`now     ${plainText(state.note)}`, width));
  return lines;
}

/** The same in one line, for a log file or a pipe. */
export function renderProgressLine(state: ProgressState): string {
  const parts = [
    percentText(fractionDone(state)),
    reachedText(state),
    ...timeParts(state),
    ...cellParts(state),
    ...beamParts(state),
    ...doseParts(state),
  ];
  parts.push(state.alarmsOpen > 0 ? `ALARMS ${alarmText(state)}` : "no alarms");
  if (state.note !== undefined) parts.push(plainText(state.note));
  return parts.join(" | ");
}

/** 0..1; 0 where the total is not known. */
export function fractionDone(state: ProgressState): number {
  const fraction = state.virtualS / state.totalS;
  return Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : 0;
}

function barText(state: ProgressState, width: number): string {
  const barWidth = Math.max(BAR_WIDTH_MIN, Math.min(BAR_WIDTH_MAX, width - 50));
  const done = Math.floor(fractionDone(state) * barWidth);
  return `[${"#".repeat(done)}${".".repeat(barWidth - done)}] ${percentText(fractionDone(state)).padStart(5)}`;
}

function reachedText(state: ProgressState): string {
  return `${durationText(state.virtualS)} of ${durationText(state.totalS)}`;
}

function timeParts(state: ProgressState): readonly string[] {
  const left = state.virtualS > 0 ? (state.wallS * (state.totalS - state.virtualS)) / state.virtualS : Number.NaN;
  const speed = state.wallS > 0 ? state.virtualS / state.wallS : Number.NaN;
  return [`left ${durationText(left)}`, `${speed < 10 ? speed.toFixed(1) : countText(speed)} x real time`];
}

function cellParts(state: ProgressState): readonly string[] {
  const states = Object.entries(state.cellsByState).filter(([, count]) => count > 0);
  states.sort(([leftName, left], [rightName, right]) => right - left || (leftName < rightName ? -1 : 1));
  return states.length === 0
    ? [UNKNOWN]
    : states.map(([name, count]) => `${plainText(wordsOf(name))} ${countText(count)}`);
}

/** `awaitingReturn` is `awaiting return`. */
function wordsOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function beamParts(state: ProgressState): readonly string[] {
  return [
    `sweep ${countText(state.sweep.number)} of ${countText(state.sweep.of)}`,
    `exposures ${countText(state.exposuresMade)}`,
  ];
}

/** A refusal looks one exposure ahead, so it comes before the share is full: both stand side by side. */
function doseParts(state: ProgressState): readonly string[] {
  const { refused } = state;
  return [
    `at most ${percentText(state.doseLimitFractionMax)} of a limit`,
    refused === 0 ? "none refused" : `${countText(refused)} refused: the next could pass a limit`,
  ];
}

/** `3 open: dose.limit E7, stage.alarm stage, ...`: the newest first, since the line may be cut. */
function alarmText(state: ProgressState): string {
  const names = [...(state.alarmNames ?? [])].reverse().slice(0, ALARMS_NAMED_MAX).map(plainText);
  const open = `${countText(state.alarmsOpen)} open`;
  if (names.length === 0) return open;
  return `${open}: ${names.join(", ")}${state.alarmsOpen > names.length ? ", ..." : ""}`;
}

/** Parts two spaces apart, on as many lines as they need; later lines are indented under the first part. */
function flow(label: string, parts: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  let line = label;
  let isEmpty = true;
  for (const part of parts) {
    const joined = isEmpty ? line + part : `${line}   ${part}`;
    if (!isEmpty && joined.length > width) {
      lines.push(line);
      line = " ".repeat(label.length) + part;
    } else {
      line = joined;
    }
    isEmpty = false;
  }
  lines.push(line);
  return lines.map((text) => fit(text, width));
}

function fit(text: string, width: number, style: (text: string) => string = PLAIN.bold): string {
  return style(text.length > width ? `${text.slice(0, width - 1)}~` : text);
}
