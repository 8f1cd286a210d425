/**
 * Lake Shore 336 and 350 temperature controllers, as far as a reading needs it: one line out, one line back, without
 * line ends. A decoder gives undefined for what is no such answer. Commands as in chapter 6 of the user's manuals.
 */

export const LAKESHORE_INPUTS = ["A", "B", "C", "D"] as const;
export type LakeshoreInput = (typeof LAKESHORE_INPUTS)[number];

/** Answers in degrees Celsius, whatever unit the display has. */
export function readingQuery(input: LakeshoreInput): string {
  return `CRDG? ${input}`;
}

export function statusQuery(input: LakeshoreInput): string {
  return `RDGST? ${input}`;
}

export interface LakeshoreIdentity {
  /** `336` */
  readonly model: string;
  readonly serialNumber: string;
  readonly firmware: string;
}

/** `LSCI,MODEL336,LSA1234/#######,2.9`; what follows the slash is the number of an option card. */
export function decodeLakeshoreIdentity(line: string): LakeshoreIdentity | undefined {
  const match = /^LSCI,MODEL(\w{1,8}),([^,/]{1,20})(?:\/[^,]{0,20})?,([^,]{1,20})$/.exec(line.trim());
  if (match === null) return undefined;
  const [, model = "", serialNumber = "", firmware = ""] = match;
  return { model, serialNumber: serialNumber.trim(), firmware: firmware.trim() };
}

/**
 * `+23.450`. Sign and point are asked for: answers carry no number, and so a status can never be read as a
 * temperature, nor a temperature as a status.
 */
export function decodeCelsius(line: string): number | undefined {
  const text = line.trim();
  return /^[+-]\d{1,4}\.\d{1,5}$/.test(text) ? Number(text) : undefined;
}

/** `000`: a sum of the bits below. */
export function decodeReadingStatus(line: string): number | undefined {
  const text = line.trim();
  return /^\d{1,3}$/.test(text) && Number(text) <= 0xff ? Number(text) : undefined;
}

const STATUS_WORDS: readonly (readonly [bit: number, word: string])[] = [
  [1, "the reading is invalid"],
  [16, "the temperature is below the sensor's range"],
  [32, "the temperature is above the sensor's range"],
  [64, "the sensor reads zero"],
  [128, "the sensor is beyond its range, or open"],
];

/** Why a reading cannot be believed; undefined when it can. A bit that is not in the list counts against it too. */
export function whyUnbelievable(status: number): string | undefined {
  if (status === 0) return undefined;
  const words = STATUS_WORDS.flatMap(([bit, word]) => ((status & bit) === 0 ? [] : [word]));
  return words.length === 0 ? `status ${status}` : words.join(", ");
}
