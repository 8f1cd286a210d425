/** Alarms and news for tests of notifications, with what a test does not care for filled in. */
import type { BusMessage } from "../../protocols/bus/messages.ts";
import type { BusAlarm } from "../../protocols/bus/rack-views.ts";
import { readMessage } from "../../protocols/bus/messages.ts";

const AT = "2026-03-02T12:00:00.000Z";

export function openAlarm(id: number, change: Partial<BusAlarm> = {}): BusAlarm {
  return {
    ...{
      id,
      code: "channel.silent",
      where: `A${String(id)}`,
      what: "no sample for 10 s",
      advice: "Look at the cable.",
    },
    ...{ severity: "hold", raised_at: AT, acknowledged: null, shelved: null, group: "lno", follows: null },
    ...change,
  };
}

/** As the broker has it, read as clients read it. Throws where it cannot be read. */
export function heard(topic: string, body: object): BusMessage {
  const bytes = Buffer.from(JSON.stringify({ v: 1, at: AT, ...body }));
  const read = readMessage(`beamrack/r/${topic}`, bytes);
  if (read.kind !== "read") throw new Error(`${topic}: ${read.kind === "unread" ? read.why : "emptied"}`);
  return read.message;
}

export const alarmBody = (open: readonly BusAlarm[], unnamed = 0): object => ({ open, unnamed });

export function controllerBody(state: "present" | "ended" | "gone", change: object = {}): object {
  return {
    ...{ state, instance: "1-a", campaign: "day", version: "0.1.0", host: "rack", pid: 1 },
    ...{ started_at: AT, said_at: AT, how: null, ...change },
  };
}

export const heartbeatBody = (): object => ({
  ...{ instance: "1-a", said_at: AT, beat: 1, period_s: 1, pace: 1, elapsed_s: 1, log_seq: 1, log_digest: null },
  ...{ dropped: 0, refused: 0, loop_delay_ms: null },
});
