/**
 * Hands every sample of the exported cells on, channel by channel, in walks over the blocks of the record: one for so
 * many cells at a time, so that memory is bounded, and cells that are done stay done when the export is broken off.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { isList, isRecord } from "../record/ledger-row.ts";
import { channelsOf, type RecordReader } from "../record/record-reader.ts";
import type { ChannelSamples } from "../record/sample-frame.ts";
import { isThinned } from "../record/thinned-block.ts";
import { numberOrNull } from "./event-fields.ts";
import type { ExportProgress, ExportTarget } from "./export-target.ts";
import type { ExportedCampaign, ExportedCell } from "./exported-campaign.ts";

export type TakeSamples = (samples: ChannelSamples) => void;

export type SampleRecord = Pick<RecordReader, "frames">;

/** What is kept of a cell until it is a row group is a megabyte and a half; a walk passes over the blocks of others. */
export const CELLS_AT_A_TIME = 24;

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
  readonly campaign: Pick<ExportedCampaign, "cells" | "lastMs">;
  readonly cellsAtATime?: number;
}

/** What is done already, by this attempt or one before, is left alone. */
export function* writeCells(
  { record, target, campaign, cellsAtATime = CELLS_AT_A_TIME }: CellsAtATime,
  open: (cells: readonly ExportedCell[]) => OpenCells,
): Generator<ExportProgress, WrittenCells> {
  const { cells, lastMs } = campaign;
  const walks = Math.max(1, Math.ceil(cells.length / cellsAtATime));
  const unreadable = new Set<string>();
  let rows = 0;
  for (let walk = 0; walk < walks; walk += 1) {
    const some = cells.slice(walk * cellsAtATime, (walk + 1) * cellsAtATime);
    const stage = `cells ${some.map(({ position }) => position).join(" ")}`;
    const earlier = writtenOf(target.finishedStage(stage));
    const written = earlier ?? (yield* writeSome(some, stage, walk));
    rows += written.rows;
    for (const text of written.unreadable) unreadable.add(text);
  }
  return { rows, unreadable: [...unreadable] };

  function* writeSome(
    some: readonly ExportedCell[],
    stage: string,
    walk: number,
  ): Generator<ExportProgress, WrittenCells> {
    target.beginStage();
    const opened = open(some);
    const told: string[] = [];
    for (const atMs of walkSamples(record, opened.takers, told)) {
      const done = Math.min(1, Math.max(0, atMs / Math.max(1, lastMs)));
      yield { done: walk + done, of: walks };
    }
    const written = { rows: opened.finish(told), unreadable: told };
    target.finishStage(stage, { ...written });
    return written;
  }
}

function writtenOf(note: Json | undefined): WrittenCells | undefined {
  if (!isRecord(note)) return undefined;
  const rows = numberOrNull(note["rows"]);
  const unreadable = note["unreadable"];
  if (rows === null || !isList(unreadable)) return undefined;
  return { rows, unreadable: unreadable.map(String) };
}

/** Of what cannot be read, the times are told and the walk goes on. Yields after each block how far it has come. */
function* walkSamples(
  record: SampleRecord,
  takers: ReadonlyMap<number, TakeSamples>,
  unreadable: string[],
): Generator<number, void> {
  let thinned = 0;
  let thinnedToMs = 0;
  for (const scanned of record.frames()) {
    if (scanned.kind === "damaged") {
      unreadable.push(`sample ${scanned.of}s ${scanned.from} to ${scanned.to}: ${scanned.reason}`);
      continue;
    }
    const { row, firstMs, lastMs } = scanned.row;
    const isOthers = scanned.of === "block" && !takers.has(scanned.row.channelIndex);
    if (!isOthers && isThinned(scanned.row.block)) {
      thinned += scanned.row.sampleCount;
      thinnedToMs = Math.max(thinnedToMs, lastMs);
    } else if (!isOthers) {
      const channels = channelsOf(scanned.row);
      const what = `sample ${scanned.of} ${row}, ${firstMs} to ${lastMs} ms`;
      if (typeof channels === "string") unreadable.push(`${what}: ${channels}`);
      else for (const samples of channels) takers.get(samples.channelIndex)?.(samples);
    }
    yield lastMs;
  }
  if (thinned > 0) unreadable.push(`${thinned} samples up to ${thinnedToMs} ms, which were thinned on purpose`);
}
