/** A recorder on the event log. A log that fails is told once to whoever stops the campaign; recording itself never throws. */
import type { Recorder } from "../machines/recorder.ts";
import type { RecordStore } from "../record/store.ts";

export function createLoggedRecorder(
  store: RecordStore,
  nowMs: () => number,
  onFailure: (error: Error) => void,
): Recorder {
  return {
    record(type, data) {
      try {
        store.appendEvent({ atMs: nowMs(), type, data });
      } catch (error) {
        onFailure(error instanceof Error ? error : new Error(String(error)));
      }
    },
  };
}
