/**
 * What persons did about alarms: acknowledged, put aside for a while. An alarm stays open until its cause is gone,
 * whoever has seen it; after a restart of the controller it asks to be seen again.
 */
import type { Alarm } from "../run/alarms.ts";

export interface SeenAlarm {
  readonly by: string;
  readonly atMs: number;
}

export interface ShelvedAlarm {
  readonly by: string;
  readonly untilMs: number;
}

/** Times are campaign milliseconds. */
export interface BusAlarmDesk {
  acknowledge(id: number, by: string, atMs: number): void;
  shelve(id: number, by: string, untilMs: number): void;
  seen(id: number): SeenAlarm | null;
  shelved(id: number, nowMs: number): ShelvedAlarm | null;
  /** Forgets those that are over. */
  keep(open: readonly Alarm[]): void;
}

export function createBusAlarmDesk(): BusAlarmDesk {
  const acknowledged = new Map<number, SeenAlarm>();
  const shelved = new Map<number, ShelvedAlarm>();
  return {
    acknowledge(id, by, atMs) {
      acknowledged.set(id, { by, atMs });
    },
    shelve(id, by, untilMs) {
      shelved.set(id, { by, untilMs });
    },
    seen: (id) => acknowledged.get(id) ?? null,
    shelved(id, nowMs) {
      const found = shelved.get(id);
      return found !== undefined && nowMs < found.untilMs ? found : null;
    },
    keep(open) {
      if (acknowledged.size + shelved.size === 0) return;
      const ids = new Set(open.map(({ id }) => id));
      for (const map of [acknowledged, shelved]) for (const id of map.keys()) if (!ids.has(id)) map.delete(id);
    },
  };
}
