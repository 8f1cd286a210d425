/**
 * What persons did about alarms: acknowledged, put aside for a while. An alarm stays open until its cause is gone,
 * whoever has seen it. Each act is in the log, from which it is known again after a restart of the controller.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Alarm } from "../run/alarms.ts";
import { recordOf } from "./event-text.ts";
import type { HeardEvent } from "./heard-store.ts";

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
  /** An event of before a restart. */
  recall(event: HeardEvent): void;
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
    recall({ type, atMs, data }) {
      if (!type.startsWith("alarm-")) return;
      const { alarm, author, for_s: forS } = recordOf(data);
      if (typeof alarm !== "number") return;
      const by = textOf(author);
      if (type === "alarm-acknowledged") acknowledged.set(alarm, { by, atMs });
      if (type === "alarm-shelved" && typeof forS === "number") shelved.set(alarm, { by, untilMs: atMs + forS * 1000 });
      if (type === "alarm-cleared") {
        acknowledged.delete(alarm);
        shelved.delete(alarm);
      }
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

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "?";
}
