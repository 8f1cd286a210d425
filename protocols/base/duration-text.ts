/** Times as people read them, the same on every screen and in every message. */

/** `45 s`, `10 min 48 s`, `10 h 48 min`, from two days on `3 d 4 h`; what is zero at the end is left out. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${String(whole)} s`;
  if (whole < 3600) return pair(whole, 60, "min", "s");
  const minutes = Math.round(whole / 60);
  if (minutes < 2880) return pair(minutes, 60, "h", "min");
  return pair(Math.round(minutes / 60), 24, "d", "h");
}

/** A reckoned number with the digits that tell something: 14.001, and not 14.001000000000001. */
export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function pair(value: number, per: number, large: string, small: string): string {
  const rest = value % per;
  const head = `${String(Math.floor(value / per))} ${large}`;
  return rest === 0 ? head : `${head} ${String(rest)} ${small}`;
}
