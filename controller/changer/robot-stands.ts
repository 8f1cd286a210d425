/**
 * Whether the robot stands, by what is written: after a stop of all motion, and after a hazard stopped the beam, the arm is
 * sent nowhere before a person lets exposing go on, also by a controller that is started again meanwhile. Pure.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";

/** Whoever orders a stop that is no person: an input of the hutch, or the sensors at the rack. */
const HAZARD = /^(beamrack$|(input|sensor) )/;

/** Why it stands, in words; null where it does not. */
export function standsAfter(before: string | null, type: string, data: Readonly<Record<string, Json>>): string | null {
  if (type === "exposing-resumed") return null;
  if (type !== "stop-ordered") return before;
  const stopClass = textOf(data["class"]);
  const author = textOf(data["author"]);
  const isOfMotion = stopClass === "motion" || stopClass === "emergency";
  const isOfHazard = stopClass === "exposing" && HAZARD.test(author);
  return isOfMotion || isOfHazard ? `stop ${stopClass} by ${author}` : before;
}

function textOf(data: Json | undefined): string {
  return typeof data === "string" ? data : "";
}
