/**
 * The far end of a captured conversation: says what the device said, when everything that came before it was said
 * again, byte for byte. Any other byte is a deviation and fails.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import type { CaptureRecord } from "../../drivers/link/capture-link.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Link, OpenLink } from "../../protocols/roles/link.ts";
import type { VirtualClock } from "../../simulator/clock/virtual-clock.ts";

const recordSchema = z.strictObject({
  t_ms: z.number(),
  dir: z.enum(["open", "refused", "out", "in", "close", "lost"]),
  hex: z.string().nullable(),
  text: z.string(),
  length: z.int().exactOptional(),
});

export interface ReplayLink {
  readonly openLink: OpenLink;
  /** What differed from the capture first, and where. */
  deviation(): string | undefined;
  /** Lines of the capture that were not reached. */
  remaining(): readonly CaptureRecord[];
}

/** Throws when a line is no record of a capture. */
export function readCapture(path: string): readonly CaptureRecord[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => recordSchema.parse(JSON.parse(line)));
}

export function replayLink(records: readonly CaptureRecord[], clock: VirtualClock, name = "replay"): ReplayLink {
  let next = 0;
  /** Of the record at `next`, when it is an `out` begun already. */
  let matchedBytes = 0;
  let deviation: string | undefined;
  let current: { deliver(chunk: Uint8Array): void; lose(why: string): void } | undefined;
  let scheduled: number | undefined;

  function deviate(what: string): void {
    deviation ??= `line ${next + 1}: ${what}`;
    current?.lose(deviation);
  }

  /** The other side's part, as far as it goes without another word from ours. */
  function goOn(): void {
    const record = records[next];
    if (scheduled !== undefined || deviation !== undefined || record === undefined) return;
    if (record.dir !== "in" && record.dir !== "lost") return;
    const waitMs = Math.max(0, record.t_ms - (records[next - 1]?.t_ms ?? 0));
    scheduled = clock.at(clock.nowMs() + waitMs, () => {
      say(record);
      goOn();
    });
  }

  function say(record: CaptureRecord): void {
    scheduled = undefined;
    next += 1;
    clock.touch();
    if (record.dir === "in") current?.deliver(bytesOf(record));
    else current?.lose(record.text);
  }

  function wrote(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && deviation === undefined) {
      const record = nextOut();
      if (record === undefined) {
        deviate(`${textOf(bytes.subarray(at))} was written where nothing was captured`);
        return;
      }
      const length = record.hex === null ? (record.length ?? 0) : record.hex.length / 2;
      const count = Math.min(length - matchedBytes, bytes.length - at);
      if (record.hex !== null) {
        const wanted = bytesOf(record).subarray(matchedBytes, matchedBytes + count);
        const given = bytes.subarray(at, at + count);
        if (Buffer.compare(wanted, given) !== 0) {
          deviate(`${textOf(given)} was written where the capture has ${textOf(wanted)}`);
          return;
        }
      }
      at += count;
      matchedBytes += count;
      if (matchedBytes < length) continue;
      matchedBytes = 0;
      next += 1;
      goOn();
    }
  }

  /** Words of the device that are still on their way arrive before ours leave, as they did. */
  function nextOut(): CaptureRecord | undefined {
    for (;;) {
      const record = records[next];
      if (record?.dir !== "in") return record?.dir === "out" ? record : undefined;
      if (scheduled !== undefined) clock.cancel(scheduled);
      say(record);
    }
  }

  const openLink: OpenLink = () =>
    new Promise((resolve, reject) => {
      const record = records[next];
      if (record?.dir !== "open" && record?.dir !== "refused") {
        deviate(`the link was opened where the capture has ${record?.dir ?? "its end"}`);
        reject(new Fault("link.open-failed", name, deviation ?? ""));
        return;
      }
      next += 1;
      clock.touch();
      if (record.dir === "refused") {
        reject(new Fault("link.open-failed", name, record.text));
        return;
      }
      resolve(opened());
      goOn();
    });

  function opened(): Link {
    const dataHandlers = new Set<(chunk: Uint8Array) => void>();
    const closeHandlers = new Set<(why: string) => void>();
    let isOpen = true;
    function end(why: string): void {
      if (!isOpen) return;
      isOpen = false;
      current = undefined;
      for (const handler of closeHandlers) handler(why);
    }
    current = {
      deliver(chunk) {
        for (const handler of [...dataHandlers]) handler(chunk);
      },
      lose: end,
    };
    return {
      name,
      get isOpen() {
        return isOpen;
      },
      write(bytes) {
        if (!isOpen) throw new Fault("link.closed", name, "the link is closed");
        wrote(bytes);
      },
      onData(handler) {
        dataHandlers.add(handler);
        return () => dataHandlers.delete(handler);
      },
      onClose(handler) {
        closeHandlers.add(handler);
        return () => closeHandlers.delete(handler);
      },
      close() {
        if (!isOpen) return;
        if (records[next]?.dir === "close") next += 1;
        else if (deviation === undefined && next < records.length) {
          deviate(`the link was closed where the capture has ${records[next]?.dir ?? ""} ${records[next]?.text ?? ""}`);
        }
        end("closed by the host");
      },
    };
  }

  return { openLink, deviation: () => deviation, remaining: () => records.slice(next) };
}

function bytesOf(record: CaptureRecord): Buffer {
  return Buffer.from(record.hex ?? "", "hex");
}

function textOf(bytes: Uint8Array): string {
  return JSON.stringify(Buffer.from(bytes).toString("latin1"));
}
