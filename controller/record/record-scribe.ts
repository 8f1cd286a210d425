/**
 * To whom a store hands what it took: one that writes in the store's own thread, at once, or one that writes in a
 * thread of its own (threaded-scribe.ts), so that neither a slow disk nor the packing of samples holds the rack.
 */
import type { LedgerRow } from "./ledger-row.ts";
import type { RecordWriter, WrittenSamples } from "./record-writer.ts";
import type { GapRow, StoredEvent } from "./record-rows.ts";
import { createSampleBuffer, type SampleBuffer } from "./sample-buffer.ts";
import type { StoredHead } from "./schema.ts";

export interface RecordScribe {
  /** What is known to stand in the file. */
  readonly stored: StoredHead;
  readonly counts: WrittenSamples;
  addEvent(event: StoredEvent): void;
  addLedger(row: LedgerRow): void;
  addGap(gap: GapRow): void;
  /** The empty buffer to begin with. */
  readonly firstBuffer: SampleBuffer;
  /** Takes the samples beyond the `skip` first ones of each channel; gives back an empty buffer to go on with. */
  addSamples(buffer: SampleBuffer, skip: Uint32Array): SampleBuffer;
  /** In the place of one that is empty: an empty buffer with room for so many channels, as those to come have. */
  widen(channelCount: number): SampleBuffer;
  /** Before a row is added. Throws when there are too many that could not be written. */
  makeRoom(): void;
  /** What was added goes to the file, at once or soon. Throws what keeps it from there, where that is known at once. */
  write(): void;
  /** Resolves when all that was added stands in the file; rejects with what keeps it from there. null: nobody is to wait for it. */
  commit(): Promise<void> | null;
  /** Writes and packs what is left and ends. Throws what keeps it from the file. */
  finish(): StoredHead;
  /** Ends as a killed process does. */
  abandon(): void;
}

/** Everything is done before a call returns: what the virtual world needs, whose disk takes no time of the machine's. */
export function createScribe(writer: RecordWriter, firstBuffer: SampleBuffer): RecordScribe {
  const { rows } = writer;

  function write(): void {
    writer.write();
    writer.pack(false);
  }

  return {
    firstBuffer,
    get stored() {
      return rows.stored;
    },
    get counts() {
      return writer.counts;
    },
    addEvent(event) {
      rows.addEvent(event);
    },
    addLedger(row) {
      rows.addLedger(row);
    },
    addGap(gap) {
      rows.addGap(gap);
    },
    addSamples(buffer, skip) {
      writer.addSamples(buffer, skip);
      buffer.counts.fill(0);
      return buffer;
    },
    widen: (channelCount) => createSampleBuffer(channelCount, firstBuffer.capacity),
    makeRoom() {
      if (rows.isFull) write();
    },
    write,
    commit() {
      write();
      return null;
    },
    finish() {
      writer.write();
      writer.pack(true);
      return rows.stored;
    },
    abandon() {
      // Nothing of it lives on.
    },
  };
}
