/** Reads text from disk, bounded, and says in the operator's words why it could not. */
import { readFileSync, statSync } from "node:fs";
import { Fault } from "../../protocols/base/fault.ts";

const TEXT_BYTES_MAX = 64 * 1024 * 1024;

/** UTF-8 text of a file, a leading byte order mark removed. Throws Fault `file.missing`, `file.unreadable`, `file.too-large`, `file.not-text`. */
export function readTextFile(path: string): string {
  const bytes = readBytes(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Fault("file.not-text", path, "the file is not UTF-8 text", {}, error);
  }
}

function readBytes(path: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) throw new Fault("file.missing", path, "this is a folder; a file was expected");
    // One such as /dev/zero never ends.
    if (stat.isCharacterDevice() || stat.isBlockDevice())
      throw new Fault("file.missing", path, "this is a device; a file was expected");
    if (stat.size > TEXT_BYTES_MAX) throw tooLarge(path, stat.size);
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw faultOf(path, error);
  }
  if (bytes.length > TEXT_BYTES_MAX) throw tooLarge(path, bytes.length);
  return bytes;
}

function tooLarge(path: string, size: number): Fault {
  return new Fault("file.too-large", path, `the file has ${size} bytes; at most ${TEXT_BYTES_MAX} are read`);
}

function faultOf(path: string, error: unknown): Fault {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return new Fault("file.missing", path, "no such file", {}, error);
    case "EACCES":
    case "EPERM":
      return new Fault("file.unreadable", path, "the file may not be read: permission denied", {}, error);
    default: {
      const what = `the file could not be read: ${error instanceof Error ? error.message : String(error)}`;
      return new Fault("file.unreadable", path, what, {}, error);
    }
  }
}
