/** What stands where a data folder is to be. */
import { statSync, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";
import { Fault } from "../../protocols/base/fault.ts";

/** Undefined for nothing. Throws Fault file.missing where a file stands in the way of it, otherwise what the system says. */
export function folderStatus(folder: string): Stats | undefined {
  // Node 20 throws where a file is in the way, a later one finds nothing.
  const { status, error } = look(folder);
  if (status !== undefined) return status;
  const file = fileInTheWay(resolve(folder));
  if (file !== null) {
    throw new Fault("file.missing", file, `this is a file, in which there can be no folder ${folder}`, {}, error);
  }
  if (error !== undefined) throw error;
  return undefined;
}

function look(path: string): { readonly status?: Stats | undefined; readonly error?: Error } {
  try {
    return { status: statSync(path, { throwIfNoEntry: false }) };
  } catch (error) {
    if (error instanceof Error) return { error };
    throw error;
  }
}

/** The nearest that is there above a path, where it is no folder. */
function fileInTheWay(path: string): string | null {
  const above = dirname(path);
  if (above === path) return null;
  const { status } = look(above);
  if (status === undefined) return fileInTheWay(above);
  return status.isDirectory() ? null : above;
}
