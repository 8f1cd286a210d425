/** From custody to what each cell of a campaign is held against before its first current. Pure. */
import type { Position } from "../../protocols/base/position.ts";
import { oppositeOf } from "../access/rack-orientation.ts";
import { against, type Custody, type CustodyCell, type CustodyState } from "./custody.ts";
import type { Fingerprint, IdentityEvidence, IdentitySource } from "./identity-proof.ts";

interface PlannedCell {
  readonly position: Position;
  readonly barcode: string;
}

/** One for each cell, in the order given. `nowMs` is UTC: what was measured long ago says less. */
export function identityEvidence(
  custody: Custody,
  cells: readonly PlannedCell[],
  nowMs: number,
): readonly IdentityEvidence[] {
  const all = [...custody.cells.values()].map((cell) => ({
    barcode: cell.barcode,
    group: cell.expected?.group ?? null,
    fingerprint: fingerprintOf(cell, nowMs),
    isPlaced: isElsewhere(cell, custody),
  }));
  const planned = new Map(cells.map((cell) => [cell.position as string, cell.barcode]));
  return cells.map(({ position, barcode }): IdentityEvidence => {
    const cell = custody.cells.get(barcode);
    const group = cell?.expected?.group ?? null;
    const others = all
      .filter((other) => other.barcode !== barcode)
      .map((other) => ({ ...other, isOwn: group !== null && other.group === group }));
    const open = against(custody, barcode).map(({ what }) => what);
    const scanned = custody.slots.get(position) ?? null;
    return {
      barcode,
      scanned,
      ...(scanned !== null && planned.get(oppositeOf(position)) === scanned ? { isTurned: true } : {}),
      fingerprint: cell === undefined ? NOTHING : fingerprintOf(cell, nowMs),
      candidates: others.filter(({ isPlaced }) => !isPlaced),
      others,
      against:
        cell === undefined
          ? [`${barcode} was never announced or received`]
          : [...open, ...(scanned === null ? whyNotThere(cell) : [])],
    };
  });
}

/** On their way into the rack, if nobody has scanned anything at their slot. */
const COMING: readonly CustodyState[] = ["expected", "received", "inspected"];

/** For what a cell is waited that is known to come and was not put in yet; null where there is nothing to wait for. */
export function awaitedCell({ cells, slots }: Custody, { position, barcode }: PlannedCell): string | null {
  const cell = cells.get(barcode);
  if (cell === undefined || slots.has(position) || cell.position !== null || !COMING.includes(cell.state)) return null;
  return cell.state === "expected"
    ? `${barcode} to come, of box ${cell.expected?.shipment ?? "?"}, and to be scanned into its slot`
    : `${barcode}, which is ${cell.state}, to be scanned into its slot`;
}

/** Of a rack about which nothing new is heard. */
export function fixedIdentity(evidence: readonly IdentityEvidence[]): IdentitySource {
  return {
    evidence(cellIndex) {
      const own = evidence[cellIndex];
      if (own === undefined) throw new RangeError(`no evidence of identity for cell ${cellIndex}`);
      return own;
    },
    awaited: () => null,
    onChange: () => undefined,
  };
}

const NOTHING: Fingerprint = { openCircuitV: null, resistanceOhm: null, impedanceOhm: null, ageS: Infinity };

/** Where no code was read: by what custody knows, the cell lies elsewhere, and whatever looks like it is another. */
function whyNotThere({ barcode, position, state }: CustodyCell): readonly string[] {
  if (position !== null) return [`its code was read at ${position}`];
  return AWAY.includes(state) ? [`${barcode} is ${state}`] : [];
}

/** In these nothing of a cell is in the rack. */
const AWAY: readonly CustodyState[] = ["expected", "ready-to-leave", "returned", "disposed"];

/** Its code was read in a slot, or it is known to have left. */
function isElsewhere({ barcode, position, state }: CustodyCell, { slots }: Custody): boolean {
  if (state === "returned" || state === "disposed") return true;
  return position !== null && slots.get(position) === barcode;
}

/** What was seen of it last; before that, what its group measured. */
function fingerprintOf({ lastSeen, expected }: CustodyCell, nowMs: number): Fingerprint {
  const impedanceOhm = expected?.impedanceOhm ?? null;
  if (lastSeen !== null) {
    const { openCircuitV, resistanceOhm, atMs } = lastSeen;
    return { openCircuitV, resistanceOhm, impedanceOhm, ageS: Math.max(0, (nowMs - atMs) / 1000) };
  }
  if (expected === null) return NOTHING;
  const { openCircuitV, measuredMs } = expected;
  const ageS = measuredMs === null ? Infinity : Math.max(0, (nowMs - measuredMs) / 1000);
  return { openCircuitV, resistanceOhm: null, impedanceOhm, ageS };
}
