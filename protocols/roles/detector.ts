/** A detector that is armed, started by command, and reports the end of its exposure. */
import type { Instrument } from "./instrument.ts";

export interface Acquisition {
  readonly exposureS: number;
  /** Folder on the detector's own disk. */
  readonly folder: string;
  /** File name of the first frame, without folder. */
  readonly fileName: string;
}

export interface FrameRecord {
  /** Full path by the detector's own word. */
  readonly path: string;
  /** The exposure time the detector confirmed when armed. */
  readonly exposureS: number;
}

export interface Detector extends Instrument {
  /** Time from the end of an exposure to its report. */
  readonly readOutS: number;
  /** Sets exposure time, count and place; resolves when the detector confirmed each. */
  arm(acquisition: Acquisition): Promise<void>;
  /** Starts the armed exposure; resolves when the detector says it counts. `finished` settles with the frame, or rejects with `detector.late`. */
  start(): Promise<{ readonly finished: Promise<FrameRecord> }>;
  /**
   * Ends a running exposure. Safe to repeat. Resolves with the frame that the detector read out of what it ended, by its own
   * word and under the name that was armed; null where nothing ran, or there is none.
   */
  abort(): Promise<FrameRecord | null>;
}
