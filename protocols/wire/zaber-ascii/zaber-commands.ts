/** What is said to Zaber devices in their ASCII protocol, each command with message id and checksum. */

export interface ZaberAddress {
  /** 1-99 on the chain; 0 speaks to all. */
  readonly device: number;
  /** 1-9; 0 is the device as a whole. */
  readonly axis: number;
}

/** Ids go round from 1 to this; 0 is left free for people at a terminal. */
export const ZABER_MESSAGE_ID_MAX = 99;

/**
 * Two upper-case hex digits: the two's complement of the low byte of the sum of all bytes after the first
 * character. Any single changed byte behind the first one changes it.
 */
export function zaberChecksum(afterFirst: string): string {
  let sum = 0;
  for (let index = 0; index < afterFirst.length; index += 1) sum += afterFirst.charCodeAt(index);
  return ((256 - (sum & 0xff)) & 0xff).toString(16).toUpperCase().padStart(2, "0");
}

/**
 * `/1 2 07 move abs 10000:CC\n`. Without words it asks for the state alone. Throws RangeError for an address, an
 * id or words that would not come out as one command.
 */
export function encodeZaberCommand(address: ZaberAddress, id: number, words: string): string {
  if (!isWhole(address.device, 99) || !isWhole(address.axis, 9) || !isWhole(id, ZABER_MESSAGE_ID_MAX)) {
    throw new RangeError(`not an address or an id: ${address.device} ${address.axis} ${id}`);
  }
  if (!/^[a-z0-9. -]*$/.test(words)) throw new RangeError(`not words of a command: ${JSON.stringify(words)}`);
  const text = `${address.device} ${address.axis} ${String(id).padStart(2, "0")}${words === "" ? "" : ` ${words}`}`;
  return `/${text}:${zaberChecksum(text)}\n`;
}

/** Absolute move, in whole microsteps. Throws RangeError on anything else. */
export function moveAbsoluteWords(microsteps: number): string {
  if (!Number.isSafeInteger(microsteps)) throw new RangeError(`not a number of microsteps: ${microsteps}`);
  return `move abs ${microsteps === 0 ? 0 : microsteps}`;
}

function isWhole(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}
