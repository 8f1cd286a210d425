/**
 * A cell's samples as a table: what the store holds, with the step and cycle that ran meanwhile and the temperature
 * about the rack. Rows are handed on in chunks of bounded size.
 */
import { SAMPLE_OVERLOAD, SAMPLE_OVERLOAD_WARNING, SAMPLE_TIMING_MISSED } from "../../protocols/roles/channel.ts";
import { SAMPLE_UNDERLOAD } from "../../protocols/roles/channel.ts";
import type { ChannelSamples } from "../record/sample-frame.ts";
import type { RecordPick } from "./record-pick.ts";
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
export function ambientOf(campaign: Pick<ExportedCampaign, "sensors">): readonly ExportedReading[] | null {
  const isAmbient = (one: { quantity: string; unit: string }): boolean =>
    one.quantity === "temperature" && one.unit === "degC";
  return campaign.sensors.find(isAmbient)?.readings ?? null;
}

export function createCellTable(
  campaign: Pick<ExportedCampaign, "sensors" | "clock">,
  cell: Pick<ExportedCell, "steps">,
  rowsPerChunk: number,
  handOn: (rows: CellRows) => void,
  pick: RecordPick | null = null,
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

  function put(atMs: number, volts: number, amperes: number, flags: number): void {
    while ((cell.steps[stepsBegun]?.atMs ?? Infinity) <= atMs) stepsBegun += 1;
    testTimeS[filled] = atMs / 1000;
    unixTimeS[filled] = (startMs + atMs) / 1000;
    voltageV[filled] = volts;
    currentA[filled] = amperes;
    const step = cell.steps[stepsBegun - 1];
    cycleCount[filled] = step?.cycle ?? 0;
    stepCount[filled] = step?.count ?? 0;
    if (ambientDegC !== undefined && ambient !== null) {
      while ((ambient[readingsMade]?.atMs ?? Infinity) <= atMs) readingsMade += 1;
      ambientDegC[filled] = ambient[readingsMade - 1]?.value ?? NaN;
    }
    filled += 1;
    rows += 1;
    if (flags !== 0) flag(flags);
    if (filled === rowsPerChunk) handOnFilled();
  }

  const puts = pick === null ? put : pickedBy(pick, cell, put);

  return {
    take({ atMs, voltageV: volts, currentA: amperes, flags }) {
      for (let index = 0; index < atMs.length; index += 1)
        puts(atMs[index] ?? NaN, volts[index] ?? NaN, amperes[index] ?? NaN, flags[index] ?? 0);
    },
    finish() {
      if (pick !== null) puts(Infinity, NaN, NaN, 0);
      handOnFilled();
    },
    get rows() {
      return rows;
    },
    flagged,
    get flaggedUnlisted() {
      return flaggedUnlisted;
    },
  };
}

type PutRow = (atMs: number, voltageV: number, currentA: number, flags: number) => void;

/** What is given back takes every sample, and an endless time for the end of them. */
function pickedBy(pick: RecordPick, { steps }: Pick<ExportedCell, "steps">, put: PutRow): PutRow {
  let stepsBegun = 0;
  let [keptMs, keptV, keptA] = [-Infinity, NaN, NaN];
  /** The one before, where it was not picked: it may turn out to be its step's last. */
  let [beforeMs, beforeV, beforeA] = [NaN, NaN, NaN];
  return (atMs, voltageV, currentA, flags) => {
    const begun = stepsBegun;
    const isEnd = atMs === Infinity;
    while (!isEnd && (steps[stepsBegun]?.atMs ?? Infinity) <= atMs) stepsBegun += 1;
    const isNewStep = stepsBegun > begun || isEnd;
    if (isNewStep && beforeMs === beforeMs) put(beforeMs, beforeV, beforeA, 0);
    beforeMs = NaN;
    if (isEnd) return;
    const isPicked =
      isNewStep ||
      keptMs === -Infinity ||
      flags !== 0 ||
      atMs - keptMs >= pick.timeMs ||
      Math.abs(voltageV - keptV) >= pick.voltageV ||
      Math.abs(currentA - keptA) >= pick.currentA;
    if (isPicked) {
      [keptMs, keptV, keptA] = [atMs, voltageV, currentA];
      put(atMs, voltageV, currentA, flags);
    } else [beforeMs, beforeV, beforeA] = [atMs, voltageV, currentA];
  };
}
