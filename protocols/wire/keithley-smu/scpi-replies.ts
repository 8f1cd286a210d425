/** Answers of the Keithley 2450, 2460 and 2461, without line end. Undefined: not such an answer. */

/** First numbers of the firmware whose commands are known. */
export const FIRMWARE_MAJORS: readonly number[] = [1];

export interface SmuIdentity {
  /** `2450` */
  readonly model: string;
  readonly serialNumber: string;
  readonly firmware: string;
}

/** `KEITHLEY INSTRUMENTS,MODEL 2450,01419952,1.6.3d`; another maker gives undefined. */
export function decodeSmuIdentity(line: string): SmuIdentity | undefined {
  const [maker = "", model = "", serialNumber = "", firmware = "", ...rest] = line
    .split(",")
    .map((part) => part.trim());
  if (!maker.toUpperCase().startsWith("KEITHLEY") || serialNumber === "" || rest.length > 0) return undefined;
  const named = /^MODEL (\w+)$/i.exec(model)?.[1];
  return named === undefined ? undefined : { model: named, serialNumber, firmware };
}

export interface ScpiError {
  /** 0: none. */
  readonly code: number;
  readonly text: string;
}

/** `-113,"Undefined header;..."` */
export function decodeScpiError(line: string): ScpiError | undefined {
  const match = /^([+-]?\d{1,6}),"(.*)"$/.exec(line.trim());
  return match === null ? undefined : { code: Number(match[1]), text: match[2] ?? "" };
}

/** True for on. */
export function decodeOutputState(line: string): boolean | undefined {
  const word = line.trim().toUpperCase();
  if (word === "1" || word === "ON") return true;
  return word === "0" || word === "OFF" ? false : undefined;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
/** The instrument writes an overflow as 9.9E37 and no number as 9.91E37. */
const OVERFLOW_MIN = 9e36;

/** Numbers of a flat list; NaN where the instrument says overflow or no number. */
export function decodeNumbers(line: string): readonly number[] | undefined {
  const numbers: number[] = [];
  for (const part of line.split(",")) {
    const text = part.trim();
    if (!NUMBER.test(text)) return undefined;
    const value = Number(text);
    numbers.push(Math.abs(value) < OVERFLOW_MIN ? value : Number.NaN);
  }
  return numbers;
}
