/** What keeps the robot from starting, and what a transfer must have left behind; each as sentences for a person. */
import type { ChangerReading, TraySlot } from "../../protocols/roles/sample-changer.ts";
import { catsAlarm } from "../../protocols/wire/irelec-cats/cats-messages.ts";
import type { CatsReading } from "./cats-reader.ts";

/** Empty when the drives may be switched on: what the robot last said may be over by now, and it judges itself. */
export function obstaclesToPower(reading: CatsReading): string[] {
  const found: string[] = [];
  if (!reading.isRemote) found.push("it is not in remote mode");
  if (reading.hasFault) found.push("it reports a fault");
  if (!reading.isEmergencyAndAirOk) found.push("emergency stop or air");
  if (!reading.isCollisionOk) found.push("the collision sensor has tripped");
  if (reading.path !== null) found.push(`it is carrying out ${reading.path}`);
  return found;
}

/** Empty when the arm may be told to move. */
export function obstacles(reading: CatsReading): string[] {
  const found = obstaclesToPower(reading);
  if (!reading.isPowered) found.unshift("its drives are off");
  const alarm = alarmOf(reading);
  if (alarm !== undefined) found.push(`it says "${alarm.text}" (${alarm.meaning})`);
  return found;
}

/** What has gone wrong while the arm moves; undefined when nothing has. */
export function brokenOff(reading: CatsReading): string | undefined {
  if (!reading.isPowered) return "its drives are off";
  if (reading.hasFault) return "it reports a fault";
  if (!reading.isCollisionOk) return "the collision sensor has tripped";
  if (!reading.isEmergencyAndAirOk) return "emergency stop or air";
  return alarmOf(reading)?.meaning;
}

/** A message that keeps the arm from moving. That a path runs is known from the state, and its message may be old. */
function alarmOf(reading: CatsReading): ReturnType<typeof catsAlarm> {
  const alarm = catsAlarm(reading.message);
  return alarm?.stopsArm === true && alarm.text !== "Disable when path is running" ? alarm : undefined;
}

/** Where bookkeeping and sensors are not as a transfer must leave them. */
export function contradictions(
  reading: CatsReading,
  expected: { readonly delivered: TraySlot | null; readonly isPresent: boolean; readonly held?: TraySlot | null },
): string[] {
  const found: string[] = [];
  const { held = null } = expected;
  if (reading.held !== null && !isSameSlot(reading.held, held)) {
    found.push(`the robot still holds ${slotText(reading.held)}`);
  }
  if (held !== null && reading.held === null) found.push(`the robot does not hold ${slotText(held)}`);
  if (reading.heldToo != null) found.push(`the robot still holds ${slotText(reading.heldToo)} with its other jaws`);
  if (!isSameSlot(reading.delivered, expected.delivered)) {
    found.push(
      `the robot has ${reading.delivered === null ? "nothing" : slotText(reading.delivered)} at the handover place`,
    );
  }
  if (reading.isPresent !== expected.isPresent) {
    found.push(`the sensor there sees ${reading.isPresent ? "a cell" : "no cell"}`);
  }
  if (reading.isArmAtRack) found.push("the arm is still over the rack");
  return found;
}

/** Two readings that agree in all a decision rests on; there is no checksum that would tell. */
export function isSameSituation(one: CatsReading, other: CatsReading): boolean {
  return (
    one.isPowered === other.isPowered &&
    one.isRemote === other.isRemote &&
    one.hasFault === other.hasFault &&
    one.path === other.path &&
    isSameSlot(one.held, other.held) &&
    isSameSlot(one.heldToo ?? null, other.heldToo ?? null) &&
    isSameSlot(one.delivered, other.delivered) &&
    one.isPresent === other.isPresent &&
    one.isArmAtRack === other.isArmAtRack &&
    one.tool === other.tool &&
    one.traysPresent.join() === other.traysPresent.join()
  );
}

/** Only what a path has done makes the one of the other; where the arm is may change before it tells of a path. */
export function isMoved(before: CatsReading, after: CatsReading): boolean {
  return (
    !isSameSlot(before.held, after.held) ||
    !isSameSlot(before.heldToo ?? null, after.heldToo ?? null) ||
    !isSameSlot(before.delivered, after.delivered) ||
    before.isPresent !== after.isPresent
  );
}

/** The arm, as far as its outputs tell. */
export function isWhereItWas(before: CatsReading, after: CatsReading): boolean {
  return (
    before.isAtHome === after.isAtHome &&
    before.isInArea1 === after.isInArea1 &&
    before.isArmAtRack === after.isArmAtRack
  );
}

export function isSameSlot(one: TraySlot | null, other: TraySlot | null): boolean {
  return one?.tray === other?.tray && one?.slot === other?.slot;
}

export function slotText({ tray, slot }: TraySlot): string {
  return `tray ${tray}, slot ${slot}`;
}

/** What is between the jaws, whichever; null for nothing. */
export function heldSlot({ held, heldToo }: ChangerReading): TraySlot | null {
  return held ?? heldToo ?? null;
}

/** For a fault's detail. */
export function evidence(reading: ChangerReading): {
  readonly path: string | null;
  readonly held: string | null;
  readonly delivered: string | null;
  readonly isPresent: boolean;
  readonly isArmAtRack: boolean;
  readonly message: string;
  readonly hint: string | null;
} {
  const held = heldSlot(reading);
  return {
    path: reading.path,
    held: held === null ? null : slotText(held),
    delivered: reading.delivered === null ? null : slotText(reading.delivered),
    isPresent: reading.isPresent,
    isArmAtRack: reading.isArmAtRack,
    message: reading.message,
    hint: catsAlarm(reading.message)?.advice ?? null,
  };
}
