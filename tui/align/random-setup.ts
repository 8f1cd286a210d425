/** How a simulated rack stands: as it was measured, or as racks are put down. */
import type { Site } from "../../protocols/site/site.ts";
import { POSITION_COUNT, positionIndex } from "../../protocols/base/position.ts";
import type { Chance } from "../../simulator/plant/plant.ts";
import type { WorldSetup } from "../../simulator/world/rack-setup.ts";

/** The worst that alignment is made for. */
export const SETUP_BOUNDS = { shiftMm: 3, rotationDeg: 1, offCentreMm: 0.5, narrowest: 0.5, widest: 1.8 } as const;

/** Of a plate of some millimetres of steel, half a millimetre of can, and that with all that lies in it. */
const PASSES = { plate: 0.01, rim: 0.62, disc: 0.37 } as const;
const CAN_RADIUS_MM = 10;

/** Put down within so many millimetres and degrees, its cells loose in their places. Drawn from `chance`; the site needs a section `alignment`. */
export function randomSetup(site: Site, chance: Chance): WorldSetup {
  const { shiftMm, rotationDeg, offCentreMm, narrowest, widest } = SETUP_BOUNDS;
  const [shiftXMm, shiftYMm] = inCircle(chance.stream("shift"), shiftMm);
  const turn = chance.stream("turn");
  const cells = chance.stream("cells");
  const beam = chance.stream("beam");
  const scale = (): number => narrowest * (widest / narrowest) ** beam.uniform();
  const { profile } = site.beam;
  return {
    shiftXMm,
    shiftYMm,
    rotationDeg: rotationDeg * (2 * turn.uniform() - 1),
    cellOffsets: new Map(
      Array.from({ length: POSITION_COUNT }, (_, index) => {
        const [xMm, yMm] = inCircle(cells, offCentreMm);
        return [index, { xMm, yMm }] as const;
      }),
    ),
    ...lookOf(site),
    profile:
      profile.profile === "gaussian"
        ? { ...profile, fwhmXMm: profile.fwhmXMm * scale(), fwhmYMm: profile.fwhmYMm * scale() }
        : { ...profile, widthMm: profile.widthMm * scale(), heightMm: profile.heightMm * scale() },
  };
}

/** As the site's calibrations have it; undefined where they say nothing. */
export function setupOf(site: Site): WorldSetup | undefined {
  const { placement } = site.rack;
  if (placement === undefined) return undefined;
  const { shiftXMm, shiftYMm, rotationDeg, cells } = placement;
  const cellOffsets = new Map([...cells].map(([position, offset]) => [positionIndex(position), offset] as const));
  return { shiftXMm, shiftYMm, rotationDeg, cellOffsets, ...lookOf(site) };
}

/** Where the site file has it, of a site that measures where its rack stands: with its openings, and cells that show their edges. */
export function asBuiltSetup(site: Site): WorldSetup | undefined {
  if (site.alignment === undefined) return undefined;
  const placement = { shiftXMm: 0, shiftYMm: 0, rotationDeg: 0, cells: new Map() };
  return setupOf({ ...site, rack: { ...site.rack, placement } });
}

/** What the rack and its cells are to the beam. */
function lookOf({ alignment }: Site) {
  const edge = alignment?.cellEdge;
  const isDarker = edge?.inside !== "brighter";
  return {
    openings: alignment?.fiducials ?? [],
    platePasses: PASSES.plate,
    rimPasses: isDarker ? PASSES.rim : PASSES.disc,
    discPasses: isDarker ? PASSES.disc : PASSES.rim,
    discRadiusMm: (edge?.diameterMm ?? 0) / 2,
    canRadiusMm: CAN_RADIUS_MM,
  };
}

function inCircle(chance: Chance, radiusMm: number): readonly [number, number] {
  const r = radiusMm * Math.sqrt(chance.uniform());
  const angle = 2 * Math.PI * chance.uniform();
  return [r * Math.cos(angle), r * Math.sin(angle)];
}
