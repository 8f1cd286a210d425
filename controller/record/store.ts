/**
 * The record of a campaign: hash-chained events, dose ledger and samples in one `campaign.db`. What is appended is
 * durable after the next commit; samples are gathered into frames by campaign time and are durable with their frame.
 * Events that decided something carry the samples they decided on, so nothing that matters waits for a frame.
 */
import { assert } from "../../protocols/base/assert.ts";
import { canonicalJson, type Json } from "../../protocols/base/canonical-json.ts";
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { createCatchUp } from "./catch-up.ts";
import type { FolderHolder } from "./folder-lock.ts";
import { chainStart, digestOf, linkHash, type ChainHead } from "./hash-chain.ts";
import { parseHead, writeHeadFile } from "./head-file.ts";
import { assertLedgerRow, type LedgerRow } from "./ledger-row.ts";
import { createPendingRows } from "./pending-rows.ts";
import { headerDifferences, parseHeader, type RecordHeader } from "./record-header.ts";
import { fetchRows, parseStoredLedgerRow, type GapRow } from "./record-rows.ts";
import { bufferedCount, createSampleBuffer } from "./sample-buffer.ts";
import { createFrameEncoder, packPayload, payloadCrc32, summarise } from "./sample-frame.ts";
import { BUSY_TIMEOUT_MS, databasePath, openForWriting, readMeta, storeFault } from "./schema.ts";
import type { Durability, StoredHead } from "./schema.ts";

export interface RecordCounters {
  readonly events: number;
  readonly ledgerRows: number;
  /** Samples handed in by this run, those it found stored already included. */
  readonly samplesTaken: number;
  /** Of these, samples that stand in frames of the file or wait for the next write. */
  readonly samplesFramed: number;
  /** Samples given up because the file could not be written; each stretch is a gap. */
  readonly samplesDropped: number;
  readonly gaps: number;
  readonly commits: number;
}

export interface RecordStore {
  readonly folder: string;
  /** Last event of this run; `seq` 0 before the first. */
  readonly head: ChainHead;
  /** `sha256:` and the hash of the head. */
  readonly digest: string;
  /** The run repeats what the folder holds already: nothing is written, all is compared. */
  readonly isCatchingUp: boolean;
  /** Adds an event to the chain; its number, from 1. Durable with the next commit. Throws Fault store.unwritable, store.diverged. */
  appendEvent(event: { readonly atMs: number; readonly type: string; readonly data: Json }): number;
  /** Adds a row; a closing row needs its booking. Durable with the next commit. Throws as appendEvent. */
  appendLedger(row: LedgerRow): void;
  /** Bookings that have no closing row yet, oldest first. */
  openBookings(): readonly LedgerRow[];
  /** One sample of one channel. Never throws for want of disk: that shows at the next append or commit. */
  sample(channelIndex: number, atMs: number, voltageV: number, currentA: number, flags: number): void;
  /** Says that a channel's samples between two times are missing, and why. */
  gap(gap: GapRow): void;
  /** All events, ledger rows and full frames so far become durable. Rejects with Fault store.unwritable, store.diverged. */
  commit(): Promise<void>;
  /** Ends the running frame; it is written with the next commit. */
  flushSamples(): void;
  readonly counters: RecordCounters;
  /** Writes what is left and the head's second copy. Safe to repeat. */
  close(): void;
  /** Lets go of the folder as a killed process does: what was not written is lost. */
  abandon(): void;
}

export interface StoreOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly durability: Durability;
  /** What a commit takes on the clock beyond the time it really takes: the virtual world's disk. */
  readonly commitLatencyMs: number;
  readonly header: RecordHeader;
  readonly channelCount?: number;
  /** Campaign time per frame of samples: what a crash can cost at most. */
  readonly frameMs?: number;
  /** Samples of one channel that end a frame early. */
  readonly frameSamplesMax?: number;
  /** How long a lock held by another process is waited for, in real time. */
  readonly busyTimeoutMs?: number;
  /** Told to whoever is refused the folder meanwhile. */
  readonly holder?: FolderHolder;
  /**
   * The hardware went on since the folder was left, also where it is simulated: the record is gone on with at its end.
   * Default: only outside the virtual world, which can repeat a run instead.
   */
  readonly goesOn?: boolean;
}

/**
 * Opens or makes the folder's record. A folder of the virtual world is resumed by repeating the run (see
 * catch-up.ts); any other is gone on with at its end. Throws Fault store.in-use, store.other-campaign, store.newer,
 * store.damaged, store.unopened.
 */
export function openStore(options: StoreOptions): RecordStore {
  const { folder, clock, header, commitLatencyMs } = options;
  const channelCount = options.channelCount ?? 96;
  const frameMs = options.frameMs ?? 60_000;
  const capacity = options.frameSamplesMax ?? 256;
  const where = databasePath(folder);

  const start = chainStart(header);
  const empty: StoredHead = { events: 0, hash: start.hash, ledgerRows: 0, frames: 0, samples: 0, gaps: 0 };
  const writing = openForWriting({
    folder,
    durability: options.durability,
    busyTimeoutMs: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
    header,
    start: empty,
    holder: options.holder,
  });
  const { database } = writing;
  const stored = ((): StoredHead => {
    try {
      return readStoredHead();
    } catch (error) {
      writing.close();
      throw storeFault(error, folder, "read");
    }
  })();

  const isRepeated = header.world === "virtual" && options.goesOn !== true;
  const pending = createPendingRows(database, stored);
  const buffer = createSampleBuffer(channelCount, capacity);
  const { counts, atMs: times, voltageV: voltages, currentA: currents, flags: flagColumn } = buffer;
  const encoder = createFrameEncoder(channelCount, capacity);
  const catchUp = isRepeated ? createCatchUp(database, folder, encoder) : undefined;
  const skip = new Uint32Array(channelCount);
  const droppedFromMs = new Float64Array(channelCount).fill(Number.NaN);
  const droppedToMs = new Float64Array(channelCount).fill(Number.NaN);
  const bookings = new Map<string, LedgerRow>();

  let head: ChainHead = isRepeated ? start : { seq: stored.events, hash: stored.hash };
  let frameEndMs = Number.NEGATIVE_INFINITY;
  let ledgerRows = isRepeated ? 0 : stored.ledgerRows;
  let samplesFramed = 0;
  let samplesDropped = 0;
  let gapCount = isRepeated ? 0 : stored.gaps;
  let commitCount = 0;
  /** The run and the folder part ways here: nothing more is written. */
  let broken: Fault | undefined;
  let isClosed = false;

  if (!isRepeated) loadOpenBookings();

  function readStoredHead(): StoredHead {
    const storedHeader = parseHeader(readMeta(database, "header") ?? "");
    const storedHead = parseHead(readMeta(database, "head") ?? "");
    if (storedHeader === undefined || storedHead === undefined)
      throw new Fault("store.damaged", where, "the record does not say whose it is or where it ends");
    const differences = headerDifferences(storedHeader, header);
    if (differences.length > 0)
      throw new Fault("store.other-campaign", folder, `this run cannot go on in it: ${differences.join("; ")}`);
    const last = database
      .prepare<[], { seq: number; hash: string }>("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1")
      .get();
    if ((last?.seq ?? 0) !== storedHead.events || (last?.hash ?? start.hash) !== storedHead.hash)
      throw new Fault("store.damaged", where, "the last event is not the one that the record's head names", {
        head_seq: storedHead.events,
        last_seq: last?.seq ?? 0,
      });
    return storedHead;
  }

  function loadOpenBookings(): void {
    for (const raw of fetchRows(database, "ledger")(0, Number.MAX_SAFE_INTEGER)) {
      const row = parseStoredLedgerRow(raw);
      if (row === undefined) continue;
      if (row.kind === "booking") bookings.set(row.exposureId, row);
      else bookings.delete(row.exposureId);
    }
  }

  function write(): void {
    if (broken !== undefined) throw broken;
    try {
      pending.write();
    } catch (error) {
      throw storeFault(error, folder, "written");
    }
  }

  /** Before anything is added: room for it, and a run that still agrees with its folder. */
  function makeRoom(): void {
    assert(!isClosed, "the record is closed");
    if (broken !== undefined) throw broken;
    if (pending.isFull) write();
  }

  function isStoredAlready(compare: (stored: NonNullable<typeof catchUp>) => boolean): boolean {
    if (catchUp === undefined) return false;
    try {
      return compare(catchUp);
    } catch (error) {
      const fault = storeFault(error, folder, "read");
      if (isFault(fault)) broken = fault;
      throw fault;
    }
  }

  function endFrame(): void {
    skip.fill(0);
    const total = bufferedCount(buffer, skip);
    if (total === 0) return;
    if (!isStoredAlready((stored) => stored.samples(buffer, skip))) queueFrame();
    else samplesFramed += total;
    counts.fill(0);
  }

  function queueFrame(): void {
    const summary = summarise(buffer, skip);
    if (summary === undefined) return;
    const alreadyStored = skip.reduce((sum, count) => sum + count, 0);
    if (pending.framesFull) {
      dropFrame(summary.sampleCount);
      samplesFramed += alreadyStored;
      return;
    }
    noteDropped();
    const payload = encoder.encode(buffer, skip);
    pending.addFrame({
      row: pending.nextFrameRow,
      ...summary,
      payloadBytes: payload.length,
      crc32: payloadCrc32(payload),
      block: packPayload(payload),
    });
    samplesFramed += summary.sampleCount + alreadyStored;
  }

  /** Memory is bounded: while the file cannot be written, later samples are given up and the stretch remembered. */
  function dropFrame(sampleCount: number): void {
    samplesDropped += sampleCount;
    for (let channel = 0; channel < channelCount; channel += 1) {
      const from = skip[channel] ?? 0;
      const count = counts[channel] ?? 0;
      if (count === from) continue;
      const first = times[channel * capacity + from] ?? 0;
      if (Number.isNaN(droppedFromMs[channel])) droppedFromMs[channel] = first;
      droppedToMs[channel] = times[channel * capacity + count - 1] ?? first;
    }
  }

  function noteDropped(): void {
    for (let channel = 0; channel < channelCount; channel += 1) {
      const fromMs = droppedFromMs[channel] ?? Number.NaN;
      if (Number.isNaN(fromMs)) continue;
      const toMs = droppedToMs[channel] ?? fromMs;
      pending.addGap({ channelIndex: channel, fromMs, toMs, reason: "the record could not be written" });
      gapCount += 1;
      droppedFromMs[channel] = Number.NaN;
    }
  }

  /** At a frame's end. What fails here must not reach the instrument's byte stream: the next append or commit tells. */
  function rollFrame(atMs: number): void {
    assert(Number.isFinite(atMs), `a sample at ${atMs} ms`);
    assert(!isClosed, "the record is closed");
    frameEndMs = (Math.floor(atMs / frameMs) + 1) * frameMs;
    try {
      endFrame();
      write();
    } catch (error) {
      if (!isFault(error)) throw error;
      counts.fill(0);
    }
  }

  return {
    folder,
    get head() {
      return head;
    },
    get digest() {
      return digestOf(head);
    },
    get isCatchingUp() {
      return head.seq < pending.stored.events;
    },
    get counters() {
      return {
        events: head.seq,
        ledgerRows,
        samplesTaken: samplesFramed + samplesDropped + counts.reduce((sum, count) => sum + count, 0),
        samplesFramed,
        samplesDropped,
        gaps: gapCount,
        commits: commitCount,
      };
    },
    appendEvent({ atMs, type, data }) {
      makeRoom();
      assert(Number.isFinite(atMs), `event ${type} at ${atMs} ms`);
      const dataText = canonicalJson(data);
      const seq = head.seq + 1;
      const hash = linkHash(head.hash, seq, atMs, type, dataText);
      if (!isStoredAlready((stored) => stored.event(seq, type, hash)))
        pending.addEvent({
          seq,
          atMs,
          type,
          dataText,
          hash,
          wallMs: header.world === "virtual" ? null : clock.wallMs(),
        });
      head = { seq, hash };
      return seq;
    },
    appendLedger(row) {
      makeRoom();
      assertLedgerRow(row);
      const isOpen = bookings.has(row.exposureId);
      if (row.kind === "booking") assert(!isOpen, `exposure ${row.exposureId} is booked twice`);
      else assert(isOpen, `exposure ${row.exposureId} is closed without a booking`);
      if (!isStoredAlready((stored) => stored.ledger(row))) pending.addLedger(row);
      if (row.kind === "booking") bookings.set(row.exposureId, row);
      else bookings.delete(row.exposureId);
      ledgerRows += 1;
    },
    openBookings() {
      return [...bookings.values()];
    },
    sample(channelIndex, atMs, voltageV, currentA, flags) {
      // Written so that NaN goes the slow way too, where it is caught.
      if (!(atMs < frameEndMs)) rollFrame(atMs);
      let count = counts[channelIndex];
      if (count === undefined) throw new RangeError(`channel index ${channelIndex}`);
      if (count === capacity) {
        rollFrame(atMs);
        count = 0;
      }
      const place = channelIndex * capacity + count;
      times[place] = atMs;
      voltages[place] = voltageV;
      currents[place] = currentA;
      flagColumn[place] = flags;
      counts[channelIndex] = count + 1;
    },
    gap(gap) {
      makeRoom();
      if (!isStoredAlready((stored) => stored.gap(gap))) pending.addGap(gap);
      gapCount += 1;
    },
    commit() {
      try {
        makeRoom();
        write();
      } catch (error) {
        return Promise.reject(error instanceof Error ? error : new Error(String(error)));
      }
      commitCount += 1;
      return commitLatencyMs > 0 ? sleep(clock, commitLatencyMs) : Promise.resolve();
    },
    flushSamples() {
      makeRoom();
      endFrame();
    },
    close() {
      if (isClosed) return;
      try {
        if (broken === undefined) {
          endFrame();
          write();
        }
        // A single file that also opens on read-only media; another reader may hold it, then it stays as it is.
        tryToLeaveWal();
        writeHeadFile(folder, pending.stored);
      } catch (error) {
        throw storeFault(error, folder, "written");
      } finally {
        isClosed = true;
        writing.close();
      }
    },
    abandon() {
      if (isClosed) return;
      isClosed = true;
      writing.close();
    },
  };

  function tryToLeaveWal(): void {
    try {
      database.pragma("journal_mode = DELETE");
    } catch (error) {
      if (!isFault(storeFault(error, folder, "written"))) throw error;
    }
  }
}
