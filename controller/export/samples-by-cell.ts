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

interface Thinned {
  readonly samples: number;
  readonly toMs: number;
}

/** Of one walk; thinned samples are counted over all of them. */
interface Written extends WrittenCells {
  readonly thinned: Thinned;
}

const NONE: Thinned = { samples: 0, toMs: 0 };

export interface CellsAtATime {
  readonly record: SampleRecord;
  readonly target: Pick<ExportTarget, "finishedStage" | "beginStage" | "finishStage">;
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
  let thinned = NONE;
  for (let walk = 0; walk < walks; walk += 1) {
    const some = cells.slice(walk * cellsAtATime, (walk + 1) * cellsAtATime);
    const stage = `cells ${some.map(({ position }) => position).join(" ")}`;
    const earlier = writtenOf(target.finishedStage(stage));
    const written = earlier ?? (yield* writeSome(some, stage, walk));
    rows += written.rows;
    thinned = both(thinned, written.thinned);
    for (const text of written.unreadable) unreadable.add(text);
  }
  return { rows, unreadable: [...unreadable, ...thinnedText(thinned)] };

  function* writeSome(some: readonly ExportedCell[], stage: string, walk: number): Generator<ExportProgress, Written> {
    target.beginStage();
    const opened = open(some);
    const told: string[] = [];
    const positions = new Map(some.map(({ channelIndex, position }): [number, string] => [channelIndex, position]));
    const walking = walkSamples(record, opened.takers, positions, told);
    let step = walking.next();
    for (; step.done !== true; step = walking.next()) {
      const done = Math.min(1, Math.max(0, step.value / Math.max(1, lastMs)));
      yield { done: walk + done, of: walks };
    }
    const thinned = step.value;
    const rowsOfSome = opened.finish([...told, ...thinnedText(thinned)]);
    target.finishStage(stage, { rows: rowsOfSome, unreadable: told, thinned: { ...thinned } });
    return { rows: rowsOfSome, unreadable: told, thinned };
  }
}

function writtenOf(note: Json | undefined): Written | undefined {
  if (!isRecord(note)) return undefined;
  const rows = numberOrNull(note["rows"]);
  const { unreadable, thinned } = note;
  if (rows === null || !isList(unreadable)) return undefined;
  const { samples = null, toMs = null } = isRecord(thinned) ? thinned : {};
  return {
    ...{ rows, unreadable: unreadable.map(String) },
    thinned: { samples: numberOrNull(samples) ?? 0, toMs: numberOrNull(toMs) ?? 0 },
  };
}

function both(one: Thinned, other: Thinned): Thinned {
  return { samples: one.samples + other.samples, toMs: Math.max(one.toMs, other.toMs) };
}

/** Empty where none is. */
function thinnedText({ samples, toMs }: Thinned): readonly string[] {
  return samples === 0 ? [] : [`${samples} samples up to ${toMs} ms, which were thinned on purpose`];
}

/**
 * Of what cannot be read, the times are told and the walk goes on. Yields after each block how far it has come; returns
 * what was thinned before.
 */
function* walkSamples(
  record: SampleRecord,
  takers: ReadonlyMap<number, TakeSamples>,
  positions: ReadonlyMap<number, string>,
  unreadable: string[],
): Generator<number, Thinned> {
  let thinned = NONE;
  for (const scanned of record.frames()) {
    if (scanned.kind === "damaged") {
      unreadable.push(`sample ${scanned.of}s ${scanned.from} to ${scanned.to}: ${scanned.reason}`);
      continue;
    }
    const { row, firstMs, lastMs } = scanned.row;
    const isOthers = scanned.of === "block" && !takers.has(scanned.row.channelIndex);
    if (!isOthers && isThinned(scanned.row.block)) {
      thinned = both(thinned, { samples: scanned.row.sampleCount, toMs: lastMs });
    } else if (!isOthers) {
      const channels = channelsOf(scanned.row);
      const whose = scanned.of === "block" ? ` of ${positions.get(scanned.row.channelIndex) ?? "a cell"}` : "";
      const what = `sample ${scanned.of} ${row}${whose}, ${firstMs} to ${lastMs} ms`;
      if (typeof channels === "string") unreadable.push(`${what}: ${channels}`);
      else for (const samples of channels) takers.get(samples.channelIndex)?.(samples);
    }
    yield lastMs;
  }
  return thinned;
}
