/** The common function codes over a device's own coils and registers. Addresses are those on the wire, from 0. */

export const ILLEGAL_FUNCTION = 1;
export const ILLEGAL_ADDRESS = 2;
export const ILLEGAL_VALUE = 3;

/** What is left out does not exist: its function codes are answered by exception 1. */
export interface RegisterDevice {
  /** Function 1; undefined where there is none. */
  readonly coil?: (address: number) => boolean | undefined;
  /** Function 2. */
  readonly discreteInput?: (address: number) => boolean | undefined;
  /** Function 3. */
  readonly holding?: (address: number) => number | undefined;
  /** Function 4. */
  readonly input?: (address: number) => number | undefined;
  /** Functions 5 and 15: 0 when written, else an exception. `raw` is the value of function 5. */
  readonly writeCoil?: (address: number, isOn: boolean, raw: number) => number;
  /** Functions 6 and 16, all values of one request at once. */
  readonly writeHolding?: (address: number, values: readonly number[]) => number;
}

/** The answer's PDU, or an exception. */
export function performOn(device: RegisterDevice, pdu: Uint8Array): Uint8Array | number {
  const code = pdu[0] ?? 0;
  const address = word(pdu, 1);
  const second = word(pdu, 3);
  switch (code) {
    case 1:
      return device.coil === undefined ? ILLEGAL_FUNCTION : bits(pdu, device.coil);
    case 2:
      return device.discreteInput === undefined ? ILLEGAL_FUNCTION : bits(pdu, device.discreteInput);
    case 3:
      return device.holding === undefined ? ILLEGAL_FUNCTION : words(pdu, device.holding);
    case 4:
      return device.input === undefined ? ILLEGAL_FUNCTION : words(pdu, device.input);
    case 5: {
      if (device.writeCoil === undefined) return ILLEGAL_FUNCTION;
      if (pdu.length !== 5) return ILLEGAL_VALUE;
      return echoed(pdu, device.writeCoil(address, second === 0xff00, second));
    }
    case 6:
      if (device.writeHolding === undefined) return ILLEGAL_FUNCTION;
      return pdu.length === 5 ? echoed(pdu, device.writeHolding(address, [second])) : ILLEGAL_VALUE;
    case 15:
      return device.writeCoil === undefined ? ILLEGAL_FUNCTION : writeBits(pdu, device.writeCoil);
    case 16: {
      if (device.writeHolding === undefined) return ILLEGAL_FUNCTION;
      if (second < 1 || second > 123 || pdu[5] !== second * 2 || pdu.length !== 6 + second * 2) return ILLEGAL_VALUE;
      const values = Array.from({ length: second }, (_, index) => word(pdu, 6 + index * 2));
      return echoed(pdu, device.writeHolding(address, values));
    }
    default:
      return ILLEGAL_FUNCTION;
  }
}

function bits(pdu: Uint8Array, read: (address: number) => boolean | undefined): Uint8Array | number {
  const count = word(pdu, 3);
  if (pdu.length !== 5 || count < 1 || count > 2000) return ILLEGAL_VALUE;
  const answer = new Uint8Array(2 + Math.ceil(count / 8));
  answer[0] = pdu[0] ?? 0;
  answer[1] = answer.length - 2;
  for (let index = 0; index < count; index += 1) {
    const bit = read(word(pdu, 1) + index);
    if (bit === undefined) return ILLEGAL_ADDRESS;
    const at = 2 + (index >> 3);
    if (bit) answer[at] = (answer[at] ?? 0) | (1 << (index & 7));
  }
  return answer;
}

function words(pdu: Uint8Array, read: (address: number) => number | undefined): Uint8Array | number {
  const count = word(pdu, 3);
  if (pdu.length !== 5 || count < 1 || count > 125) return ILLEGAL_VALUE;
  const answer = new Uint8Array(2 + count * 2);
  answer[0] = pdu[0] ?? 0;
  answer[1] = count * 2;
  for (let index = 0; index < count; index += 1) {
    const value = read(word(pdu, 1) + index);
    if (value === undefined) return ILLEGAL_ADDRESS;
    answer[2 + index * 2] = (value >> 8) & 0xff;
    answer[3 + index * 2] = value & 0xff;
  }
  return answer;
}

function writeBits(
  pdu: Uint8Array,
  write: (address: number, isOn: boolean, raw: number) => number,
): Uint8Array | number {
  const count = word(pdu, 3);
  const byteCount = Math.ceil(count / 8);
  if (count < 1 || count > 1968 || pdu[5] !== byteCount || pdu.length !== 6 + byteCount) return ILLEGAL_VALUE;
  for (let index = 0; index < count; index += 1) {
    const isOn = (((pdu[6 + (index >> 3)] ?? 0) >> (index & 7)) & 1) === 1;
    const refused = write(word(pdu, 1) + index, isOn, isOn ? 0xff00 : 0);
    if (refused !== 0) return refused;
  }
  return pdu.slice(0, 5);
}

function echoed(pdu: Uint8Array, refused: number): Uint8Array | number {
  return refused === 0 ? pdu.slice(0, 5) : refused;
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
