/**
 * How far the computer's clock is off UTC goes on record while a run goes on: soon after it began and every hour, and
 * where nobody says, that nobody does: exports tell it with the data. So does what it shows, and how long the computer is
 * up, by which a run goes on whose clock was set meanwhile.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import type { Alarms } from "./alarms.ts";
import type { BootTime } from "../../protocols/base/boot-time.ts";
import type { ClockOffset } from "../../protocols/base/clock-offset.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import { durationText } from "../../protocols/base/duration-text.ts";
import type { FaultNote } from "../machines/errors.ts";
import { isFault } from "../../protocols/base/fault.ts";

export interface ClockWatchDeps {
  /** The campaign's. */
  readonly clock: Clock;
  /** Null where nobody says. */
  readonly read: () => Promise<ClockOffset | null>;
  readonly alarms: Pick<Alarms, "raise" | "clear" | "open">;
  /** By how much the clock was set on before this run went on, or back where it is negative; 0 where it was not. */
  readonly setOnMs: number;
  /**
   * The computer was started anew, and its clock stands so long after the last event on record, or before it where it is
   * negative, that a person is to look at it; 0 where it does not.
   */
  readonly doubtfulBreakMs: number;
  /** Null where nobody says. */
  readonly bootTime?: () => BootTime | null;
  readonly store: { appendEvent(event: { readonly atMs: number; readonly type: string; readonly data: Json }): number };
}

export interface ClockWatch {
  start(): void;
  /** Nothing more is put on record. */
  stop(): void;
}

export const CLOCK_EVENT = "clock-compared";

/** The campaign has begun on record by then. */
const FIRST_LOOK_MS = 2000;
const LOOK_MS = 3_600_000;
/** How often it is asked whether the clock was set; that goes on record at once, or a break would be told by the old time. */
const SET_LOOK_MS = 60_000;
const SET_LEAST_MS = 1000;

export function createClockWatch({ clock, read, bootTime, store, alarms, ...of }: ClockWatchDeps): ClockWatch {
  const { setOnMs, doubtfulBreakMs } = of;
  let wasUnknown = false;
  let isOver = false;
  let nextLookMs = -Infinity;
  /** What the clock shows less campaign time, as it is on record. */
  let recordedAheadMs = NaN;

  function lookEveryMinute(): void {
    clock.setTimeout(lookEveryMinute, SET_LOOK_MS);
    if (clock.monoMs() < nextLookMs && !isSet()) return;
    nextLookMs = clock.monoMs() + LOOK_MS;
    void look();
  }

  function isSet(): boolean {
    return Math.abs(clock.wallMs() - clock.monoMs() - recordedAheadMs) >= SET_LEAST_MS;
  }

  async function look(): Promise<void> {
    const found = await read();
    if (isOver || (found === null && wasUnknown && !isSet())) return;
    wasUnknown = found === null;
    const boot = bootTime?.() ?? null;
    const [atMs, wallMs] = [clock.monoMs(), clock.wallMs()];
    recordedAheadMs = wallMs - atMs;
    try {
      store.appendEvent({
        atMs,
        type: CLOCK_EVENT,
        data: {
          source: found?.source ?? "unknown",
          utc_less_clock_s: found?.offsetS ?? null,
          uncertainty_s: found?.uncertaintyS ?? null,
          wall_ms: wallMs,
          ...(boot === null ? {} : { boot_id: boot.bootId, up_s: boot.upS }),
        },
      });
    } catch (error) {
      // A record that cannot be written is told of by whoever writes what matters more.
      isOver = true;
      if (!isFault(error)) throw error;
    }
  }

  /** What a run before told is its own, and must not keep this one from being heard; the same is no news. */
  function tellClock(): void {
    if (isOver) return;
    const note = doubtfulBreakMs !== 0 ? doubtfulNote() : setOnMs !== 0 ? setNote() : undefined;
    if (alarms.open.some(({ code, what }) => code === "clock.set" && what === note?.what)) return;
    alarms.clear("clock.set", "clock");
    if (note !== undefined) alarms.raise(note);
  }

  function setNote(): FaultNote {
    const text = `${Math.abs(setOnMs / 1000).toFixed(0)} s ${setOnMs > 0 ? "forward" : "back"}`;
    return {
      code: "clock.set",
      where: "clock",
      what: `the computer's clock was set ${text} since the campaign began; campaign time does not go by that`,
      advice: FAULT_CATALOGUE["clock.set"].advice,
    };
  }

  function doubtfulNote(): FaultNote {
    const isBefore = doubtfulBreakMs < 0;
    const byHowMuch = durationText(Math.round(Math.abs(doubtfulBreakMs) / 1000));
    const goesOn = isBefore ? "goes on as if no time had passed" : "counts all of that as passed";
    return {
      code: "clock.set",
      where: "clock",
      what: `by the computer's clock this is ${byHowMuch} ${isBefore ? "before" : "after"} the last event on record, and nothing else tells how long the break was; the campaign ${goesOn}: check the clock`,
      advice:
        "Hold the computer's clock against another. Where it is wrong, set it right: from here on campaign time goes by how long the computer is up. Note what it was off by, and look at each cell's step: its time left is wrong by as much.",
    };
  }

  return {
    start() {
      clock.setTimeout(lookEveryMinute, FIRST_LOOK_MS);
      clock.setTimeout(tellClock, FIRST_LOOK_MS);
    },
    stop() {
      isOver = true;
    },
  };
}
