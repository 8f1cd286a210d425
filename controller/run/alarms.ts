/** Alarms: what a person should know of, raised once and open until its cause is gone or a person acknowledges. */
import { isDefect, type FaultNote } from "../machines/errors.ts";
import type { Recorder } from "../machines/recorder.ts";

export interface Alarm {
  readonly id: number;
  readonly code: string;
  readonly where: string;
  readonly what: string;
  readonly advice: string;
  readonly raisedAtMs: number;
}

export interface Alarms {
  /**
   * One alarm per code and place is open at a time; a repetition is no news. Of a device that is not heard one stands, the
   * first or one that says more of the cause, until it is given up: then that one.
   */
  raise(note: FaultNote): void;
  clear(code: string, where: string): void;
  /** Clears every open alarm of a place whose code is one of these, or begins with one that ends in a dot; why goes on record. */
  clearAll(where: string, codes: readonly string[], because?: string): void;
  /** After a restart: what was open, and how many had been raised. */
  restore(open: readonly Alarm[], raisedCount: number): void;
  readonly open: readonly Alarm[];
  readonly raisedCount: number;
  /** How many were raised because a part of beamrack itself broke. */
  readonly defectCount: number;
}

/** That a device is not heard; which of them depends on what was tried. The later say more of the cause than the first. */
const UNHEARD: readonly string[] = ["link.closed", "link.timeout", "link.open-failed", "link.refused"];
const SAYS_WHY: readonly string[] = UNHEARD.slice(2);
const GIVEN_UP: readonly string[] = ["link.isolated", "beam.instrument-lost"];

/** Of two alarms of one place: whether the later one stands for the earlier, whose cause is not gone with it. */
export function standsFor(later: Pick<Alarm, "id" | "code">, earlier: Pick<Alarm, "id" | "code">): boolean {
  if (later.id <= earlier.id || !UNHEARD.includes(earlier.code)) return false;
  return GIVEN_UP.includes(later.code) || (SAYS_WHY.includes(later.code) && !SAYS_WHY.includes(earlier.code));
}

/** A code that ends in a dot means all that begin with it. */
function isAmong(code: string, codes: readonly string[]): boolean {
  return codes.some((meant) => (meant.endsWith(".") ? code.startsWith(meant) : code === meant));
}

export function createAlarms(recorder: Recorder, nowMs: () => number): Alarms {
  const open = new Map<string, Alarm>();
  let raisedCount = 0;
  let defectCount = 0;
  function clear(code: string, where: string, because?: string): void {
    const key = `${code} ${where}`;
    const alarm = open.get(key);
    if (alarm === undefined) return;
    open.delete(key);
    const why = because === undefined ? {} : { because };
    recorder.record("alarm-cleared", { alarm: alarm.id, code, where, ...why });
  }

  function clearAll(where: string, codes: readonly string[], because?: string): void {
    // Each reading of a sensor asks for this, and hardly one finds any.
    const meant: string[] = [];
    for (const alarm of open.values()) if (alarm.where === where && isAmong(alarm.code, codes)) meant.push(alarm.code);
    for (const code of meant) clear(code, where, because);
  }

  function isOpen(where: string, codes: readonly string[]): boolean {
    for (const alarm of open.values()) if (alarm.where === where && codes.includes(alarm.code)) return true;
    return false;
  }

  return {
    raise(note) {
      const key = `${note.code} ${note.where}`;
      if (open.has(key)) return;
      if (UNHEARD.includes(note.code)) {
        const sayAsMuch = SAYS_WHY.includes(note.code) ? SAYS_WHY : UNHEARD;
        if (isOpen(note.where, sayAsMuch) || isOpen(note.where, GIVEN_UP)) return;
      }
      raisedCount += 1;
      if (isDefect(note)) defectCount += 1;
      open.set(key, { id: raisedCount, ...note, raisedAtMs: nowMs() });
      recorder.record("alarm-raised", { alarm: raisedCount, code: note.code, where: note.where, what: note.what });
      if (GIVEN_UP.includes(note.code)) clearAll(note.where, UNHEARD, "it is given up");
      else if (SAYS_WHY.includes(note.code)) clearAll(note.where, ["link.closed", "link.timeout"], "the cause is told");
    },
    clear(code, where) {
      clear(code, where);
    },
    clearAll,
    restore(alarms, count) {
      for (const alarm of alarms) open.set(`${alarm.code} ${alarm.where}`, alarm);
      raisedCount = count;
    },
    get open() {
      return [...open.values()];
    },
    get raisedCount() {
      return raisedCount;
    },
    get defectCount() {
      return defectCount;
    },
  };
}
