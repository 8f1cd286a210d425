/** How much people are told: so many notices in any hour, and only what must be in quiet hours. */
import type { Hours, QuietHours } from "../../protocols/notify/notify-config.ts";
import type { Told } from "./notice.ts";

const HOUR_MS = 3_600_000;

export interface Pace {
  /** Whether one more may go out now. */
  mayPass(nowMs: number): boolean;
  passed(nowMs: number): void;
}

export function createPace({ per_hour: perHour }: { readonly per_hour: number }): Pace {
  let atMs: number[] = [];
  return {
    mayPass(nowMs) {
      atMs = atMs.filter((ms) => nowMs - ms < HOUR_MS);
      return atMs.length < perHour;
    },
    passed(nowMs) {
      atMs.push(nowMs);
    },
  };
}

/** @param wallMs UTC milliseconds */
export function isQuiet(quiet: Hours | undefined, wallMs: number): boolean {
  if (quiet === undefined) return false;
  const format = new Intl.DateTimeFormat("en-GB", {
    ...{ hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: quiet.time_zone },
  });
  const now = format.format(wallMs);
  const { from, to } = quiet;
  return from < to ? now >= from && now < to : now >= from || now < to;
}

/** What is told in quiet hours too. */
export function wakes(quiet: QuietHours, { severity, isControllerGone, isCall }: Told): boolean {
  if (isCall === true && quiet.except.includes("call")) return true;
  if (isControllerGone) return quiet.except.includes("controller-gone");
  return severity !== null && quiet.except.includes(severity);
}
