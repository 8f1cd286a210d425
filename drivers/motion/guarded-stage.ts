/**
 * A stage that keeps off what stands in its way: every move is looked at before it is begun, goes by way-points where the
 * straight way is not free, and is refused where none leads there. Homing goes by the stage's own switches, from a place
 * that nobody knows: it is not looked at.
 */
import { Fault } from "../../protocols/base/fault.ts";
import type { Stage, StagePosition, StageReading } from "../../protocols/roles/stage.ts";
import { createReachMap, type ReachedStage } from "../../protocols/site/reach-map.ts";

/** The same stage where nothing is in its way. */
export function guardedStage(stage: Stage, reached: ReachedStage): Stage {
  const map = createReachMap(reached);
  if (map.isOpen) return stage;

  let haltCount = 0;

  async function moveTo(target: StagePosition, signal?: AbortSignal): Promise<StageReading> {
    const halts = haltCount;
    // Where it truly stands: it may have been moved by hand, or stopped on its way.
    const from = await stage.read();
    const way = map.wayTo(from, target);
    if (way.kind === "blocked") {
      throw new Fault("stage.keep-out", stage.name, `No move to x ${target.xMm}, y ${target.yMm} mm: ${way.what}.`, {
        ...{ fromXMm: from.xMm, fromYMm: from.yMm, xMm: target.xMm, yMm: target.yMm },
      });
    }
    signal?.throwIfAborted();
    if (haltCount !== halts) throw stopped();
    let reading = await stage.moveTo(way.points[0] ?? target, signal);
    for (const point of way.points.slice(1)) {
      signal?.throwIfAborted();
      if (haltCount !== halts) throw stopped();
      reading = await stage.moveTo(point, signal);
    }
    return reading;
  }

  /** Between two legs nothing moves that a halt could reject. */
  function stopped(): Fault {
    return new Fault("stage.position", stage.name, "The motion was stopped on request before its target was reached.");
  }

  return {
    ...stage,
    moveTo,
    halt() {
      haltCount += 1;
      return stage.halt();
    },
  };
}
