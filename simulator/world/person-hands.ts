/** What a person does at the rack while a campaign runs: cells put elsewhere than they were, or taken out; leads laid wrongly. */
import type { CellPlant } from "../plant/plant.ts";
import { createOpenTerminals } from "./world-cells.ts";
import type { Deposit } from "./shutter-truth.ts";
import type { LitPiece } from "./beam-trace.ts";
import type { Ledger } from "./world-truth.ts";
import { createLyingLeads, createTurnedCurrentLeads } from "./lying-leads.ts";

/** By position. Changed by whoever plays the person; positions that do not stand here are as they were. */
export interface PersonHands {
  /** Where the cell belongs that lies there now; null: nothing does. Cells that are brought have numbers beyond the rack's places. */
  readonly cells: Map<number, number | null>;
  /** Which cell belongs there now, where another has followed the first one. */
  readonly homes: Map<number, number>;
  /** Where the leads of the channel's voltage lie instead, or that those of its current are turned. */
  readonly leads: Map<number, number | "current-turned">;
  /** By how much the cell lies elsewhere in its place than it did, mm. */
  readonly shifts: Map<number, { readonly xMm: number; readonly yMm: number }>;
}

export function createPersonHands(): PersonHands {
  return { cells: new Map(), homes: new Map(), leads: new Map(), shifts: new Map() };
}

/** The cell that lies at a position; null for none. */
export function lyingAt(hands: PersonHands | undefined, positionIndex: number): number | null {
  const lies = hands?.cells.get(positionIndex);
  return lies === undefined ? positionIndex : lies;
}

/** Where the cell lies; undefined where it lies in no contacts. */
export function placeOfCell(hands: PersonHands | undefined, cellIndex: number): number | undefined {
  for (const [positionIndex, lies] of hands?.cells ?? []) if (lies === cellIndex) return positionIndex;
  return hands?.cells.has(cellIndex) === true ? undefined : cellIndex;
}

/** What lies there is the cell whose place it is. */
export function isAtHome(hands: PersonHands | undefined, positionIndex: number): boolean {
  return lyingAt(hands, positionIndex) === (hands?.homes.get(positionIndex) ?? positionIndex);
}

/** Where on the cells, as those lie now, the beam fell. */
export function asTheyLie(deposits: readonly Deposit[], hands: PersonHands | undefined): readonly Deposit[] {
  return laid(deposits, hands, (positionIndex) => lyingAt(hands, positionIndex) ?? positionIndex);
}

/** What the beam fell on, by the cell that lies there; beside the rack where none does. */
export function seenAsTheyLie(pieces: readonly LitPiece[], hands: PersonHands | undefined): readonly LitPiece[] {
  return laid(pieces, hands, (positionIndex) => lyingAt(hands, positionIndex) ?? -1);
}

interface Lit {
  readonly positionIndex: number;
  readonly xMm: number;
  readonly yMm: number;
}

function laid<Piece extends Lit>(
  lit: readonly Piece[],
  hands: PersonHands | undefined,
  cellAt: (positionIndex: number) => number,
): readonly Piece[] {
  if (hands === undefined || (hands.shifts.size === 0 && hands.cells.size === 0)) return lit;
  return lit.map((piece) => {
    const { xMm, yMm } = hands.shifts.get(piece.positionIndex) ?? { xMm: 0, yMm: 0 };
    const positionIndex = cellAt(piece.positionIndex);
    return { ...piece, positionIndex, xMm: piece.xMm - xMm, yMm: piece.yMm - yMm };
  });
}

export interface TouchedContactsDeps {
  readonly hands: PersonHands;
  readonly positionIndex: number;
  /** Of the cells where they belong. */
  readonly rack: { plant(positionIndex: number): CellPlant };
  readonly ledger: Pick<Ledger, "check">;
}

/** The contacts of a channel at a rack that people touch. */
export function createTouchedContacts(deps: TouchedContactsDeps): CellPlant {
  const { hands, positionIndex } = deps;
  const nothing = createOpenTerminals();

  function plantAt(index: number): CellPlant {
    const lies = lyingAt(hands, index);
    return lies === null ? nothing : deps.rack.plant(lies);
  }

  function found(): CellPlant {
    const own = plantAt(positionIndex);
    const lie = hands.leads.get(positionIndex);
    if (lie === undefined) return own;
    return lie === "current-turned" ? createTurnedCurrentLeads(own) : createLyingLeads(own, plantAt(lie));
  }

  function driven(atMs: number): CellPlant {
    const isAnother = lyingAt(hands, positionIndex) !== null && !isAtHome(hands, positionIndex);
    if (isAnother) deps.ledger.check("right-cell", false, atMs, () => `channel ${positionIndex} drove another's cell`);
    return found();
  }

  return {
    disconnect(atMs) {
      found().disconnect(atMs);
    },
    applyCurrent(atMs, currentA) {
      driven(atMs).applyCurrent(atMs, currentA);
    },
    applyVoltage(atMs, voltageV) {
      driven(atMs).applyVoltage(atMs, voltageV);
    },
    applyVoltageWithin(atMs, voltageV, leastA, mostA) {
      driven(atMs).applyVoltageWithin(atMs, voltageV, leastA, mostA);
    },
    read(atMs) {
      found().read(atMs);
    },
    impedanceOhm: (frequencyHz) => found().impedanceOhm?.(frequencyHz) ?? { re: 0, im: 0 },
    get voltageV() {
      return found().voltageV;
    },
    get currentA() {
      return found().currentA;
    },
  };
}
