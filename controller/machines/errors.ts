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

/** The code of everything that is not a Fault: a part of beamrack did what it must not. */
export const DEFECT_CODE = "beamrack.defect";

/**
 * A Fault as it stands; anything else as a defect of beamrack itself, which nobody recovers from: where it touches
 * beam or hutch, exposing stops at once and a person looks.
 */
export function faultNote(error: unknown): FaultNote {
  const fault = isFault(error) ? error : new Fault(DEFECT_CODE, "beamrack", defectText(error));
  return { code: fault.code, where: fault.where, what: fault.message, advice: fault.advice };
}

/** The note of an error that came after another one: both are said, and a defect stays one. */
export function faultAfter(before: FaultNote | null, error: unknown): FaultNote {
  const note = faultNote(error);
  if (before === null) return note;
  const [first, second] = isDefect(before) && !isDefect(note) ? [before, note] : [note, before];
  return { ...first, what: `${first.what} (besides: ${second.what} [${second.code}])` };
}

export function isDefect(note: FaultNote | null | undefined): boolean {
  return note?.code === DEFECT_CODE;
}

export function faultJson(note: FaultNote): { readonly [key: string]: Json } {
  return { code: note.code, where: note.where, what: note.what };
}

function defectText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
