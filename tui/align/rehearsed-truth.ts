/** What an alignment found, held against a simulated rack that is known. */
import type { Aligned } from "../../controller/align/align-site.ts";
import { placedSpot } from "../../protocols/align/placement.ts";
import { positionIndex, type Position } from "../../protocols/base/position.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { WorldSetup } from "../../simulator/world/rack-setup.ts";

export interface PlacementErrors {
  /** The farthest that a cell's centre lies from where it was found; of the rack's corners where no cell was asked for. */
  readonly worstMm: number;
  /** The larger relative error of the beam's two widths. */
  readonly beamError: number;
}

const CENTRE = { xMm: 0, yMm: 0 };
const CORNERS = ["A1", "A12", "H1", "H12"] as readonly string[] as readonly Position[];

/** `positions`: whose cells were to be found. A cell that was not found lies as far off as its place lets it. */
export function placementErrors(
  site: Site,
  setup: WorldSetup,
  { placement, beam }: Pick<Aligned, "placement" | "beam">,
  positions: readonly Position[],
): PlacementErrors {
  const asked = positions.length === 0 ? CORNERS : positions;
  const offsetOf = (position: Position) => setup.cellOffsets.get(positionIndex(position)) ?? CENTRE;
  const cells = new Map(positions.map((position) => [position, offsetOf(position)] as const));
  const errors = asked.map((position) => {
    const is = placedSpot(site.rack, { ...setup, cells }, position, CENTRE);
    const has = placedSpot(site.rack, placement, position, CENTRE);
    return Math.hypot(is.xMm - has.xMm, is.yMm - has.yMm);
  });
  const profile = setup.profile ?? site.beam.profile;
  const [width, height] =
    profile.profile === "gaussian" ? [profile.fwhmXMm, profile.fwhmYMm] : [profile.widthMm, profile.heightMm];
  return {
    worstMm: Math.max(...errors),
    beamError: Math.max(Math.abs(beam.xMm / width - 1), Math.abs(beam.yMm / height - 1)),
  };
}
