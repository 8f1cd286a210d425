/** What the simulated broker sends: MQTT 3.1.1 packets, by the standard's sections named at each. */

/** 3.2.2.3. */
export const CONNECT_ACCEPTED = 0;
export const CONNECT_BAD_LEVEL = 1;
export const CONNECT_BAD_CLIENT_ID = 2;

/** 3.2. No session is ever kept, so none is present. */
export function connectAcknowledgement(returnCode: number): Uint8Array {
  return Uint8Array.of(0x20, 2, 0, returnCode);
}

/** 3.9. Quality of service 0 is granted to every filter, whatever was asked. */
export function subscribeAcknowledgement(packetId: number, filterCount: number): Uint8Array {
  return Buffer.concat([
    Uint8Array.of(0x90),
    remainingLength(2 + filterCount),
    Uint8Array.of(packetId >> 8, packetId & 0xff),
    new Uint8Array(filterCount),
  ]);
}

/** 3.11. */
export function unsubscribeAcknowledgement(packetId: number): Uint8Array {
  return Uint8Array.of(0xb0, 2, packetId >> 8, packetId & 0xff);
}

/** 3.4. */
export function publishAcknowledgement(packetId: number): Uint8Array {
  return Uint8Array.of(0x40, 2, packetId >> 8, packetId & 0xff);
}

/** 3.13. */
export function pingResponse(): Uint8Array {
  return Uint8Array.of(0xd0, 0);
}

/** The topic as it stands in each message: its length and its UTF-8 bytes. Made once for a topic. */
export function topicField(topic: string): Uint8Array {
  const bytes = Buffer.from(topic, "utf8");
  return Buffer.concat([Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}

/** 3.3, at quality of service 0: no packet identifier. */
export function publishPacket(topic: Uint8Array, payload: string, isRetained: boolean): Uint8Array {
  const payloadLength = Buffer.byteLength(payload, "utf8");
  const remaining = topic.length + payloadLength;
  const lengthLength = remaining < 0x80 ? 1 : remaining < 0x4000 ? 2 : remaining < 0x20_0000 ? 3 : 4;
  const packet = Buffer.allocUnsafe(1 + lengthLength + remaining);
  packet[0] = isRetained ? 0x31 : 0x30;
  if (lengthLength === 1) packet[1] = remaining;
  else packet.set(remainingLength(remaining), 1);
  packet.set(topic, 1 + lengthLength);
  packet.write(payload, 1 + lengthLength + topic.length, "utf8");
  return packet;
}

/** 2.2.3: seven bits a byte, least first, the top bit says that more follow. */
function remainingLength(length: number): Uint8Array {
  const bytes: number[] = [];
  let rest = length;
  do {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? digit + 0x80 : digit);
  } while (rest > 0);
  return Uint8Array.from(bytes);
}
