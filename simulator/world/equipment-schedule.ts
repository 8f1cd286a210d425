/** Puts faults of equipment on the clock: what each does, and when it is over. */
import type { ObservedBeamPlant } from "../plant/beam-plant.ts";
import type { BeamlineTrouble } from "./beamline-trouble.ts";
import type { EquipmentFault } from "./equipment-faults.ts";
import type { FaultyLink } from "./fault-schedule.ts";

export interface EquipmentDeps {
  readonly beam: ObservedBeamPlant;
  readonly trouble: BeamlineTrouble;
  /** Runs `act` at the time; never for one that is left out. */
  readonly at: (atMs: number | undefined, act: (atMs: number) => void) => void;
  /** Somebody, or something, at the rack tells of trouble, or no longer. */
  readonly onTrouble: (fault: Extract<EquipmentFault, { kind: "safety-input" }>, isOn: boolean, atMs: number) => void;
  readonly onLink: (name: string, act: (link: FaultyLink) => void) => void;
}

/** What the controller and people do is done where they are: here it has no effect. */
export function scheduleEquipment(fault: EquipmentFault, deps: EquipmentDeps): void {
  const { beam, trouble, at, onLink } = deps;
  const { fromMs } = fault;
  const during = (set: (isOn: boolean, atMs: number) => void): void => {
    at(fromMs, (atMs) => {
      set(true, atMs);
    });
    at("toMs" in fault ? fault.toMs : undefined, (atMs) => {
      set(false, atMs);
    });
  };

  switch (fault.kind) {
    case "shutter-slow":
      during((isOn) => {
        beam.slowShutter(isOn ? fault.travelMs : null);
      });
      return;
    case "shutter-switch":
      during((isOn) => {
        beam.setSwitch(fault.which, isOn ? fault.reads : null);
      });
      return;
    case "detector-dead":
      during((isOn) => {
        trouble.setDetector(isOn ? { how: "dead" } : null);
      });
      return;
    case "detector-late":
      during((isOn) => {
        trouble.setDetector(isOn ? { how: "late", lateMs: fault.lateMs } : null);
      });
      return;
    case "detector-refuses":
      during((isOn) => {
        trouble.setDetector(isOn ? { how: "refuses" } : null);
      });
      return;
    case "trigger-silent":
      during((isOn) => {
        trouble.setTrigger(isOn ? { how: "silent" } : null);
      });
      return;
    case "trigger-holds":
      during((isOn) => {
        trouble.setTrigger(isOn ? { how: "holds" } : null);
      });
      return;
    case "trigger-withheld":
      during((isOn) => {
        trouble.setTrigger(isOn ? { how: "withheld" } : null);
      });
      return;
    case "trigger-repeats":
      during((isOn) => {
        trouble.setTrigger(isOn ? { how: "repeats", afterMs: fault.afterMs } : null);
      });
      return;
    case "feed-stops":
      during((isOn) => {
        trouble.setReading(fault.feed, isOn ? { how: "stops" } : null);
      });
      return;
    case "feed-jumps":
      during((isOn) => {
        trouble.setReading(fault.feed, isOn ? { how: "jumps", factor: fault.factor } : null);
      });
      return;
    case "feed-not-a-number":
      during((isOn) => {
        trouble.setReading(fault.feed, isOn ? { how: "not-a-number" } : null);
      });
      return;
    case "beam-dim":
      beam.dim(fromMs, fault.toMs ?? Infinity, fault.share);
      return;
    case "stage-trip":
      at(fromMs, () => {
        trouble.tripStage();
      });
      return;
    case "safety-input":
      during((isOn, atMs) => {
        beam.setTrouble(fault.input, isOn);
        deps.onTrouble(fault, isOn, atMs);
      });
      return;
    case "link-unplugged":
      during((isOn) => {
        onLink(fault.link, (link) => {
          link.plug?.(!isOn);
        });
      });
      return;
    case "link-garbled":
      during((isOn) => {
        onLink(fault.link, (link) => {
          link.garble?.(isOn);
        });
      });
      return;
    case "controller-kill":
    case "person":
      return;
  }
}

/** Whether nothing can be measured while it lasts: a fault of what is told of the beam does not take the beam away. */
export function keepsBeam({ kind }: EquipmentFault): boolean {
  return [
    ...["feed-stops", "feed-jumps", "feed-not-a-number", "beam-dim", "stage-trip", "person"],
    // Each exposure is made all the same; software ends the one whose gate does not.
    ...["trigger-holds", "trigger-repeats"],
  ].includes(kind);
}

/** Whether exposing waits for a person after it. */
export function needsPerson(kind: string): boolean {
  return ["shutter-stuck", "shutter-slow", "shutter-switch", "interlock", "safety-input"].includes(kind);
}
