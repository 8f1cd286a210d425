/** File names and time stamps as a camserver makes them. */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_MS = 86_400_000;

/**
 * Name of frame `index` (from 0) of a series. The digits before the extension are the first number and their count
 * is kept as the least width; without digits the series starts at `_00000`.
 */
export function frameFileName(base: string, index: number): string {
  const [, stem = "", digits = "", extension = ""] = /^(.*?)(\d*)(\.[^.]*)?$/.exec(base) ?? [];
  if (digits === "") return `${stem}_${String(index).padStart(5, "0")}${extension}`;
  const number = (BigInt(digits) + BigInt(index)).toString();
  return `${stem}${number.padStart(digits.length, "0")}${extension}`;
}

/** `2011-Aug-04T15:27:22.593`, UTC. */
export function camserverTime(wallMs: number): string {
  const days = Math.floor(wallMs / DAY_MS);
  const inDay = Math.floor(wallMs - days * DAY_MS);
  const { year, month, day } = civilDate(days);
  const two = (value: number): string => String(value).padStart(2, "0");
  const clock = `${two(Math.floor(inDay / 3_600_000))}:${two(Math.floor(inDay / 60_000) % 60)}:${two(Math.floor(inDay / 1000) % 60)}`;
  return `${year}-${MONTHS[month - 1] ?? "???"}-${two(day)}T${clock}.${String(inDay % 1000).padStart(3, "0")}`;
}

/** Gregorian date of a day counted from 1970-01-01; years are taken from March so that the leap day comes last. */
function civilDate(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
