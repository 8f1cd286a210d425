/** Numbers and times as the screens say them. What is not known is a dash, never NaN or 0. Pure. */
import { durationText } from "../../../protocols/base/duration-text.ts";
import { decimalText, UNKNOWN } from "../../progress/number-text.ts";

export { countText, percentText, UNKNOWN } from "../../progress/number-text.ts";
export { durationText } from "../../../protocols/base/duration-text.ts";

type Maybe = number | null | undefined;

export function voltText(voltageV: Maybe, decimals = 3): string {
  return known(voltageV) ? `${decimalText(voltageV, decimals)} V` : UNKNOWN;
}

/** In the unit in which it is 1 to 999: cells of the rack draw milliamperes, a source-measure unit nanoamperes. */
export function ampereText(currentA: Maybe): string {
  if (!known(currentA)) return UNKNOWN;
  const size = Math.abs(currentA);
  if (size >= 1) return `${currentA.toFixed(3)} A`;
  if (size >= 1e-5) return `${(currentA * 1e3).toFixed(3)} mA`;
  if (size >= 1e-6) return `${(currentA * 1e6).toFixed(1)} uA`;
  return size < 1e-12 ? "0 mA" : `${(currentA * 1e9).toFixed(1)} nA`;
}

/** Charge: `4.021 mAh`. */
export function ampereHourText(chargeAh: Maybe): string {
  return known(chargeAh) ? `${(chargeAh * 1e3).toFixed(3)} mAh` : UNKNOWN;
}

/** `82 %`, rounded. */
export function shareText(share: Maybe): string {
  return known(share) ? `${String(Math.round(share * 100))} %` : UNKNOWN;
}

/** Photons a second, amperes of a ring, gray: `1.20e12 ph/s`, `8,384 Gy`. */
export function quantityText(value: Maybe, unit: string): string {
  if (!known(value)) return UNKNOWN;
  const size = Math.abs(value);
  const text =
    size >= 1e6 || (size > 0 && size < 1e-3)
      ? value.toExponential(2).replace("e+", "e")
      : size >= 1000
        ? String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",")
        : String(Number(value.toPrecision(4)));
  return unit === "" ? text : `${text} ${unit}`;
}

/** Time of day, UTC: `14:38:05`. */
export function clockText(wallMs: Maybe): string {
  return known(wallMs) && Math.abs(wallMs) < 8.64e15 ? new Date(wallMs).toISOString().slice(11, 19) : UNKNOWN;
}

/** Day and time, UTC: `21 Nov 14:38`. */
export function dayText(wallMs: Maybe): string {
  if (!known(wallMs) || Math.abs(wallMs) >= 8.64e15) return UNKNOWN;
  const date = new Date(wallMs);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ""} ${date.toISOString().slice(11, 16)}`;
}

/** Hours from now within which a time of day alone says which day is meant. */
const SAME_DAY_MS = 12 * 3_600_000;

/** `14:38:05`; further away than half a day with its day: `23 Nov 14:38`. */
export function whenText(atMs: Maybe, nowMs: Maybe): string {
  const isFar = known(atMs) && known(nowMs) && Math.abs(atMs - nowMs) > SAME_DAY_MS;
  return isFar ? dayText(atMs) : clockText(atMs);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** At most two units, at most eight columns: `42 s`, `14 min`, `3 h 20`, `2 d 4 h`. */
export function spanText(seconds: Maybe): string {
  if (!known(seconds)) return UNKNOWN;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 100) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")}`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `3 min ago`, `in 20 s`. */
export function fromNowText(atMs: Maybe, nowMs: number): string {
  if (!known(atMs)) return UNKNOWN;
  const seconds = (atMs - nowMs) / 1000;
  if (Math.abs(seconds) < 0.5) return "now";
  return seconds > 0 ? `in ${spanText(seconds)}` : `${spanText(-seconds)} ago`;
}

/** `15 min` exactly as elsewhere, a dash when not known. */
export function longSpanText(seconds: Maybe): string {
  return known(seconds) ? durationText(Math.max(0, Math.round(seconds))) : UNKNOWN;
}

/** A bar of `width` columns. */
export function barText(share: Maybe, width: number): string {
  const filled = known(share) ? Math.round(Math.min(1, Math.max(0, share)) * width) : 0;
  return `${"█".repeat(filled)}${"░".repeat(Math.max(0, width - filled))}`;
}

/** `awaitingChannel` as a person says it: `awaiting channel`. */
export function wordsOf(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`);
}

function known(value: Maybe): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}
