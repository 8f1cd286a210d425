/** An exposure from its trigger to its outcome. */
import type { Fault } from "../../protocols/base/fault.ts";
import type { FrameRecord } from "../../protocols/roles/detector.ts";
import { DATA_FOLDER } from "../../protocols/wire/simplon/simplon-requests.ts";
import type { SimplonFrame } from "./simplon-settings.ts";

export interface Running extends SimplonFrame {
  readonly finished: Promise<FrameRecord>;
  /** Before the trigger went out. */
  readonly startMs: number;
  readonly untilMs: number;
  /** Why it is being ended, once it is. */
  endedBecause: Fault | undefined;
  /** Undefined while it runs. */
  outcome: FrameRecord | Fault | undefined;
  succeed(): void;
  fail(fault: Fault): void;
}

export function createRunning(frame: SimplonFrame, startMs: number, untilMs: number): Running {
  let settle: { resolve: (frame: FrameRecord) => void; reject: (fault: Fault) => void } | undefined;
  const finished = new Promise<FrameRecord>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Whoever started it may already be gone; the failure is told to all who wait.
  finished.catch(() => undefined);
  const present: Running = {
    ...frame,
    finished,
    startMs,
    untilMs,
    endedBecause: undefined,
    outcome: undefined,
    succeed() {
      const record = { path: `${DATA_FOLDER}/${frame.dataFile}`, exposureS: frame.exposureS };
      present.outcome ??= record;
      settle?.resolve(record);
    },
    fail(fault) {
      present.outcome ??= fault;
      settle?.reject(fault);
    },
  };
  return present;
}
