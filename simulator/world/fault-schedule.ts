/** Puts faults on the clock: what each does to links, beam and hutch, and when none of it can be used. */
import { type ObservedBeamPlant } from "../plant/beam-plant.ts";
import type { Felt } from "../plant/felt.ts";
import type { WorldClock } from "../plant/plant.ts";
import type { ObservedStagePlant } from "../plant/stage-plant.ts";
import type { CellRack } from "./cell-rack.ts";
import type { BeamlineTrouble } from "./beamline-trouble.ts";
import { isEquipment, type EquipmentFault } from "./equipment-faults.ts";
import { keepsBeam, needsPerson, scheduleEquipment } from "./equipment-schedule.ts";
import { isHeard } from "./rearm-watch.ts";
import type { LinkAilment } from "../links/link-ailment.ts";
import type { InstrumentTrouble } from "../measurement/instrument-trouble.ts";
import type { WorldRobot } from "./robot-truth.ts";
import { areOrders, isHostFault } from "./host-faults.ts";
import type { Outage } from "./request-truth.ts";
import type { FaultEffects } from "./fault-effects.ts";
import type { WorldFault } from "./world-faults.ts";

/** What a fault on a link needs of it. */
export interface FaultyLink {
  hang(isHung: boolean, felt?: Felt): void;
  cut(why: string, felt?: Felt): void;
  plug?(isPlugged: boolean, felt?: Felt): void;
  garble?(isGarbled: boolean, felt?: Felt): void;
  ail?(ailment: LinkAilment | null, felt?: Felt): void;
  readonly counters?: { readonly chunksToDevice: number };
}

export interface FaultTargets {
  /** By the name used in the faults. */
  readonly links: ReadonlyMap<string, FaultyLink>;
  /** Which position a link serves, for those that serve one. */
  readonly positionOfLink: ReadonlyMap<string, number>;
  /** Those that a link serves which serves several. */
  readonly positionsOfLink?: ReadonlyMap<string, readonly number[]>;
  /** Where there are cells. */
  readonly positions: readonly number[];
  /** By link: takes the power from the instrument for a moment. */
  readonly reboots?: ReadonlyMap<string, () => void>;
  /** By link: of instruments that can go wrong themselves. */
  readonly troubles?: ReadonlyMap<string, (trouble: InstrumentTrouble | null, felt?: Felt) => void>;
  /** By position, of instruments that several share: how often one was ordered to stop there. */
  readonly stopsHeard?: ReadonlyMap<number, () => number>;
  /** Inputs at the rack that stop no cell. */
  readonly safetyInputs?: readonly string[];
}

export interface FaultScheduleDeps {
  readonly clock: WorldClock;
  readonly beam: ObservedBeamPlant;
  readonly stage: ObservedStagePlant;
  readonly trouble: BeamlineTrouble;
  readonly rack: Pick<CellRack, "fail">;
  readonly robot: Pick<WorldRobot, "cause"> | undefined;
  /** Grows with each fault on a cell's path, as it takes effect. */
  readonly faultyPositions: Set<number>;
  /** Grows with each fault that keeps the beam from cells. */
  readonly outages: Outage[];
  readonly effects: Pick<FaultEffects, "begins" | "feltOf">;
  readonly onDump: () => void;
  /** Both shutters stay open, or are free again. */
  readonly onShuttersStuck: (isStuck: boolean, atMs: number) => void;
  /** Nothing lies there until then. */
  readonly onAwaited: (positionIndex: number, comesMs: number) => void;
  /** The same of an input at the rack. */
  readonly onTrouble: (name: string, isOn: boolean, atMs: number, isHeard: boolean) => void;
  /** `isHeard` unless those who should know of it may have been deaf all the while. */
  /** The next opening of the shutter, if there is one before the time. */
  readonly onNextOpening: (untilMs: number, act: (atMs: number) => void) => void;
  readonly onGateRepeats: (afterMs: number) => void;
  readonly onInterlockBroken: (name: string, atMs: number, isHeard: boolean) => void;
}

/** What was ordered is put right, and what was under way has ended. */
const AFTER_ORDERS_MS = 60_000;
/** What is over in a moment is made good by then, or a person has come. */
const AFTER_MOMENT_MS = 30_000;
/** By then a cell that has come is proven. */
const COMING_MS = 60_000;

/** Throws RangeError, when its time comes, for a link that does not exist. */
export function scheduleFaults(faults: readonly WorldFault[], targets: FaultTargets, deps: FaultScheduleDeps): void {
  const { clock, beam, outages } = deps;

  function at(atMs: number | undefined, act: (atMs: number) => void): void {
    if (atMs === undefined) return;
    clock.at(atMs, () => {
      act(atMs);
    });
  }

  function onLink(name: string, act: (link: FaultyLink) => void): void {
    const link = targets.links.get(name);
    if (link === undefined) throw new RangeError(`no link named ${name}`);
    const positionIndex = targets.positionOfLink.get(name);
    if (positionIndex !== undefined) deps.faultyPositions.add(positionIndex);
    for (const shared of targets.positionsOfLink?.get(name) ?? []) deps.faultyPositions.add(shared);
    act(link);
  }

  function scheduleHang(name: string, fromMs: number, toMs: number | undefined, felt: Felt): void {
    const positionIndex = targets.positionOfLink.get(name);
    // A cell may be exposed while its channel is silent for a while, but not for ever.
    if (positionIndex === undefined) outages.push({ fromMs, toMs: toMs ?? Infinity });
    else if (toMs === undefined) outages.push({ fromMs, toMs: Infinity, positionIndex });
    at(fromMs, () => {
      onLink(name, (link) => {
        link.hang(true, felt);
      });
    });
    at(toMs, () => {
      onLink(name, (link) => {
        link.hang(false);
      });
    });
  }

  /** Until it is over; where exposing waits for a person, until one comes. */
  function pushOutage(fault: WorldFault, positionIndex?: number): void {
    const overMs = isMomentary(fault)
      ? fault.fromMs + AFTER_MOMENT_MS
      : "toMs" in fault
        ? (fault.toMs ?? Infinity)
        : Infinity;
    const isCellSought = faults.some((other) => other.kind === "person" && other.act === "find-cells");
    const people =
      needsPerson(fault.kind) || (isCellSought && fault.kind === "controller-kill")
        ? faults.filter((other) => other.kind === "person" && other.fromMs >= overMs).map((other) => other.fromMs)
        : [];
    const toMs = people.length === 0 ? overMs : Math.min(...people);
    outages.push({
      ...{ fromMs: fault.fromMs, toMs },
      ...(positionIndex === undefined ? {} : { positionIndex }),
      ...(fault.kind === "controller-kill" ? { isDeaf: true } : {}),
    });
  }

  function schedule(fault: WorldFault): void {
    at(Math.max(fault.fromMs, clock.nowMs()), () => {
      deps.effects.begins(fault);
    });
    const felt = deps.effects.feltOf(fault);
    if (fault.kind === "link-hang") {
      scheduleHang(fault.link, fault.fromMs, fault.toMs, felt);
      return;
    }
    if (fault.kind === "link-cut") {
      const positionIndex = targets.positionOfLink.get(fault.link);
      const instant = { fromMs: fault.fromMs, toMs: fault.fromMs };
      outages.push(positionIndex === undefined ? instant : { ...instant, positionIndex });
      at(fault.fromMs, () => {
        onLink(fault.link, (link) => {
          link.cut("the cable was pulled", felt);
        });
      });
      return;
    }
    if (fault.kind === "cell") {
      const { positionIndex, fromMs } = fault;
      const begin = (atMs: number): void => {
        if (deps.rack.fail(atMs, positionIndex, fault.fault, felt)) deps.faultyPositions.add(positionIndex);
      };
      // A cell that is isolated, rightly, cannot be exposed any more; one that hides its fault may be.
      outages.push({ fromMs, toMs: Infinity, positionIndex });
      // What is wrong at the start was so when the cell was put in.
      if (fromMs <= clock.nowMs()) begin(clock.nowMs());
      else at(fromMs, begin);
      return;
    }
    if (fault.kind === "cell-comes") {
      const { positionIndex, fromMs } = fault;
      outages.push({ fromMs: 0, toMs: fromMs + COMING_MS, positionIndex });
      deps.onAwaited(positionIndex, fromMs);
      at(fromMs, felt);
      return;
    }
    if (fault.kind === "stage-lost-steps") {
      at(fault.fromMs, () => {
        deps.stage.loseSteps(fault.xMm, fault.yMm, felt);
      });
      return;
    }
    if (isHostFault(fault)) {
      // Nobody measures by a computer that does not run or cannot write, nor while people say that and its opposite.
      // Whom a person ends is told as it happens, cell by cell.
      if (fault.kind !== "clock-step" && fault.kind !== "orders-end-cells") {
        const graceMs = areOrders(fault) ? AFTER_ORDERS_MS : 0;
        outages.push({ fromMs: fault.fromMs, toMs: fault.toMs + graceMs, isDeaf: true });
      }
      return;
    }
    if (isEquipmentFault(fault)) {
      const link = "link" in fault ? targets.positionOfLink.get(fault.link) : undefined;
      if (!keepsBeam(fault)) pushOutage(fault, link);
      scheduleEquipment(fault, {
        ...{
          beam,
          trouble: deps.trouble,
          at,
          onLink,
          onNextOpening: deps.onNextOpening,
          onGateRepeats: deps.onGateRepeats,
        },
        reboot(name) {
          if (!targets.links.has(name)) throw new RangeError(`no link named ${name}`);
          const restart = targets.reboots?.get(name);
          restart?.();
          return restart !== undefined;
        },
        spoil: (name, spoilt) => targets.troubles?.get(name)?.(spoilt, felt),
        felt,
        robot: deps.robot,
        onPermitLost(atMs) {
          deps.onInterlockBroken("beamPermitted", atMs, isHeard(fault, faults));
        },
        onTrouble(trouble, isOn, atMs) {
          deps.onTrouble(trouble.input, isOn, atMs, isHeard(trouble, faults));
        },
      });
      return;
    }
    pushOutage(fault);
    switch (fault.kind) {
      case "beam-dump":
        beam.dump(fault.fromMs, fault.toMs, fault.refillMs, felt);
        at(fault.fromMs, deps.onDump);
        break;
      case "interlock":
        at(fault.fromMs, (atMs) => {
          beam.setInterlock(fault.name, false, felt);
          deps.onInterlockBroken(fault.name, atMs, isHeard(fault, faults));
        });
        at(fault.toMs, () => {
          beam.setInterlock(fault.name, true);
          deps.onTrouble(fault.name, false, clock.nowMs(), true);
        });
        break;
      case "shutters-stuck":
        at(fault.fromMs, (atMs) => {
          beam.stickShutter(atMs, "open");
          beam.jamSafetyShutter(atMs, true, felt);
          deps.onShuttersStuck(true, atMs);
        });
        at(fault.toMs, (atMs) => {
          beam.stickShutter(atMs, null);
          beam.jamSafetyShutter(atMs, false);
          deps.onShuttersStuck(false, atMs);
        });
        break;
      case "shutter-stuck":
        at(fault.fromMs, (atMs) => {
          beam.stickShutter(atMs, fault.at, felt);
        });
        at(fault.toMs, (atMs) => {
          beam.stickShutter(atMs, null);
        });
        break;
    }
  }

  for (const fault of faults) schedule(fault);
}

function isMomentary({ kind }: WorldFault): boolean {
  return ["instrument-reboots", "instrument-fails", "robot-drops", "robot-picks-two", "cells-swapped"].includes(kind);
}

function isEquipmentFault(fault: WorldFault): fault is EquipmentFault {
  return isEquipment(fault);
}
