/** Answers of the Keithley 6485, without line end. Undefined: not such an answer. */

export interface PicoammeterIdentity {
  /** `6485` */
  readonly model: string;
  readonly serialNumber: string;
  readonly firmware: string;
}

/** `KEITHLEY INSTRUMENTS INC.,MODEL 6485,1234567,B03   Sep 29 2010`; another maker gives undefined. */
export function decodePicoammeterIdentity(line: string): PicoammeterIdentity | undefined {
  const [maker = "", model = "", serialNumber = "", firmware = "", ...rest] = line
    .split(",")
    .map((part) => part.trim().replaceAll(/\s+/g, " "));
  if (!/^KEITHLEY INSTRUMENTS/i.test(maker) || rest.length > 0) return undefined;
  const named = /^MODEL (\w{1,10})$/i.exec(model)?.[1];
  if (named === undefined || !isPlain(serialNumber) || !isPlain(firmware)) return undefined;
  return { model: named, serialNumber, firmware };
}

export interface PicoammeterReading {
  /** Null: an overflow, or more than can be measured, which is no value and never a number. */
  readonly currentA: number | null;
  /** The unit's own time: from when it was switched on, up to `TIME_COMES_ROUND_S`, and then from zero again. */
  readonly timeS: number;
  readonly status: number;
}

export const TIME_COMES_ROUND_S = 100_000;

/** The largest range is full here; the unit writes an overflow as 9.9E37. */
const LARGEST_FULL_SCALE_A = 2.1e-2;
/** Of full scale: a little over it is still the unit's own error. */
const POSSIBLE_MAX = 1.05;
/** Bit of the status word. */
const STATUS_OVERFLOW = 1;

/**
 * `+1.234560E-09A,+2.345E+01,+0.000E+00`
 *
 * @param fullScaleA of the range that is set, where it is fixed
 */
export function decodeReading(line: string, fullScaleA: number = LARGEST_FULL_SCALE_A): PicoammeterReading | undefined {
  const [reading = "", time = "", state = "", ...rest] = line.split(",").map((part) => part.trim());
  if (rest.length > 0 || !reading.endsWith("A")) return undefined;
  const currentA = decodeNumber(reading.slice(0, -1));
  const timeS = decodeNumber(time);
  const status = decodeNumber(state);
  if (currentA === undefined || timeS === undefined || status === undefined) return undefined;
  if (!Number.isInteger(status) || status < 0) return undefined;
  const isOverflow = Math.abs(currentA) > POSSIBLE_MAX * fullScaleA || status % 2 === STATUS_OVERFLOW;
  return { currentA: isOverflow ? null : currentA, timeS, status };
}

export function decodeNumber(text: string): number | undefined {
  return NUMBER.test(text.trim()) ? Number(text) : undefined;
}

/** `0` or `1`. */
export function decodeFlag(line: string): boolean | undefined {
  const word = line.trim();
  return word === "1" ? true : word === "0" ? false : undefined;
}

export interface PicoammeterError {
  /** 0: none. */
  readonly code: number;
  readonly text: string;
}

/** `-113,"Undefined header"` */
export function decodePicoammeterError(line: string): PicoammeterError | undefined {
  const match = /^([+-]?\d{1,6}),"([ -~]{0,200})"$/.exec(line.trim());
  return match === null ? undefined : { code: Number(match[1]), text: match[2] ?? "" };
}

const NUMBER = /^[+-]?(?:\d{1,15}\.?\d{0,15}|\.\d{1,15})(?:[eE][+-]?\d{1,3})?$/;

function isPlain(text: string): boolean {
  return /^[ -~]{1,60}$/.test(text);
}
