/**
 * How long the disk under the record lasts, at the pace of the last hour, against the time that the campaign still
 * takes: told early enough that a person can make room while nothing has happened yet. It informs; what a full disk does
 * is committing.ts.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { durationText } from "../../protocols/base/duration-text.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import type { Alarms } from "./alarms.ts";

export interface DiskWatchDeps {
  readonly clock: Clock;
  readonly alarms: Pick<Alarms, "open" | "raise" | "clear">;
  /** Bytes free where the record is written; null where nobody says. */
  readonly freeBytes: () => number | null;
  /** Campaign time at which the campaign ends; Infinity where nothing says so. */
  readonly endAtMs: number;
}

export interface DiskForecast {
  readonly freeBytes: number;
  /** Until it is full; null while it does not fill, or not yet long enough was watched. */
  readonly hoursLeft: number | null;
}

export interface DiskWatch {
  /** Ends with the clock. */
  start(): void;
  /** Of the last look; null before the first, and where nobody says. */
  forecast(): DiskForecast | null;
}

const LOOK_MS = 60_000;
/** The campaign has begun on record by then. */
const FIRST_LOOK_MS = 1000;
const LOOKS_KEPT = 61;
/** A pace of fewer minutes is that of whatever was copied just now. */
const LOOKS_MIN = 11;
const HOUR_MS = 3_600_000;
/** A campaign without an end is looked ahead for. */
const AHEAD_H = 7 * 24;
/** Less time, or less room, than a person needs who is called at night. */
const SERIOUS_H = 3;
const SERIOUS_BYTES = 256e6;
/** An alarm is over when there is so much more than its level. */
const CLEARED = 1.2;
const WHERE = "disk";

const LEVELS = ["disk.full-soon", "disk.fills"] as const;

export function createDiskWatch(deps: DiskWatchDeps): DiskWatch {
  const { clock, alarms } = deps;
  const looks: { readonly atMs: number; readonly bytes: number }[] = [];
  let last: DiskForecast | null = null;

  function look(): void {
    clock.setTimeout(look, LOOK_MS);
    const bytes = deps.freeBytes();
    if (bytes === null) {
      last = null;
      return;
    }
    looks.push({ atMs: clock.monoMs(), bytes });
    if (looks.length > LOOKS_KEPT) looks.shift();
    last = { freeBytes: bytes, hoursLeft: hoursLeft(bytes) };
    judge(last);
  }

  function hoursLeft(bytes: number): number | null {
    const [first] = looks;
    if (first === undefined || looks.length < LOOKS_MIN) return null;
    const bytesPerHour = ((first.bytes - bytes) / (clock.monoMs() - first.atMs)) * HOUR_MS;
    return bytesPerHour > 0 ? bytes / bytesPerHour : null;
  }

  function judge({ freeBytes, hoursLeft: hours }: DiskForecast): void {
    const leftH = Math.max(0, (deps.endAtMs - clock.monoMs()) / HOUR_MS);
    const neededH = Math.min(leftH, AHEAD_H);
    const lasts = hours ?? Infinity;
    const isOpen = (code: string): boolean => alarms.open.some((one) => one.code === code && one.where === WHERE);
    const isUnder = (code: (typeof LEVELS)[number]): boolean => {
      const more = isOpen(code) ? CLEARED : 1;
      if (code === "disk.fills") return lasts < neededH * more;
      return lasts < Math.min(SERIOUS_H, neededH) * more || freeBytes < SERIOUS_BYTES * more;
    };
    for (const code of LEVELS) {
      if (!isUnder(code)) alarms.clear(code, WHERE);
      else if (!isOpen(code))
        alarms.raise({ code, where: WHERE, what: text(freeBytes, hours, leftH), advice: FAULT_CATALOGUE[code].advice });
    }
  }

  return {
    start() {
      clock.setTimeout(look, FIRST_LOOK_MS);
    },
    forecast: () => last,
  };
}

function text(freeBytes: number, hours: number | null, leftH: number): string {
  const room = `${(freeBytes / 1e9).toFixed(1)} GB are free`;
  if (hours === null) return room;
  const left = Number.isFinite(leftH) ? `; the campaign goes on for ${durationText(Math.round(leftH * 3600))}` : "";
  return `${room}, which at the pace of the last hour last ${durationText(Math.round(hours * 3600))}${left}`;
}
