/** The end of a campaign as a person reads it. Pure. */
import { countText, decimalText, durationText, percentText, plainText, UNKNOWN } from "./number-text.ts";
import type { RunSummary } from "./run-summary.ts";

const VIOLATIONS_SHOWN_MAX = 20;

/** Lines without line ends. */
export function renderSummary(summary: RunSummary): readonly string[] {
  const { requests, exposures, samples, alarms, truth } = summary;
  const seed = summary.seed === null ? "no seed" : `seed ${String(summary.seed)}`;
  const speed = summary.wall_s > 0 ? `${countText(summary.virtual_s / summary.wall_s)} x real time` : UNKNOWN;
  return [
    `${plainText(summary.campaign)}: ${summary.world} world, ${seed}, faults ${plainText(summary.faults)}`,
    row("time", [durationText(summary.virtual_s), `took ${decimalText(summary.wall_s, 1)} s`, speed]),
    row("cells", [countText(summary.cells.total), ...tally(summary.cells.by_state)]),
    row("requests", [
      `asked ${countText(requests.asked)}`,
      `met ${countText(requests.met)}`,
      `late ${countText(requests.late)}`,
      `missed ${countText(requests.missed)}${inBrackets(tally(requests.missed_by_reason))}`,
    ]),
    row("exposures", [
      `made ${countText(exposures.made)}`,
      `partial ${countText(exposures.partial)}`,
      `aborted ${countText(exposures.aborted)}`,
    ]),
    row("sweeps", sweepParts(summary)),
    row("dose", [
      `highest ${fractionText(summary.dose.limit_fraction_max)} of its limit`,
      `in truth ${fractionText(truth["dose_limit_fraction_max"] ?? null)}`,
      `refused ${countText(summary.dose.refused)}`,
      `booked and not settled ${countText(summary.dose.booked_not_settled)}`,
    ]),
    row("samples", [
      `acknowledged ${countText(samples.acknowledged)}`,
      `stored ${countText(samples.stored)}`,
      `gaps ${countText(samples.gaps)}`,
    ]),
    row("alarms", [`raised ${countText(alarms.raised)}`, `open ${countText(alarms.open)}`]),
    ...checkLines(summary),
    row("log", [`${countText(summary.log.events)} events`, summary.log.digest]),
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

function checkLines(summary: RunSummary): readonly string[] {
  const checks = Object.entries(summary.checks);
  const idle = checks.filter(([, count]) => count === 0).map(([name]) => plainText(name));
  const made = checks.reduce((sum, [, count]) => sum + count, 0);
  const lines = [
    row("checks", [
      `${countText(made)} of ${countText(checks.length)} invariants`,
      summary.violations.length === 0 ? "none violated" : `VIOLATED ${countText(summary.violations.length)}`,
    ]),
  ];
  if (idle.length > 0) lines.push(row("", [`NEVER CHECKED: ${idle.join(", ")}`]));
  for (const { invariant, at_s: atS, what } of summary.violations.slice(0, VIOLATIONS_SHOWN_MAX)) {
    const when = atS === null ? "" : ` at ${durationText(atS)}`;
    lines.push(row("", [plainText(`${invariant}${when}: ${what}`)]));
  }
  const hidden = summary.violations.length - VIOLATIONS_SHOWN_MAX;
  if (hidden > 0) lines.push(row("", [`and ${countText(hidden)} more: see --json or summary.json`]));
  return lines;
}

function row(label: string, parts: readonly string[]): string {
  return `  ${label.padEnd(10)} ${parts.join(", ")}`;
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
