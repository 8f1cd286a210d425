/** What an alignment adds to the calibrations of a site: plain records, as their file holds them. */
import type { Aligned } from "../../controller/align/align-site.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { byPlace, type Occupant, type Position } from "../../protocols/base/position.ts";
import { latest, type Calibration } from "../../protocols/calibration/calibration.ts";
import type { RackGrid } from "../../protocols/align/placement.ts";
import type { AlignedPoint } from "../../controller/align/align-desk.ts";

export interface AlignmentFacts {
  readonly grid: RackGrid;
  readonly at: string;
  readonly by: string;
  readonly validH: number;
  readonly pointsFile: string;
  readonly pointsSha256: string;
  readonly pointCount: number;
  /** What was known before: cells that were not measured this time keep their places on the rack. */
  readonly before: Calibration | undefined;
  /** The name of the cell that lies there now. */
  readonly occupantAt: (position: Position) => Occupant;
}

export type JsonObject = { readonly [key: string]: Json };

/** The alignment and the beam's size. */
export function alignmentRecords(aligned: Aligned, facts: AlignmentFacts): readonly JsonObject[] {
  const { placement, cells, beam, rack } = aligned;
  const shared = { at: facts.at, by: facts.by, valid_h: facts.validH };
  const known = facts.before === undefined ? undefined : latest(facts.before, "alignment");
  const found = cells.map((cell) => ({ ...cell, position: facts.occupantAt(cell.position) }));
  const measured = new Set(found.map(({ position }) => position));
  const kept = [...(known?.placement.cells ?? [])].filter(([position]) => !measured.has(position));
  const worstMm = Math.max(...[...rackCorners(facts.grid)].map((corner) => rack.fit.sigmaMmAt(corner)));
  const all = [
    ...kept.map(([position, { xMm, yMm }]) => ({ position, xMm, yMm, sigmaMm: known?.uncertaintyMm ?? worstMm })),
    ...found.map(({ position, offset, sigmaMm }) => ({ position, xMm: offset.xMm, yMm: offset.yMm, sigmaMm })),
  ].sort((a, b) => byPlace(a.position, b.position));
  return [
    {
      kind: "alignment",
      ...shared,
      method: `edges of ${rack.marks.length} openings of the rack${cells.length === 0 ? "" : ", and of each cell's disc"}, in transmission`,
      uncertainty_mm: rounded(Math.max(worstMm, ...cells.map(({ sigmaMm }) => sigmaMm)), 4),
      rack: {
        shift_x_mm: rounded(placement.shiftXMm, 4),
        shift_y_mm: rounded(placement.shiftYMm, 4),
        rotation_deg: rounded(placement.rotationDeg, 5),
      },
      cells: all.map(({ position, xMm, yMm, sigmaMm }) => ({
        position,
        x_mm: rounded(xMm, 4),
        y_mm: rounded(yMm, 4),
        uncertainty_mm: rounded(sigmaMm, 4),
      })),
      points: { file: facts.pointsFile, sha256: facts.pointsSha256, count: facts.pointCount },
    },
    {
      kind: "beam_size",
      ...shared,
      method: `edges of the opening ${rack.marks[0]?.name ?? ""}, four scans`,
      width_mm: rounded(beam.xMm, 4),
      height_mm: rounded(beam.yMm, 4),
      uncertainty_mm: rounded(Math.max(beam.xSigmaMm, beam.ySigmaMm), 4),
    },
  ];
}

/** JSON lines: place in stage coordinates, signal, its uncertainty, whose cell was charged. */
export function pointsText(points: readonly AlignedPoint[]): string {
  return points
    .map(({ xMm, yMm, signal, sigma, charged }) =>
      JSON.stringify({ x_mm: rounded(xMm, 4), y_mm: rounded(yMm, 4), signal, sigma, charged }),
    )
    .map((line) => `${line}\n`)
    .join("");
}

function* rackCorners({ pitchMm }: RackGrid) {
  for (const xMm of [0, 11 * pitchMm]) for (const yMm of [0, 7 * pitchMm]) yield { xMm, yMm };
}

/** Something small and positive does not become nothing. */
function rounded(value: number, digits: number): number {
  const plain = Number(value.toFixed(digits));
  return plain === 0 && value > 0 ? 10 ** -digits : plain;
}
