/** Numbers as people read them. Never NaN on a screen: what is not known is a dash. */

export { durationText } from "../../protocols/base/duration-text.ts";

export const UNKNOWN = "-";

/** Grouped in thousands, without decimals: `1,873`. */
export function countText(count: number): string {
  if (!Number.isFinite(count)) return UNKNOWN;
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `87 %`, rounded down, so that 100 % is said only when it is reached; `>999 %` beyond that. */
export function percentText(fraction: number): string {
  if (!Number.isFinite(fraction)) return UNKNOWN;
  const percent = Math.floor(fraction * 100 + 1e-9);
  return percent > 999 ? ">999 %" : `${String(percent)} %`;
}

/** Fixed decimals: `12.4`. */
export function decimalText(value: number, decimals: number): string {
  return Number.isFinite(value) ? value.toFixed(decimals) : UNKNOWN;
}

/** Names come from files: control characters must not reach a terminal. */
export function plainText(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}

/** The same of text in lines, as whole files are printed: their ends and tabs stay. */
export function plainLines(text: string): string {
  return text.replace(/(?!\r?\n|\t)\p{Cc}/gu, "?");
}

/** JSON, whose values stay what they are: of control characters it lets those from U+007F on stand as they are. */
export function plainJson(text: string): string {
  return text.replace(/[\u007f-\u009f]/gu, (one) => `\\u00${one.charCodeAt(0).toString(16)}`);
}
