/** Turning what a failed actor threw into what the machines can show. */
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";

/** A Fault as plain data, for context, log and screen. */
export interface FaultNote {
  readonly code: string;
  readonly where: string;
  readonly what: string;
  readonly advice: string;
}

/** Bugs (anything that is not a Fault) are rethrown by the machines' owner; here they only get a name. */
export function faultNote(error: unknown): FaultNote {
  if (isFault(error)) return { code: error.code, where: error.where, what: error.message, advice: error.advice };
  const what = error instanceof Error ? error.message : String(error);
  return {
    code: "bug",
    where: "beamrack",
    what,
    advice: "This is a defect in beamrack. Report it with the data folder.",
  };
}

export function faultJson(note: FaultNote): { readonly [key: string]: Json } {
  return { code: note.code, where: note.where, what: note.what };
}

/** True for trouble that a bounded repeat may cure. */
export function mayRetry(error: unknown): boolean {
  return error instanceof Fault && error.severity === "retry";
}
