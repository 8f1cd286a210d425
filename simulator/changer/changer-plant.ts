/**
 * The true sample changer: a gripper that carries cells between trays, the rack and a code reader, and the true
 * place of every cell whatever goes wrong on the way. It does what it is told and reports what its sensors see,
 * which is not always what happened.
 */
import type { Felt } from "../plant/felt.ts";
import type { Chance } from "../plant/plant.ts";
import { isSamePlace, type Place, placeText } from "./place.ts";

export interface ChangerCell {
  /** The cell itself; unique, whatever is printed on it. */
  readonly id: string;
  /** What is printed on it. */
  readonly code: string;
  readonly place: Place;
}

export interface ChangerPlantOptions {
  readonly cells: readonly ChangerCell[];
  /** The changer's own stream. */
  readonly chance: Chance;
  /** One arm movement between any two places, the gripper's stroke, a look at a code. */
  readonly moveS?: number;
  readonly gripS?: number;
  readonly readS?: number;
  /** Share of looks at a good code that give nothing. Default 0. */
  readonly misreadShare?: number;
}

/** Of a double gripper; the first pair is what a single one has. */
export type Jaw = 1 | 2;

export type CodeReading =
  | { readonly kind: "code"; readonly code: string }
  | { readonly kind: "nothing" }
  | { readonly kind: "unreadable" };

export interface ChangerPlant {
  /** The arm goes to the place and the gripper closes; returns when it is done. A busy changer finishes first. */
  pick(atMs: number, from: Place, jaw?: Jaw): number;
  /** The arm goes to the place and the gripper opens; returns when it is done. */
  place(atMs: number, to: Place, jaw?: Jaw): number;
  /** Holds what is in the gripper before the code reader; the reading is `reading` when it is done. */
  readCode(atMs: number): number;
  reading(atMs: number): CodeReading;
  isBusy(atMs: number): boolean;
  /** The gripper's own sensor: jaws that something keeps from closing. */
  gripperHolds(atMs: number): boolean;
  gripperIsClosed(atMs: number): boolean;
  /** The presence sensor of a tray's slot or a position of the rack. */
  isPresent(atMs: number, place: Place): boolean;

  /** Told of every cell that comes to another place, at that instant. */
  onMoved(handler: (atMs: number, cellId: string, from: Place, to: Place) => void): void;

  /** The truth: where a cell is. */
  placeOf(atMs: number, cellId: string): Place | undefined;
  /** The truth: what lies at a place, the topmost last. */
  cellsAt(atMs: number, place: Place): readonly string[];

  /** The next cell that is carried falls on the way; the jaws stay as they are. */
  dropNext(felt?: Felt): void;
  /** The next pick takes a neighbour's or a stuck second cell along, if there is one to be taken. */
  doublePickNext(felt?: Felt): void;
  /** Two cells change places, as if somebody had. */
  swap(atMs: number, cellId: string, otherId: string): void;
  /** Somebody puts a cell there, wherever it was. */
  putByHand(atMs: number, cellId: string, place: Place): void;
  /** Its print is smudged, or clean again. */
  smudge(cellId: string, isSmudged: boolean): void;
  /** A presence sensor that says the same whatever is there; null lets it see again. */
  stickPresence(place: Place, says: boolean | null): void;
}

interface Doing {
  readonly untilMs: number;
  /** What is so when it is done. */
  readonly end: (atMs: number) => void;
}

const GRIPPER: Place = { kind: "gripper" };
const SECOND_GRIPPER: Place = { kind: "gripper", jaw: 2 };
const FLOOR: Place = { kind: "floor" };

/** Throws RangeError for two cells of one id or two cells in one place. */
export function createChangerPlant(options: ChangerPlantOptions): ChangerPlant {
  const { chance, moveS = 3, gripS = 0.5, readS = 0.3, misreadShare = 0 } = options;
  const places = new Map<string, Place>();
  const codes = new Map<string, string>();
  for (const cell of options.cells) {
    if (places.has(cell.id)) throw new RangeError(`two cells are named ${cell.id}`);
    if (cell.place.kind !== "floor" && occupants(cell.place).length > 0)
      throw new RangeError(`two cells at ${placeText(cell.place)}`);
    places.set(cell.id, cell.place);
    codes.set(cell.id, cell.code);
  }
  const smudged = new Set<string>();
  const stuck = new Map<string, boolean>();
  const queue: Doing[] = [];
  const seen: { reading: CodeReading } = { reading: { kind: "nothing" } };
  const closed = new Set<Jaw>();
  const movedHandlers: ((atMs: number, cellId: string, from: Place, to: Place) => void)[] = [];
  let dropsNext = false;
  let feltDrop: Felt | undefined;
  let feltDouble: Felt | undefined;
  let doublesNext = false;

  function occupants(place: Place): string[] {
    return [...places].filter(([, where]) => isSamePlace(where, place)).map(([id]) => id);
  }

  function advance(atMs: number): void {
    while ((queue[0]?.untilMs ?? Infinity) <= atMs) {
      const done = queue.shift();
      done?.end(done.untilMs);
    }
  }

  function begin(atMs: number, seconds: number, end: (atMs: number) => void): number {
    advance(atMs);
    const untilMs = Math.max(atMs, queue.at(-1)?.untilMs ?? atMs) + seconds * 1000;
    queue.push({ untilMs, end });
    return untilMs;
  }

  function bring(atMs: number, id: string, to: Place): void {
    const from = places.get(id) ?? FLOOR;
    places.set(id, to);
    for (const told of movedHandlers) told(atMs, id, from, to);
  }

  /** A cell that is let go over one that lies there already slides off it. */
  function putDown(atMs: number, to: Place, jaw: Jaw): void {
    const isFree = occupants(to).length === 0;
    const [first, ...others] = occupants(gripperOf(jaw));
    if (first !== undefined) bring(atMs, first, isFree && to.kind !== "gripper" ? to : FLOOR);
    for (const id of others) bring(atMs, id, FLOOR);
  }

  function fall(atMs: number, jaw: Jaw): void {
    if (!dropsNext || occupants(gripperOf(jaw)).length === 0) return;
    dropsNext = false;
    feltDrop?.();
    for (const id of occupants(gripperOf(jaw))) bring(atMs, id, FLOOR);
  }

  return {
    pick(atMs, from, jaw = 1) {
      return begin(atMs, moveS + gripS, (doneMs) => {
        closed.add(jaw);
        // Full jaws push what lies there aside and take nothing.
        if (occupants(gripperOf(jaw)).length > 0 || from.kind === "floor") return;
        const [wanted] = occupants(from);
        if (wanted === undefined) return;
        bring(doneMs, wanted, gripperOf(jaw));
        if (!doublesNext) return;
        const beside = besideOf(from).flatMap(occupants)[0];
        if (beside === undefined) return;
        doublesNext = false;
        feltDouble?.();
        bring(doneMs, beside, gripperOf(jaw));
      });
    },
    place(atMs, to, jaw = 1) {
      return begin(atMs, moveS + gripS, (doneMs) => {
        fall(doneMs, jaw);
        closed.delete(jaw);
        putDown(doneMs, to, jaw);
      });
    },
    readCode(atMs) {
      return begin(atMs, moveS + readS, (doneMs) => {
        fall(doneMs, 1);
        const held = occupants(GRIPPER);
        const [first] = held;
        if (first === undefined) seen.reading = { kind: "nothing" };
        else if (held.length > 1 || smudged.has(first) || chance.uniform() < misreadShare)
          seen.reading = { kind: "unreadable" };
        else seen.reading = { kind: "code", code: codes.get(first) ?? "" };
      });
    },
    reading(atMs) {
      advance(atMs);
      return seen.reading;
    },
    isBusy(atMs) {
      advance(atMs);
      return queue.length > 0;
    },
    gripperHolds(atMs) {
      advance(atMs);
      return closed.has(1) && occupants(GRIPPER).length > 0;
    },
    gripperIsClosed(atMs) {
      advance(atMs);
      return closed.has(1);
    },
    isPresent(atMs, place) {
      advance(atMs);
      return stuck.get(placeText(place)) ?? occupants(place).length > 0;
    },
    onMoved(handler) {
      movedHandlers.push(handler);
    },
    placeOf(atMs, cellId) {
      advance(atMs);
      return places.get(cellId);
    },
    cellsAt(atMs, place) {
      advance(atMs);
      return occupants(place);
    },
    dropNext(felt) {
      feltDrop = felt;
      dropsNext = true;
    },
    doublePickNext(felt) {
      feltDouble = felt;
      doublesNext = true;
    },
    swap(atMs, cellId, otherId) {
      advance(atMs);
      const one = places.get(cellId);
      const other = places.get(otherId);
      if (one === undefined || other === undefined) throw new RangeError(`no cells ${cellId} and ${otherId} to swap`);
      bring(atMs, cellId, other);
      bring(atMs, otherId, one);
    },
    putByHand(atMs, cellId, place) {
      advance(atMs);
      bring(atMs, cellId, place);
    },
    smudge(cellId, isSmudged) {
      if (isSmudged) smudged.add(cellId);
      else smudged.delete(cellId);
    },
    stickPresence(place, says) {
      if (says === null) stuck.delete(placeText(place));
      else stuck.set(placeText(place), says);
    },
  };
}

function gripperOf(jaw: Jaw): Place {
  return jaw === 1 ? GRIPPER : SECOND_GRIPPER;
}

/** The slots from which a second cell may come along. */
function besideOf(place: Place): readonly Place[] {
  if (place.kind !== "tray") return [];
  return [place.slot + 1, place.slot - 1].map((slot) => ({ ...place, slot }));
}
