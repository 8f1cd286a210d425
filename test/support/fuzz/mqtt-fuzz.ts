/** What a broker may be misheard to send: packets through the gate before the library, and the messages in them. */
import { createPacketGate } from "../../../drivers/mqtt-sensor/packet-gate.ts";
import { readPayload } from "../../../drivers/mqtt-sensor/sensor-payload.ts";
import type { Link } from "../../../protocols/roles/link.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";

const PACKET_LENGTH_MAX = 256;
const PUBLISH = 3;
const LINK_CHUNKS = 16;

function publish(payload: string): Uint8Array {
  const body = Buffer.concat([Buffer.from([0, 3]), Buffer.from(`a/b${payload}`)]);
  const length = body.length < 128 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >> 7];
  return Buffer.concat([Buffer.from([0x30, ...length]), body]);
}

const PACKETS = [
  Uint8Array.of(0x20, 2, 0, 0),
  Uint8Array.of(0x90, 3, 0, 1, 0),
  Uint8Array.of(0xd0, 0),
  publish("201.3"),
  publish('{"value":201.3}'),
  publish('{"beam":{"current":[1e2,null]}}'),
  publish(`{"value":${"1".repeat(200)}}`),
  publish("x".repeat(2 * PACKET_LENGTH_MAX)),
];

function read(payload: string): void {
  for (const path of [null, "value", "beam.current.0"]) {
    const reading = readPayload(payload, path);
    if (reading.isRead && !Number.isFinite(reading.value)) throw new RangeError(`a reading of ${reading.value}`);
    if (!reading.isRead && /[^ -~]/.test(reading.why)) throw new Error("a reason that is not fit for a terminal");
  }
}

export const MQTT_FUZZ: readonly FuzzEntry[] = [
  {
    name: "mqtt-sensor packets",
    samples: PACKETS,
    open(onMessage) {
      let receive: (chunk: Uint8Array) => void = () => undefined;
      let isShut = true;
      let chunkCount = 0;

      /** A new link after each violation, as in the driver, and once in a while: a bent length may hide megabytes. */
      function open(): void {
        isShut = false;
        const ended = (): void => {
          isShut = true;
          onMessage();
        };
        const link: Link = {
          name: "broker",
          isOpen: true,
          write: () => undefined,
          onData(handler) {
            receive = handler;
            return () => undefined;
          },
          onClose: () => () => undefined,
          close: () => undefined,
        };
        const gate = createPacketGate(link, PACKET_LENGTH_MAX, {
          heard: () => undefined,
          oversized: onMessage,
          flooded: ended,
          violated: ended,
          closing: () => undefined,
        });
        gate.onData((packets) => {
          takeWhole(packets);
          onMessage();
        });
      }

      return {
        push(chunk) {
          chunkCount += 1;
          if (isShut || chunkCount % LINK_CHUNKS === 0) open();
          receive(chunk);
        },
      };
    },
  },
  {
    name: "mqtt-sensor messages",
    samples: ["201.3\n", '{"value":201.3}\n', '{"beam":{"current":[1e2,null]}}\n', "-1.5e-3\n", "null\n"],
    retainedByteMax: PACKET_LENGTH_MAX,
    open(onMessage) {
      let payload = "";
      return {
        push(chunk) {
          for (const byte of chunk) {
            if (byte !== 0x0a) {
              if (payload.length < PACKET_LENGTH_MAX) payload += String.fromCharCode(byte);
              continue;
            }
            read(payload);
            payload = "";
            onMessage();
          }
        },
        retainedByteCount: () => payload.length,
      };
    },
  },
];

/** What the gate lets through is whole packets and nothing else. */
function takeWhole(packets: Uint8Array): void {
  let at = 0;
  while (at < packets.length) {
    let bodyAt = at + 1;
    let remaining = 0;
    // More bytes than the length needs are allowed, up to four.
    for (let place = 1, byte = 0x80; byte >= 0x80; place *= 128, bodyAt += 1) {
      byte = packets[bodyAt] ?? 0;
      remaining += (byte & 0x7f) * place;
    }
    const end = bodyAt + remaining;
    if (end > packets.length || remaining > PACKET_LENGTH_MAX) throw new Error("a packet in pieces");
    const body = packets.subarray(bodyAt, end);
    if ((packets[at] ?? 0) >> 4 === PUBLISH) {
      const topicEnd = 2 + ((body[0] ?? 0) << 8) + (body[1] ?? 0);
      if (topicEnd > body.length) throw new Error("a message without its topic");
      read(Buffer.from(body.subarray(topicEnd)).toString("utf8"));
    }
    at = end;
  }
}
