/**
 * What a store and its writing thread say to each other. Samples stand in memory that both see, in buffers which have
 * numbers: an order lends one to the thread, the answer gives it back.
 */
import type { MessagePort } from "node:worker_threads";
import type { FaultCode } from "../../protocols/base/fault.ts";
import type { NewRows } from "./pending-rows.ts";
import type { WrittenSamples } from "./record-writer.ts";
import type { Durability, StoredHead } from "./schema.ts";

export interface WriterStart {
  readonly folder: string;
  readonly durability: Durability;
  readonly busyTimeoutMs: number;
  readonly stored: StoredHead;
  /** As it begins. */
  readonly channelCount: number;
  readonly capacity: number;
  readonly port: MessagePort;
  /** Set to 1 and notified once the answer to the last order has been sent. */
  readonly ended: SharedArrayBuffer;
  /** Set to 1 and notified with each answer. */
  readonly answered: SharedArrayBuffer;
  /** Set to 1 once an order has been sent, and not notified; the thread sets it to 0 before it takes what was sent. */
  readonly bell: SharedArrayBuffer;
  /** URL of the module whose `waitForThread` lets the thread sleep between two looks for orders. */
  readonly waiting: string;
}

export interface LentBuffer {
  readonly number: number;
  readonly channelCount: number;
  /** When it is lent for the first time. */
  readonly memory: SharedArrayBuffer | null;
}

export type WriterOrder =
  | { readonly kind: "write"; readonly id: number; readonly rows: NewRows; readonly lent: LentBuffer | null }
  | { readonly kind: "finish"; readonly id: number }
  | { readonly kind: "abandon"; readonly id: number };

/** Why the file could not be written: a Fault's parts, or a bug's words. */
export interface WriterFailure {
  readonly code: FaultCode | null;
  readonly where: string;
  readonly message: string;
}

export interface WriterAnswer {
  readonly id: number;
  /** null: all that was ordered so far stands in the file. */
  readonly failure: WriterFailure | null;
  readonly stored: StoredHead;
  readonly counts: WrittenSamples;
  /** Number of the buffer that is given back, empty; null where none was lent. */
  readonly returned: number | null;
}
