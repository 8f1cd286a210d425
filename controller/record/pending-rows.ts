/**
 * What was appended and is not yet in the file, and the one transaction that writes it; a second one packs frames into
 * blocks. Bounded: whoever adds asks first whether there is room.
 */
import type { LedgerRow } from "./ledger-row.ts";
import type { GapRow, PackedBlock, PackedFrame, StoredEvent } from "./record-rows.ts";
import { createRowWriter } from "./record-rows.ts";
import { headText, type StoredHead } from "./schema.ts";
import type { Database } from "./sqlite.ts";

/** Beyond these the rows are written without waiting for a commit. */
export const PENDING_ROWS_MAX = 4096;
/** Frames kept while the file cannot be written: with a frame a minute, a quarter of an hour. */
export const PENDING_FRAMES_MAX = 16;

export interface NewRows {
  readonly events: readonly StoredEvent[];
  readonly ledgerRows: readonly LedgerRow[];
  readonly gaps: readonly GapRow[];
}

export interface PendingRows {
  readonly stored: StoredHead;
  readonly isFull: boolean;
  readonly framesFull: boolean;
  /** Row number that the next frame will have. */
  readonly nextFrameRow: number;
  addEvent(event: StoredEvent): void;
  addLedger(row: LedgerRow): void;
  addFrame(frame: PackedFrame): void;
  addGap(gap: GapRow): void;
  add(rows: NewRows): void;
  /** Writes everything in one transaction with the new head. What SQLite throws passes; then all is still pending. */
  write(): void;
  /** Puts blocks in the place of the frames they were made of. What SQLite throws passes; then nothing has changed. */
  pack(blocks: readonly PackedBlock[]): void;
}

export function createPendingRows(database: Database, storedAtStart: StoredHead): PendingRows {
  const writer = createRowWriter(database);
  let stored = storedAtStart;
  let events: StoredEvent[] = [];
  let ledgerRows: LedgerRow[] = [];
  let frames: PackedFrame[] = [];
  let gaps: GapRow[] = [];

  const writeAll = database.transaction((head: StoredHead) => {
    for (const event of events) writer.event(event);
    ledgerRows.forEach((row, index) => {
      writer.ledger(stored.ledgerRows + index + 1, row);
    });
    for (const frame of frames) writer.frame(frame);
    gaps.forEach((gap, index) => {
      writer.gap(stored.gaps + index + 1, gap);
    });
    writer.head(headText(head));
  });

  const packAll = database.transaction((blocks: readonly PackedBlock[], head: StoredHead) => {
    for (const block of blocks) writer.block(block);
    const [first] = blocks;
    if (first !== undefined) writer.dropFrames(first.fromFrame, first.toFrame);
    writer.head(headText(head));
  });

  function rowCount(): number {
    return events.length + ledgerRows.length + gaps.length;
  }

  return {
    get stored() {
      return stored;
    },
    get isFull() {
      return rowCount() >= PENDING_ROWS_MAX;
    },
    get framesFull() {
      return frames.length >= PENDING_FRAMES_MAX;
    },
    get nextFrameRow() {
      return stored.frames + frames.length + 1;
    },
    addEvent(event) {
      events.push(event);
    },
    addLedger(row) {
      ledgerRows.push(row);
    },
    addFrame(frame) {
      frames.push(frame);
    },
    addGap(gap) {
      gaps.push(gap);
    },
    add(rows) {
      events.push(...rows.events);
      ledgerRows.push(...rows.ledgerRows);
      gaps.push(...rows.gaps);
    },
    write() {
      if (rowCount() + frames.length === 0) return;
      const last = events.at(-1);
      const head: StoredHead = {
        events: last?.seq ?? stored.events,
        hash: last?.hash ?? stored.hash,
        ledgerRows: stored.ledgerRows + ledgerRows.length,
        frames: stored.frames + frames.length,
        blocks: stored.blocks,
        samples: stored.samples + frames.reduce((sum, frame) => sum + frame.sampleCount, 0),
        gaps: stored.gaps + gaps.length,
      };
      // Immediate: the write lock is taken at once, so a second writer is refused before anything is prepared.
      writeAll.immediate(head);
      stored = head;
      events = [];
      ledgerRows = [];
      frames = [];
      gaps = [];
    },
    pack(blocks) {
      const head: StoredHead = { ...stored, blocks: stored.blocks + blocks.length };
      packAll.immediate(blocks, head);
      stored = head;
    },
  };
}
