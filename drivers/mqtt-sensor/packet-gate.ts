/**
 * Stands between a link and the MQTT library: lets whole, well-formed packets through that a broker may send to a
 * subscriber at quality of service 0 (MQTT 3.1.1), and nothing else. The library gathers a packet of up to 256 MB
 * before anybody sees it; here a message beyond the limit is skipped as it flows past, and its topic reported. While it
 * flows no reading comes, so one that is larger still ends the link. Messages themselves are offered to the session first:
 * the library's way to them through two streams costs several times what reading them does.
 */
import type { Link } from "../../protocols/roles/link.ts";

const CONNACK = 0x20;
const PUBLISH = 0x30;
const PUBLISH_RETAINED = 0x31;
const SUBACK = 0x90;
const PINGRESP = 0xd0;

/** Some seconds of a slow network: the most that is skipped. */
export const SKIPPED_LENGTH_MAX = 4 * 1024 * 1024;
/** Enough of an oversized message to read its topic. */
const TOPIC_PEEK = 512;
const NO_BYTES = new Uint8Array(0);
const TOPICS_KNOWN_MAX = 64;

export interface PacketGateEvents {
  /** Something arrived, whatever it is. */
  heard(): void;
  /** A whole message; its bytes are the link's own. Returns whether it was taken; what was not is let through. */
  message?(topic: string, payload: Buffer, isRetained: boolean): boolean;
  /** A message was skipped. `topic` is empty when it could not be read. */
  oversized(topic: string, lengthBytes: number): void;
  /** A message was announced that is not waited for. Nothing further is let through and the link is closed. */
  flooded(topic: string, lengthBytes: number): void;
  /** Not MQTT as agreed. Nothing further is let through and the link is closed. */
  violated(why: string): void;
  /** The reader is about to close the link; its reason, if any, is its own to tell. */
  closing(): void;
}

type Header =
  | { readonly kind: "incomplete" }
  | { readonly kind: "violation"; readonly why: string }
  | { readonly kind: "packet"; readonly type: number; readonly headerLength: number; readonly remaining: number };

/** The gate is a Link itself: writes pass unchanged, data comes in whole packets. */
export function createPacketGate(link: Link, packetLengthMax: number, events: PacketGateEvents): Link {
  const handlers = new Set<(chunk: Uint8Array) => void>();
  const topics = createTopicMemory();
  let partial = NO_BYTES;
  let skipping = 0;
  let isShut = false;

  function shut(tell: () => void): void {
    isShut = true;
    partial = NO_BYTES;
    tell();
    link.close();
  }

  function violated(why: string): void {
    shut(() => {
      events.violated(why);
    });
  }

  function pass(chunk: Uint8Array): void {
    if (chunk.length > 0) for (const handler of handlers) handler(chunk);
  }

  function isTaken(type: number, data: Uint8Array, start: number, end: number): boolean {
    const payloadAt = start + 2 + lengthAt(data, start);
    const topic = topics.read(data, start + 2, payloadAt);
    const payload = Buffer.from(data.buffer, data.byteOffset + payloadAt, end - payloadAt);
    return events.message?.(topic, payload, type === PUBLISH_RETAINED) === true;
  }

  /** The topic of the packet at `start`, empty when it cannot be read; undefined when more of it must come first. */
  function topicOf(data: Uint8Array, start: number, headerLength: number, remaining: number): string | undefined {
    const body = data.subarray(start + headerLength, start + headerLength + Math.min(remaining, TOPIC_PEEK));
    const topicEnd = body.length < 2 ? 2 : 2 + lengthAt(body, 0);
    const wanted = Math.min(topicEnd, remaining, TOPIC_PEEK);
    if (body.length < wanted) return undefined;
    return topicEnd <= body.length ? utf8(body.subarray(2, topicEnd)) : "";
  }

  function take(chunk: Uint8Array): void {
    const data = partial.length === 0 ? chunk : joined(partial, chunk);
    partial = NO_BYTES;
    let passed = 0;
    let at = 0;
    while (at < data.length) {
      const header = readHeader(data, at);
      if (header.kind === "violation") {
        pass(data.subarray(passed, at));
        violated(header.why);
        return;
      }
      if (header.kind === "incomplete") break;
      const { type, headerLength, remaining } = header;
      if (remaining > packetLengthMax) {
        if (!isMessage(type)) {
          violated(`a packet of type ${type >> 4} with ${remaining} bytes`);
          return;
        }
        pass(data.subarray(passed, at));
        passed = at;
        const topic = topicOf(data, at, headerLength, remaining);
        if (topic === undefined) break;
        if (remaining > SKIPPED_LENGTH_MAX) {
          shut(() => {
            events.flooded(topic, remaining);
          });
          return;
        }
        events.oversized(topic, remaining);
        const end = at + headerLength + remaining;
        skipping = Math.max(0, end - data.length);
        at = Math.min(end, data.length);
        passed = at;
        continue;
      }
      if (data.length < at + headerLength + remaining) break;
      const why = bodyProblem(type, data, at + headerLength, remaining);
      if (why !== undefined) {
        pass(data.subarray(passed, at));
        violated(why);
        return;
      }
      const end = at + headerLength + remaining;
      if (isMessage(type) && events.message !== undefined) {
        pass(data.subarray(passed, at));
        passed = isTaken(type, data, at + headerLength, end) ? end : at;
        if (isShut) return;
      }
      at = end;
    }
    pass(data.subarray(passed, at));
    // A copy of its own: the rest may wait long, and would hold the whole chunk.
    if (!isShut && at < data.length) partial = new Uint8Array(data.subarray(at));
  }

  link.onData((chunk) => {
    if (isShut) return;
    events.heard();
    const dropped = Math.min(skipping, chunk.length);
    skipping -= dropped;
    if (dropped < chunk.length) take(dropped === 0 ? chunk : chunk.subarray(dropped));
  });

  return {
    name: link.name,
    get isOpen() {
      return link.isOpen;
    },
    write(bytes) {
      link.write(bytes);
    },
    onData(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    onClose: (handler) => link.onClose(handler),
    close() {
      events.closing();
      link.close();
    },
  };
}

/** The few topics of a source come again and again: their text is made once. */
function createTopicMemory(): { read(data: Uint8Array, start: number, end: number): string } {
  const known: { readonly bytes: Uint8Array; readonly text: string }[] = [];
  return {
    read(data, start, end) {
      for (const { bytes, text } of known) if (isSame(bytes, data, start, end)) return text;
      const bytes = data.slice(start, end);
      const text = utf8(bytes);
      if (known.length < TOPICS_KNOWN_MAX) known.push({ bytes, text });
      return text;
    },
  };
}

function isSame(bytes: Uint8Array, data: Uint8Array, start: number, end: number): boolean {
  if (bytes.length !== end - start) return false;
  for (let index = 0; index < bytes.length; index += 1) if (bytes[index] !== data[start + index]) return false;
  return true;
}

function isMessage(type: number): boolean {
  return type === PUBLISH || type === PUBLISH_RETAINED;
}

function readHeader(data: Uint8Array, start: number): Header {
  const type = data[start] ?? 0;
  if (type !== CONNACK && type !== SUBACK && type !== PINGRESP && !isMessage(type)) {
    return { kind: "violation", why: `a packet that begins with 0x${type.toString(16).padStart(2, "0")}` };
  }
  let remaining = 0;
  for (let index = 0; index < 4; index += 1) {
    const byte = data[start + 1 + index];
    if (byte === undefined) return { kind: "incomplete" };
    remaining += (byte & 0x7f) * 128 ** index;
    if (byte < 0x80) return { kind: "packet", type, headerLength: 2 + index, remaining };
  }
  return { kind: "violation", why: "a remaining length of more than four bytes" };
}

/** Lengths that the type demands; what is inside is left to the library. */
function bodyProblem(type: number, data: Uint8Array, start: number, remaining: number): string | undefined {
  if (type === CONNACK) return remaining === 2 ? undefined : `a CONNACK of ${remaining} bytes`;
  if (type === PINGRESP) return remaining === 0 ? undefined : `a PINGRESP of ${remaining} bytes`;
  if (type === SUBACK) return remaining >= 3 ? undefined : `a SUBACK of ${remaining} bytes`;
  const topicLength = remaining < 2 ? 0 : lengthAt(data, start);
  if (topicLength === 0 || 2 + topicLength > remaining) return "a PUBLISH without a whole topic";
  return undefined;
}

function lengthAt(data: Uint8Array, at: number): number {
  return ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
}

function joined(head: Uint8Array, rest: Uint8Array): Uint8Array {
  const all = new Uint8Array(head.length + rest.length);
  all.set(head);
  all.set(rest, head.length);
  return all;
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
