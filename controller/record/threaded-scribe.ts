/**
 * A scribe whose writing is done in a thread of its own. What is added is handed over with the next write, in one
 * order for all that is written in one go of the event loop; the store's thread is held for the handing over alone.
 * While the thread cannot keep up, later samples are given up and told as gaps, as where the file cannot be written;
 * a world that can wait (`keepsAll`) is held instead.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { Fault } from "../../protocols/base/fault.ts";
import { createDroppedSamples } from "./dropped-samples.ts";
import type { LedgerRow } from "./ledger-row.ts";
import { PENDING_ROWS_MAX } from "./pending-rows.ts";
import type { RecordScribe } from "./record-scribe.ts";
import type { GapRow, StoredEvent } from "./record-rows.ts";
import type { WrittenSamples } from "./record-writer.ts";
import { bufferedCount, createSampleBuffer, sharedMemory, type SampleBuffer } from "./sample-buffer.ts";
import { databasePath } from "./schema.ts";
import type { LentBuffer, WriterAnswer, WriterFailure, WriterOrder, WriterStart } from "./writer-messages.ts";

/** Buffers on their way: with one a second, a disk may hang for a minute before samples are given up. */
const BUFFERS_MAX = 64;

/** Made at the start: one is filled, one is written, and one is there where the disk takes its time. */
const BUFFERS_AT_START = 3;

/** Orders on their way where nothing is given up: whoever gives one more is held until the first is done. */
const ORDERS_KEPT_MAX = 8;

/** Rows that make an order of their own where no commit is waited for; fewer go with the next buffer. */
const ROWS_PER_ORDER = 512;

/** Rows kept while the file cannot be written: a rack makes some thousand an hour when nothing is exposed. */
const WAITING_ROWS_MAX = 16 * PENDING_ROWS_MAX;

/** How long the end, or an answer, is waited for: a disk that hangs so long is told as one that cannot be written. */
const END_TIMEOUT_MS = 60_000;

/** In so many parts an answer is waited for: a process that was stopped for long finds one of them over, not all. */
const ANSWER_WAITS = 4;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (fault: Error) => void;
}

export interface ThreadOptions extends Omit<WriterStart, "answered" | "bell" | "ended" | "port" | "waiting"> {
  /**
   * For a world that can wait: no sample is given up while the thread is behind, no commit is waited for, and the first
   * write that fails is thrown at a row soon after it.
   */
  readonly keepsAll?: boolean;
}

/** Holds the calling thread until the first number of `flag` is set; false where `timeoutMs` passed before. */
export interface WaitForThread {
  (flag: SharedArrayBuffer, timeoutMs: number): boolean;
  /** URL of the module that exports it as `waitForThread`, for the thread that writes. */
  readonly source: string;
}

export function createThreadedScribe(options: ThreadOptions, waitFor: WaitForThread): RecordScribe {
  const { keepsAll = false, ...start } = options;
  const { folder, capacity } = start;
  let { channelCount } = options;
  const ended = new SharedArrayBuffer(4);
  const bell = new SharedArrayBuffer(4);
  const answered = new SharedArrayBuffer(4);
  const isRung = new Int32Array(bell);
  const isAnswered = new Int32Array(answered);
  const { port1: port, port2: theirs } = new MessageChannel();
  const workerData: WriterStart = { ...start, answered, bell, ended, port: theirs, waiting: waitFor.source };
  const worker = startThread(workerData);
  const waiting = new Map<number, Waiting>();
  /** By their numbers. */
  const buffers: SampleBuffer[] = [];
  const spare: SampleBuffer[] = [];
  const isKnown = new Set<SampleBuffer>();
  const dropped = createDroppedSamples();

  const soon = Promise.resolve();
  let events: StoredEvent[] = [];
  let ledgerRows: LedgerRow[] = [];
  let gaps: GapRow[] = [];
  let full: SampleBuffer | null = null;
  let isWriteDue = false;
  let lastId = 0;
  let answeredId = 0;
  let stored = options.stored;
  let counts: WrittenSamples = { samplesFramed: 0, samplesDropped: 0, gaps: 0 };
  let buffersOut = 0;
  /** Since the last answer that said that all stands in the file. */
  let rowsOut = 0;
  /** Of samples handed over, and of those that the thread has told of. */
  let samplesGiven = 0;
  let failure: Error | null = null;
  let isEnded = false;

  while (spare.length < BUFFERS_AT_START) spare.push(makeBuffer());
  port.on("message", hear);
  worker.on("error", (error) => {
    isEnded = true;
    fail({
      code: "store.writer-ended",
      where: databasePath(folder),
      message: `the thread that writes ended: ${String(error)}`,
    });
    for (const { reject } of waiting.values()) reject(failure ?? error);
    waiting.clear();
  });

  // Nobody but its own thread waits for it: a world that breaks before it closes its record ends all the same.
  if (keepsAll) {
    worker.unref();
    port.unref();
  }

  function fail({ code, where, message }: WriterFailure): Error {
    failure = code === null ? new Error(message) : new Fault(code, where, message);
    return failure;
  }

  function makeBuffer(): SampleBuffer {
    const buffer = createSampleBuffer(channelCount, capacity, sharedMemory(channelCount, capacity));
    buffers.push(buffer);
    return buffer;
  }

  /** The thread is told of a buffer's memory with its first order. */
  function lend(buffer: SampleBuffer): LentBuffer {
    const { memory } = buffer;
    const isNew = !isKnown.has(buffer) && memory instanceof SharedArrayBuffer;
    isKnown.add(buffer);
    return { number: buffers.indexOf(buffer), channelCount: buffer.channelCount, memory: isNew ? memory : null };
  }

  function hear(answer: WriterAnswer): void {
    stored = answer.stored;
    counts = answer.counts;
    answeredId = answer.id;
    const returned = answer.returned === null ? undefined : buffers[answer.returned];
    if (returned !== undefined) {
      buffersOut -= 1;
      if (returned.channelCount === channelCount) spare.push(returned);
    }
    const promised = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.failure !== null) {
      const error = fail(answer.failure);
      promised?.reject(error);
      return;
    }
    // What failed once has left rows or samples unwritten, where nobody tries again; and a thread that ended writes none.
    if (!keepsAll && !isEnded) failure = null;
    if (answer.id === lastId) rowsOut = 0;
    promised?.resolve();
  }

  function order(words: WriterOrder): void {
    if (isEnded) return;
    port.postMessage(words);
    Atomics.store(isRung, 0, 1);
  }

  function rowCount(): number {
    return events.length + ledgerRows.length + gaps.length;
  }

  function send(isAwaited: boolean): number {
    isWriteDue = false;
    if (!isAwaited && rowCount() === 0 && full === null) return lastId;
    if (keepsAll) awaitAnswers();
    lastId += 1;
    rowsOut += rowCount();
    order({
      kind: "write",
      id: lastId,
      rows: { events, ledgerRows, gaps },
      lent: full === null ? null : lend(full),
    });
    events = [];
    ledgerRows = [];
    gaps = [];
    full = null;
    return lastId;
  }

  function sendWhatIsDue(): void {
    if (isWriteDue) send(false);
  }

  function sendWhatIsMuch(): void {
    if (full !== null || rowCount() >= ROWS_PER_ORDER) send(false);
  }

  function hearAll(): void {
    for (;;) {
      const received: { readonly message: WriterAnswer } | undefined = receiveMessageOnPort(port);
      if (received === undefined) break;
      hear(received.message);
    }
  }

  /** Holds this thread while the other has too much to do, or until it is to be thought that it does nothing more. */
  function awaitAnswers(): void {
    for (let waits = 0; lastId - answeredId >= ORDERS_KEPT_MAX && !isEnded && failure === null;) {
      waits = waitFor(answered, END_TIMEOUT_MS / ANSWER_WAITS) ? 0 : waits + 1;
      Atomics.store(isAnswered, 0, 0);
      hearAll();
      if (waits === ANSWER_WAITS) giveUp();
    }
  }

  function giveUp(): void {
    isEnded = true;
    void worker.terminate();
    fail({ code: "store.unwritable", where: databasePath(folder), message: "the disk has not answered for a minute" });
  }

  /** Holds this thread until the other has ended. */
  function end(kind: "finish" | "abandon"): void {
    if (isEnded) return;
    lastId += 1;
    order(kind === "finish" ? { kind, id: lastId } : { kind, id: lastId });
    const isOver = waitFor(ended, END_TIMEOUT_MS);
    hearAll();
    isEnded = true;
    port.close();
    if (!isOver) giveUp();
  }

  return {
    firstBuffer: spare.pop() ?? makeBuffer(),
    get stored() {
      return stored;
    },
    get counts() {
      return {
        samplesFramed: samplesGiven - counts.samplesDropped,
        samplesDropped: counts.samplesDropped + dropped.samples,
        gaps: counts.gaps + dropped.gaps,
      };
    },
    addEvent(event) {
      events.push(event);
    },
    addLedger(row) {
      ledgerRows.push(row);
    },
    addGap(gap) {
      gaps.push(gap);
    },
    addSamples(buffer, skip) {
      const count = bufferedCount(buffer, skip);
      if (buffersOut >= BUFFERS_MAX) {
        dropped.drop(buffer, skip, count);
        buffer.counts.fill(0);
        return buffer;
      }
      // One buffer an order: what was not sent yet goes ahead of this one.
      if (full !== null) send(false);
      dropped.tell((gap) => {
        gaps.push(gap);
      });
      samplesGiven += count;
      buffersOut += 1;
      full = buffer;
      return spare.pop() ?? makeBuffer();
    },
    widen(count) {
      channelCount = count;
      // Those that are lent come back, and are not used again.
      spare.length = 0;
      return makeBuffer();
    },
    makeRoom() {
      if (rowCount() >= PENDING_ROWS_MAX) send(false);
      if (failure !== null && (keepsAll || isEnded || rowsOut >= WAITING_ROWS_MAX)) throw failure;
    },
    write() {
      if (keepsAll) sendWhatIsMuch();
      if (keepsAll || isWriteDue) return;
      isWriteDue = true;
      // A commit that follows at once takes along what was written. (`queueMicrotask` costs a fifth of a whole flush.)
      void soon.then(sendWhatIsDue);
    },
    commit() {
      if (keepsAll) {
        sendWhatIsMuch();
        return null;
      }
      if (isEnded) return Promise.reject(failure ?? new Error("the record is closed"));
      const id = send(true);
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
      });
    },
    finish() {
      send(false);
      end("finish");
      if (failure !== null) throw failure;
      return stored;
    },
    abandon() {
      end("abandon");
    },
  };
}

/** Run from its sources, a thread needs what compiles them; it does not take that over from this one. */
function startThread(workerData: WriterStart): Worker {
  const options = { workerData, transferList: [workerData.port] };
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL("./writer-thread.js", import.meta.url), options);
  const compiler = pathToFileURL(
    createRequire(import.meta.url)
      .resolve("tsx/esm/api")
      .replace(/cjs$/, "mjs"),
  ).href;
  const source = new URL("./writer-thread.ts", import.meta.url).href;
  const code = `import(${JSON.stringify(compiler)}).then(({ register }) => { register(); return import(${JSON.stringify(source)}); })`;
  return new Worker(code, { ...options, eval: true });
}
