/**
 * Variable types of MethodSCRIPT data packages as small numbers, so that the sample path compares integers.
 * Letters from the vendor's type list; only those a battery channel meets are named here.
 */

/** Number of a two-letter code: `aa` is 0, `ab` 1, `ba` 26. Letters must be lower case. */
export function variableType(letters: string): number {
  return (letters.charCodeAt(0) - 97) * 26 + (letters.charCodeAt(1) - 97);
}

/** The two letters of a type number. */
export function variableTypeLetters(type: number): string {
  return String.fromCharCode(97 + Math.floor(type / 26), 97 + (type % 26));
}

/** Measured potential, working against reference electrode (V). */
export const TYPE_POTENTIAL = 1;
/** Measured current at the working electrode (A). */
export const TYPE_CURRENT = 26;
/** Real and imaginary part of an impedance (ohm). */
export const TYPE_IMPEDANCE_REAL = 54;
export const TYPE_IMPEDANCE_IMAGINARY = 55;
/** What stands under a sine: potential (V) and current (A). */
export const TYPE_DC_POTENTIAL = 60;
export const TYPE_DC_CURRENT = 62;
/** Set potential (V). */
export const TYPE_SET_POTENTIAL = 78;
/** Set current (A). */
export const TYPE_SET_CURRENT = 79;
/** Set frequency (Hz). */
export const TYPE_FREQUENCY = 80;
/** Time (s). */
export const TYPE_TIME = 105;
