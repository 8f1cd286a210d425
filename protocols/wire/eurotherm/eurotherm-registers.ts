/**
 * Registers of Eurotherm controllers (2000, 3200 and 3500 series): addresses from 0, scaled whole numbers, and the
 * same again as 32-bit floats. Gives a reason instead of a value; throws nothing.
 */

export const EUROTHERM = {
  processValue: 1,
  targetSetpoint: 2,
  outputPercent: 3,
  workingSetpoint: 5,
  status: 75,
  version: 107,
  identity: 122,
  /** Decimals of the scaled numbers: asked once, never guessed. */
  decimals: 525,
} as const;

/** Status bits, from 0. */
export const EUROTHERM_STATUS = [
  "alarm 1",
  "alarm 2",
  "alarm 3",
  "alarm 4",
  "manual",
  "sensor break",
  "open loop",
  "heater failed",
  "auto-tuning",
  "ramp done",
  "process value out of range",
  "direct-current module fault",
  "segment running",
  "remote input break",
] as const;

export const SENSOR_BREAK = 1 << 5;
export const OUT_OF_RANGE = 1 << 10;

/** Where the float of a scaled number lies: two registers, high word first. */
export function floatAddress(address: number): number {
  return 0x8000 + 2 * address;
}

export type Measured = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly reason: string };

export const DECIMALS_MAX = 4;

/** Undefined: not a number of decimals. */
export function decodeDecimals(word: number | undefined): number | undefined {
  return word !== undefined && Number.isInteger(word) && word >= 0 && word <= DECIMALS_MAX ? word : undefined;
}

/** 250 with one decimal is 25.0; negative values are two's complement. */
export function decodeScaled(word: number | undefined, decimals: number): Measured {
  if (word === undefined || !Number.isInteger(word) || word < 0 || word > 0xffff)
    return { ok: false, reason: "no register" };
  return { ok: true, value: (word > 0x7fff ? word - 0x1_0000 : word) / 10 ** decimals };
}

export function decodeFloat(words: readonly number[]): Measured {
  const [high, low] = words;
  if (high === undefined || low === undefined) return { ok: false, reason: "no two registers" };
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, high);
  view.setUint16(2, low);
  const value = view.getFloat32(0);
  return Number.isFinite(value) ? { ok: true, value } : { ok: false, reason: `${value} is no number` };
}

/** Why the process value cannot be believed, in the controller's own words; undefined when it can. */
export function whyUnbelievable(status: number): string | undefined {
  if ((status & SENSOR_BREAK) !== 0) return "the controller reports a sensor break";
  return (status & OUT_OF_RANGE) === 0 ? undefined : "the controller reports its process value out of range";
}

/** The words for all bits that are set. */
export function statusWords(status: number): readonly string[] {
  return EUROTHERM_STATUS.filter((_, bit) => ((status >> bit) & 1) === 1);
}
