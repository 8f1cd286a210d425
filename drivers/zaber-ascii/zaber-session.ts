/**
 * One opened link to a chain of Zaber devices: numbers each command, matches its reply by device, axis and number,
 * and hands on what the devices say unasked. It decides nothing about motion.
 */
import { type Clock, within } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Link } from "../../protocols/roles/link.ts";
import { createTextLines } from "../../protocols/wire/text-lines.ts";
import { ZABER_REASONS, zaberReasonText } from "../../protocols/wire/zaber-ascii/zaber-codes.ts";
import {
  encodeZaberCommand,
  ZABER_MESSAGE_ID_MAX,
  type ZaberAddress,
} from "../../protocols/wire/zaber-ascii/zaber-commands.ts";
import {
  decodeZaberLine,
  ZABER_LINE_LENGTH_MAX,
  type ZaberAlert,
  type ZaberInfo,
  type ZaberReply,
} from "../../protocols/wire/zaber-ascii/zaber-replies.ts";
import { createOneAtATime } from "../link/one-at-a-time.ts";

export interface ZaberSessionEvents {
  alert(alert: ZaberAlert): void;
  /** Every reply, whoever waits for it, for its flag. */
  reply(reply: ZaberReply): void;
  closed(why: string): void;
}

export interface AskOptions {
  readonly deadlineMs: number;
  /** May be sent a second time when no answer came: for questions and for stops, never for what moves. */
  readonly repeatable: boolean;
  /** Does not wait for other commands: stops. */
  readonly urgent?: boolean;
  /** Called right before it is written, however long it waited: throws where it is not to be sent any more. */
  readonly needGo?: () => void;
}

export interface ZaberSession {
  readonly isOpen: boolean;
  /** The last line that was no message of a Zaber device. */
  readonly lastGarbled: string | undefined;
  /**
   * Resolves with the accepted reply. Rejects with `device.refused`, `link.closed`, what `needGo` throws (nothing was
   * sent), or `link.timeout`: then the outcome is unknown. A reply that comes after that is known by its number and
   * thrown away.
   */
  ask(address: ZaberAddress, words: string, options: AskOptions): Promise<ZaberReply>;
  /** From now on a line without checksum is noise. */
  requireChecksums(): void;
  close(): void;
}

interface Waiting {
  readonly words: string;
  /** The parts so far of a reply in several packets. */
  partial: ZaberReply | undefined;
  resolve(reply: ZaberReply): void;
  reject(reason: Error): void;
}

export function createZaberSession(
  name: string,
  link: Link,
  clock: Clock,
  events: ZaberSessionEvents,
  startId: number,
): ZaberSession {
  const lines = createTextLines(ZABER_LINE_LENGTH_MAX);
  const encoder = new TextEncoder();
  const waiting = new Map<string, Waiting>();
  const oneAtATime = createOneAtATime(name);
  let checksums: "required" | "optional" = "optional";
  let lastGarbled: string | undefined;
  let lastId = startId % ZABER_MESSAGE_ID_MAX;

  function onReply(key: string, reply: ZaberReply): void {
    const waiter = waiting.get(key);
    if (waiter === undefined) return;
    if (reply.continues) {
      waiter.partial = reply;
      return;
    }
    waiting.delete(key);
    events.reply(reply);
    if (reply.isAccepted) waiter.resolve(reply);
    else waiter.reject(refusal(name, waiter.words, reply));
  }

  function onInfo(info: ZaberInfo): void {
    if (!info.isContinuation || info.id === null) return;
    const key = keyOf(info, info.id);
    const partial = waiting.get(key)?.partial;
    if (partial === undefined) return;
    // A chain of packets that does not end is given up by the deadline; it must not grow until then.
    if (partial.data.length > ZABER_LINE_LENGTH_MAX) return;
    onReply(key, { ...partial, data: `${partial.data} ${info.text}`, continues: info.continues });
  }

  link.onData((chunk) => {
    lines.push(chunk, (line) => {
      const message = decodeZaberLine(line, checksums);
      switch (message.kind) {
        case "reply":
          if (message.id !== null) onReply(keyOf(message, message.id), message);
          return;
        case "alert":
          events.alert(message);
          return;
        case "info":
          onInfo(message);
          return;
        case "garbled":
          // Noise never stands for an answer: what it hid is found out by the deadline.
          lastGarbled = message.line;
          return;
      }
    });
  });
  link.onClose((why) => {
    const reason = new Fault("link.closed", name, `The link closed: ${why}.`);
    for (const waiter of waiting.values()) waiter.reject(reason);
    waiting.clear();
    events.closed(why);
  });

  function nextId(address: ZaberAddress): number {
    for (let tries = 0; tries < ZABER_MESSAGE_ID_MAX; tries += 1) {
      lastId = (lastId % ZABER_MESSAGE_ID_MAX) + 1;
      if (!waiting.has(keyOf(address, lastId))) break;
    }
    return lastId;
  }

  async function askOnce(
    address: ZaberAddress,
    words: string,
    { deadlineMs, needGo }: AskOptions,
  ): Promise<ZaberReply> {
    needGo?.();
    const id = nextId(address);
    const key = keyOf(address, id);
    const reply = new Promise<ZaberReply>((resolve, reject) => {
      link.write(encoder.encode(encodeZaberCommand(address, id, words)));
      waiting.set(key, { words, partial: undefined, resolve, reject });
    });
    try {
      return await within(clock, deadlineMs, reply, () => timeout(name, address, words, deadlineMs));
    } finally {
      waiting.delete(key);
    }
  }

  async function ask(address: ZaberAddress, words: string, options: AskOptions): Promise<ZaberReply> {
    try {
      return await askOnce(address, words, options);
    } catch (error) {
      const isLost = error instanceof Fault && error.code === "link.timeout";
      if (!isLost || !options.repeatable || !link.isOpen) throw error;
      return askOnce(address, words, options);
    }
  }

  return {
    get isOpen() {
      return link.isOpen;
    },
    get lastGarbled() {
      return lastGarbled;
    },
    ask: (address, words, options) =>
      options.urgent === true ? ask(address, words, options) : oneAtATime(() => ask(address, words, options)),
    requireChecksums() {
      checksums = "required";
    },
    close() {
      link.close();
    },
  };
}

function keyOf(address: ZaberAddress, id: number): string {
  return `${address.device} ${address.axis} ${id}`;
}

function timeout(name: string, { device, axis }: ZaberAddress, words: string, deadlineMs: number): Fault {
  return new Fault(
    "link.timeout",
    name,
    `No answer from device ${device}, axis ${axis} to ${words === "" ? "a question for its state" : `"${words}"`} within ${Math.round(deadlineMs)} ms.`,
    { deadlineMs },
  );
}

function refusal(name: string, words: string, reply: ZaberReply): Fault {
  return new Fault(
    "device.refused",
    name,
    `Device ${reply.device}, axis ${reply.axis} answered ${zaberReasonText(reply.data)} to "${words}".`,
    { reason: reply.data, flag: reply.flag, hint: ZABER_REASONS[reply.data]?.advice ?? null },
  );
}
