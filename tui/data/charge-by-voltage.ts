/**
 * dQ/dV of one step: charge over equal steps of voltage, over their width. What flows between two samples is shared over
 * the voltage between them, so that neither the charge nor a peak depends on how closely the cell was sampled. Pure.
 */
import type { ExportedCell, ExportedStep } from "../../controller/export/exported-campaign.ts";
import type { RecordReader, Sample } from "../../controller/record/record-reader.ts";

/** `y` in mAh/V, negative while it discharges. */
export interface DqdvPoint {
  readonly x: number;
  readonly y: number;
}

/** In order of voltage; between two of them samples were missing. */
export type DqdvPieces = readonly (readonly DqdvPoint[])[];

interface Bin {
  chargeMah: number;
  heardMs: number;
  missingMs: number;
}

interface Interval {
  readonly from: Sample;
  readonly to: Sample;
  readonly isMissing: boolean;
}

export const VOLTAGE_STEP_V = 0.005;
const MS_PER_H = 3_600_000;
/** No cell has more; what reads so is none's, and would be shared over bins without end. */
const VOLTAGE_MOST_V = 100;
/** Times as long as the interval before it and the one after it: samples between could not be read. */
const APART = 10;
/** Of the time that a bin took; where more of it is missing, nobody knows its charge. */
const MISSING_SHARE = 0.1;

export function chargeByVoltage(
  cell: Pick<ExportedCell, "channelIndex" | "gaps">,
  record: Pick<RecordReader, "samples">,
  step: Pick<ExportedStep, "atMs" | "endMs">,
): DqdvPieces {
  const endMs = step.endMs ?? Infinity;
  const gaps = cell.gaps.filter(({ fromMs, toMs }) => fromMs < endMs && toMs > step.atMs);
  const bins = new Map<number, Bin>();
  for (const { from, to, isMissing } of intervals(record.samples(cell.channelIndex, step.atMs, endMs))) {
    const ms = to.atMs - from.atMs;
    const isGap = isMissing || gaps.some(({ fromMs, toMs }) => fromMs < to.atMs && toMs > from.atMs);
    const chargeMah = isGap ? 0 : (1000 * ((from.currentA + to.currentA) / 2) * ms) / MS_PER_H;
    for (const [number, share] of sharesOf(from.voltageV, to.voltageV)) {
      const bin = bins.get(number) ?? { chargeMah: 0, heardMs: 0, missingMs: 0 };
      bin.chargeMah += share * chargeMah;
      bin[isGap ? "missingMs" : "heardMs"] += share * ms;
      bins.set(number, bin);
    }
  }
  return piecesOf(bins);
}

/** Between readings that a cell can have. */
function* intervals(samples: Iterable<Sample>): Generator<Interval> {
  let beforeMs = Infinity;
  let from: Sample | null = null;
  let to: Sample | null = null;
  for (const sample of samples) {
    if (!(Math.abs(sample.voltageV) < VOLTAGE_MOST_V && Number.isFinite(sample.currentA))) continue;
    if (from !== null && to !== null) {
      const [ms, afterMs] = [to.atMs - from.atMs, sample.atMs - to.atMs];
      yield { from, to, isMissing: ms > APART * Math.max(beforeMs, afterMs) };
      beforeMs = ms;
    }
    [from, to] = [to, sample];
  }
  // With no interval after it nobody can say whether it is a longer one or a stretch that is lost: it counts.
  if (from !== null && to !== null) yield { from, to, isMissing: false };
}

/** By number of the bin; together 1. */
function* sharesOf(fromV: number, toV: number): Generator<readonly [number: number, share: number]> {
  const [low, high] = [Math.min(fromV, toV) / VOLTAGE_STEP_V, Math.max(fromV, toV) / VOLTAGE_STEP_V];
  const [first, last] = [Math.floor(low), Math.floor(high)];
  if (first === last) yield [first, 1];
  else
    for (let number = first; number <= last; number += 1) {
      const share = (Math.min(high, number + 1) - Math.max(low, number)) / (high - low);
      if (share > 0) yield [number, share];
    }
}

function piecesOf(bins: ReadonlyMap<number, Bin>): DqdvPieces {
  const pieces: DqdvPoint[][] = [];
  let last = NaN;
  for (const [number, { chargeMah, heardMs, missingMs }] of [...bins].sort(([a], [b]) => a - b)) {
    if (missingMs > MISSING_SHARE * (heardMs + missingMs)) continue;
    if (number !== last + 1) pieces.push([]);
    pieces.at(-1)?.push({ x: (number + 0.5) * VOLTAGE_STEP_V, y: chargeMah / VOLTAGE_STEP_V });
    last = number;
  }
  return pieces;
}
