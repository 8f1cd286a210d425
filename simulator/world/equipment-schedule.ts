/** Puts faults of equipment on the clock: what each does, and when it is over. */
import type { ObservedBeamPlant } from "../plant/beam-plant.ts";
import type { BeamlineTrouble } from "./beamline-trouble.ts";
import type { EquipmentFault } from "./equipment-faults.ts";
import type { FaultyLink } from "./fault-schedule.ts";
import type { InstrumentTrouble } from "../measurement/instrument-trouble.ts";
import type { Felt } from "../plant/felt.ts";
import { positionIndex, type Position } from "../../protocols/base/position.ts";
import type { WorldRobot } from "./robot-truth.ts";
import type { LinkAilment } from "../links/link-ailment.ts";

export interface EquipmentDeps {
  readonly beam: ObservedBeamPlant;
  readonly trouble: BeamlineTrouble;
  /** Runs `act` at the time; never for one that is left out. */
  readonly at: (atMs: number | undefined, act: (atMs: number) => void) => void;
  /** Somebody, or something, at the rack tells of trouble, or no longer. */
  readonly onTrouble: (fault: Extract<EquipmentFault, { kind: "safety-input" }>, isOn: boolean, atMs: number) => void;
  readonly onLink: (name: string, act: (link: FaultyLink) => void) => void;
  /** Of the instrument behind a cable; false for one that knows no loss of power. */
  readonly reboot: (link: string) => boolean;
  /** What is wrong with the instrument itself; nothing with one that knows no such trouble. */
  readonly spoil: (link: string, spoilt: InstrumentTrouble | null) => void;
  /** Undefined where no robot brings cells. */
  readonly robot: Pick<WorldRobot, "cause"> | undefined;
  /** The next opening of the shutter, if there is one before the time. */
  readonly onNextOpening: (untilMs: number, act: (atMs: number) => void) => void;
  readonly onPermitLost: (atMs: number) => void;
  /** A gate has ended, and comes once more so long after it. */
  readonly onGateRepeats: (afterMs: number) => void;
  /** Told where the fault takes hold. */
  readonly felt: Felt;
}

/** As soon as a driver opens it again, or sooner. */
const FLAP_MS = 400;
/** After the shutter opened: most exposures last longer. */
const IN_EXPOSURE_MS = 300;

/** What the controller and people do is done where they are: here it has no effect. */
export function scheduleEquipment(fault: EquipmentFault, deps: EquipmentDeps): void {
  const { beam, trouble, at, onLink, felt } = deps;
  const { fromMs } = fault;
  const during = (set: (isOn: boolean, atMs: number) => void): void => {
    at(fromMs, (atMs) => {
      set(true, atMs);
    });
    at("toMs" in fault ? fault.toMs : undefined, (atMs) => {
      set(false, atMs);
    });
  };

  function ail(ailment: LinkAilment): void {
    if (!("link" in fault)) return;
    const { link: name } = fault;
    during((isOn) => {
      onLink(name, (link) => {
        link.ail?.(isOn ? ailment : null, felt);
      });
    });
  }

  function spoil(spoilt: InstrumentTrouble): void {
    if (!("link" in fault)) return;
    const { link: name } = fault;
    during((isOn) => {
      // The cell behind it may be the worse for it.
      onLink(name, () => {
        deps.spoil(name, isOn ? spoilt : null);
      });
    });
  }

  function withdrawPermit(toMs: number): void {
    at(fromMs, () => {
      deps.onNextOpening(toMs, (openedMs) => {
        const atMs = openedMs + IN_EXPOSURE_MS;
        at(atMs, () => {
          beam.setInterlock("beamPermitted", false, felt);
          deps.onPermitLost(atMs);
        });
        at(Math.max(toMs, atMs + IN_EXPOSURE_MS), () => {
          beam.setInterlock("beamPermitted", true);
        });
      });
    });
  }

  switch (fault.kind) {
    case "shutter-slow":
      during((isOn) => {
        beam.slowShutter(isOn ? fault.travelMs : null, isOn ? felt : undefined);
      });
      return;
    case "shutter-switch":
      during((isOn) => {
        beam.setSwitch(fault.which, isOn ? fault.reads : null, felt);
      });
      return;
    case "detector-dead":
      during((isOn) => {
        trouble.setDetector(isOn ? { how: "dead" } : null, felt);
      });
      return;
    case "detector-late":
      during((isOn) => {
        trouble.setDetector(isOn ? { how: "late", lateMs: fault.lateMs } : null, felt);
      });
      return;
    case "detector-refuses":
      during((isOn) => {
        trouble.setDetector(isOn ? { how: "refuses" } : null, felt);
      });
      return;
    case "trigger-silent":
      during((isOn) => {
        trouble.setTrigger(isOn ? { how: "silent" } : null, felt);
      });
      return;
    case "trigger-holds":
      during((isOn) => {
        trouble.setTrigger(isOn ? { how: "holds" } : null, felt);
      });
      return;
    case "trigger-withheld":
      during((isOn) => {
        trouble.setTrigger(isOn ? { how: "withheld" } : null, felt);
      });
      return;
    case "trigger-repeats":
      during((isOn) => {
        trouble.setTrigger(isOn ? { how: "repeats", afterMs: fault.afterMs } : null, () => {
          felt();
          deps.onGateRepeats(fault.afterMs);
        });
      });
      return;
    case "feed-stops":
      during((isOn) => {
        trouble.setReading(fault.feed, isOn ? { how: "stops" } : null, felt);
      });
      return;
    case "feed-jumps":
      during((isOn) => {
        trouble.setReading(fault.feed, isOn ? { how: "jumps", factor: fault.factor } : null, felt);
      });
      return;
    case "feed-not-a-number":
      during((isOn) => {
        trouble.setReading(fault.feed, isOn ? { how: "not-a-number" } : null, felt);
      });
      return;
    case "beam-dim":
      beam.dim(fromMs, fault.toMs ?? Infinity, fault.share, felt);
      return;
    case "stage-trip":
      at(fromMs, () => {
        trouble.tripStage(felt);
      });
      return;
    case "safety-input":
      during((isOn, atMs) => {
        beam.setTrouble(fault.input, isOn, felt);
        deps.onTrouble(fault, isOn, atMs);
      });
      return;
    case "link-unplugged":
      during((isOn) => {
        onLink(fault.link, (link) => {
          link.plug?.(!isOn, felt);
        });
      });
      return;
    case "link-garbled":
      during((isOn) => {
        onLink(fault.link, (link) => {
          link.garble?.(isOn, felt);
        });
      });
      return;
    case "link-late":
      ail({ how: "late", lateMs: fault.lateMs });
      return;
    case "link-drops":
      ail({ how: "drops" });
      return;
    case "link-doubles":
      ail({ how: "doubles" });
      return;
    case "link-repeats":
      ail({ how: "repeats" });
      return;
    case "link-deaf":
      ail({ how: "deaf" });
      return;
    case "link-mute":
      ail({ how: "mute" });
      return;
    case "link-flaps": {
      const toMs = fault.toMs ?? fromMs;
      const flap = (atMs: number): void => {
        onLink(fault.link, (link) => {
          link.cut("the connection was reset", felt);
        });
        if (atMs + FLAP_MS < toMs) at(atMs + FLAP_MS, flap);
      };
      at(fromMs, flap);
      return;
    }
    case "instrument-reboots":
      at(fromMs, () => {
        if (!deps.reboot(fault.link)) return;
        felt();
        onLink(fault.link, (link) => {
          link.cut("the instrument was started anew");
        });
      });
      return;
    case "instrument-errors":
      spoil({ how: "errors" });
      return;
    case "instrument-fails":
      at(fromMs, () => {
        onLink(fault.link, () => {
          deps.spoil(fault.link, { how: "fails" });
        });
      });
      return;
    case "instrument-clock":
      spoil({ how: "clock", share: fault.share });
      return;
    case "range-jumps":
      spoil({ how: "range-jumps" });
      return;
    case "robot-drops":
    case "robot-picks-two":
      at(fromMs, (atMs) => {
        deps.robot?.cause(atMs, { kind: fault.kind === "robot-drops" ? "drop" : "double-pick" }, felt);
      });
      return;
    case "cells-swapped":
      at(fromMs, (atMs) => {
        const positions = [fault.one, fault.other].map((name) => positionIndex(name as Position));
        deps.robot?.cause(atMs, { kind: "swap", positions: [positions[0] ?? 0, positions[1] ?? 0] }, felt);
      });
      return;
    case "feed-sticks":
      during((isOn) => {
        trouble.setReading(fault.feed, isOn ? { how: "sticks" } : null, felt);
      });
      return;
    case "permit-withdrawn":
      withdrawPermit(fault.toMs ?? fromMs);
      return;
    case "controller-kill":
    case "person":
      return;
  }
}

/** Whether nothing can be measured while it lasts: a fault of what is told of the beam does not take the beam away. */
export function keepsBeam({ kind }: EquipmentFault): boolean {
  return [
    ...["feed-stops", "feed-jumps", "feed-not-a-number", "feed-sticks", "beam-dim", "stage-trip", "person"],
    // Each exposure is made all the same; software ends the one whose gate does not.
    ...["trigger-holds", "trigger-repeats"],
  ].includes(kind);
}

/** Whether exposing waits for a person after it. */
export function needsPerson(kind: string): boolean {
  return [
    ...[
      "shutter-stuck",
      "shutters-stuck",
      "shutter-slow",
      "shutter-switch",
      "interlock",
      "permit-withdrawn",
      "safety-input",
    ],
    ...["robot-drops", "robot-picks-two", "cells-swapped"],
  ].includes(kind);
}
