/** The instrument's own clock, by which its scripts run and its samples are dated; it may run fast or slow. */
import type { WorldClock } from "../plant/plant.ts";
import type { Writable } from "../../protocols/base/writable.ts";
import type { Potentiostat } from "./potentiostat.ts";

export interface InstrumentClock extends WorldClock {
  /** It runs fast by this share from now on. */
  drift(share: number): void;
  /** It has ever run otherwise than true. */
  readonly isOff: boolean;
  readonly trueMs: () => number;
}

/** Until it drifts it is the world's, at no cost. */
export function createInstrumentClock(world: WorldClock): InstrumentClock {
  let ownMs = 0;
  let sinceMs = 0;
  let pace = 1;
  const own = (): number => ownMs + (world.nowMs() - sinceMs) * pace;

  const clock: Writable<InstrumentClock> = {
    nowMs: () => world.nowMs(),
    at: (atMs, fn) => world.at(atMs, fn),
    cancel(handle) {
      world.cancel(handle);
    },
    trueMs: () => world.nowMs(),
    isOff: false,
    drift(share) {
      [ownMs, sinceMs, pace] = [clock.nowMs(), world.nowMs(), 1 + share];
      if (clock.isOff) return;
      clock.isOff = true;
      clock.nowMs = own;
      clock.at = (atMs, fn) => world.at(Math.max(world.nowMs(), sinceMs + (atMs - ownMs) / pace), fn);
    },
  };
  return clock;
}

/** What a script whose clock is off does to the cell, it does now. */
export function onInstrumentTime(of: Potentiostat, clock: InstrumentClock): void {
  const potentiostat: Writable<Potentiostat> = of;
  const sine: Writable<Potentiostat["sine"]> = of.sine;
  const before = { ...of };
  const sineBefore = { ...of.sine };
  potentiostat.switchOn = () => before.switchOn(clock.trueMs());
  potentiostat.switchOff = () => {
    before.switchOff(clock.trueMs());
  };
  potentiostat.drive = (_, level) => before.drive(clock.trueMs(), level);
  potentiostat.measure = () => {
    before.measure(clock.trueMs());
  };
  potentiostat.measureSine = (_, frequencyHz, amplitude) => before.measureSine(clock.trueMs(), frequencyHz, amplitude);
  sine.begin = () => {
    sineBefore.begin(clock.trueMs());
  };
}
