/** How long one axis of a stage takes. */
import type { SiteStage } from "./site.ts";

/** Rest to rest over a distance on one axis: a trapezoid of speed, or a triangle where full speed is not reached. */
export function axisMoveS(distanceMm: number, stage: Pick<SiteStage, "speedMmS" | "accelerationMmS2">): number {
  const distance = Math.abs(distanceMm);
  const { speedMmS, accelerationMmS2 } = stage;
  if (distance * accelerationMmS2 <= speedMmS * speedMmS) return 2 * Math.sqrt(distance / accelerationMmS2);
  return distance / speedMmS + speedMmS / accelerationMmS2;
}
