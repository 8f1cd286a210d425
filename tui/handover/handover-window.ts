/** The stretch of time that a hand-over page is about, as people write it. Pure. */
import { clockMoment } from "../../protocols/base/local-time.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { parseDurationS } from "../duration.ts";

const CLOCK = /^([01]?\d|2[0-3]):([0-5]\d)$/;
const UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z$/;

/**
 * UTC milliseconds of `22:00` (by the clock of the place, the last one or the next one), of `2026-03-02T22:00Z`, or of a
 * duration from now. Throws Fault `command.usage`.
 */
export function handoverMoment(
  option: "--since" | "--until",
  written: string,
  nowUtcMs: number,
  timeZone: string | null,
): number {
  const side = option === "--since" ? "before" : "after";
  const [, hours, minutes] = CLOCK.exec(written) ?? [];
  if (hours !== undefined && minutes !== undefined) {
    return clockMoment(60 * Number(hours) + Number(minutes), nowUtcMs, timeZone, side);
  }
  if (UTC.test(written)) {
    const utcMs = Date.parse(written);
    if (Number.isFinite(utcMs)) return utcMs;
  }
  const seconds = parseDurationS(written);
  if (seconds !== undefined) return nowUtcMs + (side === "before" ? -1000 : 1000) * seconds;
  const what = `${written} is no time; write 22:00 by the clock of the place, 2026-03-02T22:00Z, or 8h from now`;
  throw new Fault("command.usage", option, what);
}
