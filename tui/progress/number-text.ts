/** Numbers as people read them. Never NaN on a screen: what is not known is a dash. */

export const UNKNOWN = "-";

/** `45 s`, `10 min 48 s`, `10 h 48 min`, from two days on `3 d 4 h`; what is zero at the end is left out. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return UNKNOWN;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${String(whole)} s`;
  if (whole < 3600) return pair(whole, 60, "min", "s");
  const minutes = Math.round(whole / 60);
  if (minutes < 2880) return pair(minutes, 60, "h", "min");
  return pair(Math.round(minutes / 60), 24, "d", "h");
}

function pair(value: number, per: number, large: string, small: string): string {
  const rest = value % per;
  const head = `${String(Math.floor(value / per))} ${large}`;
  return rest === 0 ? head : `${head} ${String(rest)} ${small}`;
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
