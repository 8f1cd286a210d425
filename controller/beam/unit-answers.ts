/** What the unit at the beam says, and what it means that it says nothing. */
import type { Fault } from "../../protocols/base/fault.ts";
import { shutterState, type InputLevels } from "../../protocols/roles/beam-io.ts";

export function isEitherClosed(levels: InputLevels): boolean {
  return levels.safetyShutterClosedSwitch || shutterState(levels) === "closed";
}

/** Nothing was heard: the permit lapses, and the shutter with it. */
export function isSilence(fault: Fault): boolean {
  return fault.code.startsWith("link.") || fault.code === "device.unknown-outcome";
}

export function switchText(filters: readonly boolean[]): string {
  return filters.map((inBeam) => (inBeam ? "in" : "out")).join("/");
}
