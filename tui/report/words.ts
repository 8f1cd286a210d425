/** Numbers, times and states of a report as people read them. */
import type { CellState } from "../../controller/report/cell-facts.ts";
import { isoTime } from "../../controller/export/file-names.ts";
import { UNKNOWN } from "../progress/number-text.ts";

/** To so many figures, without an exponent where there is room. */
export function figures(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  return String(Number(value.toPrecision(digits))).replace("-", "\u2212");
}

export function percent(fraction: number | null | undefined, decimals = 0): string {
  if (fraction === null || fraction === undefined || !Number.isFinite(fraction)) return UNKNOWN;
  return `${(100 * fraction).toFixed(decimals).replace("-", "\u2212")} %`;
}

/** Never less than it is: what is held against a limit. */
export function percentUp(fraction: number | null | undefined): string {
  if (fraction === null || fraction === undefined || !Number.isFinite(fraction)) return UNKNOWN;
  return `${Math.ceil(100 * fraction - 1e-9)} %`;
}

/** `2026-03-02 08:00:00`, UTC. */
export function momentText(startMs: number, atMs: number | null): string {
  return atMs === null
    ? UNKNOWN
    : isoTime(startMs + atMs)
        .slice(0, 19)
        .replace("T", " ");
}

/** With kilo and mega, for a place with little room. */
export function grayText(doseGy: number): string {
  if (doseGy >= 1e6) return `${figures(doseGy / 1e6, 3)} MGy`;
  return doseGy >= 1000 ? `${figures(doseGy / 1000, 3)} kGy` : `${figures(doseGy, 3)} Gy`;
}

export const STATE_WORDS: Readonly<Record<CellState, { readonly text: string; readonly sign: string }>> = {
  complete: { text: "complete", sign: "\u2713" },
  isolated: { text: "isolated", sign: "\u2715" },
  stopped: { text: "stopped", sign: "\u25a0" },
  unfinished: { text: "unfinished", sign: "\u2026" },
  "going-on": { text: "going on", sign: "\u25b6" },
};

export const VERDICT_WORDS = {
  "cannot-tell": "cannot tell: nothing was seen, but an effect that matters could have been missed",
  "none-seen": "none seen: an effect that matters would have been found",
  suspected: "suspected: the beam may change what it measures",
  found: "found: the beam changes what it measures",
} as const;
