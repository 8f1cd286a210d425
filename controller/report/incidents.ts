/** What went wrong and what came of it: alarms, stops, losses of beam, restarts, cells that were given up. A fold over the log. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { numberOrNull, textOrNull, type EventData } from "../export/event-fields.ts";
import { isList } from "../record/ledger-row.ts";
import type { ReportScope } from "./report-scope.ts";

export type IncidentKind = "alarm" | "beam" | "stop" | "interlock" | "restart" | "cell" | "record";

export interface Incident {
  readonly kind: IncidentKind;
  readonly atMs: number;
  /** Null while it lasts, and of what takes no time. */
  readonly endMs: number | null;
  /** It may still need a person. */
  readonly isOpen: boolean;
  readonly where: string;
  readonly what: string;
  /** Of an alarm. */
  readonly code: string | null;
  readonly outcome: string;
}

export interface IncidentFold {
  event(type: string, atMs: number, data: EventData): void;
  /** In order of their beginning. */
  incidents(): readonly Incident[];
}

const ECHO_MS = 5000;

interface Draft {
  readonly kind: IncidentKind;
  readonly atMs: number;
  endMs: number | null;
  isOpen: boolean;
  readonly where: string;
  readonly what: string;
  readonly code: string | null;
  readonly notes: string[];
}

export const INCIDENT_EVENTS: ReadonlySet<string> = new Set([
  ...["alarm-raised", "alarm-cleared", "alarm-acknowledged", "alarm-shelved", "beam-lost", "beam-back"],
  ...["exposing-held", "exposing-resumed", "cells-ordered-off", "command-given", "interlock-broken"],
  ...["interlock-rearmed", "campaign-resumed", "run-ended", "cell-isolated", "cell-stopped", "cell-held"],
  "record-salvaged",
]);

/** Names of people are told to those whose campaign it is, and not to one of several groups. */
export function createIncidentFold(scope: ReportScope): IncidentFold {
  const { censor } = scope;
  const drafts: Draft[] = [];
  const alarms = new Map<number, Draft>();
  let beam: Draft | null = null;
  let held: Draft | null = null;
  let interlock: Draft | null = null;
  let lastMs = 0;

  function begin(draft: Partial<Draft> & Pick<Draft, "kind" | "where" | "what">, atMs: number): Draft {
    const whole = { atMs, endMs: null, isOpen: false, code: null, notes: [], ...draft };
    drafts.push(whole);
    return whole;
  }

  function end(draft: Draft | null, atMs: number, note: string): void {
    if (draft === null) return;
    draft.endMs = atMs;
    draft.isOpen = false;
    draft.notes.push(note);
  }

  function by(data: EventData): string {
    const author = textOrNull(data["author"]);
    return author === null || !scope.isWhole ? "a person" : author;
  }

  function text(data: EventData, key: string): string {
    return censor(textOrNull(data[key]) ?? "");
  }

  function isForeign(place: string | null): boolean {
    return place !== null && scope.foreignPlaces.has(place);
  }

  function alarm(type: string, atMs: number, data: EventData): void {
    const id = numberOrNull(data["alarm"]);
    if (id === null) return;
    if (type === "alarm-raised") {
      const where = textOrNull(data["where"]) ?? "";
      if (isForeign(where) || where.split(/[ ,]/).some(isForeign)) return;
      const code = textOrNull(data["code"]);
      // The loss itself is told, with its end.
      if (code === "beam.lost") return;
      // Of a material: its numbers are those of others' cells too.
      if (!scope.isWhole && code?.startsWith("dose.beam-effect") === true && !scope.positions.has(where)) return;
      alarms.set(
        id,
        begin({ kind: "alarm", where: censor(where), what: text(data, "what"), code, isOpen: true }, atMs),
      );
      return;
    }
    const draft = alarms.get(id) ?? null;
    if (type === "alarm-cleared") end(draft, atMs, "its cause was gone");
    else draft?.notes.push(type === "alarm-acknowledged" ? `acknowledged by ${by(data)}` : `put aside by ${by(data)}`);
  }

  function aboutCell(type: string, atMs: number, data: EventData): void {
    const position = textOrNull(data["position"]);
    if (position === null || !scope.positions.has(position)) return;
    if (type === "cell-isolated") {
      const what = `isolated: ${text(data, "what")}`;
      begin({ kind: "cell", where: position, what, notes: ["switched off; the others go on"] }, atMs);
    } else if (type === "cell-stopped") begin({ kind: "cell", where: position, what: "stopped for good" }, atMs);
    else begin({ kind: "cell", where: position, what: `held by ${by(data)}: ${text(data, "reason")}` }, atMs);
  }

  function rackWide(type: string, atMs: number, data: EventData): void {
    switch (type) {
      case "beam-lost":
        beam ??= begin({ kind: "beam", where: "machine", what: "the machine lost its beam", isOpen: true }, atMs);
        break;
      case "beam-back":
        end(beam, atMs, "cells kept cycling; exposing went on by itself");
        beam = null;
        break;
      case "exposing-held":
        held ??= begin({ kind: "stop", where: "beam", what: heldText(text(data, "what")), isOpen: true }, atMs);
        break;
      case "exposing-resumed":
        end(held, atMs, `${by(data)} let exposing go on`);
        held = null;
        break;
      case "cells-ordered-off":
        begin(
          { kind: "stop", where: "rack", what: `${by(data)} ordered every cell off: ${text(data, "reason")}` },
          atMs,
        );
        break;
      case "command-given": {
        const command = textOrNull(data["command"]) ?? "";
        if (/^stop\b/.test(command))
          begin({ kind: "stop", where: "rack", what: `${by(data)} ordered: ${censor(command)}` }, atMs);
        break;
      }
      case "interlock-broken": {
        const what = `interlocks broken: ${censor(namesOf(data["interlocks"]))}`;
        interlock ??= begin({ kind: "interlock", where: "hutch", what, isOpen: true }, atMs);
        break;
      }
      case "interlock-rearmed":
        end(interlock, atMs, `re-armed by ${by(data)}`);
        interlock = null;
        break;
      case "campaign-resumed": {
        const fromMs = numberOrNull(data["last_heard_ms"]) ?? lastMs;
        const unfinished = data["unfinished"];
        const count = isList(unfinished) ? unfinished.length : 0;
        const notes = count === 0 ? [] : [`${count} unfinished exposure${count === 1 ? "" : "s"} accounted for`];
        begin(
          { kind: "restart", where: "controller", what: "the controller was not running", endMs: atMs, notes },
          fromMs,
        );
        break;
      }
      case "run-ended": {
        const reason = text(data, "reason");
        begin(
          { kind: "stop", where: "controller", what: `the run was ended${reason === "" ? "" : `: ${reason}`}` },
          atMs,
        );
        break;
      }
      default:
        begin(
          { kind: "record", where: "record", what: "this record is a copy of what could be read of a damaged one" },
          atMs,
        );
    }
  }

  return {
    event(type, atMs, data) {
      if (INCIDENT_EVENTS.has(type)) {
        if (type.startsWith("alarm-")) alarm(type, atMs, data);
        else if (type.startsWith("cell-")) aboutCell(type, atMs, data);
        else rackWide(type, atMs, data);
      }
      lastMs = atMs;
    },
    incidents: () =>
      withoutEchoes(drafts)
        .map(({ notes, ...rest }) => ({ ...rest, outcome: notes.join("; ") }))
        .sort((one, other) => one.atMs - other.atMs),
  };
}

/** A cell that was given up raises an alarm that says the same. */
function withoutEchoes(drafts: readonly Draft[]): readonly Draft[] {
  return drafts.flatMap((one) => {
    if (one.kind !== "cell") return [one];
    const alarm = drafts.find(
      ({ kind, where, what, atMs }) =>
        kind === "alarm" && where === one.where && one.what.endsWith(what) && Math.abs(atMs - one.atMs) < ECHO_MS,
    );
    if (alarm === undefined) return [one];
    alarm.notes.push("the cell was switched off; the others go on");
    return [];
  });
}

function heldText(what: string): string {
  return `nothing was exposed until a person resumed${what === "" ? "" : `: ${what}`}`;
}

function namesOf(interlocks: Json | undefined): string {
  if (!isList(interlocks)) return "unknown";
  return interlocks.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join(", ");
}

export interface IncidentLine extends Incident {
  /** How many alike it stands for. */
  readonly count: number;
  readonly openCount: number;
  readonly lastMs: number;
}

/** Alarms of one code and place are one line; the others stand for themselves. */
export function incidentLines(incidents: readonly Incident[]): readonly IncidentLine[] {
  const lines = new Map<string, IncidentLine>();
  for (const [index, one] of incidents.entries()) {
    const key = one.kind === "alarm" ? `${one.code ?? ""}\n${one.where}` : String(index);
    const known = lines.get(key);
    lines.set(key, {
      ...one,
      ...(known === undefined ? {} : { atMs: known.atMs }),
      count: (known?.count ?? 0) + 1,
      openCount: (known?.openCount ?? 0) + (one.isOpen ? 1 : 0),
      lastMs: one.atMs,
    });
  }
  return [...lines.values()].sort((a, b) => a.atMs - b.atMs);
}
