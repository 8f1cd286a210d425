/**
 * Warning flags and reasons of refusal of the Zaber ASCII protocol, each with what it means and what a person does
 * about it. Sources: the vendor's flag list as its public libraries carry it; reasons from independent drivers.
 */

export interface ZaberFlag {
  readonly meaning: string;
  readonly advice: string;
  /** `alarm`: the last move is not to be believed. `reference`: the count means nothing. `note`: for information. */
  readonly weight: "alarm" | "reference" | "note";
  /** The table may have moved without being counted. */
  readonly positionLost: boolean;
}

const POWER_DOWN = "Find out why the drive is off, switch it on at the controller (driver enable), home again.";
const ENCODER = "Check the encoder's cable; call the maker when it comes back. Home again.";

function alarm(meaning: string, advice: string, positionLost = true): ZaberFlag {
  return { meaning, advice, weight: "alarm", positionLost };
}

function note(meaning: string): ZaberFlag {
  return { meaning, advice: "For information; nothing needs to be done.", weight: "note", positionLost: false };
}

export const ZABER_FLAGS: Readonly<Record<string, ZaberFlag>> = {
  FF: alarm("critical system error", "Switch the device off and on, then home. Call the maker when it comes back."),
  FN: alarm("peripheral not supported", "Connect a stage that this controller knows."),
  FZ: alarm("peripheral inactive", "Activate the stage at the controller, then home."),
  FH: alarm("hardware emergency stop", "Release the emergency stop, then home."),
  FV: alarm("supply voltage out of range", "Check the power supply, then home."),
  FO: alarm("driver disabled", POWER_DOWN),
  FC: alarm("inrush current error", "Check the power supply, then home."),
  FM: alarm("motor too hot", "Let the motor cool down, lower the load, then home."),
  FD: alarm("driver disabled", POWER_DOWN),
  FQ: alarm("encoder error", ENCODER),
  FI: alarm("index error", ENCODER),
  FA: alarm("analog encoder error", ENCODER),
  FR: alarm("overdrive limit exceeded", "Lower load or acceleration, then home."),
  FS: alarm("stalled and stopped", "Find what blocks the stage, then home."),
  FB: alarm("stream bounds exceeded", "No stream is used here. Look at who else drives this stage, then home.", false),
  FP: alarm("interpolated path deviation", "No path is used here. Look at who else drives this stage."),
  FE: alarm(
    "stopped at a limit",
    "Compare origin and travel in the site file with limit.min and limit.max, then home.",
    false,
  ),
  FT: alarm("excessive twist", "Check the gantry's alignment, then home."),
  WL: alarm("unexpected limit switch", "Find what drove the stage into its switch or moved it, then home."),
  WV: note("supply voltage near its limit"),
  WT: note("controller near its temperature limit"),
  WS: note("stalled and recovered"),
  WM: alarm("displaced while it stood still", "Find what pushed the stage, then home."),
  WP: note("calibration of the encoder is off"),
  WR: {
    meaning: "no position reference",
    advice: "The device was switched off or reset. Home it.",
    weight: "reference",
    positionLost: true,
  },
  WH: { meaning: "not homed", advice: "Home the stage.", weight: "reference", positionLost: true },
  NC: note("moved by hand at its knob"),
  NI: note("a movement was interrupted"),
  ND: note("stream discontinuity"),
  NR: note("value rounded"),
  NT: note("value truncated"),
  NU: note("setting waits for a reset"),
  NJ: note("joystick calibrating"),
  NB: note("firmware update"),
};

/** A flag nobody knows is taken by its first letter; one that begins with F counts as an alarm. */
export function zaberFlag(flag: string): ZaberFlag | undefined {
  if (flag === "--") return undefined;
  const known = ZABER_FLAGS[flag];
  if (known !== undefined) return known;
  return flag.startsWith("F")
    ? alarm("fault that is not in the table", "Look it up in the device's manual.")
    : note("");
}

/** `FS (stalled and stopped)`. */
export function zaberFlagText(flag: string): string {
  const meaning = zaberFlag(flag)?.meaning ?? "";
  return `${flag} (${meaning === "" ? "not in the table" : meaning})`;
}

const FIRMWARE = "Compare the device's firmware with the versions on the family's page.";
const ADDRESS = "Compare device and axis numbers in the site file with the chain.";
const VALUE = "Compare travel, origin and microstep in the site file with the device's limits.";
const OFF = "Find out why the axis is off or locked, set it free at the controller, then home.";
const OTHER = "Another program or a person drives this device. Stop that, then connect again.";
const WIRE = "Look at the captured bytes; check cable and earth.";

/** Data of a refused command. */
export const ZABER_REASONS: Readonly<Record<string, { readonly meaning: string; readonly advice: string }>> = {
  AGAIN: { meaning: "not possible just now", advice: "Repeat the command." },
  AXISONLY: { meaning: "needs an axis", advice: ADDRESS },
  BADAXIS: { meaning: "no such axis", advice: ADDRESS },
  BADCOMMAND: { meaning: "command not known", advice: FIRMWARE },
  BADDATA: { meaning: "value out of range", advice: VALUE },
  BADMESSAGEID: { meaning: "message id out of range", advice: WIRE },
  BADSPLIT: { meaning: "command split wrongly", advice: WIRE },
  BRAKECLOSED: { meaning: "brake closed", advice: OFF },
  CYCLICONLY: { meaning: "only for cyclic axes", advice: FIRMWARE },
  DEVICEONLY: { meaning: "only for the device as a whole", advice: ADDRESS },
  DRIVERDISABLED: { meaning: "driver disabled", advice: OFF },
  FULL: { meaning: "queue full", advice: OTHER },
  INACTIVE: { meaning: "axis inactive", advice: OFF },
  INVALIDLIMITS: { meaning: "limits contradict each other", advice: VALUE },
  LOCKSTEP: { meaning: "axis in a lockstep group", advice: OTHER },
  LONGWORD: { meaning: "word too long", advice: WIRE },
  NOACCESS: { meaning: "access level too low", advice: "Raise system.access at the device." },
  NOTSIN: { meaning: "no sinusoidal motion", advice: FIRMWARE },
  NOTSUPPORTED: { meaning: "not supported", advice: FIRMWARE },
  OVERDRIVELIMIT: { meaning: "overdrive limit", advice: OFF },
  PARKED: { meaning: "axis parked", advice: OFF },
  PROCESSON: { meaning: "process controller on", advice: FIRMWARE },
  REMOTE: { meaning: "device under remote control", advice: OTHER },
  REMOTEANDENABLED: { meaning: "device under remote control and enabled", advice: OTHER },
  STATUSBUSY: { meaning: "axis is moving", advice: "Wait for the motion to end, or stop it." },
  SYSTEMERROR: { meaning: "system error", advice: "Switch the device off and on, then home." },
  TWISTED: { meaning: "gantry twisted", advice: "Check the gantry's alignment, then home." },
};

/** `BADDATA (value out of range)`. */
export function zaberReasonText(reason: string): string {
  return `${reason} (${ZABER_REASONS[reason]?.meaning ?? "not in the table"})`;
}
