/** Messages of a CATS or ISARA that are alarms, spelled as the robot spells them, with what a person does about each. */

export interface CatsAlarm {
  readonly meaning: string;
  readonly advice: string;
  /** The arm cannot work while it stands; the others concern the cold. */
  readonly stopsArm: boolean;
}

const COLLISION = "Look at arm, gripper and rack. Free the arm by hand, reset the robot, then say where the cell is.";
const COLD = "A rack of cells uses no cryogen. Switch regulation off, or look at the dewar.";

function stops(meaning: string, advice: string): CatsAlarm {
  return { meaning, advice, stopsArm: true };
}

function cold(meaning: string): CatsAlarm {
  return { meaning, advice: COLD, stopsArm: false };
}

const ALARMS: readonly (readonly [string, CatsAlarm])[] = [
  ["doors opened", stops("a door of the cell is open", "Close the doors, power the arm, home it.")],
  [
    "Manual brake control selected",
    stops("brakes are under manual control", "Turn the brake selector back, power the arm."),
  ],
  [
    "emerency stop or air pressure fault",
    stops("emergency stop, or no air", "Release the emergency stop and check the air supply."),
  ],
  ["collision detection", stops("the collision sensor tripped", COLLISION)],
  [
    "Modbus communication fault",
    stops("robot and its controller do not talk", "Restart the robot's PLC; check its cable."),
  ],
  ["LOC menu not disabled", stops("the pendant is in its menu", "Leave the LOC menu on the pendant.")],
  ["Remote Mode requested", stops("not in remote mode", "Select remote mode on the pendant.")],
  [
    "Disable when path is running",
    stops("not possible while the arm moves", "Wait until the path has ended, or abort it."),
  ],
  ["X- collision", stops("collision towards X-", COLLISION)],
  ["X+ collision", stops("collision towards X+", COLLISION)],
  ["Y- collision", stops("collision towards Y-", COLLISION)],
  ["Y+ collision", stops("collision towards Y+", COLLISION)],
  ["Z- collision", stops("collision towards Z-", COLLISION)],
  ["Z+ collision", stops("collision towards Z+", COLLISION)],
  ["Robot foot collision", stops("collision at the robot's foot", COLLISION)],
  ["low level alarm", cold("cryogen level low")],
  ["high level alarm", cold("cryogen level high")],
  ["cryogenic incoherent signals", cold("cryogen sensors contradict each other")],
  ["cryogen sensors fault", cold("cryogen sensors have failed")],
  ["No LN2 available, regulation stopped", cold("no cryogen")],
  ["FillingUp Timeout", cold("the dewar does not fill")],
];

/** Texts as in the robot's list, in its order. */
export const CATS_ALARM_TEXTS: readonly string[] = ALARMS.map(([text]) => text);

/** The alarm in a message, wherever it stands in it. */
export function catsAlarm(message: string): (CatsAlarm & { readonly text: string }) | undefined {
  const found = ALARMS.find(([text]) => message.toLowerCase().includes(text.toLowerCase()));
  return found === undefined ? undefined : { text: found[0], ...found[1] };
}
