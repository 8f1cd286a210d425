/**
 * Whether the shutter permit may be given at this moment. A pure function of levels just read; it says no unless
 * everything it must know is known. It is asked again for every heartbeat.
 */
import { isSafetyShut, shutterState, type InputLevels, type Interlock } from "../../protocols/roles/beam-io.ts";
import { interlockReasons } from "../dose/exposure-gate.ts";

/** A wish for the permit. It can only be made with a booking in hand. */
export interface PermitRequest {
  readonly exposureId: string;
  /** Sequence number of the booking's event: no booking, no request. */
  readonly bookingSeq: number;
  /** Monotonic time after which no heartbeat is given any more. */
  readonly untilMs: number;
  /** How long heartbeats may go on from the moment the shutter is asked open: as the booking reckoned. */
  readonly lifeMs: number;
  /** The filters the booking counted on, by index of the site. */
  readonly filtersIn: readonly boolean[];
  /** Of a rehearsal: granted only while both shutters read closed, and no heartbeat is given for it. */
  readonly isRehearsed?: true;
}

export interface PermitConditions {
  readonly nowMs: number;
  /** Levels older than this are no levels. */
  readonly levelsMaximumAgeMs: number;
  /** Interlocks that broke and wait for a person. */
  readonly latched: readonly Interlock[];
}

export type PermitVerdict = { readonly grant: true } | { readonly grant: false; readonly reasons: readonly string[] };

/** Conditions that stay broken, once broken, until a person re-arms; the rest come back by themselves. */
export const LATCHING_INTERLOCKS: readonly Interlock[] = ["searched", "doorClosed", "emergencyOk"];

export function judgePermit(request: PermitRequest, levels: InputLevels, conditions: PermitConditions): PermitVerdict {
  const reasons: string[] = [];
  if (!Number.isInteger(request.bookingSeq) || request.bookingSeq < 1) reasons.push("no booking");
  if (!(conditions.nowMs < request.untilMs)) reasons.push("exposure deadline passed");
  const ageMs = conditions.nowMs - levels.readAtMs;
  if (!(ageMs >= 0 && ageMs <= conditions.levelsMaximumAgeMs)) reasons.push("levels too old");
  reasons.push(...interlockReasons(levels, request.isRehearsed === true));
  for (const name of conditions.latched) {
    if (levels.interlocks[name]) reasons.push(`interlock ${name} broke and was not re-armed`);
  }
  if (levels.watchdogTripped) reasons.push("output watchdog tripped");
  if (shutterState(levels) === "contradiction") reasons.push("shutter switches contradict");
  if (request.isRehearsed === true) reasons.push(...notShut(levels));
  else if (!levels.safetyShutterOpenSwitch || levels.safetyShutterClosedSwitch) reasons.push("safety shutter not open");
  if (!filtersMatch(request.filtersIn, levels.filtersIn)) reasons.push("filters not in place");
  return reasons.length === 0 ? { grant: true } : { grant: false, reasons };
}

/** What a rehearsal must not find. */
export function notShut(levels: InputLevels): readonly string[] {
  const reasons: string[] = [];
  if (shutterState(levels) !== "closed") reasons.push(`shutter ${shutterState(levels)}, not closed`);
  if (!isSafetyShut(levels)) reasons.push("safety shutter not closed");
  return reasons;
}

/** Which latching interlocks are broken now. */
export function brokenLatches(levels: InputLevels): readonly Interlock[] {
  return LATCHING_INTERLOCKS.filter((name) => !levels.interlocks[name]);
}

/** Stage and robot move only under search, door, emergency stop and enable, read as levels before each move. */
export function motionRefusals(levels: InputLevels, conditions: PermitConditions): readonly string[] {
  const reasons = [...shadowRefusals(levels, conditions)];
  if (shutterState(levels) !== "closed") reasons.push("shutter not closed");
  return reasons;
}

/** The one motion under an open beam, out of it: everything that holds for the others but the shutter. */
export function shadowRefusals(levels: InputLevels, conditions: PermitConditions): readonly string[] {
  const reasons: string[] = [];
  const ageMs = conditions.nowMs - levels.readAtMs;
  if (!(ageMs >= 0 && ageMs <= conditions.levelsMaximumAgeMs)) reasons.push("levels too old");
  for (const name of ["searched", "doorClosed", "emergencyOk", "motionEnabled"] as const) {
    if (!levels.interlocks[name]) reasons.push(`interlock ${name}`);
    else if (conditions.latched.includes(name)) reasons.push(`interlock ${name} broke and was not re-armed`);
  }
  return reasons;
}

function filtersMatch(asked: readonly boolean[], read: readonly boolean[]): boolean {
  return asked.length === read.length && asked.every((inBeam, index) => read[index] === inBeam);
}
