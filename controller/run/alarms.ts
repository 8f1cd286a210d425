/** Alarms: what a person should know of, raised once and open until its cause is gone or a person acknowledges. */
import type { FaultNote } from "../machines/errors.ts";
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
  /** One alarm per code and place is open at a time; a repetition is no news. */
  raise(note: FaultNote): void;
  clear(code: string, where: string): void;
  readonly open: readonly Alarm[];
  readonly raisedCount: number;
}

export function createAlarms(recorder: Recorder, nowMs: () => number): Alarms {
  const open = new Map<string, Alarm>();
  let raisedCount = 0;
  return {
    raise(note) {
      const key = `${note.code} ${note.where}`;
      if (open.has(key)) return;
      raisedCount += 1;
      open.set(key, { id: raisedCount, ...note, raisedAtMs: nowMs() });
      recorder.record("alarm-raised", { alarm: raisedCount, code: note.code, where: note.where, what: note.what });
    },
    clear(code, where) {
      const key = `${code} ${where}`;
      const alarm = open.get(key);
      if (alarm === undefined) return;
      open.delete(key);
      recorder.record("alarm-cleared", { alarm: alarm.id, code, where });
    },
    get open() {
      return [...open.values()];
    },
    get raisedCount() {
      return raisedCount;
    },
  };
}
