/**
 * Number literals of the script language: an integer mantissa and an SI prefix, no point, no exponent, no plus
 * sign. `4200m` is 4.2, `43200` is 43 200.
 */

const PREFIXES = ["", "m", "u", "n", "p"] as const;

/** Mantissas are 32-bit integers in the instrument. */
const MANTISSA_MAX = 2_147_483_647;

export type Rounding = "nearest" | "down" | "up";

/**
 * `value` rounded to a multiple of 10^-`decimals` (0, 3, 6, 9 or 12) and written with the coarsest prefix that
 * holds it exactly. `down` and `up` never step past the value except for the last bits that a decimal number
 * cannot have in binary. Undefined when the value is not finite or does not fit the instrument's integers.
 */
export function formatLiteral(value: number, decimals: number, rounding: Rounding = "nearest"): string | undefined {
  if (!Number.isFinite(value)) return undefined;
  const scaled = value * 10 ** decimals;
  const nearest = Math.round(scaled);
  if (!Number.isSafeInteger(nearest)) return undefined;
  // 4.3 x 10^6 may come out a few bits off 4 300 000; that is the same decimal number, not one to round away from.
  const isWhole = Math.abs(scaled - nearest) <= 1e-14 * Math.max(1, Math.abs(scaled));
  let mantissa =
    isWhole || rounding === "nearest" ? nearest : rounding === "down" ? Math.floor(scaled) : Math.ceil(scaled);
  let step = Math.round(decimals / 3);
  while (step > 0 && mantissa % 1000 === 0) {
    mantissa /= 1000;
    step -= 1;
  }
  const prefix = PREFIXES[step];
  if (prefix === undefined || Math.abs(mantissa) > MANTISSA_MAX) return undefined;
  // -0 would be written "0" anyway; be explicit that zero has no sign and no prefix.
  return mantissa === 0 ? "0" : `${mantissa}${prefix}`;
}
