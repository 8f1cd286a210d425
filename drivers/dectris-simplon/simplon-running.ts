/** An exposure from its trigger to its outcome. */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import type { Fault } from "../../protocols/base/fault.ts";
import type { FrameRecord } from "../../protocols/roles/detector.ts";
import { DATA_FOLDER } from "../../protocols/wire/simplon/simplon-requests.ts";
import type { SimplonSession } from "./simplon-session.ts";
import type { SimplonFrame } from "./simplon-settings.ts";

/** A data file closes with the series, and shows a moment later. */
const FILE_LOOKS = 3;
const FILE_LOOK_EVERY_MS = 500;

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

export async function fileAppears(on: SimplonSession, clock: Clock, fileName: string): Promise<boolean> {
  for (let look = 1; ; look += 1) {
    if (await on.hasFile(fileName)) return true;
    if (look === FILE_LOOKS) return false;
    await sleep(clock, FILE_LOOK_EVERY_MS);
  }
}
