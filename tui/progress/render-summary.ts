/** The end of a campaign as a person reads it. Pure. */
import { countText, decimalText, durationText, percentText, plainText, UNKNOWN } from "./number-text.ts";
import type { RunSummary } from "./run-summary.ts";

const VIOLATIONS_SHOWN_MAX = 20;
/** A terminal of no particular size. */
const COLUMNS = 80;
const LABEL_WIDTH = 13;
const DIGEST_INDENT = 4;

/** Lines without line ends, none wider than `columns` unless a single word is. */
export function renderSummary(summary: RunSummary, columns = COLUMNS): readonly string[] {
  const { requests, exposures, samples, spectra, beam_effect: effect, alarms } = summary;
  const seed = summary.seed === null ? "no seed" : `seed ${String(summary.seed)}`;
  const speed = summary.wall_s > 0 ? `${countText(summary.virtual_s / summary.wall_s)} x real time` : UNKNOWN;
  const row = (label: string, parts: readonly string[]): readonly string[] => rowLines(label, parts, columns);
  return [
    `${plainText(summary.campaign)}:${summary.rehearsal === true ? " rehearsal, no beam on any cell," : ""} ${summary.world} world, ${seed}, faults ${plainText(summary.faults)}`,
    ...row("time", [durationText(summary.virtual_s), `took ${durationText(summary.wall_s)}`, speed]),
    ...row("cells", [countText(summary.cells.total), ...tally(summary.cells.by_state)]),
    ...row("requests", [
      `asked ${countText(requests.asked)}`,
      `met ${countText(requests.met)}`,
      `late ${countText(requests.late)}`,
      `missed ${countText(requests.missed)}${inBrackets(tally(requests.missed_by_reason))}`,
    ]),
    ...row("exposures", [
      `${summary.rehearsal === true ? "rehearsed" : "made"} ${countText(exposures.made)}`,
      `partial ${countText(exposures.partial)}`,
      `aborted ${countText(exposures.aborted)}`,
    ]),
    ...row("sweeps", sweepParts(summary)),
    ...row("dose", doseParts(summary)),
    ...row("samples", [
      `acknowledged ${countText(samples.acknowledged)}`,
      `stored ${countText(samples.stored)}`,
      `gaps ${countText(samples.gaps)}`,
    ]),
    ...(effect === undefined
      ? []
      : row("verdict", [
          `beam effect ${effect.verdict.replace("-", " ")}, ${countText(effect.pairs)} pairs, ${effect.looks} looks`,
        ])),
    ...(spectra === undefined ? [] : row("spectra", [countText(spectra)])),
    ...row("alarms", [
      `raised ${countText(alarms.raised)}`,
      `open ${countText(alarms.open)}`,
      ...((alarms.defects ?? 0) > 0 ? [`DEFECTS OF BEAMRACK ${countText(alarms.defects ?? 0)}`] : []),
    ]),
    ...checkLines(summary).flatMap(([label, parts]) => row(label, parts)),
    ...row("log", [`${countText(summary.log.events)} events`]),
    // By itself, and further left: whole on one line it can be compared and copied.
    `${" ".repeat(DIGEST_INDENT)}${summary.log.digest}`,
  ];
}

/** By the upper value, as exposures are judged: what was refused would have passed it. */
function doseParts({ dose, truth }: RunSummary): readonly string[] {
  const inTruth = truth["dose_limit_fraction_max"] ?? null;
  return [
    `at most ${fractionText(dose.limit_fraction_max)} of a limit, uncertainty included`,
    ...(inTruth === null ? [] : [`in truth ${fractionText(inTruth)}`]),
    dose.refused === 0 ? "none refused" : `${countText(dose.refused)} refused: the next could have passed a limit`,
    `booked and not settled ${countText(dose.booked_not_settled)}`,
  ];
}

function sweepParts(summary: RunSummary): readonly string[] {
  const { count, duration_s: duration, bound_s: bound } = summary.sweeps;
  const parts = [countText(count)];
  if (duration.median !== null) {
    parts.push(
      `median ${durationText(duration.median)} (${durationText(duration.min ?? Number.NaN)} to ${durationText(duration.max ?? Number.NaN)})`,
    );
    if (bound.median !== null) {
      parts.push(
        `${decimalText(duration.median / bound.median, 4)} x the physical bound ${durationText(bound.median)}`,
      );
    }
  }
  return parts;
}

function checkLines(summary: RunSummary): readonly (readonly [label: string, parts: readonly string[]])[] {
  const checks = Object.entries(summary.checks);
  // Outside the virtual world nobody knows the truth, and nothing is checked against it.
  if (checks.length === 0) return [];
  const idle = checks.filter(([, count]) => count === 0).map(([name]) => plainText(name));
  const made = checks.reduce((sum, [, count]) => sum + count, 0);
  const lines: [string, readonly string[]][] = [
    [
      "checks",
      [
        `${countText(checks.length)} invariants, ${countText(made)} times`,
        summary.violations.length === 0 ? "none violated" : `VIOLATED ${countText(summary.violations.length)}`,
      ],
    ],
  ];
  if (idle.length > 0) lines.push(["", [`NEVER CHECKED: ${idle.join(", ")}`]]);
  for (const { invariant, at_s: atS, what } of summary.violations.slice(0, VIOLATIONS_SHOWN_MAX)) {
    const when = atS === null ? "" : ` at ${durationText(atS)}`;
    lines.push(["", [plainText(`${invariant}${when}: ${what}`)]]);
  }
  const hidden = summary.violations.length - VIOLATIONS_SHOWN_MAX;
  if (hidden > 0) lines.push(["", [`and ${countText(hidden)} more: see --json or summary.json`]]);
  return lines;
}

/** `  label      part, part`; goes on under the first part, broken between parts, and within one that is too long. */
function rowLines(label: string, parts: readonly string[], columns: number): readonly string[] {
  const indent = " ".repeat(LABEL_WIDTH);
  const lines: string[] = [];
  let line = `  ${label}`.padEnd(LABEL_WIDTH);
  let isEmpty = true;
  const add = (piece: string, glue: string): void => {
    const joined = isEmpty ? line + piece : `${line}${glue}${piece}`;
    if (!isEmpty && joined.length > columns) {
      lines.push(line.trimEnd());
      line = indent + piece;
    } else line = joined;
    isEmpty = false;
  };
  parts.forEach((part, index) => {
    const piece = index < parts.length - 1 ? `${part},` : part;
    const isLong = LABEL_WIDTH + piece.length > columns;
    if (isLong) for (const word of piece.split(" ")) add(word, " ");
    else add(piece, " ");
  });
  return [...lines, line];
}

/** `charging 84`, most frequent first. */
function tally(counts: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([leftName, left], [rightName, right]) => right - left || (leftName < rightName ? -1 : 1))
    .map(([name, count]) => `${plainText(name)} ${countText(count)}`);
}

function inBrackets(parts: readonly string[]): string {
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

function fractionText(fraction: number | null): string {
  return percentText(fraction ?? Number.NaN);
}
