/** What stands in the stage's way in truth: whether the table runs into it, by looking at it all along its way. */
import type { ObservedStagePlant } from "./stage-plant.ts";
import type { WorldClock } from "./plant.ts";

/** The invariant, by the name used in `checks`; of a world in which something stands in the way. */
export const CLEAR_INVARIANT = "stage-clear";

export interface Obstacle {
  readonly name: string;
  /** Of the stage's own places. */
  readonly fromXMm: number;
  readonly toXMm: number;
  readonly fromYMm: number;
  readonly toYMm: number;
}

export interface ObstacleWatch {
  /** A move is begun. */
  moved(atMs: number): void;
}

interface ObstacleWatchDeps {
  readonly clock: Pick<WorldClock, "at" | "nowMs">;
  readonly stage: Pick<ObservedStagePlant, "tableXMm" | "tableYMm" | "isMoving">;
  readonly obstacles: readonly Obstacle[];
  readonly ledger: { check(invariant: string, holds: boolean, atMs: number, what: () => string): void };
}

/** Half a millimetre at the speed of such stages. */
const LOOK_MS = 5;
/** No motion of a rack lasts longer. */
const LONGEST_MS = 120_000;

export function watchObstacles({ clock, stage, obstacles, ledger }: ObstacleWatchDeps): ObstacleWatch {
  let lookedUntilMs = -Infinity;

  function judged(atMs: number, hit: string | null): void {
    ledger.check(CLEAR_INVARIANT, hit === null, atMs, () => hit ?? "");
  }

  function hitAt(atMs: number): string | null {
    const [xMm, yMm] = [stage.tableXMm(atMs), stage.tableYMm(atMs)];
    const met = obstacles.find((one) => xMm > one.fromXMm && xMm < one.toXMm && yMm > one.fromYMm && yMm < one.toYMm);
    return met === undefined ? null : `the table ran into ${met.name} at x ${xMm.toFixed(1)}, y ${yMm.toFixed(1)} mm`;
  }

  function look(fromMs: number): void {
    if (!stage.isMoving(fromMs)) return;
    let atMs = fromMs;
    // Where it will be unless it is stopped; a stop is a motion of its own, which is looked at then.
    while (stage.isMoving(atMs) && atMs < fromMs + LONGEST_MS) {
      const hit = hitAt(atMs);
      if (hit !== null) {
        clock.at(atMs, () => {
          const truly = hitAt(clock.nowMs());
          if (truly !== null) judged(clock.nowMs(), truly);
        });
        return;
      }
      atMs += LOOK_MS;
    }
    judged(fromMs, null);
  }

  return {
    moved(atMs) {
      if (obstacles.length === 0 || atMs <= lookedUntilMs) return;
      lookedUntilMs = atMs;
      // Once the plant has the whole motion.
      clock.at(atMs, () => {
        look(atMs);
      });
    },
  };
}
