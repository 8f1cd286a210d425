/**
 * Advantech ADAM-6050 and ADAM-6060: Modbus addresses, from 0. Outputs begin at reference 00017, which is address 16 by
 * the usual rule; lists that count otherwise exist, so the offset is a setting.
 */

export type AdamModel = "adam-6050" | "adam-6060";

export interface AdamPoints {
  readonly inputCount: number;
  readonly outputCount: number;
  /** What the first name register holds: the model's four digits, as hexadecimal ones. */
  readonly nameWord: number;
}

export const ADAM_MODELS: Readonly<Record<AdamModel, AdamPoints>> = {
  "adam-6050": { inputCount: 12, outputCount: 6, nameWord: 0x6050 },
  "adam-6060": { inputCount: 6, outputCount: 6, nameWord: 0x6060 },
};

export const ADAM = {
  inputBits: 0,
  outputBits: 16,
  /** Name in two words, version in two more (references 40211 to 40214, as in the sister families). */
  name: 210,
  version: 212,
  /** Communication safety: 1 when outputs drop on a silent master (40215), 1 after that has happened (40216). */
  communicationSafetyEnabled: 214,
  communicationSafetyOccurred: 215,
} as const;
