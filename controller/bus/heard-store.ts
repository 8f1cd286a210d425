/**
 * Listens to a run's log without its knowing: each event is heard as it is appended. The run is handed the store that
 * this gives back.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { RecordStore } from "../record/store.ts";

export interface HeardEvent {
  readonly seq: number;
  readonly atMs: number;
  readonly type: string;
  readonly data: Json;
}

/** `hear` is called after the store took the event, `lost` when its run was killed; neither may throw. */
export function heardStore(store: RecordStore, hear: (event: HeardEvent) => void, lost?: () => void): RecordStore {
  return {
    folder: store.folder,
    get head() {
      return store.head;
    },
    get digest() {
      return store.digest;
    },
    get isCatchingUp() {
      return store.isCatchingUp;
    },
    get counters() {
      return store.counters;
    },
    appendEvent(event) {
      const seq = store.appendEvent(event);
      hear({ seq, ...event });
      return seq;
    },
    appendLedger: (row) => {
      store.appendLedger(row);
    },
    openBookings: () => store.openBookings(),
    sample: (channelIndex, atMs, voltageV, currentA, flags) => {
      store.sample(channelIndex, atMs, voltageV, currentA, flags);
    },
    gap: (gap) => {
      store.gap(gap);
    },
    commit: () => store.commit(),
    flushSamples: () => {
      store.flushSamples();
    },
    close: () => {
      store.close();
    },
    abandon: () => {
      store.abandon();
      lost?.();
    },
  };
}
