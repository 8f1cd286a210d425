/** Whether the stage moves where it may, and only while the hutch allows it. */
import { MOTION_CONDITIONS, type ObservedBeamPlant } from "../plant/beam-plant.ts";
import { watchObstacles } from "../plant/obstacles.ts";
import type { WorldClock } from "../plant/plant.ts";
import type { ObservedStagePlant } from "../plant/stage-plant.ts";
import type { BrokenInterlocks } from "./broken-interlocks.ts";
import type { WorldSite } from "./world-site.ts";
import type { Ledger } from "./world-truth.ts";

export interface MotionWatchDeps {
  readonly clock: WorldClock;
  readonly stage: ObservedStagePlant;
  readonly beam: Pick<ObservedBeamPlant, "isHolding">;
  readonly broken: Pick<BrokenInterlocks, "isSeenAtMotion">;
  readonly ledger: Ledger;
  readonly keepOut: NonNullable<WorldSite["stage"]["keepOut"]>;
}

export function watchMotion({ clock, stage, beam, broken, ledger, keepOut }: MotionWatchDeps): void {
  const obstacles = watchObstacles({ clock, stage, obstacles: keepOut, ledger });
  stage.onMove((atMs, endsHoming) => {
    obstacles.moved(atMs);
    const without = MOTION_CONDITIONS.filter(
      (name) => !beam.isHolding(name) && broken.isSeenAtMotion(name, atMs, endsHoming),
    );
    ledger.check("motion-permit", without.length === 0, atMs, () => `the stage moved without ${without.join(", ")}`);
  });
}
