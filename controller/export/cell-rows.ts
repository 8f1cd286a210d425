/**
 * A cell's samples as a table: what the store holds, with the step and cycle that ran meanwhile and the temperature
 * about the rack. Rows are handed on in chunks of bounded size.
 */
import { SAMPLE_OVERLOAD, SAMPLE_OVERLOAD_WARNING, SAMPLE_TIMING_MISSED } from "../../protocols/roles/channel.ts";
import { SAMPLE_UNDERLOAD } from "../../protocols/roles/channel.ts";
import type { ChannelSamples } from "../record/sample-frame.ts";
import type { ExportedCampaign, ExportedCell, ExportedReading } from "./exported-campaign.ts";

/** Views of buffers that are used again: valid until the next chunk. */
export interface CellRows {
  readonly length: number;
  readonly testTimeS: Float64Array;
  readonly unixTimeS: Float64Array;
  readonly voltageV: Float64Array;
  /** Positive charges the cell. */
  readonly currentA: Float64Array;
  readonly cycleCount: Int32Array;
  /** Steps begun so far; 0 before the first. */
  readonly stepCount: Int32Array;
  /** The latest reading; NaN before the first. Absent where nothing measures it. */
  readonly ambientDegC?: Float64Array;
}

export interface CellTable {
  readonly take: (samples: ChannelSamples) => void;
  /** Hands on what is left. */
  finish(): void;
  readonly rows: number;
  /** Stretches of rows with flags, rows counted from 1, both ends included. */
  readonly flagged: readonly FlaggedRows[];
  /** Of these, how many stretches are not listed. */
  readonly flaggedUnlisted: number;
}

export interface FlaggedRows {
  readonly from: number;
  to: number;
  readonly flags: number;
}

const FLAG_NAMES: readonly (readonly [bit: number, name: string])[] = [
  [SAMPLE_TIMING_MISSED, "timing missed"],
  [SAMPLE_OVERLOAD, "overload"],
  [SAMPLE_UNDERLOAD, "underload"],
  [SAMPLE_OVERLOAD_WARNING, "overload warning"],
];

export function flagNames(flags: number): readonly string[] {
  const known = FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  const rest = FLAG_NAMES.reduce((left, [bit]) => left & ~bit, flags);
  return rest === 0 ? known : [...known, `bits ${rest}`];
}

const FLAGGED_MAX = 10_000;

/** What is taken for the air about the cells: the first sensor of a temperature in degrees Celsius. */
export function ambientOf(campaign: ExportedCampaign): readonly ExportedReading[] | null {
  const isAmbient = (one: { quantity: string; unit: string }): boolean =>
    one.quantity === "temperature" && one.unit === "degC";
  return campaign.sensors.find(isAmbient)?.readings ?? null;
}

export function createCellTable(
  campaign: ExportedCampaign,
  cell: ExportedCell,
  rowsPerChunk: number,
  handOn: (rows: CellRows) => void,
): CellTable {
  const { startMs } = campaign.clock;
  const ambient = ambientOf(campaign);
  const testTimeS = new Float64Array(rowsPerChunk);
  const unixTimeS = new Float64Array(rowsPerChunk);
  const voltageV = new Float64Array(rowsPerChunk);
  const currentA = new Float64Array(rowsPerChunk);
  const cycleCount = new Int32Array(rowsPerChunk);
  const stepCount = new Int32Array(rowsPerChunk);
  const ambientDegC = ambient === null ? undefined : new Float64Array(rowsPerChunk);
  const flagged: FlaggedRows[] = [];
  let flaggedUnlisted = 0;
  let filled = 0;
  let rows = 0;
  /** How many steps have begun, readings been made, by the time of the row. */
  let stepsBegun = 0;
  let readingsMade = 0;

  function handOnFilled(): void {
    if (filled === 0) return;
    const part = <Column extends Float64Array | Int32Array>(column: Column): Column =>
      (filled === rowsPerChunk ? column : column.subarray(0, filled)) as Column;
    handOn({
      length: filled,
      testTimeS: part(testTimeS),
      unixTimeS: part(unixTimeS),
      voltageV: part(voltageV),
      currentA: part(currentA),
      cycleCount: part(cycleCount),
      stepCount: part(stepCount),
      ...(ambientDegC === undefined ? {} : { ambientDegC: part(ambientDegC) }),
    });
    filled = 0;
  }

  function flag(flags: number): void {
    const last = flagged.at(-1);
    if (last?.flags === flags && last.to === rows - 1) last.to = rows;
    else if (flagged.length < FLAGGED_MAX) flagged.push({ from: rows, to: rows, flags });
    else flaggedUnlisted += 1;
  }

  return {
    take(samples) {
      for (let index = 0; index < samples.atMs.length; index += 1) {
        const atMs = samples.atMs[index] ?? NaN;
        while ((cell.steps[stepsBegun]?.atMs ?? Infinity) <= atMs) stepsBegun += 1;
        testTimeS[filled] = atMs / 1000;
        unixTimeS[filled] = (startMs + atMs) / 1000;
        voltageV[filled] = samples.voltageV[index] ?? NaN;
        currentA[filled] = samples.currentA[index] ?? NaN;
        const step = cell.steps[stepsBegun - 1];
        cycleCount[filled] = step?.cycle ?? 0;
        stepCount[filled] = step?.count ?? 0;
        if (ambientDegC !== undefined && ambient !== null) {
          while ((ambient[readingsMade]?.atMs ?? Infinity) <= atMs) readingsMade += 1;
          ambientDegC[filled] = ambient[readingsMade - 1]?.value ?? NaN;
        }
        filled += 1;
        rows += 1;
        const flags = samples.flags[index] ?? 0;
        if (flags !== 0) flag(flags);
        if (filled === rowsPerChunk) handOnFilled();
      }
    },
    finish: handOnFilled,
    get rows() {
      return rows;
    },
    flagged,
    get flaggedUnlisted() {
      return flaggedUnlisted;
    },
  };
}
