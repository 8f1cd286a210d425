/** The thread that a store on the wall's clock writes from. It answers each order once the file holds what came with it. */
import { workerData } from "node:worker_threads";
import { Fault } from "../../protocols/base/fault.ts";
import { openLiveHead } from "./live-head.ts";
import { createRecordWriter } from "./record-writer.ts";
import { createSampleBuffer } from "./sample-buffer.ts";
import { connect, storeFault } from "./schema.ts";
import type { WriterAnswer, WriterFailure, WriterOrder, WriterStart } from "./writer-messages.ts";

const start = workerData as WriterStart;
const { folder, channelCount, capacity, port } = start;
const ended = new Int32Array(start.ended);
const database = connect(folder, start.durability, start.busyTimeoutMs);
const liveHead = openLiveHead(folder);
const writer = createRecordWriter(database, start.stored, { channelCount, capacity, liveHead });
const nothingSkipped = new Uint32Array(channelCount);

port.on("message", (order: WriterOrder) => {
  if (order.kind === "abandon") {
    end(order.id, null);
    return;
  }
  if (order.kind === "finish") {
    const failure = attempt(() => {
      writer.write();
      writer.pack(true);
    });
    end(order.id, failure);
    return;
  }
  const { memory } = order;
  const failure = attempt(() => {
    writer.rows.add(order.rows);
    if (memory !== null) {
      const buffer = createSampleBuffer(channelCount, capacity, memory);
      writer.addSamples(buffer, nothingSkipped);
      buffer.counts.fill(0);
    }
    writer.write();
  });
  answer({ id: order.id, failure, memory });
  // After the answer: nobody waits for it.
  if (failure === null) writer.pack(false);
});

function answer(words: Pick<WriterAnswer, "id" | "failure" | "memory">): void {
  const { memory } = words;
  const full: WriterAnswer = { ...words, stored: writer.rows.stored, counts: writer.counts };
  port.postMessage(full, memory === null ? [] : [memory]);
}

function end(id: number, failure: WriterFailure | null): void {
  database.close();
  liveHead.close();
  answer({ id, failure, memory: null });
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
