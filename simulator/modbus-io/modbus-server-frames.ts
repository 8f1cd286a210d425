/**
 * Modbus TCP as a server reads it: cuts the stream into requests by the length field and builds answers. Written
 * from the Modbus Application Protocol and the TCP implementation guide, apart from what clients use.
 */

/** `pdu` starts with the function code; the view is only good during the call. */
export type OnRequest = (transaction: number, unit: number, pdu: Uint8Array) => void;

export interface RequestReader {
  /** False when the stream is not Modbus TCP: the server hangs up. */
  push(chunk: Uint8Array, onRequest: OnRequest): boolean;
  clear(): void;
}

const HEADER = 7;
const PDU_MAX = 253;

export function createRequestReader(): RequestReader {
  let kept: Uint8Array | undefined;
  return {
    push(chunk, onRequest) {
      let bytes = chunk;
      if (kept !== undefined) {
        bytes = new Uint8Array(kept.length + chunk.length);
        bytes.set(kept, 0);
        bytes.set(chunk, kept.length);
        kept = undefined;
      }
      let at = 0;
      while (bytes.length - at >= HEADER) {
        const pduLength = uint16(bytes, at + 4) - 1;
        if (uint16(bytes, at + 2) !== 0 || pduLength < 1 || pduLength > PDU_MAX) return false;
        const end = at + HEADER + pduLength;
        if (end > bytes.length) break;
        onRequest(uint16(bytes, at), bytes[at + 6] ?? 0, bytes.subarray(at + HEADER, end));
        at = end;
      }
      if (at < bytes.length) kept = bytes.slice(at);
      return true;
    },
    clear() {
      kept = undefined;
    },
  };
}

/** A frame with room for a PDU of this length, header filled in; the PDU starts at byte 7. */
export function answerFrame(transaction: number, unit: number, pduLength: number): Uint8Array {
  const frame = new Uint8Array(HEADER + pduLength);
  putUint16(frame, 0, transaction);
  putUint16(frame, 4, pduLength + 1);
  frame[6] = unit;
  return frame;
}

export const PDU_START = HEADER;

export function exceptionFrame(transaction: number, unit: number, functionCode: number, exception: number): Uint8Array {
  const frame = answerFrame(transaction, unit, 2);
  frame[HEADER] = functionCode | 0x80;
  frame[HEADER + 1] = exception;
  return frame;
}

export function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function putUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}
