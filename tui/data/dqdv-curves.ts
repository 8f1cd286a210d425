/** dQ/dV of a cell's steps at current: charge gathered over steps of voltage, over their width. */
import type { ExportedCell, ExportedStep } from "../../controller/export/exported-campaign.ts";
import type { RecordReader } from "../../controller/record/record-reader.ts";
import { evenlyChosen } from "./evenly-chosen.ts";

export interface DqdvCurve {
  readonly step: ExportedStep;
  /** mAh/V; negative while it discharges. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const VOLTAGE_STEP_V = 0.005;
const MS_PER_H = 3_600_000;
/** A curve of fewer says nothing. */
const POINTS_MIN = 8;

/** Of at most `most` steps, evenly chosen from all. */
export function dqdvCurves(cell: ExportedCell, record: Pick<RecordReader, "samples">, most: number): readonly DqdvCurve[] {
  const steps = cell.steps.filter(({ currentA }) => currentA !== null && currentA !== 0);
  return evenlyChosen(steps, most)
    .map((step) => ({ step, points: chargeByVoltage(cell, record, step) }))
    .filter(({ points }) => points.length >= POINTS_MIN);
}

function chargeByVoltage(
  cell: ExportedCell,
  record: Pick<RecordReader, "samples">,
  step: ExportedStep,
): DqdvCurve["points"] {
  const byStep = new Map<number, number>();
  let lastMs: number | null = null;
  for (const { atMs, voltageV, currentA } of record.samples(cell.channelIndex, step.atMs, step.endMs ?? Infinity)) {
    if (lastMs !== null && Number.isFinite(voltageV)) {
      const bin = Math.floor(voltageV / VOLTAGE_STEP_V);
      byStep.set(bin, (byStep.get(bin) ?? 0) + (1000 * currentA * (atMs - lastMs)) / MS_PER_H);
    }
    lastMs = atMs;
  }
  return [...byStep]
    .sort(([a], [b]) => a - b)
    .map(([bin, charge]) => ({ x: (bin + 0.5) * VOLTAGE_STEP_V, y: charge / VOLTAGE_STEP_V }));
}
