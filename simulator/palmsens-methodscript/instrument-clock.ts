/** The instrument's own clock, by which its scripts run and its samples are dated; it may run fast or slow. */
import type { WorldClock } from "../plant/plant.ts";
import type { Writable } from "../../protocols/base/writable.ts";
import type { Potentiostat } from "./potentiostat.ts";

export interface InstrumentClock extends WorldClock {
  /** It runs fast by this share from now on. */
  drift(share: number): void;
  /** It has ever run otherwise than true. */
  readonly isOff: boolean;
  trueMs(): number;
}

/** Until it drifts it is the world's, at no cost. */
export function createInstrumentClock(world: WorldClock): InstrumentClock {
  return new OwnClock(world);
}

class OwnClock implements InstrumentClock {
  private readonly world: WorldClock;
  isOff = false;
  private ownMs = 0;
  private sinceMs = 0;
  private pace = 1;

  constructor(world: WorldClock) {
    this.world = world;
  }

  nowMs(): number {
    const worldMs = this.world.nowMs();
    return this.isOff ? this.ownMs + (worldMs - this.sinceMs) * this.pace : worldMs;
  }

  at(atMs: number, fn: () => void): number {
    const { world } = this;
    if (!this.isOff) return world.at(atMs, fn);
    return world.at(Math.max(world.nowMs(), this.sinceMs + (atMs - this.ownMs) / this.pace), fn);
  }

  cancel(handle: number): void {
    this.world.cancel(handle);
  }

  trueMs(): number {
    return this.world.nowMs();
  }

  drift(share: number): void {
    [this.ownMs, this.sinceMs, this.pace] = [this.nowMs(), this.world.nowMs(), 1 + share];
    this.isOff = true;
  }
}

/** What a script whose clock is off does to the cell, it does now. */
export function onInstrumentTime(of: Potentiostat, clock: InstrumentClock): void {
  const potentiostat: Writable<Potentiostat> = of;
  const sine: Writable<Potentiostat["sine"]> = of.sine;
  const before = {
    switchOn: of.switchOn.bind(of),
    switchOff: of.switchOff.bind(of),
    drive: of.drive.bind(of),
    measure: of.measure.bind(of),
    measureSine: of.measureSine.bind(of),
  };
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
