/**
 * The robot that brings cells to the beam, as it truly is: which cell lies in the beam, which has left its contacts,
 * and whether it was taken in order. A cell is one by the position where it was put in at the start; its slot is where
 * its channel's contacts are, and whatever lies there is what the channel finds.
 */
import { createChangerPlant, type ChangerPlant } from "../changer/changer-plant.ts";
import { isSamePlace, type Place } from "../changer/place.ts";
import type { Felt } from "../plant/felt.ts";
import type { CellPlant, Chance, WorldClock } from "../plant/plant.ts";
import type { ObservedBeamPlant } from "../plant/beam-plant.ts";
import type { ObservedStagePlant } from "../plant/stage-plant.ts";
import type { CellObserver } from "./cell-observer.ts";
import { createContactLog, type ContactLog } from "./contact-log.ts";
import type { Ledger } from "./world-truth.ts";
import { createOpenTerminals } from "./world-cells.ts";
import type { PlacedOffset, WorldSite } from "./world-site.ts";

export interface RobotOptions {
  readonly slotsPerTray: number;
  /** One arm movement. */
  readonly moveS: number;
  /** What is printed on the cells, by position. */
  readonly codes: ReadonlyMap<number, string>;
}

/** What can go wrong with it. `positions` are those of the cells that are meant. */
export type RobotTrouble =
  | { readonly kind: "drop" }
  | { readonly kind: "double-pick" }
  | { readonly kind: "swap"; readonly positions: readonly [number, number] };

export interface WorldRobot {
  readonly plant: ChangerPlant;
  /** What the robot finds under its gripper at the stage; null where the stage is elsewhere, or moves. */
  handover(atMs: number): Place | null;
  /** The arm begins a path, to the slot if it has one. */
  pathBegins(atMs: number, path: string, slot?: { readonly tray: number; readonly slot: number } | null): void;
  /** A person stopped all motion, or a hazard the beam: no path begins before `letGo`. */
  mustStand(why: string): void;
  /** A person says that it may go on. */
  letGo(): void;
  /** What it was told within that time may be on no record. */
  controllerLost(withinMs: number): void;
  /** The doors of its cell are those of the hutch. */
  areDoorsClosed(atMs: number): boolean;
  /** Told when the hutch's own chain stops the arm; one handler. */
  onStopped(handler: () => void): void;
  /** Told when a person frees it at its panel: it holds nothing and has delivered nothing; one handler. */
  onFreed(handler: () => void): void;
  /** A person does so. */
  free(): void;
  /** A person frees it and puts every cell that is not in its slot back there. */
  tidy(atMs: number): void;
  /** Where the cell is that was put in at this position. */
  placeOf(atMs: number, positionIndex: number): Place | undefined;
  cause(atMs: number, trouble: RobotTrouble, felt?: Felt): void;
}

export interface RobotTruth extends WorldRobot {
  /** What the channel of a position finds in its contacts. */
  contacts(positionIndex: number): CellPlant;
  readonly contactLog: ContactLog;
  /** Which cell is in the beam, and where on it the beam falls. */
  underBeam(atMs: number, stageXMm: number, stageYMm: number): PlacedOffset;
  /**
   * The cell is out of its contacts now, or will be within the time, or the arm has been sent for it since `fromMs`; told
   * then, unless the run is over before.
   */
  sentForWithin(positionIndex: number, fromMs: number, ms: number, told: (isSentFor: boolean) => void): void;
  interlockBroken(name: string): void;
}

export interface RobotTruthDeps {
  readonly clock: WorldClock;
  readonly options: RobotOptions;
  readonly site: WorldSite;
  readonly stage: ObservedStagePlant;
  readonly beam: ObservedBeamPlant;
  readonly cells: ReadonlyMap<number, CellObserver>;
  readonly chance: Chance;
  readonly ledger: Ledger;
  /** Grows with each cell that is not where it should be through no fault of the controller. */
  readonly faultyPositions: Set<number>;
}

export const ROBOT_INVARIANTS = ["cell-off-before-pick", "robot-in-order"] as const;

/** The gripper finds the holder within this of its place. */
const REACH_MM = 0.5;
/** Where the beam still falls on what lies in the holder. */
const HOLDER_MM = 12;
const HUTCH = ["searched", "doorClosed", "emergencyOk", "motionEnabled"] as const;
/** Between the reading of a level, or an order, and the motion it allows. */
const REACTION_MS = 1000;

export function createRobotTruth(deps: RobotTruthDeps): RobotTruth {
  const { clock, options, site, stage, beam, cells, ledger, faultyPositions } = deps;
  const open = createOpenTerminals();
  const plant = createChangerPlant({
    cells: [...cells.keys()].map((index) => ({
      id: String(index),
      code: options.codes.get(index) ?? "",
      place: slotPlace(index),
    })),
    chance: deps.chance,
    moveS: options.moveS,
  });
  /** By position: which cell is in the contacts there. */
  const inContacts = new Map<number, number>([...cells.keys()].map((index) => [index, index]));
  const contactLog = createContactLog(cells);
  /** What lay in the beam from when on. */
  const inBeam: { readonly fromMs: number; readonly positionIndex: number }[] = [];
  const leftAtMs = new Map<number, number>();
  const sentForAtMs = new Map<number, number>();
  const brokenSinceMs = new Map<string, number>();
  let doublesNext = false;
  let isByHand = false;
  let pickedAtMs = NaN;
  let stands: { readonly why: string; readonly sinceMs: number } | null = null;
  let stopped: (() => void) | undefined;
  let freed: (() => void) | undefined;

  function slotPlace(index: number): Place {
    const { slotsPerTray } = options;
    return { kind: "tray", tray: Math.floor(index / slotsPerTray) + 1, slot: (index % slotsPerTray) + 1 };
  }

  function indexOfSlot(place: Place): number | undefined {
    return place.kind === "tray" ? (place.tray - 1) * options.slotsPerTray + place.slot - 1 : undefined;
  }

  function isInSlot(atMs: number, index: number): boolean {
    const place = plant.placeOf(atMs, String(index));
    return place !== undefined && isSamePlace(place, slotPlace(index));
  }

  /** A channel may have looked at its cell after that, before the arm's path was. */
  function seenBy(atMs: number, cell: number): number {
    return Math.max(atMs, cells.get(cell)?.seenMs ?? atMs);
  }

  function leave(atMs: number, cell: number, from: number): void {
    if (inContacts.get(from) === cell) {
      inContacts.delete(from);
      contactLog.lies(from, null, seenBy(atMs, cell));
    }
    leftAtMs.set(cell, atMs);
    const observer = cells.get(cell);
    if (observer === undefined) return;
    // A neighbour that is torn along, or what is pulled out by hand, is nobody's order.
    const isTorn = doublesNext && atMs === pickedAtMs;
    if (isTorn) doublesNext = false;
    pickedAtMs = atMs;
    if (isTorn || isByHand) faultyPositions.add(cell);
    else {
      ledger.check(
        "cell-off-before-pick",
        !observer.isDriven,
        atMs,
        () => `cell ${cell} was taken while it was driven`,
      );
    }
    observer.plant.disconnect(seenBy(atMs, cell));
  }

  plant.onMoved((atMs, id, from, to) => {
    const cell = Number(id);
    const slotLeft = indexOfSlot(from);
    const slotFilled = indexOfSlot(to);
    if (slotLeft !== undefined) leave(atMs, cell, slotLeft);
    if (slotFilled !== undefined) {
      inContacts.set(slotFilled, cell);
      contactLog.lies(slotFilled, cell, seenBy(atMs, cell));
    }
    // Whose cell it is that lies elsewhere cannot be told by the controller's doing.
    if (to.kind === "floor" || (slotFilled !== undefined && slotFilled !== cell)) faultyPositions.add(cell);
    if (from.kind !== "beam" && to.kind !== "beam") return;
    inBeam.push({ fromMs: atMs, positionIndex: to.kind === "beam" ? cell : -1 });
    if (inBeam.length > 64) inBeam.splice(0, 32);
    if (isByHand) return;
    const isAtPlace = handoverOf(atMs, REACH_MM) !== null;
    ledger.check("robot-in-order", isAtPlace, atMs, () => "the robot reached for a stage that was not at its place");
    const isShut = beam.shutterFraction(atMs) <= 0 || beam.safetyShutterFraction(atMs) <= 0;
    ledger.check("robot-in-order", isShut, atMs, () => "the robot reached into the open beam");
  });

  function handoverOf(atMs: number, withinMm: number): Place | null {
    const { originXMm, originYMm } = site.rack;
    if (stage.isMoving(atMs)) return null;
    return Math.hypot(stage.xMm(atMs) - originXMm, stage.yMm(atMs) - originYMm) <= withinMm ? { kind: "beam" } : null;
  }

  function contacts(positionIndex: number): CellPlant {
    const found = (): CellPlant => cells.get(inContacts.get(positionIndex) ?? -1)?.plant ?? open;
    return {
      disconnect(atMs) {
        found().disconnect(atMs);
      },
      applyCurrent(atMs, currentA) {
        found().applyCurrent(atMs, currentA);
      },
      applyVoltage(atMs, voltageV) {
        found().applyVoltage(atMs, voltageV);
      },
      applyVoltageWithin(atMs, voltageV, leastA, mostA) {
        found().applyVoltageWithin(atMs, voltageV, leastA, mostA);
      },
      read(atMs) {
        found().read(atMs);
      },
      impedanceOhm: (frequencyHz) => found().impedanceOhm?.(frequencyHz) ?? { re: Infinity, im: 0 },
      get voltageV() {
        return found().voltageV;
      },
      get currentA() {
        return found().currentA;
      },
    };
  }

  return {
    plant,
    contacts,
    contactLog,
    handover: (atMs) => handoverOf(atMs, HOLDER_MM),
    placeOf: (atMs, positionIndex) => plant.placeOf(atMs, String(positionIndex)),
    areDoorsClosed: (atMs) => beam.interlock(atMs, "doorClosed") && beam.interlock(atMs, "emergencyOk"),
    onStopped(handler) {
      stopped = handler;
    },
    onFreed(handler) {
      freed = handler;
    },
    free() {
      freed?.();
    },
    tidy(atMs) {
      freed?.();
      isByHand = true;
      const astray = [...cells.keys()].filter((index) => !isInSlot(atMs, index));
      // First out of one another's places.
      for (const index of astray) plant.putByHand(atMs, String(index), { kind: "floor" });
      for (const index of astray) plant.putByHand(atMs, String(index), slotPlace(index));
      isByHand = false;
    },
    interlockBroken(name) {
      brokenSinceMs.set(name, clock.nowMs());
      if (name === "doorClosed" || name === "emergencyOk") stopped?.();
    },
    pathBegins(atMs, path, slot = null) {
      const sentFor = slot === null ? undefined : indexOfSlot({ kind: "tray", ...slot });
      if (sentFor !== undefined) sentForAtMs.set(sentFor, atMs);
      const broken = HUTCH.filter(
        (name) => !beam.isHolding(name) && atMs - (brokenSinceMs.get(name) ?? atMs) > REACTION_MS,
      );
      ledger.check("robot-in-order", broken.length === 0, atMs, () => `${path} began without ${broken.join(", ")}`);
      const why = stands !== null && atMs - stands.sinceMs > REACTION_MS ? stands.why : null;
      ledger.check("robot-in-order", why === null, atMs, () => `${path} began after ${String(why)}`);
    },
    mustStand(why) {
      stands ??= { why, sinceMs: clock.nowMs() };
    },
    letGo() {
      stands = null;
    },
    controllerLost(withinMs) {
      if (stands !== null && clock.nowMs() - stands.sinceMs < withinMs) stands = null;
    },
    underBeam(atMs, stageXMm, stageYMm) {
      // What has been begun may be over by now.
      plant.isBusy(clock.nowMs());
      const [xMm, yMm] = [stageXMm - site.rack.originXMm, stageYMm - site.rack.originYMm];
      const lies = inBeam.findLast(({ fromMs }) => fromMs <= atMs);
      const isNear = Math.hypot(xMm, yMm) <= HOLDER_MM;
      return { positionIndex: isNear ? (lies?.positionIndex ?? -1) : -1, xMm, yMm };
    },
    sentForWithin(positionIndex, fromMs, ms, told) {
      if (inContacts.get(positionIndex) !== positionIndex) {
        told(true);
        return;
      }
      clock.at(clock.nowMs() + ms, () => {
        told(Math.max(leftAtMs.get(positionIndex) ?? -Infinity, sentForAtMs.get(positionIndex) ?? -Infinity) >= fromMs);
      });
    },
    cause(atMs, trouble, felt) {
      switch (trouble.kind) {
        case "drop":
          plant.dropNext(felt);
          break;
        case "double-pick":
          doublesNext = true;
          plant.doublePickNext(felt);
          break;
        case "swap": {
          const [one, other] = trouble.positions;
          // Nobody reaches into the beam, nor into the gripper.
          if (![one, other].every((index) => isInSlot(atMs, index))) return;
          felt?.();
          isByHand = true;
          plant.swap(atMs, String(one), String(other));
          isByHand = false;
        }
      }
    },
  };
}
