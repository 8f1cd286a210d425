/** dQ/dV of a cell's steps at current. */
import type { ExportedCell, ExportedStep } from "../../controller/export/exported-campaign.ts";
import type { RecordReader } from "../../controller/record/record-reader.ts";
import { chargeByVoltage, type DqdvPieces } from "./charge-by-voltage.ts";
import { evenlyChosen } from "./evenly-chosen.ts";

export interface DqdvCurve {
  readonly step: ExportedStep;
  readonly pieces: DqdvPieces;
}

/** A curve of fewer says nothing. */
const POINTS_MIN = 8;

/** Of at most `most` steps, evenly chosen from all. */
export function dqdvCurves(
  cell: ExportedCell,
  record: Pick<RecordReader, "samples">,
  most: number,
): readonly DqdvCurve[] {
  const steps = cell.steps.filter(({ currentA }) => currentA !== null && currentA !== 0);
  return evenlyChosen(steps, most)
    .map((step) => ({ step, pieces: chargeByVoltage(cell, record, step) }))
    .filter(({ pieces }) => pieces.flat().length >= POINTS_MIN);
}
