/**
 * Error and alarm numbers of GRBL 1.1, each with what it means and what a person does about it. Source: the GRBL
 * documentation's error and alarm code tables (doc/csv). Numbers 18 and 19 do not exist.
 */

export interface GrblCode {
  readonly meaning: string;
  readonly advice: string;
}

const SYNTAX = "The line was not understood. Compare the firmware version with 1.1 and look at the captured bytes.";
const SETTING = "Correct the setting on the controller, then connect again.";

export const GRBL_ERRORS: Readonly<Record<number, GrblCode>> = {
  1: { meaning: "a word without a command letter", advice: SYNTAX },
  2: { meaning: "a number that cannot be read", advice: SYNTAX },
  3: { meaning: "unknown $ command", advice: SYNTAX },
  4: { meaning: "a negative value where a positive one is needed", advice: SETTING },
  5: { meaning: "homing is disabled", advice: "Set $22=1; without homing the stage has no position reference." },
  6: { meaning: "step pulse shorter than 3 us", advice: SETTING },
  7: {
    meaning: "settings memory unreadable, defaults restored",
    advice: "Write the site's settings again, then home.",
  },
  8: { meaning: "command needs an idle controller", advice: "Wait for the motion to end, or stop it." },
  9: { meaning: "locked by an alarm or a jog", advice: "Clear the cause of the alarm and home the stage." },
  10: { meaning: "soft limits need homing", advice: "Set $22=1 before $20=1." },
  11: { meaning: "line longer than 79 characters", advice: SYNTAX },
  12: { meaning: "step rate too high", advice: "Lower the maximum rate or the steps per millimetre." },
  13: { meaning: "safety door opened", advice: "Close the door of the stage's enclosure." },
  14: { meaning: "start-up or build line too long", advice: SETTING },
  15: { meaning: "jog target beyond the travel", advice: "Jog to a place within the travel." },
  16: { meaning: "jog command malformed", advice: SYNTAX },
  17: { meaning: "laser mode needs PWM", advice: "Set $32=0." },
  20: { meaning: "unsupported G or M code", advice: SYNTAX },
  21: { meaning: "two words of one modal group", advice: SYNTAX },
  22: { meaning: "no feed rate", advice: SYNTAX },
  23: { meaning: "a whole number was needed", advice: SYNTAX },
  24: { meaning: "two commands that use axis words", advice: SYNTAX },
  25: { meaning: "repeated word", advice: SYNTAX },
  26: { meaning: "axis words missing", advice: SYNTAX },
  27: { meaning: "line number out of range", advice: SYNTAX },
  28: { meaning: "value word missing", advice: SYNTAX },
  29: { meaning: "work coordinate system not supported", advice: SYNTAX },
  30: { meaning: "G53 without G0 or G1", advice: SYNTAX },
  31: { meaning: "axis words not used", advice: SYNTAX },
  32: { meaning: "arc without an axis in its plane", advice: SYNTAX },
  33: { meaning: "invalid target", advice: SYNTAX },
  34: { meaning: "arc radius impossible", advice: SYNTAX },
  35: { meaning: "arc offset missing", advice: SYNTAX },
  36: { meaning: "words not used", advice: SYNTAX },
  37: { meaning: "tool offset on an axis not configured", advice: SYNTAX },
  38: { meaning: "tool number too big", advice: SYNTAX },
};

export interface GrblAlarm extends GrblCode {
  /** The step count no longer tells where the stage is. */
  readonly positionLost: boolean;
}

export const GRBL_ALARMS: Readonly<Record<number, GrblAlarm>> = {
  1: {
    meaning: "hard limit switch hit",
    advice: "Find what drove the stage into its switch, move it free by hand, home again.",
    positionLost: true,
  },
  2: {
    meaning: "target beyond the soft limits",
    advice: "Compare travel and origin in the site file with $130 and $131, then home.",
    positionLost: false,
  },
  3: {
    meaning: "reset while moving",
    advice: "Steps were lost when the motors stopped dead. Home again.",
    positionLost: true,
  },
  4: {
    meaning: "probe in the wrong state",
    advice: "No probe is used here. Look at who else drives this stage.",
    positionLost: false,
  },
  5: {
    meaning: "probe made no contact",
    advice: "No probe is used here. Look at who else drives this stage.",
    positionLost: false,
  },
  6: { meaning: "homing was interrupted", advice: "Home again.", positionLost: true },
  7: {
    meaning: "door opened while homing",
    advice: "Close the door of the stage's enclosure and home again.",
    positionLost: true,
  },
  8: {
    meaning: "pull-off did not free the limit switch",
    advice: "Check the switch and its wiring, or raise the pull-off ($27), then home.",
    positionLost: true,
  },
  9: {
    meaning: "limit switch not found",
    advice: "Check the switch, its wiring and the travel settings, then home.",
    positionLost: true,
  },
  10: {
    meaning: "second switch of a dual axis not found",
    advice: "Check both switches, then home.",
    positionLost: true,
  },
};

/** `error 22 (no feed rate)`; an unknown number says so. */
export function grblErrorText(code: number): string {
  return `error ${code} (${GRBL_ERRORS[code]?.meaning ?? "not in the table of GRBL 1.1"})`;
}

/** `alarm 2 (target beyond the soft limits)`. */
export function grblAlarmText(code: number): string {
  return `alarm ${code} (${GRBL_ALARMS[code]?.meaning ?? "not in the table of GRBL 1.1"})`;
}

/** An alarm that is not in the table is taken to have lost the position. */
export function grblAlarmLosesPosition(code: number): boolean {
  return GRBL_ALARMS[code]?.positionLost ?? true;
}
