/**
 * Whether spots stand far enough apart to be judged at their centres, as the ledger does. Four spots of a grid meet in
 * one point; where each gives that point at most a quarter of its own peak, no point between spots is hotter than a
 * centre. For a Gaussian that is 1.41 FWHM from spot to spot, for a top hat its width.
 */
import type { BeamProfile } from "../dose/beam-profile.ts";
import { relativeFluence } from "../dose/beam-profile.ts";
import type { SpotOffset } from "./campaign.ts";

const SHARE_HALF_WAY_MAX = 0.25;

/** The first two spots, counted from 1, that stand too close together; undefined when none do. */
export function closeSpots(
  spots: readonly SpotOffset[],
  profile: BeamProfile,
): { readonly first: number; readonly second: number; readonly distanceMm: number } | undefined {
  for (const [index, spot] of spots.entries()) {
    for (let other = index + 1; other < spots.length; other += 1) {
      const neighbour = spots[other];
      if (neighbour === undefined) continue;
      const dxMm = neighbour.xMm - spot.xMm;
      const dyMm = neighbour.yMm - spot.yMm;
      // Written so that NaN counts as too close.
      if (relativeFluence(profile, dxMm / 2, dyMm / 2) <= SHARE_HALF_WAY_MAX) continue;
      return { first: index + 1, second: other + 1, distanceMm: Math.hypot(dxMm, dyMm) };
    }
  }
  return undefined;
}
