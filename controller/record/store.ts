/**
 * The record of a campaign: hash-chained events, dose ledger and samples in one `campaign.db`. What is appended is
 * durable after the next commit; samples are gathered into frames by campaign time and are durable with their frame.
 * Events that decided something carry the samples they decided on, so nothing that matters waits for a frame.
 */
import { assert } from "../../protocols/base/assert.ts";
import { canonicalJson, type Json } from "../../protocols/base/canonical-json.ts";
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { createCatchUp, type CatchUp } from "./catch-up.ts";
import type { FolderHolder } from "./folder-lock.ts";
import { chainStart, digestOf, linkHash, type ChainHead } from "./hash-chain.ts";
import { openLiveHead, readLiveHead, removeLiveHead } from "./live-head.ts";
import { parseHead, writeHeadFile } from "./head-file.ts";
import { assertLedgerRow, type LedgerRow } from "./ledger-row.ts";
import { headerDifferences, parseHeader, type RecordHeader } from "./record-header.ts";
import { createScribe, type RecordScribe } from "./record-scribe.ts";
import { openBookingRows, parseStoredLedgerRow, type GapRow } from "./record-rows.ts";
import { createRecordWriter } from "./record-writer.ts";
import { bufferedCount, createSampleBuffer } from "./sample-buffer.ts";
import { BUSY_TIMEOUT_MS, databasePath, emptyHead, migrate, openForWriting, readMeta, storeFault } from "./schema.ts";
import type { Durability, StoredHead } from "./schema.ts";
import { createThreadedScribe, type WaitForThread } from "./threaded-scribe.ts";

export interface RecordCounters {
  readonly events: number;
  readonly ledgerRows: number;
  /** Samples handed in by this run, those it found stored already included. */
  readonly samplesTaken: number;
  /** Samples that a process before left in the folder this one goes on in; 0 where a run is repeated. */
  readonly samplesBefore: number;
  /** Of those taken, samples that stand in frames of the file or wait for the next write. */
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
  /**
   * All events, ledger rows and full frames so far become durable; where a thread writes for the virtual world, soon after.
   * Rejects with Fault store.unwritable, store.diverged.
   */
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
  /** Those that are there from the begin; one beyond them gets its place with its first sample. */
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
  /** Beside each event stands the wall's time. Default: only outside the virtual world, where it says nothing new. */
  readonly hasWallTimes?: boolean;
  /**
   * A thread of its own writes: for clocks of the wall, where the rack must not wait for the disk, and for a run of the
   * virtual world that begins anew, to share the work; one that is repeated is compared in this thread. What cannot be
   * written then shows at a later append or commit. Its end is waited for by this.
   */
  readonly ownThread?: WaitForThread;
}

/** Places that are made at a time for cells that join. */
const CHANNELS_MORE = 32;

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

  const hasWallTimes = options.hasWallTimes ?? header.world !== "virtual";
  const isRepeated = header.world === "virtual" && options.goesOn !== true;

  const start = chainStart(header);
  const writing = openForWriting({
    folder,
    durability: options.durability,
    busyTimeoutMs: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
    header,
    start: emptyHead(start.hash),
    holder: options.holder,
  });
  const { database } = writing;
  const stored = ((): StoredHead => {
    try {
      const found = readStoredHead();
      migrate(database);
      return found;
    } catch (error) {
      writing.close();
      throw storeFault(error, folder, "read");
    }
  })();

  const { scribe, catchUp } = openScribe();
  let buffer = scribe.firstBuffer;
  let { counts, atMs: times, voltageV: voltages, currentA: currents, flags: flagColumn } = buffer;
  let skip = new Uint32Array(channelCount);
  const bookings = new Map<string, LedgerRow>();

  let head: ChainHead = isRepeated ? start : { seq: stored.events, hash: stored.hash };
  let frameEndMs = Number.NEGATIVE_INFINITY;
  let ledgerRows = isRepeated ? 0 : stored.ledgerRows;
  let samplesMet = 0;
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
    const live = readLiveHead(folder);
    if (live !== undefined && live !== "unreadable" && live.events > storedHead.events)
      throw new Fault(
        "store.damaged",
        where,
        `the log ends with event ${storedHead.events}, and event ${live.events} had been written: its tail was cut`,
        { head_seq: live.events, last_seq: storedHead.events },
      );
    return storedHead;
  }

  function openScribe(): { readonly scribe: RecordScribe; readonly catchUp: CatchUp | undefined } {
    const { durability, busyTimeoutMs = BUSY_TIMEOUT_MS } = options;
    if (options.ownThread !== undefined && !(isRepeated && holdsAnything(stored))) {
      const thread = { folder, durability, busyTimeoutMs, stored, channelCount, capacity, keepsAll: isRepeated };
      return { scribe: createThreadedScribe(thread, options.ownThread), catchUp: undefined };
    }
    // A world that ends with the process repeats its run: nothing outside remembers more than the log.
    const liveHead = durability === "power-loss" ? openLiveHead(folder) : undefined;
    const writer = createRecordWriter(database, stored, { channelCount, capacity, liveHead });
    return {
      scribe: createScribe(writer, createSampleBuffer(channelCount, capacity)),
      catchUp: isRepeated ? createCatchUp(database, folder, writer.encoder) : undefined,
    };
  }

  function loadOpenBookings(): void {
    for (const raw of openBookingRows(database)) {
      const row = parseStoredLedgerRow(raw);
      if (row !== undefined) bookings.set(row.exposureId, row);
    }
  }

  function write(): void {
    if (broken !== undefined) throw broken;
    try {
      scribe.write();
    } catch (error) {
      throw storeFault(error, folder, "written");
    }
  }

  /** Before anything is added: room for it, and a run that still agrees with its folder. */
  function makeRoom(): void {
    assert(!isClosed, "the record is closed");
    if (broken !== undefined) throw broken;
    try {
      scribe.makeRoom();
    } catch (error) {
      throw storeFault(error, folder, "written");
    }
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
    if (isStoredAlready((stored) => stored.samples(buffer, skip))) {
      samplesMet += total;
      counts.fill(0);
      return;
    }
    if (catchUp !== undefined) samplesMet += skip.reduce((sum, count) => sum + count, 0);
    buffer = scribe.addSamples(buffer, skip);
    ({ counts, atMs: times, voltageV: voltages, currentA: currents, flags: flagColumn } = buffer);
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

  /** A cell has joined: places for it and some more. The buffer is empty. */
  function widen(channelIndex: number): void {
    if (!Number.isSafeInteger(channelIndex) || channelIndex < 0) throw new RangeError(`channel index ${channelIndex}`);
    buffer = scribe.widen(CHANNELS_MORE * Math.ceil((channelIndex + 1) / CHANNELS_MORE));
    ({ counts, atMs: times, voltageV: voltages, currentA: currents, flags: flagColumn } = buffer);
    skip = new Uint32Array(buffer.channelCount);
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
      return catchUp !== undefined && head.seq < scribe.stored.events;
    },
    get counters() {
      const { samplesFramed: framed, samplesDropped, gaps } = scribe.counts;
      const samplesFramed = samplesMet + framed;
      return {
        events: head.seq,
        ledgerRows,
        samplesTaken: samplesFramed + samplesDropped + counts.reduce((sum, count) => sum + count, 0),
        samplesBefore: isRepeated ? 0 : stored.samples,
        samplesFramed,
        samplesDropped,
        gaps: gapCount + gaps,
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
        scribe.addEvent({
          seq,
          atMs,
          type,
          dataText,
          hash,
          wallMs: hasWallTimes ? clock.wallMs() : null,
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
      if (!isStoredAlready((stored) => stored.ledger(row))) scribe.addLedger(row);
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
      if (count === undefined || count === capacity) {
        rollFrame(atMs);
        if (count === undefined) widen(channelIndex);
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
      if (!isStoredAlready((stored) => stored.gap(gap))) scribe.addGap(gap);
      gapCount += 1;
    },
    commit() {
      let written: Promise<void> | null;
      try {
        makeRoom();
        written = scribe.commit();
      } catch (error) {
        const fault = storeFault(error, folder, "written");
        return Promise.reject(fault instanceof Error ? fault : new Error(String(fault)));
      }
      commitCount += 1;
      if (written !== null) return written;
      return commitLatencyMs > 0 ? sleep(clock, commitLatencyMs) : Promise.resolve();
    },
    flushSamples() {
      makeRoom();
      endFrame();
    },
    close() {
      if (isClosed) return;
      try {
        if (broken === undefined) endFrame();
        const left = broken === undefined ? scribe.finish() : scribe.stored;
        if (broken === undefined) assertAllWritten(left);
        // A single file that also opens on read-only media; another reader may hold it, then it stays as it is.
        tryToLeaveWal();
        writeHeadFile(folder, left, options.durability !== "scratch");
        removeLiveHead(folder);
      } catch (error) {
        throw storeFault(error, folder, "written");
      } finally {
        isClosed = true;
        scribe.abandon();
        writing.close();
      }
    },
    abandon() {
      if (isClosed) return;
      isClosed = true;
      scribe.abandon();
      writing.close();
    },
  };

  function assertAllWritten(left: StoredHead): void {
    if (left.events === head.seq && left.hash === head.hash) return;
    if (catchUp !== undefined && head.seq < left.events) return;
    throw new Fault(
      "store.unwritable",
      databasePath(folder),
      `the file holds ${left.events} events of ${head.seq}: what came after was not written`,
    );
  }

  function tryToLeaveWal(): void {
    try {
      database.pragma("journal_mode = DELETE");
    } catch (error) {
      if (!isFault(storeFault(error, folder, "written"))) throw error;
    }
  }
}

function holdsAnything({ events, ledgerRows, frames, gaps }: StoredHead): boolean {
  return events + ledgerRows + frames + gaps > 0;
}
