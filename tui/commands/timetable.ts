/** `beamrack timetable DIR`: who is next in the beam, when and why; and what became of what was asked. */
import { parseArgs } from "node:util";
import { isRecord } from "../../controller/record/ledger-row.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { parseJson } from "../../controller/record/record-header.ts";
import {
  createTimetableFold,
  type RequestAhead,
  type RequestBehind,
  type Timetable,
} from "../../controller/schedule/timetable.ts";
import { durationText } from "../../protocols/base/duration-text.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { parseOccupant } from "../../protocols/base/position.ts";
import type { CommandContext } from "../command-context.ts";

/** So many lines each way, where nothing else is asked for. */
const SHOWN = 20;

export type TimetableContext = Pick<CommandContext, "json" | "print">;

export function timetableCommand(context: TimetableContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: { lines: { type: "string" }, position: { type: "string" } },
  });
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) {
    throw new Fault("command.usage", "beamrack timetable", "takes one data folder");
  }
  const lines = values.lines === undefined ? SHOWN : Number(values.lines);
  if (!Number.isInteger(lines) || lines < 1) {
    throw new Fault(
      "command.usage",
      "beamrack timetable",
      `--lines takes a whole number from 1 on, not ${values.lines ?? ""}`,
    );
  }
  const { position } = values;
  if (position !== undefined && parseOccupant(position) === undefined) {
    throw new Fault(
      "command.usage",
      "--position",
      `${JSON.stringify(position)} is no position; write A7, or A7.2 for the cell that followed there`,
    );
  }
  const { timetable: whole, startMs } = read(folder);
  const timetable = position === undefined ? whole : of(whole, position);
  if (context.json) context.print(JSON.stringify(timetableJson(timetable, startMs)));
  else for (const line of textOf(timetable, startMs, lines)) context.print(line);
  return Promise.resolve(0);
}

function read(folder: string): { readonly timetable: Timetable; readonly startMs: number | null } {
  const fold = createTimetableFold();
  let startMs: number | null = null;
  const reader = openRecord(folder);
  try {
    for (const scanned of reader.events()) {
      if (scanned.kind !== "row") continue;
      const { type, atMs, dataText } = scanned.row;
      const data = parseJson(dataText);
      if (!isRecord(data)) continue;
      if (type === "campaign-started" && typeof data["start_ms"] === "number") startMs = data["start_ms"];
      fold.event(type, atMs, data);
    }
  } finally {
    reader.close();
  }
  return { timetable: fold.timetable(), startMs };
}

function of(timetable: Timetable, position: string): Timetable {
  const isThere = (one: { readonly position: string }): boolean => one.position === position;
  return { ...timetable, ahead: timetable.ahead.filter(isThere), behind: timetable.behind.filter(isThere) };
}

function textOf(
  { atMs, act, ahead, behind, counts, offMedianS }: Timetable,
  startMs: number | null,
  lines: number,
): readonly string[] {
  const moment = (ms: number | null): string => (ms === null ? "" : momentText(ms, startMs));
  const off = offMedianS === null ? "" : `; median distance from the wanted moment ${offMedianS.toFixed(2)} s`;
  return [
    `until ${moment(atMs)}: met ${counts.met}, late ${counts.late}, missed ${counts.missed}, withdrawn ${counts.withdrawn}${off}`,
    ...(act === null ? [] : [`now: ${act.text}${act.who === null || act.who === "" ? "" : ` (${act.who})`}`]),
    `ahead: ${ahead.length === 0 ? "nothing with a window is open" : `${ahead.length} open`}`,
    ...ahead
      .slice(0, lines)
      .map((one) => `  ${moment(one.openAtMs ?? one.wantedMs ?? one.earliestMs)}  ${nameText(one)}  ${aheadText(one)}`),
    ...(ahead.length > lines ? [`  and ${ahead.length - lines} more`] : []),
    `behind: ${behind.length}`,
    ...(behind.length > lines ? [`  ${behind.length - lines} before these`] : []),
    ...behind.slice(-lines).map((one) => `  ${moment(one.atMs)}  ${nameText(one)}  ${behindText(one)}`),
  ];
}

function nameText({ position, request }: { readonly position: string; readonly request: string }): string {
  return `${position.padEnd(3)} ${request.padEnd(6)}`;
}

function aheadText({ trigger, reason, openAtMs, wantedMs, latestMs, passedOver }: RequestAhead): string {
  const why = reason === "" || reason === trigger ? trigger : `${trigger}: ${reason}`;
  const off = openAtMs === null || wantedMs === null ? "" : offText(openAtMs - wantedMs);
  const place =
    passedOver === "dose"
      ? ", passed over: its cell's last exposures are kept for others"
      : passedOver === "no-place"
        ? ", passed over: no time left beside the others"
        : openAtMs === null
          ? ", not placed yet"
          : "";
  const widthS = latestMs === null || openAtMs === null ? null : (latestMs - openAtMs) / 1000;
  const slack = widthS === null ? "" : `, ${durationText(widthS)} to spare`;
  return `${why}${off}${place}${slack}`;
}

function behindText({ outcome, trigger, reason, wantedMs, atMs, why }: RequestBehind): string {
  const what = reason === "" || reason === trigger ? trigger : `${trigger}: ${reason}`;
  const off = outcome === "met" || outcome === "late" ? (wantedMs === null ? "" : offText(atMs - wantedMs)) : "";
  return `${outcome.padEnd(9)} ${what}${off}${why === "" ? "" : `; ${why}`}`;
}

function offText(offMs: number): string {
  const seconds = offMs / 1000;
  if (Math.abs(seconds) < 0.05) return ", at its moment";
  const text = Math.abs(seconds) < 60 ? `${Math.abs(seconds).toFixed(1)} s` : durationText(Math.abs(seconds));
  return seconds > 0 ? `, ${text} after its moment` : `, ${text} before its moment`;
}

/** UTC where the record tells when it began, else the time since then. */
function momentText(ms: number, startMs: number | null): string {
  if (startMs === null) return `+${(ms / 1000).toFixed(0)} s`;
  return new Date(startMs + ms).toISOString().slice(0, 19).replace("T", " ");
}

function timetableJson({ atMs, act, ahead, behind, counts, offMedianS }: Timetable, startMs: number | null): object {
  const requestJson = (one: RequestAhead | RequestBehind): object => ({
    request: one.request,
    position: one.position,
    trigger: one.trigger,
    reason: one.reason,
    owner: one.owner,
    earliest_ms: one.earliestMs,
    wanted_ms: one.wantedMs,
    latest_ms: one.latestMs,
  });
  return {
    start_ms: startMs,
    at_ms: atMs,
    act: act === null ? null : { at_ms: act.atMs, kind: act.kind, text: act.text, who: act.who, until_ms: act.untilMs },
    counts,
    off_median_s: offMedianS,
    ahead: ahead.map((one) => ({ ...requestJson(one), open_at_ms: one.openAtMs, passed_over: one.passedOver })),
    behind: behind.map((one) => ({
      ...requestJson(one),
      outcome: one.outcome,
      at_ms: one.atMs,
      why: one.why,
      exposure_id: one.exposureId,
    })),
  };
}
