/**
 * One axis of a simulated Zaber device: counted microsteps over a true axis, its warning flags, its settings.
 * Simplified: the true axis has one speed and one acceleration, so that `maxspeed` and `accel` are kept and told and
 * change nothing, and a move without end goes to the limit.
 */
import type { WorldClock } from "../plant/plant.ts";
import type { StageAxis } from "../plant/stage-axes.ts";

/** Highest priority first. */
const PRIORITY = (
  "FF FN FZ FH FV FO FC FM FD FQ FI FA FR FS FB FP FE FT WL WV WT WS WM WP WR WH " + "NC NI ND NR NT NU NJ NB"
).split(" ");

export interface TwinAxisOptions {
  readonly clock: WorldClock;
  readonly axis: StageAxis;
  readonly microstepUm: number;
  readonly speedMmS: number;
  readonly accelerationMmS2: number;
  readonly travelMm: number;
  /** Where homing leaves it; position 0. */
  readonly homeMm: number;
  /** Told when a motion ends by itself or was stopped. */
  readonly onRest: () => void;
}

export interface TwinAxis {
  readonly settings: Map<string, number>;
  readonly isBusy: boolean;
  /** Active flags, highest priority first. */
  flags(): readonly string[];
  raise(flag: string): void;
  /** Clears what does not persist. */
  clearFlags(): void;
  position(): number;
  /** Makes the present place read as this; counts as a reference. */
  setPosition(microsteps: number): void;
  /** False: beyond the limits. */
  moveTo(microsteps: number): boolean;
  home(): void;
  stop(): void;
  /** Power off and on. */
  reset(): void;
  setDriver(isEnabled: boolean): void;
  readonly isEnabled: boolean;
  /** The next move stalls halfway. */
  stallNext(): void;
}

export function createTwinAxis(options: TwinAxisOptions): TwinAxis {
  const { clock, axis, microstepUm, travelMm } = options;
  const perMm = 1000 / microstepUm;
  const settings = new Map<string, number>([
    ["maxspeed", Math.round((options.speedMmS * 1638.4) / microstepUm)],
    ["accel", Math.max(1, Math.round((options.accelerationMmS2 * 0.16384) / microstepUm))],
    ["limit.min", 0],
    ["limit.max", Math.round(travelMm * perMm)],
    ["limit.approach.maxspeed", Math.round((25 * 1638.4) / microstepUm)],
    ["resolution", 64],
    ["limit.home.triggered", 0],
  ]);
  let raised = new Set<string>(["WR"]);
  /** Plant coordinate at count 0. */
  let zeroMm = axis.mm(clock.nowMs());
  let timer: number | undefined;
  let isBusy = false;
  let isEnabled = true;
  let stallsNext = false;

  function settle(): void {
    if (timer !== undefined) clock.cancel(timer);
    timer = undefined;
  }

  function restAt(atMs: number, then?: () => void): void {
    settle();
    isBusy = true;
    timer = clock.at(atMs, () => {
      timer = undefined;
      if (then !== undefined) {
        then();
        return;
      }
      isBusy = false;
      options.onRest();
    });
  }

  function begin(): void {
    // Notes of the last movement go with the next one, which interrupts one under way. A fault, and an unexpected limit,
    // stand until somebody clears them, homing or not.
    for (const flag of ["NI", "WS", "WM"]) raised.delete(flag);
    if (isBusy) raised.add("NI");
  }

  function stop(): void {
    if (!isBusy) return;
    raised.add("NI");
    restAt(axis.halt(clock.nowMs()));
  }

  return {
    settings,
    get isBusy() {
      return isBusy;
    },
    flags: () => PRIORITY.filter((flag) => raised.has(flag)),
    raise(flag) {
      raised.add(flag);
    },
    clearFlags() {
      raised = new Set([...raised].filter((flag) => ["WR", "WH", "FO"].includes(flag)));
    },
    position: () => Math.round((axis.mm(clock.nowMs()) - zeroMm) * perMm),
    setPosition(microsteps) {
      zeroMm = axis.mm(clock.nowMs()) - microsteps / perMm;
      raised.delete("WR");
    },
    moveTo(microsteps) {
      if (microsteps < (settings.get("limit.min") ?? 0) || microsteps > (settings.get("limit.max") ?? 0)) return false;
      begin();
      const nowMs = clock.nowMs();
      const endMs = axis.moveTo(nowMs, zeroMm + microsteps / perMm);
      if (endMs <= nowMs) {
        settle();
        isBusy = false;
        return true;
      }
      if (stallsNext) {
        stallsNext = false;
        restAt((nowMs + endMs) / 2, () => {
          raised.add("FS");
          restAt(axis.halt(clock.nowMs()));
        });
        return true;
      }
      restAt(endMs);
      return true;
    },
    home() {
      begin();
      restAt(axis.home(clock.nowMs()), () => {
        restAt(Math.max(clock.nowMs(), axis.moveTo(clock.nowMs(), options.homeMm)), () => {
          zeroMm = options.homeMm;
          raised.delete("WR");
          raised.delete("WH");
          isBusy = false;
          options.onRest();
        });
      });
    },
    stop,
    reset() {
      settle();
      isBusy = false;
      isEnabled = true;
      axis.halt(clock.nowMs());
      zeroMm = axis.mm(clock.nowMs());
      raised = new Set(["WR"]);
    },
    setDriver(enabled) {
      isEnabled = enabled;
      if (enabled) raised.delete("FO");
      else {
        stop();
        raised.add("FO");
      }
    },
    get isEnabled() {
      return isEnabled;
    },
    stallNext() {
      stallsNext = true;
    },
  };
}
