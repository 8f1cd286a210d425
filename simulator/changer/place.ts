/** Where a cell can be: in a slot of a tray, at a position of the rack, between the jaws, or where it fell. */
export type Place =
  | { readonly kind: "tray"; readonly tray: number; readonly slot: number }
  | { readonly kind: "rack"; readonly positionIndex: number }
  | { readonly kind: "gripper" }
  | { readonly kind: "floor" };

export function placeText(place: Place): string {
  if (place.kind === "tray") return `tray ${place.tray}, slot ${place.slot}`;
  return place.kind === "rack" ? `position ${place.positionIndex}` : `the ${place.kind}`;
}

export function isSamePlace(one: Place, other: Place): boolean {
  if (one.kind === "tray") return other.kind === "tray" && one.tray === other.tray && one.slot === other.slot;
  if (one.kind === "rack") return other.kind === "rack" && one.positionIndex === other.positionIndex;
  return one.kind === other.kind;
}
