/** Reads what a run left in its folder: events folded, ledger rows, and the samples that are to be counted on. */
import { Fault } from "../../protocols/base/fault.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { createBegunFold, type BegunFold } from "../amendments/campaign-progress.ts";
import type { LedgerRow } from "../record/ledger-row.ts";
import type { EventType } from "../record/event-types.ts";
import { parseJson } from "../record/record-header.ts";
import { openRecord, type RecordReader } from "../record/record-reader.ts";
import { unpackPayload } from "../record/sample-frame.ts";
import { createFollowedCell, type FollowedCell } from "../forecast/followed-cell.ts";
import { recordOf, textOf } from "./recorded-cell.ts";
import { createRunFold, type RecordedRun } from "./recorded-run.ts";

export interface LeftRun {
  readonly recorded: RecordedRun;
  /** What the steps on record teach of each cell, in the order of the campaign's cells. */
  readonly followed: readonly FollowedCell[];
  readonly ledgerRows: readonly LedgerRow[];
  /** How far it has come, and what was amended: goes on with the run. */
  readonly begun: BegunFold;
  /** Stored samples from a little before the oldest step under way: payloads of frames and blocks, for a frame reader. */
  readonly frames: readonly Buffer[];
}

/**
 * Half of a record: for people and reports, and told twice, where a ledger row or the exposure's end says it too. A
 * controller that begins takes from them that they were, and when.
 */
export const LEARNS_NOTHING_FROM: ReadonlySet<string> = new Set<EventType>([
  "cell-forecast",
  "half-cycle-ended",
  "sensor-reading",
  "instrument-lost",
  "supervisor-blind",
  "exposure-booked",
  "shutter-opened",
  "exposure-settled",
]);

/** So far before the oldest step under way, for the last reading of cells that had none since. */
const BEFORE_MS = 3_600_000;

/**
 * Throws Fault `file.missing`, `store.*` and `protocol.invalid`. A record of which events or ledger rows cannot be read
 * is not gone on with; samples that cannot be read are as lost ones.
 */
export function readLeftRun(
  folder: string,
  campaign: Campaign,
  sampleIntervalMinS: (cellIndex: number) => number,
): LeftRun {
  const reader = openRecord(folder);
  try {
    const fold = createRunFold(campaign, sampleIntervalMinS);
    const followed = new Map(campaign.cells.map((cell) => [cell.position as string, createFollowedCell(cell)]));
    const begun = createBegunFold();
    for (const scanned of reader.toldEvents()) {
      if (scanned.kind === "damaged") throw damaged(folder, `events ${scanned.from} to ${scanned.to}`);
      const { type, atMs, dataText } = scanned.row;
      const data = LEARNS_NOTHING_FROM.has(type) ? undefined : parseJson(dataText);
      fold.event(type, atMs, data);
      begun.event(type, atMs, data);
      const fields = recordOf(data);
      followed.get(textOf(fields["position"]))?.event(type, atMs, fields);
    }
    const ledgerRows: LedgerRow[] = [];
    for (const scanned of reader.ledger()) {
      if (scanned.kind === "damaged") throw damaged(folder, `ledger rows ${scanned.from} to ${scanned.to}`);
      ledgerRows.push(scanned.row);
    }
    const recorded = fold.finish();
    const frames = framesFrom(reader, oldestMs(recorded) - BEFORE_MS);
    return { recorded, followed: [...followed.values()], ledgerRows, begun, frames };
  } finally {
    reader.close();
  }
}

function oldestMs({ cells, lastMs }: RecordedRun): number {
  return cells.reduce((oldest, { stepBeganMs }) => Math.min(oldest, stepBeganMs ?? lastMs), lastMs);
}

function framesFrom(reader: RecordReader, fromMs: number): readonly Buffer[] {
  const frames: Buffer[] = [];
  for (const scanned of reader.frames()) {
    if (scanned.kind === "damaged" || scanned.row.lastMs < fromMs) continue;
    const payload = unpackPayload(scanned.row.block, scanned.row.crc32);
    if (typeof payload !== "string") frames.push(payload);
  }
  return frames;
}

function damaged(folder: string, what: string): Fault {
  return new Fault("store.damaged", folder, `${what} cannot be read, so the run cannot be gone on with`);
}
