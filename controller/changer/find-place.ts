/** Where a cell is that may be anywhere, by what the robot says of itself and sees. Pure. */
import type { ChangerReading, TraySlot } from "../../protocols/roles/sample-changer.ts";
import type { CellPlace } from "./transfer-record.ts";

export interface SoughtCell {
  readonly slot: TraySlot;
  readonly barcode: string;
  readonly readsCodes: boolean;
  /** A person has looked and says that it may go on; or nobody has, since the controller began anew. */
  readonly asked: "restart" | "person";
}

/**
 * `rack` is what is left when it is nowhere else: the channel has yet to find it there. Bookkeeping that the sensor
 * contradicts proves nothing; after a person has looked, an empty holder and an empty gripper do.
 */
export function findPlace(reading: ChangerReading, { slot, barcode, readsCodes, asked }: SoughtCell): CellPlace {
  const { held, heldToo = null, delivered, isPresent, isArmAtRack, code } = reading;
  const isDelivered = isSameSlot(delivered, slot);
  const isHeld = isSameSlot(held, slot);
  if (isArmAtRack || isSameSlot(heldToo, slot) || (isHeld && isDelivered)) return "unknown";
  if (isHeld) return heldToo === null ? "gripper" : "unknown";
  if (isDelivered && isPresent) return readsCodes && code !== null && code !== barcode ? "unknown" : "beam";
  if (isDelivered) return asked === "person" && held === null ? "rack" : "unknown";
  // Something lies there of which the robot does not know whose it is.
  return isPresent && delivered === null ? "unknown" : "rack";
}

export function isSameSlot(one: TraySlot | null, other: TraySlot | null): boolean {
  return one !== null && other !== null && one.tray === other.tray && one.slot === other.slot;
}
