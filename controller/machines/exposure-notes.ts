/** What an exposure says of its troubles, in words. */
import { Fault } from "../../protocols/base/fault.ts";
import { faultNote, type FaultNote } from "./errors.ts";
import type { ShutterMarks } from "./exposure-order.ts";
import type { Waiting } from "./waiting.ts";

export function stopNote(reason: string): FaultNote {
  return { code: "permit.lapsed", where: "exposure", what: reason, advice: "What was given is accounted." };
}

/** A request is for its window: what comes after would cost dose and beam time that nobody asked for. */
export const WINDOW_PASSED: FaultNote = faultNote(
  new Fault("exposure.window-passed", "exposure", "its window passed before the shutter could open"),
);

export function refusalNote(reasons: readonly string[]): FaultNote {
  return {
    code: "interlock.tripped",
    where: "shutter permit",
    what: `refused: ${reasons.join("; ")}`,
    advice: "Make the condition good; after a search, door or emergency break a person re-arms.",
  };
}

export function lateNote(waiting: Waiting | null): FaultNote {
  return {
    code: "device.unknown-outcome",
    where: waiting?.who ?? "exposure",
    what: `${waiting?.reason ?? "an answer"} was awaited in vain`,
    advice: "The device is read back before anything is repeated.",
  };
}

export function detectorLateNote(): FaultNote {
  return {
    code: "detector.late",
    where: "detector",
    what: "the end of the exposure was not reported in time; the shutter was closed without it",
    advice: "Dose is accounted by the shutter's switches. Check the detector.",
  };
}

/** While neither shutter reports closed. */
export function beamNotOffNote(position: string, marks: ShutterMarks, nowMs: number): FaultNote {
  const what = `neither shutter reports closed; ${onText(marks, nowMs)} s of beam are charged to ${position} so far, and every further second until one does or the stage has left`;
  return faultNote(new Fault("shutter.beam-not-off", position, what));
}

/** When that is over, or has to be given up. */
export function unclosedNote(before: FaultNote | null, position: string, marks: ShutterMarks): FaultNote {
  const endMs = marks.closedSeenAtMs ?? marks.litUntilAtMs ?? NaN;
  const end = marks.closedSeenAtMs === null ? "the beam may still be on" : "the beam is off the cell now";
  const what = `neither shutter reported closed; up to ${onText(marks, endMs)} s of beam are charged to ${position}; ${end}`;
  return faultNote(new Fault("shutter.stuck-open", before?.where ?? "shutter", what));
}

function onText(marks: ShutterMarks, untilMs: number): string {
  return ((untilMs - (marks.openAskedAtMs ?? NaN) - marks.darkMs) / 1000).toFixed(1);
}
