/** Numbers as people read them. Never NaN on a screen: what is not known is a dash. */

export const UNKNOWN = "-";

/** `8:05` minutes and seconds under an hour, `10:48 h` above, `3 d 04:00 h` from two days. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return UNKNOWN;
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  if (whole < 3600) return `${String(Math.floor(whole / 60))}:${two(whole % 60)}`;
  const minutes = Math.round(whole / 60);
  const days = Math.floor(minutes / 1440);
  if (days < 2) return `${String(Math.floor(minutes / 60))}:${two(minutes % 60)} h`;
  return `${String(days)} d ${two((minutes % 1440) / 60)}:${two(minutes % 60)} h`;
}

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
