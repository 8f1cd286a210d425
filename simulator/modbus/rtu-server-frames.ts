/**
 * Modbus RTU as a server reads it: the length of a request follows from its function code, a silence ends what is not
 * complete, and a frame whose checksum is wrong is not answered. Written from Modbus over Serial Line, apart from
 * what clients use.
 */
import type { WorldClock } from "../plant/plant.ts";

/** `pdu` starts with the function code; the view is only good during the call. */
export type OnRtuRequest = (unit: number, pdu: Uint8Array) => void;

export interface RtuRequestReader {
  push(chunk: Uint8Array): void;
  clear(): void;
}

const FRAME_MAX = 256;

export function createRtuRequestReader(clock: WorldClock, pauseMs: number, onRequest: OnRtuRequest): RtuRequestReader {
  let kept: number[] = [];
  let timer = -1;

  /** Requests whose length nothing tells end with the silence. */
  function onSilence(): void {
    const frame = Uint8Array.from(kept);
    kept = [];
    if (frame.length >= 4 && requestLength(frame) === Infinity) take(frame);
  }

  function take(frame: Uint8Array): void {
    const end = frame.length - 2;
    const [low, high] = checksum(frame.subarray(0, end));
    if (frame[end] === low && frame[end + 1] === high) onRequest(frame[0] ?? 0, frame.subarray(1, end));
  }

  return {
    push(chunk) {
      clock.cancel(timer);
      for (const byte of chunk) {
        if (kept.length < FRAME_MAX) kept.push(byte);
        if (kept.length >= 8 && kept.length === requestLength(kept)) {
          const frame = Uint8Array.from(kept);
          kept = [];
          take(frame);
        }
      }
      if (kept.length > 0) timer = clock.at(clock.nowMs() + pauseMs, onSilence);
    },
    clear() {
      clock.cancel(timer);
      kept = [];
    },
  };
}

/** Infinity where the function code does not tell. */
function requestLength(frame: ArrayLike<number>): number {
  const code = frame[1] ?? 0;
  if (code >= 1 && code <= 6) return 8;
  if (code === 15 || code === 16) return 9 + (frame[6] ?? 0);
  if (code === 22) return 10;
  return code === 23 ? 13 + (frame[10] ?? 0) : Infinity;
}

/** Unit, PDU and checksum. */
export function rtuFrame(unit: number, pdu: Uint8Array): Uint8Array {
  const frame = new Uint8Array(pdu.length + 3);
  frame[0] = unit;
  frame.set(pdu, 1);
  frame.set(checksum(frame.subarray(0, pdu.length + 1)), pdu.length + 1);
  return frame;
}

/** Bit by bit, as the specification describes it; low byte first. */
function checksum(bytes: Uint8Array): readonly [number, number] {
  let remainder = 0xffff;
  for (const byte of bytes) {
    remainder ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      const isOdd = (remainder & 1) !== 0;
      remainder >>>= 1;
      if (isOdd) remainder ^= 0xa001;
    }
  }
  return [remainder & 0xff, remainder >>> 8];
}
