/**
 * The motion side of the simulated controller: a planner of 15 blocks, feed hold, homing, and what the controller
 * believes of its place. Belief is counted steps; the plant is where the table truly is. They part when the motors
 * stop dead.
 */
import type { StagePlant, WorldClock } from "../plant/plant.ts";
import type { TwinSettings } from "./grbl-twin-settings.ts";

export interface MachinePlace {
  readonly xMm: number;
  readonly yMm: number;
  readonly zMm: number;
}

export interface TwinMotion {
  /** What the step counters say, in whole steps. */
  believed(): MachinePlace;
  /** Where the last queued block ends. */
  planned(): MachinePlace;
  readonly isMoving: boolean;
  readonly blockCount: number;
  readonly hold: "none" | "slowing" | "stopped";
  /** Path speed, mm/min. */
  feedMmMin(): number;
  /** Ignored when the block would not move a single step. */
  queue(target: MachinePlace): void;
  startHold(onStopped: () => void): void;
  resume(): void;
  /** Forgets all blocks; only at rest. */
  clear(): void;
  /** Motors off in motion: the counters stop at once, the table does not. */
  stopDead(): void;
  /** Drives to the switches, backs off, sets the counters. */
  home(onDone: () => void): void;
  /** Counters to zero, as at power-up. */
  forgetPlace(): void;
}

export const PLANNER_BLOCKS = 15;

export interface TwinMotionDeps {
  readonly stage: StagePlant;
  readonly clock: WorldClock;
  readonly settings: TwinSettings;
  /** A block ended or the planner was cleared. */
  readonly onProgress: () => void;
}

export function createTwinMotion(deps: TwinMotionDeps): TwinMotion {
  const { stage, clock, settings } = deps;
  let blocks: MachinePlace[] = [];
  /** machine = plant + bias */
  let biasXMm = -stage.xMm(clock.nowMs());
  let biasYMm = -stage.yMm(clock.nowMs());
  let zMm = 0;
  let isMoving = false;
  let hold: TwinMotion["hold"] = "none";
  let timer: number | undefined;
  let coastTimer: number | undefined;
  let moveStartMs = 0;
  let moveEndMs = 0;
  let movePathMm = 0;
  let moveSlowMm = 0;
  /** The counters' last word while the table coasts to rest with the motors off. */
  let frozen: MachinePlace | undefined;

  function inSteps(mm: number, axis: 0 | 1 | 2): number {
    const perMm = settings.get(100 + axis);
    return Math.round(mm * perMm) / perMm;
  }

  function believed(): MachinePlace {
    if (frozen !== undefined) return frozen;
    const nowMs = clock.nowMs();
    return {
      xMm: inSteps(stage.xMm(nowMs) + biasXMm, 0),
      yMm: inSteps(stage.yMm(nowMs) + biasYMm, 1),
      zMm: inSteps(zMm, 2),
    };
  }

  function later(atMs: number, fn: () => void): void {
    if (timer !== undefined) clock.cancel(timer);
    timer = clock.at(atMs, () => {
      timer = undefined;
      fn();
    });
  }

  function cancelTimers(): void {
    for (const handle of [timer, coastTimer]) if (handle !== undefined) clock.cancel(handle);
    timer = undefined;
    coastTimer = undefined;
  }

  function begin(): void {
    const target = blocks[0];
    if (target === undefined || isMoving || hold !== "none" || frozen !== undefined) return;
    const nowMs = clock.nowMs();
    const from = believed();
    const dxMm = Math.abs(target.xMm - from.xMm);
    const dyMm = Math.abs(target.yMm - from.yMm);
    movePathMm = Math.hypot(dxMm, dyMm);
    moveSlowMm = Math.max(dxMm, dyMm);
    isMoving = true;
    moveStartMs = nowMs;
    moveEndMs = stage.moveTo(nowMs, target.xMm - biasXMm, target.yMm - biasYMm);
    later(moveEndMs, () => {
      isMoving = false;
      zMm = target.zMm;
      blocks.shift();
      begin();
      deps.onProgress();
    });
  }

  return {
    believed,
    planned: () => blocks.at(-1) ?? believed(),
    get isMoving() {
      return isMoving;
    },
    get blockCount() {
      return blocks.length;
    },
    get hold() {
      return hold;
    },
    feedMmMin() {
      if (!isMoving || hold === "slowing" || moveSlowMm === 0) return 0;
      const sinceS = (clock.nowMs() - moveStartMs) / 1000;
      const leftS = (moveEndMs - clock.nowMs()) / 1000;
      const slowMmS = Math.min(settings.get(120) * Math.min(sinceS, leftS), settings.get(110) / 60);
      return Math.max(0, slowMmS * 60 * (movePathMm / moveSlowMm));
    },
    queue(target) {
      const stepped = { xMm: inSteps(target.xMm, 0), yMm: inSteps(target.yMm, 1), zMm: inSteps(target.zMm, 2) };
      const from = blocks.at(-1) ?? believed();
      if (isSame(from, stepped)) return;
      blocks.push(stepped);
      begin();
    },
    startHold(onStopped) {
      if (hold !== "none") return;
      if (!isMoving) {
        hold = "stopped";
        onStopped();
        return;
      }
      hold = "slowing";
      later(stage.halt(clock.nowMs()), () => {
        hold = "stopped";
        isMoving = false;
        onStopped();
      });
    },
    resume() {
      if (hold !== "stopped") return;
      hold = "none";
      begin();
    },
    clear() {
      blocks = [];
      hold = "none";
      deps.onProgress();
    },
    stopDead() {
      frozen = believed();
      blocks = [];
      hold = "none";
      isMoving = false;
      const left = frozen;
      cancelTimers();
      coastTimer = clock.at(stage.halt(clock.nowMs()), () => {
        coastTimer = undefined;
        biasXMm = left.xMm - stage.xMm(clock.nowMs());
        biasYMm = left.yMm - stage.yMm(clock.nowMs());
        frozen = undefined;
        begin();
      });
    },
    home(onDone) {
      cancelTimers();
      isMoving = true;
      later(stage.home(clock.nowMs()), () => {
        const pullOffMm = settings.get(27);
        const mask = settings.get(23);
        // The switches are at the far end of each axis, or, with its direction bit set, at the near one. The plant
        // counts from the near end, so the counters are tied to the switches whatever was believed before.
        biasXMm = -settings.get(130);
        biasYMm = -settings.get(131);
        zMm = -pullOffMm;
        const xMm = (mask & 1) !== 0 ? pullOffMm : settings.get(130) - pullOffMm;
        const yMm = (mask & 2) !== 0 ? pullOffMm : settings.get(131) - pullOffMm;
        frozen = undefined;
        later(stage.moveTo(clock.nowMs(), xMm, yMm), () => {
          isMoving = false;
          onDone();
        });
      });
    },
    forgetPlace() {
      cancelTimers();
      frozen = undefined;
      zMm = 0;
      biasXMm = -stage.xMm(clock.nowMs());
      biasYMm = -stage.yMm(clock.nowMs());
    },
  };
}

function isSame(a: MachinePlace, b: MachinePlace): boolean {
  return a.xMm === b.xMm && a.yMm === b.yMm && a.zMm === b.zMm;
}
