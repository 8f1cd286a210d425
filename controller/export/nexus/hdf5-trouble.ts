/** What the HDF5 library throws where a file cannot be written, in an operator's words. */
import type { File as Hdf5File } from "h5wasm/node";
import { Fault } from "../../../protocols/base/fault.ts";

/** As the library's own stack of errors names the file and what the system said. */
const SYSTEM_SAID = /filename = '([^']*)'.*error message = '([^']*)'/;
/** Each entry of that stack has it. */
const STACK_ENTRY = /^ +minor: /m;

/** Fault output.unwritable for an error of the library; anything else as it is. */
export function writingFault(error: unknown): unknown {
  if (!(error instanceof Error) || !STACK_ENTRY.test(error.message)) return error;
  const [, where = "HDF5", reason = "a file cannot be written"] = SYSTEM_SAID.exec(error.message) ?? [];
  return new Fault("output.unwritable", where, reason, {}, error);
}

/** Of a file that is to be taken away: what it still cannot write is of no account. */
export function closeQuietly(file: Pick<Hdf5File, "close">): void {
  try {
    file.close();
  } catch {
    // Told already, by what ended the export.
  }
}
