/** Where faults of detector, trigger, monitors and stage take hold: set by the schedule of faults, looked at by the twins. */
import type { Felt } from "../plant/felt.ts";
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
  setReading(feed: MonitorFeed, trouble: ReadingTrouble | null, felt?: Felt): void;
  /** What a feed says where the truth is `value`; undefined when it says nothing. */
  said(feed: MonitorFeed, value: number): number | undefined;
  setDetector(trouble: DetectorTrouble | null, felt?: Felt): void;
  /** A detector that can go wrong in these ways is there; one handler. */
  onDetector(handler: (trouble: DetectorTrouble | null, felt: Felt | undefined) => void): void;
  setTrigger(trouble: TriggerTrouble | null, felt?: Felt): void;
  /** A trigger that can go wrong in these ways is there; one handler. */
  onTrigger(handler: (trouble: TriggerTrouble | null, felt: Felt | undefined) => void): void;
  /** A limit switch of the stage closes, though the table is nowhere near it. */
  tripStage(felt?: Felt): void;
  onTrip(handler: () => void): void;
}

export function createBeamlineTrouble(): BeamlineTrouble {
  const readings = new Map<MonitorFeed, ReadingTrouble>();
  const feltReadings = new Map<MonitorFeed, Felt | undefined>();
  /** Of feeds that stick: what they said first. */
  const stuckAt = new Map<MonitorFeed, number>();
  let detectorHandler: ((trouble: DetectorTrouble | null, felt: Felt | undefined) => void) | undefined;
  let triggerHandler: ((trouble: TriggerTrouble | null, felt: Felt | undefined) => void) | undefined;
  let tripHandler: (() => void) | undefined;

  function saidIn(feed: MonitorFeed, trouble: ReadingTrouble | undefined, value: number): number | undefined {
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
  }

  return {
    setReading(feed, trouble, felt) {
      feltReadings.set(feed, felt);
      stuckAt.delete(feed);
      if (trouble === null) readings.delete(feed);
      else readings.set(feed, trouble);
    },
    said(feed, value) {
      const said = saidIn(feed, readings.get(feed), value);
      if (said !== value) feltReadings.get(feed)?.();
      return said;
    },
    setDetector(trouble, felt) {
      detectorHandler?.(trouble, felt);
    },
    onDetector(handler) {
      detectorHandler = handler;
    },
    setTrigger(trouble, felt) {
      triggerHandler?.(trouble, felt);
    },
    onTrigger(handler) {
      triggerHandler = handler;
    },
    tripStage(felt) {
      if (tripHandler !== undefined) felt?.();
      tripHandler?.();
    },
    onTrip(handler) {
      tripHandler = handler;
    },
  };
}
