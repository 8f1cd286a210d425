/** Modbus RTU: unit, request or answer, and a checksum, with silence between frames (Modbus over Serial Line 1.02). */

const CRC_TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  return crc;
});

/** CRC-16 of Modbus RTU over the first `length` bytes: start 0xFFFF, polynomial 0xA001 reflected; sent low byte first. */
export function crc16(bytes: Uint8Array, length = bytes.length): number {
  let crc = 0xffff;
  for (let at = 0; at < length; at += 1) crc = (crc >> 8) ^ (CRC_TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  return crc;
}

/** Whether the last two bytes are the checksum of all before them. */
export function isIntact(frame: Uint8Array): boolean {
  const end = frame.length - 2;
  if (end < 2) return false;
  return crc16(frame.subarray(0, end)) === ((frame[end] ?? 0) | ((frame[end + 1] ?? 0) << 8));
}

export const RTU_FRAME_LENGTH_MAX = 256;

const EXCEPTION = 0x80;
const EXCEPTION_LENGTH = 5;

/**
 * The answer that a request makes one wait for: how long it is, or why these first bytes cannot be it. `undefined`
 * while too few have come to tell.
 */
export function answerLength(
  request: { readonly unit: number; readonly functionCode: number },
  bytes: Uint8Array,
): number | string | undefined {
  const [unit, code, count] = bytes;
  if (unit === undefined) return undefined;
  if (unit !== request.unit) return `unit ${unit} answers, not ${request.unit}`;
  if (code === undefined) return undefined;
  if (code === (request.functionCode | EXCEPTION)) return EXCEPTION_LENGTH;
  if (code !== request.functionCode) return `function ${code} is answered, not ${request.functionCode}`;
  switch (code) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 23:
      if (count === undefined) return undefined;
      return count > RTU_FRAME_LENGTH_MAX - 5 ? `${count} bytes of data are more than a frame holds` : 5 + count;
    case 5:
    case 6:
    case 15:
    case 16:
      return 8;
    case 22:
      return 10;
    default:
      return `the length of an answer to function ${code} is not known`;
  }
}

/** A character on the line: start, eight data, parity or a second stop, stop. */
const BITS_PER_CHARACTER = 11;
/** Above this speed the silence between frames no longer shrinks. */
const SILENCE_FIXED_ABOVE_BAUD = 19_200;
const SILENCE_FIXED_MS = 1.75;

export function characterMs(baud: number): number {
  return (BITS_PER_CHARACTER * 1000) / baud;
}

/** What separates two frames: 3.5 characters. */
export function silenceMs(baud: number): number {
  return baud > SILENCE_FIXED_ABOVE_BAUD ? SILENCE_FIXED_MS : 3.5 * characterMs(baud);
}
