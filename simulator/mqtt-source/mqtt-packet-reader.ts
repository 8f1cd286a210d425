/**
 * Reads what a client sends to the simulated broker: MQTT 3.1.1 (OASIS standard, 29 October 2014). Section numbers
 * in this file are those of the standard. Anything malformed is a violation, after which the broker hangs up.
 */

export type ClientPacket =
  | {
      readonly kind: "connect";
      readonly protocolLevel: number;
      readonly isClean: boolean;
      readonly keepAliveS: number;
      readonly clientId: string;
    }
  | {
      readonly kind: "publish";
      readonly topic: string;
      readonly qos: 0 | 1;
      readonly packetId: number;
      readonly payload: Uint8Array;
    }
  | { readonly kind: "subscribe"; readonly packetId: number; readonly filters: readonly string[] }
  | { readonly kind: "unsubscribe"; readonly packetId: number; readonly filters: readonly string[] }
  | { readonly kind: "ping" }
  | { readonly kind: "disconnect" };

export type ReadPacket = ClientPacket | { readonly kind: "violation"; readonly why: string };

export interface PacketReader {
  /** Whole packets in order; after a violation nothing more. */
  push(chunk: Uint8Array): ReadPacket[];
}

/** A subscriber has nothing longer to say. */
const LENGTH_MAX = 65_536;

/** One reader per connection. */
export function createPacketReader(): PacketReader {
  let buffer = Buffer.alloc(0);
  let isBroken = false;

  return {
    push(chunk) {
      if (isBroken) return [];
      buffer = buffer.length === 0 ? Buffer.from(chunk) : Buffer.concat([buffer, chunk]);
      const packets: ReadPacket[] = [];
      let at = 0;
      for (;;) {
        const length = remainingLength(buffer, at + 1);
        if (length === undefined) break;
        const start = at + 1 + length.bytes;
        const packet: ReadPacket | undefined =
          length.value > LENGTH_MAX
            ? violation(`a packet of ${length.value} bytes`)
            : buffer.length < start + length.value
              ? undefined
              : readPacket(buffer[at] ?? 0, buffer.subarray(start, start + length.value));
        if (packet === undefined) break;
        packets.push(packet);
        if (packet.kind === "violation") {
          isBroken = true;
          break;
        }
        at = start + length.value;
      }
      buffer = isBroken ? Buffer.alloc(0) : buffer.subarray(at);
      return packets;
    },
  };
}

/** 2.2.3. Undefined while it is incomplete; a fifth byte makes it longer than anything allowed. */
function remainingLength(data: Buffer, at: number): { value: number; bytes: number } | undefined {
  let value = 0;
  for (let index = 0; index < 4; index += 1) {
    const byte = data[at + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 128 ** index;
    if (byte < 0x80) return { value, bytes: index + 1 };
  }
  return { value: Infinity, bytes: 4 };
}

function readPacket(first: number, body: Buffer): ReadPacket {
  const type = first >> 4;
  const flags = first & 0x0f;
  const fields = createFields(body);
  switch (type) {
    case 1:
      return flags === 0 ? readConnect(fields) : violation("reserved flags of CONNECT");
    case 3:
      return readPublish(flags, fields);
    case 8:
      return flags === 2 ? readFilters("subscribe", fields) : violation("reserved flags of SUBSCRIBE");
    case 10:
      return flags === 2 ? readFilters("unsubscribe", fields) : violation("reserved flags of UNSUBSCRIBE");
    case 12:
      return flags === 0 && body.length === 0 ? { kind: "ping" } : violation("PINGREQ with contents");
    case 14:
      return flags === 0 && body.length === 0 ? { kind: "disconnect" } : violation("DISCONNECT with contents");
    default:
      return violation(`packet type ${type}`);
  }
}

/** 3.1. */
function readConnect(fields: Fields): ReadPacket {
  const protocolName = fields.text();
  const protocolLevel = fields.byte();
  if (protocolName !== "MQTT" || protocolLevel === undefined)
    return violation(`protocol ${protocolName ?? "cut short"}`);
  const flags = fields.byte();
  const keepAliveS = fields.word();
  if (flags === undefined || keepAliveS === undefined) return violation("CONNECT cut short");
  const isClean = (flags & 0x02) !== 0;
  // The rest of the packet may be laid out otherwise in another version; its level alone is answered (3.1.2.2).
  if (protocolLevel !== 4) return { kind: "connect", protocolLevel, isClean, keepAliveS, clientId: "" };
  const hasWill = (flags & 0x04) !== 0;
  const willQos = (flags >> 3) & 3;
  const hasUser = (flags & 0x80) !== 0;
  const hasPassword = (flags & 0x40) !== 0;
  if ((flags & 0x01) !== 0) return violation("reserved flag of CONNECT");
  if (willQos === 3 || (!hasWill && (flags & 0x38) !== 0)) return violation("will flags of CONNECT");
  if (hasPassword && !hasUser) return violation("a password without a user");
  const clientId = fields.text();
  const isWhole =
    clientId !== undefined &&
    (!hasWill || (fields.text() !== undefined && fields.bytes() !== undefined)) &&
    (!hasUser || fields.text() !== undefined) &&
    (!hasPassword || fields.bytes() !== undefined) &&
    fields.isAtEnd();
  if (!isWhole) return violation("payload of CONNECT");
  return { kind: "connect", protocolLevel, isClean, keepAliveS, clientId };
}

/** 3.3; quality of service 2 is more than this broker offers. */
function readPublish(flags: number, fields: Fields): ReadPacket {
  const qos = (flags >> 1) & 3;
  if (qos > 1) return violation(`a publish with quality of service ${qos}`);
  if (qos === 0 && (flags & 8) !== 0) return violation("a duplicate with quality of service 0");
  const topic = fields.text();
  if (topic === undefined || topic === "" || /[#+]/.test(topic)) return violation("topic of PUBLISH");
  if (qos === 0) return { kind: "publish", topic, qos: 0, packetId: 0, payload: fields.rest() };
  const packetId = fields.word();
  if (packetId === undefined || packetId === 0) return violation("packet identifier of PUBLISH");
  return { kind: "publish", topic, qos: 1, packetId, payload: fields.rest() };
}

/** 3.8 and 3.10. */
function readFilters(kind: "subscribe" | "unsubscribe", fields: Fields): ReadPacket {
  const packetId = fields.word();
  if (packetId === undefined || packetId === 0) return violation("a packet identifier of 0");
  const filters: string[] = [];
  while (!fields.isAtEnd()) {
    const filter = fields.text();
    if (filter === undefined || !isTopicFilter(filter)) return violation("a topic filter");
    if (kind === "subscribe") {
      const qos = fields.byte();
      if (qos === undefined || qos > 2) return violation("a requested quality of service");
    }
    filters.push(filter);
  }
  if (filters.length === 0) return violation("no topic filter");
  return { kind, packetId, filters };
}

/** 4.7.1: `#` stands alone at the end, `+` alone in its level. */
function isTopicFilter(filter: string): boolean {
  const levels = filter.split("/");
  return (
    filter !== "" &&
    levels.every(
      (level, index) =>
        level === "+" ||
        (level === "#" && index === levels.length - 1) ||
        (!level.includes("+") && !level.includes("#")),
    )
  );
}

interface Fields {
  byte(): number | undefined;
  word(): number | undefined;
  bytes(): Buffer | undefined;
  text(): string | undefined;
  isAtEnd(): boolean;
  /** All that is left. */
  rest(): Uint8Array;
}

function createFields(body: Buffer): Fields {
  let at = 0;
  function byte(): number | undefined {
    const value = body[at];
    at += 1;
    return value;
  }
  function word(): number | undefined {
    const high = byte();
    const low = byte();
    return high === undefined || low === undefined ? undefined : high * 256 + low;
  }
  function bytes(): Buffer | undefined {
    const length = word();
    if (length === undefined || at + length > body.length) return undefined;
    at += length;
    return body.subarray(at - length, at);
  }
  return {
    byte,
    word,
    bytes,
    /** 1.5.3: well-formed UTF-8 without U+0000. */
    text() {
      const field = bytes();
      if (field === undefined) return undefined;
      const text = field.toString("utf8");
      return text.includes("\0") || !Buffer.from(text, "utf8").equals(field) ? undefined : text;
    },
    isAtEnd: () => at >= body.length,
    // Its own: the buffer is used again.
    rest: () => new Uint8Array(body.subarray(at)),
  };
}

function violation(why: string): ReadPacket {
  return { kind: "violation", why };
}
