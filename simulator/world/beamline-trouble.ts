/** Where faults of detector, trigger, monitors and stage take hold: set by the schedule of faults, looked at by the twins. */
import type { GateTrouble } from "../plant/gate-line.ts";

/** What a monitor's feed does instead of telling what it reads. */
export type ReadingTrouble =
  | { readonly how: "stops" }
  | { readonly how: "jumps"; readonly factor: number }
  | { readonly how: "sticks" }
  | { readonly how: "not-a-number" };

export type MonitorFeed = "ring-current" | "flux";

/** `late` reports the end of an exposure so long after it. */
export type DetectorTrouble =
  | { readonly how: "dead" }
  | { readonly how: "late"; readonly lateMs: number }
  | { readonly how: "refuses" };

/** `silent` obeys and says nothing; the others are of the line to the shutter. */
export type TriggerTrouble = { readonly how: "silent" } | GateTrouble;

export interface BeamlineTrouble {
  setReading(feed: MonitorFeed, trouble: ReadingTrouble | null): void;
  /** What a feed says where the truth is `value`; undefined when it says nothing. */
  said(feed: MonitorFeed, value: number): number | undefined;
  setDetector(trouble: DetectorTrouble | null): void;
  /** A detector that can go wrong in these ways is there; one handler. */
  onDetector(handler: (trouble: DetectorTrouble | null) => void): void;
  setTrigger(trouble: TriggerTrouble | null): void;
  /** A trigger that can go wrong in these ways is there; one handler. */
  onTrigger(handler: (trouble: TriggerTrouble | null) => void): void;
  /** A limit switch of the stage closes, though the table is nowhere near it. */
  tripStage(): void;
  onTrip(handler: () => void): void;
}

export function createBeamlineTrouble(): BeamlineTrouble {
  const readings = new Map<MonitorFeed, ReadingTrouble>();
  /** Of feeds that stick: what they said first. */
  const stuckAt = new Map<MonitorFeed, number>();
  let detectorHandler: ((trouble: DetectorTrouble | null) => void) | undefined;
  let triggerHandler: ((trouble: TriggerTrouble | null) => void) | undefined;
  let tripHandler: (() => void) | undefined;
  return {
    setReading(feed, trouble) {
      stuckAt.delete(feed);
      if (trouble === null) readings.delete(feed);
      else readings.set(feed, trouble);
    },
    said(feed, value) {
      const trouble = readings.get(feed);
      switch (trouble?.how) {
        case "stops":
          return undefined;
        case "jumps":
          return value * trouble.factor;
        case "sticks": {
          const stuck = stuckAt.get(feed) ?? value;
          stuckAt.set(feed, stuck);
          return stuck;
        }
        case "not-a-number":
          return NaN;
        case undefined:
          return value;
      }
    },
    setDetector(trouble) {
      detectorHandler?.(trouble);
    },
    onDetector(handler) {
      detectorHandler = handler;
    },
    setTrigger(trouble) {
      triggerHandler?.(trouble);
    },
    onTrigger(handler) {
      triggerHandler = handler;
    },
    tripStage() {
      tripHandler?.();
    },
    onTrip(handler) {
      tripHandler = handler;
    },
  };
}
