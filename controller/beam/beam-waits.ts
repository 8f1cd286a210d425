/** What is asked of the beam's unit and read back until it is so, each with its bound: filters, shutters. */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { isSafetyShut, shutterState, type BeamIo, type InputLevels } from "../../protocols/roles/beam-io.ts";
import type { ExposureTimings } from "./exposure-timings.ts";
import { switchText } from "./unit-answers.ts";

const SWITCH_POLL_MS = 2;
export const FILTER_POLL_MS = 20;

export interface BeamWaitsDeps {
  readonly clock: Clock;
  readonly io: BeamIo;
  readonly timings: ExposureTimings;
  readonly readLevels: () => Promise<InputLevels>;
}

export interface BeamWaits {
  readonly bringFilters: (asked: readonly boolean[], levels: InputLevels) => Promise<InputLevels>;
  readonly bringSafetyShutter: (wanted: "open" | "closed", levels: InputLevels) => Promise<InputLevels>;
  readonly awaitShutter: (wanted: "open" | "closed", signal?: AbortSignal, askedAtMs?: number) => Promise<void>;
  readonly askClosed: () => Promise<void>;
  readonly lookIfAnswered: () => Promise<InputLevels | null>;
}

export function createBeamWaits({ clock, io, timings, readLevels }: BeamWaitsDeps): BeamWaits {
  /** Resolves with the levels that show the filters in place. */
  async function bringFilters(asked: readonly boolean[], levels: InputLevels): Promise<InputLevels> {
    if (asked.every((inBeam, index) => levels.filtersIn[index] === inBeam)) return levels;
    await io.setFilters(asked);
    const untilMs = clock.monoMs() + timings.filterTravelMaxMs;
    for (;;) {
      const now = await readLevels();
      if (asked.every((inBeam, index) => now.filtersIn[index] === inBeam)) return now;
      if (clock.monoMs() >= untilMs) {
        throw new Fault(
          "attenuator.not-in-place",
          io.name,
          `filters read ${switchText(now.filtersIn)}, asked ${switchText(asked)}`,
        );
      }
      await sleep(clock, FILTER_POLL_MS);
    }
  }

  /**
   * The shutter upstream falls shut with a lost unit; before an exposure it is asked open again, the site's own chain
   * willing. Before a rehearsed one it is asked closed: a run leaves it open.
   */
  async function bringSafetyShutter(wanted: "open" | "closed", levels: InputLevels): Promise<InputLevels> {
    const isThere = (now: InputLevels): boolean =>
      wanted === "open" ? now.safetyShutterOpenSwitch && !now.safetyShutterClosedSwitch : isSafetyShut(now);
    if (isThere(levels)) return levels;
    await io.requestSafetyShutter(wanted === "open");
    const untilMs = clock.monoMs() + 2 * timings.safetyShutterCloseMs + timings.switchGraceMs;
    for (;;) {
      const now = await readLevels();
      if (isThere(now)) return now;
      if (clock.monoMs() >= untilMs) {
        const code = wanted === "open" ? "shutter.stuck-closed" : "shutter.stuck-open";
        throw new Fault(code, io.name, `the safety shutter does not report ${wanted}`);
      }
      await sleep(clock, FILTER_POLL_MS);
    }
  }

  /** `askedAtMs`: the shutter may have begun to move then. */
  async function awaitShutter(
    wanted: "open" | "closed",
    signal?: AbortSignal,
    askedAtMs = clock.monoMs(),
  ): Promise<void> {
    const untilMs = clock.monoMs() + timings.shutterTravelMs + timings.switchGraceMs;
    await sleep(clock, Math.max(0, askedAtMs + timings.shutterTravelMs - clock.monoMs()), signal);
    for (;;) {
      const levels = await readLevels();
      signal?.throwIfAborted();
      const state = shutterState(levels);
      if (state === wanted) return;
      if (state === "contradiction") {
        throw new Fault("shutter.contradiction", io.name, "open and closed switch both report");
      }
      if (clock.monoMs() >= untilMs) {
        const code = wanted === "open" ? "shutter.stuck-closed" : "shutter.stuck-open";
        throw new Fault(
          code,
          io.name,
          `the shutter reads ${state} ${(timings.shutterTravelMs + timings.switchGraceMs).toFixed(0)} ms after it was asked ${wanted}`,
        );
      }
      await sleep(clock, SWITCH_POLL_MS, signal);
    }
  }

  /** Each is asked by itself, and again; what is refused or silent is no news here, a defect is. */
  async function askClosed(): Promise<void> {
    const asked = await Promise.allSettled([
      io.requestShutterClosed(),
      io.permit.dropShutterPermit(),
      io.requestSafetyShutter(false),
    ]);
    for (const one of asked) if (one.status === "rejected" && !isFault(one.reason)) throw one.reason;
  }

  /** Null from a unit that does not answer: it shows nothing. */
  async function lookIfAnswered(): Promise<InputLevels | null> {
    try {
      return await readLevels();
    } catch (error) {
      if (!isFault(error)) throw error;
      return null;
    }
  }

  return { bringFilters, bringSafetyShutter, awaitShutter, askClosed, lookIfAnswered };
}
