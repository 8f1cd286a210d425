/**
 * Where a cell can be: in a slot of a tray, at a position of the rack, at the one place in the beam, between the jaws
 * (a double gripper has two pairs), or where it fell.
 */
export type Place =
  | { readonly kind: "tray"; readonly tray: number; readonly slot: number }
  | { readonly kind: "rack"; readonly positionIndex: number }
  | { readonly kind: "beam" }
  | { readonly kind: "gripper"; readonly jaw?: 2 }
  | { readonly kind: "floor" };

export function placeText(place: Place): string {
  if (place.kind === "tray") return `tray ${place.tray}, slot ${place.slot}`;
  if (place.kind === "gripper" && place.jaw !== undefined) return "the second gripper";
  return place.kind === "rack" ? `position ${place.positionIndex}` : `the ${place.kind}`;
}

export function isSamePlace(one: Place, other: Place): boolean {
  if (one.kind === "tray") return other.kind === "tray" && one.tray === other.tray && one.slot === other.slot;
  if (one.kind === "rack") return other.kind === "rack" && one.positionIndex === other.positionIndex;
  if (one.kind === "gripper") return other.kind === "gripper" && one.jaw === other.jaw;
  return one.kind === other.kind;
}
