/**
 * Lets the modbus-serial client talk Modbus RTU over any Link. RTU numbers nothing, so an answer is only believed
 * when it begins with the unit and function asked for, has the length these imply, checks, and nothing follows it.
 * After opening, and after an answer that was given up, all that comes is dropped until the line has been listened
 * to for as long as a late answer may take.
 */
import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import type { Link } from "../../protocols/roles/link.ts";
import { answerLength, characterMs, isIntact, silenceMs } from "../../protocols/wire/modbus/rtu-frame.ts";
import { TRANSACTION_COUNT, type ModbusFraming, type ModbusPort } from "./modbus-port.ts";

export type RtuFraming = ModbusFraming & { readonly kind: "rtu" };

const LATE_REPLY_MS = 1000;
const CHUNK_GAP_MS = 50;

interface Awaited {
  readonly transaction: number;
  readonly unit: number;
  readonly functionCode: number;
}

/** `onGarbled` is told once for each answer that cannot be one; the port then waits to be told to `abandon` it. */
export function createModbusRtuPort(
  link: Link,
  clock: Clock,
  framing: RtuFraming,
  onGarbled: (why: string) => void,
): ModbusPort {
  const emitter = new EventEmitter();
  const gapMs = silenceMs(framing.baud);
  const chunkGapMs = Math.max(gapMs, framing.chunkGapMs ?? CHUNK_GAP_MS);
  const lateReplyMs = framing.lateReplyMs ?? LATE_REPLY_MS;
  let awaited: Awaited | undefined;
  let received: Uint8Array = new Uint8Array(0);
  let breakTimer: TimerHandle;
  let strayCount = 0;
  let writableAtMs = clock.monoMs() + lateReplyMs;

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
      const transaction = port._transactionIdWrite;
      port._transactionIdWrite = (transaction + 1) % TRANSACTION_COUNT;
      awaited = { transaction, unit: frame[0] ?? 0, functionCode: frame[1] ?? 0 };
      received = new Uint8Array(0);
      // An array of its own: the link may keep it beyond this call.
      link.write(Uint8Array.from(frame));
      keepSilent(frame.length * characterMs(framing.baud));
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
    readyInMs: () => Math.max(0, writableAtMs - clock.monoMs()),
    abandon() {
      forget();
      writableAtMs = Math.max(writableAtMs, clock.monoMs() + lateReplyMs);
      return link.isOpen;
    },
  };

  /** The line is busy for `ms` from now, and silent after that. */
  function keepSilent(ms: number): void {
    writableAtMs = Math.max(writableAtMs, clock.monoMs() + ms + gapMs);
  }

  function forget(): void {
    clock.clearTimeout(breakTimer);
    awaited = undefined;
    received = new Uint8Array(0);
  }

  function spoil(why: string): void {
    forget();
    onGarbled(why);
  }

  function onBytes(chunk: Uint8Array): void {
    keepSilent(0);
    if (awaited === undefined) {
      strayCount += 1;
      return;
    }
    clock.clearTimeout(breakTimer);
    received = Buffer.concat([received, chunk]);
    const length = answerLength(awaited, received);
    if (typeof length === "string") spoil(length);
    else if (length === undefined || received.length < length) awaitMore(length);
    else if (received.length > length) spoil(`${received.length - length} bytes more than the answer has`);
    else if (!isIntact(received)) spoil("its checksum is wrong");
    else deliver(awaited, received);
  }

  /** What has begun must go on: the silence that ends a frame ends this one too early. */
  function awaitMore(length: number | undefined): void {
    const count = received.length;
    breakTimer = clock.setTimeout(() => {
      spoil(`it broke off after ${count} of ${length ?? "at least 5"} bytes`);
    }, chunkGapMs);
  }

  function deliver(answered: Awaited, frame: Uint8Array): void {
    forget();
    port._transactionIdRead = answered.transaction;
    emitter.emit("data", Buffer.from(frame));
  }

  link.onData(onBytes);
  link.onClose(() => {
    forget();
    emitter.emit("close");
  });
  return port;
}
