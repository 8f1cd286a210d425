/**
 * Lets the modbus-serial client talk Modbus TCP over any Link. The library thinks in RTU frames: it hands over
 * unit, request and CRC, and wants unit, answer and CRC back. Here the CRC gives way to the MBAP header and
 * returns. Only the answer to the request last written passes; every other transaction number is dropped.
 */
import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import type { Link } from "../../protocols/roles/link.ts";
import { crc16 } from "../../protocols/wire/modbus/rtu-frame.ts";
import { TRANSACTION_COUNT, type ModbusPort } from "./modbus-port.ts";

const NO_BYTES = new Uint8Array(0);
const HEADER_LENGTH = 6;
/** Unit and function code at least; unit and 253 bytes of request at most. */
const BODY_LENGTH_MIN = 2;
const BODY_LENGTH_MAX = 254;

/** `onGarbled` is told when the stream cannot be Modbus TCP; framing is then lost for good and the link must go. */
export function createModbusLinkPort(link: Link, onGarbled: (why: string) => void): ModbusPort {
  const emitter = new EventEmitter();
  let pending: Uint8Array = NO_BYTES;
  let isGarbled = false;
  let awaited = -1;
  let strayCount = 0;

  const port: ModbusPort = {
    get isOpen() {
      return link.isOpen;
    },
    _transactionIdRead: 1,
    _transactionIdWrite: 1,
    open(callback) {
      callback(link.isOpen ? undefined : new Error("the link is closed"));
    },
    close(callback) {
      link.close();
      callback?.();
    },
    write(frame) {
      const bodyLength = frame.length - 2;
      const id = port._transactionIdWrite;
      // A plain array of its own: the link may keep it beyond this call.
      const bytes = new Uint8Array(HEADER_LENGTH + bodyLength);
      bytes[0] = id >> 8;
      bytes[1] = id & 0xff;
      bytes[4] = bodyLength >> 8;
      bytes[5] = bodyLength & 0xff;
      for (let at = 0; at < bodyLength; at += 1) bytes[HEADER_LENGTH + at] = frame[at] ?? 0;
      awaited = id;
      port._transactionIdWrite = (id + 1) % TRANSACTION_COUNT;
      link.write(bytes);
    },
    on(event, listener) {
      emitter.on(event, listener);
    },
    once(event, listener) {
      emitter.once(event, listener);
    },
    removeListener(event, listener) {
      emitter.removeListener(event, listener);
    },
    get strayCount() {
      return strayCount;
    },
    readyInMs: () => 0,
    // A number tells a late answer, but a unit that leaves one out may have lost its place as well.
    abandon: () => false,
  };

  function onBody(id: number, bytes: Uint8Array, start: number, length: number): void {
    if (id !== awaited) {
      strayCount += 1;
      return;
    }
    awaited = -1;
    const frame = Buffer.allocUnsafe(length + 2);
    for (let at = 0; at < length; at += 1) frame[at] = bytes[start + at] ?? 0;
    const crc = crc16(frame, length);
    frame[length] = crc & 0xff;
    frame[length + 1] = crc >> 8;
    port._transactionIdRead = id;
    emitter.emit("data", frame);
  }

  link.onData((chunk) => {
    if (isGarbled) return;
    pending = pending.length === 0 ? chunk : joined(pending, chunk);
    let offset = 0;
    while (pending.length - offset >= HEADER_LENGTH) {
      const protocol = word(pending, offset + 2);
      const length = word(pending, offset + 4);
      if (protocol !== 0 || length < BODY_LENGTH_MIN || length > BODY_LENGTH_MAX) {
        isGarbled = true;
        pending = NO_BYTES;
        onGarbled(`not a Modbus TCP header: protocol ${protocol}, length ${length}`);
        return;
      }
      if (pending.length - offset < HEADER_LENGTH + length) break;
      const start = offset + HEADER_LENGTH;
      offset = start + length;
      onBody(word(pending, start - HEADER_LENGTH), pending, start, length);
    }
    pending = offset === pending.length ? NO_BYTES : pending.subarray(offset);
  });
  link.onClose(() => {
    emitter.emit("close");
  });
  return port;
}

function word(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a, 0);
  bytes.set(b, a.length);
  return bytes;
}
