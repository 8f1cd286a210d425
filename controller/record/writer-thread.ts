/**
 * The thread that a store writes from, on the wall's clock or for a simulation at full speed. It answers each order once the
 * file holds what came with it.
 */
import { receiveMessageOnPort, workerData } from "node:worker_threads";
import { assert } from "../../protocols/base/assert.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { openLiveHead } from "./live-head.ts";
import { createRecordWriter } from "./record-writer.ts";
import { createSampleBuffer, type SampleBuffer } from "./sample-buffer.ts";
import { connect, databasePath, storeFault } from "./schema.ts";
import type { WaitForThread } from "./threaded-scribe.ts";
import type { LentBuffer, WriterAnswer, WriterFailure, WriterOrder, WriterStart } from "./writer-messages.ts";

/** Orders of a few pages each after which the log is copied, where no pack comes before. */
const CHECKPOINT_ORDERS = 64;
/** Where orders never cease, what nobody waits for is done after so many all the same. */
const ORDERS_UNTIDIED = 4 * CHECKPOINT_ORDERS;

/** How long the thread sleeps between two looks for orders; shorter at first after one, as they come in twos and threes. */
const PAUSE_MS = 3;
const SHORT_PAUSE_MS = 1;
const SHORT_PAUSES = 10;

const start = workerData as WriterStart;
const { folder, channelCount, capacity, port } = start;
const ended = new Int32Array(start.ended);
const answered = new Int32Array(start.answered);
const bell = new Int32Array(start.bell);
const { waitForThread } = (await import(start.waiting)) as { readonly waitForThread: WaitForThread };
const database = connect(folder, start.durability, start.busyTimeoutMs);
const liveHead = start.durability === "power-loss" ? openLiveHead(folder) : undefined;
// Nobody is to wait for it: see `tidy`.
database.pragma("wal_autocheckpoint = 0");
const writer = createRecordWriter(database, start.stored, { channelCount, capacity, liveHead });
let nothingSkipped = new Uint32Array(channelCount);
const buffers = new Map<number, SampleBuffer>();
let ordersSinceCheckpoint = 0;
let isWritten = false;
let lastId = 0;
let pauses = 0;

/**
 * Orders are looked for, not waited for: whoever gives one wakes nobody. A thread that is woken is often put on the
 * processor of the one that woke it, and would hold the rack's for a millisecond or two.
 */
try {
  for (let isOver = false; !isOver;) {
    pauses += 1;
    if (!waitForThread(start.bell, pauses < SHORT_PAUSES ? SHORT_PAUSE_MS : PAUSE_MS)) continue;
    Atomics.store(bell, 0, 0);
    pauses = 0;
    isOver = takeAll();
    // What was ordered meanwhile comes before what nobody waits for.
    if (!isOver && (Atomics.load(bell, 0) === 0 || ordersSinceCheckpoint >= ORDERS_UNTIDIED)) tidy();
  }
} catch (error) {
  // Whoever is held until an answer comes hears of no error of this thread.
  const message = `the thread that writes ended: ${String(error)}`;
  answer({
    id: lastId,
    failure: { code: "store.writer-ended", where: databasePath(folder), message },
    returned: null,
  });
  Atomics.store(ended, 0, 1);
  Atomics.notify(ended, 0);
  throw error;
}

/** True after the last order there will be. */
function takeAll(): boolean {
  for (;;) {
    const received: { readonly message: WriterOrder } | undefined = receiveMessageOnPort(port);
    if (received === undefined) return false;
    if (take(received.message) === "ended") return true;
  }
}

function take(order: WriterOrder): "ended" | "goes on" {
  lastId = order.id;
  if (order.kind === "abandon") {
    end(order.id, null);
    return "ended";
  }
  if (order.kind === "finish") {
    const failure = attempt(() => {
      writer.write();
      writer.pack(true);
    });
    end(order.id, failure);
    return "ended";
  }
  const { lent } = order;
  const failure = attempt(() => {
    writer.rows.add(order.rows);
    if (lent !== null) {
      const buffer = bufferOf(lent);
      writer.addSamples(buffer, nothingSkipped);
      buffer.counts.fill(0);
    }
    writer.write();
  });
  isWritten = failure === null;
  ordersSinceCheckpoint += 1;
  answer({ id: order.id, failure, returned: lent?.number ?? null });
  return "goes on";
}

function bufferOf({ number, channelCount: channels, memory }: LentBuffer): SampleBuffer {
  const known = buffers.get(number);
  if (known !== undefined) return known;
  assert(memory !== null, "a buffer that was never seen");
  if (channels > nothingSkipped.length) {
    nothingSkipped = new Uint32Array(channels);
    // Narrower ones are not lent again.
    buffers.clear();
  }
  const buffer = createSampleBuffer(channels, capacity, memory);
  buffers.set(number, buffer);
  return buffer;
}

/** Packs, and copies the write-ahead log into the file, between orders: an answer waits for neither. */
function tidy(): void {
  if (!isWritten) return;
  const { blocks } = writer.rows.stored;
  writer.pack(false);
  if (writer.rows.stored.blocks === blocks && ordersSinceCheckpoint < CHECKPOINT_ORDERS) return;
  ordersSinceCheckpoint = 0;
  try {
    database.pragma("wal_checkpoint(PASSIVE)");
  } catch (error) {
    // What it could not copy stands in the log; a disk that is full shows at the next order.
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

function answer(words: Pick<WriterAnswer, "id" | "failure" | "returned">): void {
  const full: WriterAnswer = { ...words, stored: writer.rows.stored, counts: writer.counts };
  port.postMessage(full);
  Atomics.store(answered, 0, 1);
  Atomics.notify(answered, 0);
}

function end(id: number, failure: WriterFailure | null): void {
  database.close();
  liveHead?.close();
  answer({ id, failure, returned: null });
  Atomics.store(ended, 0, 1);
  Atomics.notify(ended, 0);
  port.close();
}

function attempt(act: () => void): WriterFailure | null {
  try {
    act();
    return null;
  } catch (error) {
    const fault = storeFault(error, folder, "written");
    if (fault instanceof Fault) return { code: fault.code, where: fault.where, message: fault.message };
    return {
      code: null,
      where: folder,
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}
