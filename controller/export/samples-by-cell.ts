/**
 * Hands every sample of the exported cells on, channel by channel, in walks over the blocks of the record: one for so
 * many cells at a time, so that memory is bounded, and cells that are done stay done when the export is broken off.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { isList, isRecord } from "../record/ledger-row.ts";
import { channelsOf, type RecordReader } from "../record/record-reader.ts";
import type { ChannelSamples } from "../record/sample-frame.ts";
import { numberOrNull } from "./event-fields.ts";
import type { ExportProgress, ExportTarget } from "./export-target.ts";
import type { ExportedCell } from "./exported-campaign.ts";

export type TakeSamples = (samples: ChannelSamples) => void;

export type SampleRecord = Pick<RecordReader, "frames" | "head">;

/** Another walk over seven days of a full rack costs as much as a tenth of the export. */
export const CELLS_AT_A_TIME = 48;

/** Cells whose files are open, and take samples. */
export interface OpenCells {
  readonly takers: ReadonlyMap<number, TakeSamples>;
  /** Closes the files; returns how many rows they have. `unreadable`: stretches that could not be read. */
  finish(unreadable: readonly string[]): number;
}

export interface WrittenCells {
  readonly rows: number;
  readonly unreadable: readonly string[];
}

export interface CellsAtATime {
  readonly record: SampleRecord;
  readonly target: ExportTarget;
  readonly cells: readonly ExportedCell[];
  readonly cellsAtATime?: number;
}

/** What is done already, by this attempt or one before, is left alone. All cells have the samples of the same blocks. */
export function* writeCells(
  { record, target, cells, cellsAtATime = CELLS_AT_A_TIME }: CellsAtATime,
  open: (cells: readonly ExportedCell[]) => OpenCells,
): Generator<ExportProgress, WrittenCells> {
  const walks = Math.max(1, Math.ceil(cells.length / cellsAtATime));
  const frames = record.head?.frames ?? 0;
  const unreadable = new Set<string>();
  let rows = 0;
  let lastFrame: number | null = null;
  for (let walk = 0; walk < walks; walk += 1) {
    const some = cells.slice(walk * cellsAtATime, (walk + 1) * cellsAtATime);
    const stage = `cells ${some.map(({ position }) => position).join(" ")}`;
    const earlier = writtenOf(target.finishedStage(stage));
    if (earlier === undefined) {
      const opened = open(some);
      const told: string[] = [];
      const from = walk * frames;
      lastFrame = yield* walkSamples(record, opened.takers, told, { from, of: walks * frames, lastFrame });
      const written = opened.finish(told);
      rows += written;
      for (const text of told) unreadable.add(text);
      target.finishStage(stage, { rows: written, unreadable: told, last_frame: lastFrame });
    } else {
      rows += earlier.rows;
      for (const text of earlier.unreadable) unreadable.add(text);
      lastFrame = earlier.lastFrame;
    }
  }
  return { rows, unreadable: [...unreadable] };
}

function writtenOf(note: Json | undefined): (WrittenCells & { readonly lastFrame: number | null }) | undefined {
  if (!isRecord(note)) return undefined;
  const rows = numberOrNull(note["rows"]);
  const unreadable = note["unreadable"];
  if (rows === null || !isList(unreadable)) return undefined;
  return { rows, unreadable: unreadable.map(String), lastFrame: numberOrNull(note["last_frame"]) };
}

interface Stretch {
  /** Of the whole export's steps, where this walk begins, and how many there are. */
  readonly from: number;
  readonly of: number;
  /** The last block to look at; null for all there are. */
  readonly lastFrame: number | null;
}

/** Of a block that cannot be read, the times are told and the walk goes on. Yields after each block; returns the last. */
function* walkSamples(
  record: SampleRecord,
  takers: ReadonlyMap<number, TakeSamples>,
  unreadable: string[],
  stretch: Stretch,
): Generator<ExportProgress, number | null> {
  let done = stretch.from;
  let { lastFrame } = stretch;
  const isBeyond = (row: number): boolean => stretch.lastFrame !== null && row > stretch.lastFrame;
  for (const scanned of record.frames()) {
    if (scanned.kind === "damaged") {
      if (isBeyond(scanned.from)) break;
      unreadable.push(`sample frames ${scanned.from} to ${scanned.to}: ${scanned.reason}`);
      lastFrame = stretch.lastFrame ?? scanned.to;
      continue;
    }
    const { row, firstMs, lastMs } = scanned.row;
    if (isBeyond(row)) break;
    lastFrame = stretch.lastFrame ?? row;
    const channels = channelsOf(scanned.row);
    if (typeof channels === "string") unreadable.push(`sample frame ${row}, ${firstMs} to ${lastMs} ms: ${channels}`);
    else for (const samples of channels) takers.get(samples.channelIndex)?.(samples);
    done += 1;
    yield { done, of: Math.max(stretch.of, done) };
  }
  return lastFrame;
}
