/**
 * What the screens know of a rack: the views as the controller last told them on the bus, and whether they are true
 * now. Pure data; nothing is kept here that the bus does not say.
 */
import type { BusCell, BusDose, BusTrace } from "../../../protocols/bus/cell-views.ts";
import type { BusHandover } from "../../../protocols/bus/handover-view.ts";
import type { BusController, BusControl, BusHeartbeat, BusLog } from "../../../protocols/bus/controller-views.ts";
import type {
  BusAlarm,
  BusBeam,
  BusCampaign,
  BusExposure,
  BusInstrument,
  BusSchedule,
} from "../../../protocols/bus/rack-views.ts";
import type { BusWaiting } from "../../../protocols/bus/view-parts.ts";
import { ALL_POSITIONS, placeText } from "../../../protocols/base/position.ts";

/** Whether what is shown is true now. Times are the day's, milliseconds since 1970. */
export type Liveness =
  /** No session with the broker yet. */
  | { readonly kind: "connecting"; readonly sinceMs: number; readonly trouble: string | null }
  /** The broker answers; what it remembers may be old until the controller itself says something. */
  | { readonly kind: "attaching"; readonly sinceMs: number; readonly isAnyoneThere: boolean }
  | { readonly kind: "live" }
  /** It said that it ends. */
  | { readonly kind: "controller-ended"; readonly sinceMs: number; readonly why: string | null }
  /** The broker said so in its stead. */
  | { readonly kind: "controller-gone"; readonly sinceMs: number; readonly why: string | null }
  /** It is said to be there and says nothing. */
  | { readonly kind: "silent"; readonly sinceMs: number }
  /** The session with the broker ended. */
  | { readonly kind: "broker-gone"; readonly sinceMs: number; readonly trouble: string | null };

export type LogLine = Omit<BusLog, "v">;

export interface RackView {
  readonly liveness: Liveness;
  /** Name of the rack; null before the first message. */
  readonly rack: string | null;
  /** The latest time of the campaign that was heard; null before the first. */
  readonly nowMs: number | null;
  readonly controller: BusController | null;
  readonly heartbeat: BusHeartbeat | null;
  readonly campaign: BusCampaign | null;
  /** By position index, 0 to 95; null where the campaign has no cell. */
  readonly cells: readonly (BusCell | null)[];
  readonly doses: readonly (BusDose | null)[];
  readonly traces: readonly (BusTrace | null)[];
  readonly beam: BeamOrNull;
  readonly exposure: BusExposure | null;
  readonly schedule: BusSchedule | null;
  /** In the order of their names. */
  readonly instruments: readonly BusInstrument[];
  /** Whether anything was said of alarms at all: none is not the same as none known. */
  readonly areAlarmsKnown: boolean;
  /** Newest first. */
  readonly alarms: readonly BusAlarm[];
  /** Open alarms beyond those. */
  readonly alarmsUnnamedCount: number;
  readonly control: BusControl | null;
  readonly handover: BusHandover | null;
  /** Oldest first, bounded. */
  readonly log: readonly LogLine[];
  /** Messages that could not be read. */
  readonly unreadableCount: number;
}

type BeamOrNull = BusBeam | null;

export function emptyRack(sinceMs: number): RackView {
  const nothing = ALL_POSITIONS.map(() => null);
  return {
    liveness: { kind: "connecting", sinceMs, trouble: null },
    rack: null,
    nowMs: null,
    controller: null,
    heartbeat: null,
    campaign: null,
    cells: nothing,
    doses: nothing,
    traces: nothing,
    beam: null,
    exposure: null,
    schedule: null,
    instruments: [],
    areAlarmsKnown: false,
    alarms: [],
    alarmsUnnamedCount: 0,
    control: null,
    handover: null,
    log: [],
    unreadableCount: 0,
  };
}

export function isLive(rack: RackView): boolean {
  return rack.liveness.kind === "live";
}

/** Milliseconds of a time on the bus; null without one. */
export function timeMs(text: string | null | undefined): number | null {
  if (text === null || text === undefined) return null;
  const ms = Date.parse(text);
  return Number.isFinite(ms) ? ms : null;
}

/** What a cell waits for, unless it is only its own step that takes its time. */
export function notableWait(cell: BusCell): BusWaiting | null {
  const waiting = cell.waiting_for;
  const isRoutine = cell.state === "cycling" && waiting?.who.startsWith("channel") === true;
  return isRoutine ? null : waiting;
}

/** States in which nothing happens to a cell any more unless a person acts. */
const NEEDING_A_PERSON: ReadonlySet<string> = new Set(["isolated", "held"]);

/** A cell at which a person should look: off for a reason, held, or with an alarm that nobody has taken. */
export function needsPerson(rack: RackView, positionIndex: number): boolean {
  const cell = rack.cells[positionIndex] ?? null;
  if (cell === null) return false;
  return NEEDING_A_PERSON.has(cell.state) || untakenAlarmAt(rack, cell.position) !== null;
}

/** The newest alarm of a place that nobody has acknowledged or shelved. `channel B7` is of B7 too. */
export function untakenAlarmAt(rack: RackView, position: string): BusAlarm | null {
  return rack.alarms.find((alarm) => isAlarmAt(alarm, position) && isUntaken(alarm, rack.nowMs)) ?? null;
}

export function isAlarmAt({ where }: BusAlarm, position: string): boolean {
  const named = where.split(" ").at(-1) ?? "";
  return placeText(named) === position;
}

export function isShelved({ shelved }: BusAlarm, nowMs: number | null): boolean {
  if (shelved === null) return false;
  const untilMs = timeMs(shelved.until);
  return nowMs === null || untilMs === null || nowMs < untilMs;
}

export function isUntaken(alarm: BusAlarm, nowMs: number | null): boolean {
  return alarm.acknowledged === null && !isShelved(alarm, nowMs);
}

export function untakenCount(rack: RackView): number {
  return rack.alarms.filter((alarm) => isUntaken(alarm, rack.nowMs)).length;
}
