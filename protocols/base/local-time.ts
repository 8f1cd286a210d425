/**
 * Times as people at a place read them: by the rules of a named time zone, never those of the machine that runs this.
 * All moments are milliseconds of UTC.
 */

/** True for a name that the IANA time zone database has. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

interface Parts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-GB", {
    ...{ timeZone: zone, hourCycle: "h23", calendar: "iso8601" },
    ...{ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" },
  });
  formats.set(zone, format);
  return format;
}

function partsAt(utcMs: number, zone: string): Parts {
  const parts = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  for (const { type, value } of formatOf(zone).formatToParts(utcMs))
    if (type in parts) Object.assign(parts, { [type]: Number(value) });
  return parts;
}

/** What the clock of the place is ahead of UTC then, milliseconds. Throws RangeError for a zone that is none. */
export function zoneOffsetMs(utcMs: number, zone: string): number {
  const { year, month, day, hour, minute, second } = partsAt(utcMs, zone);
  const wholeMs = Math.floor(utcMs / 1000) * 1000;
  return Date.UTC(year, month - 1, day, hour, minute, second) - wholeMs;
}

/** `2026-03-02 23:15`, by the clock of the place; by UTC where no zone is given. */
export function localText(utcMs: number, zone: string | null): string {
  const shiftedMs = zone === null ? utcMs : utcMs + zoneOffsetMs(utcMs, zone);
  return new Date(shiftedMs).toISOString().slice(0, 16).replace("T", " ");
}

/** `2026-03-02 22:15 UTC (23:15 Europe/Paris)`; the local day too where it is another. */
export function bothTimesText(utcMs: number, zone: string | null): string {
  const utc = localText(utcMs, null);
  if (zone === null || zone === "UTC") return `${utc} UTC`;
  const local = localText(utcMs, zone);
  return `${utc} UTC (${local.slice(0, 10) === utc.slice(0, 10) ? local.slice(11) : local} ${zone})`;
}

/**
 * The moment nearest to another at which the clock of the place shows this time, on this side of it: the last one
 * before it, or the next one after. A time that the clock leaves out in spring is taken as if it went on.
 * @param clock minutes since midnight
 */
export function clockMoment(clock: number, nearMs: number, zone: string | null, side: "before" | "after"): number {
  const offset = (ms: number): number => (zone === null ? 0 : zoneOffsetMs(ms, zone));
  const dayMs = 86_400_000;
  const localMidnight = Math.floor((nearMs + offset(nearMs)) / dayMs) * dayMs;
  const moments = [-1, 0, 1].map((days) => {
    const localMs = localMidnight + days * dayMs + clock * 60_000;
    const guessMs = localMs - offset(localMs - offset(nearMs));
    // Beside a change of the clocks the first guess has the other's offset.
    return localMs - offset(guessMs);
  });
  const isOnSide = (ms: number): boolean => (side === "before" ? ms <= nearMs : ms > nearMs);
  const fit = moments.filter(isOnSide);
  return side === "before" ? Math.max(...fit) : Math.min(...fit);
}
