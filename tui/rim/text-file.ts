/** Reads text from disk, bounded, and says in the operator's words why it could not. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { Fault } from "../../protocols/base/fault.ts";

const TEXT_BYTES_MAX = 64 * 1024 * 1024;

/** As bytes: settings of BioLogic EC-Lab, which are never UTF-8. */
const WINDOWS_1252_TITLE = Buffer.from("EC-LAB SETTING FILE", "latin1");

/**
 * UTF-8 text of a file, a leading byte order mark removed; a file that says by its first line that it is EC-Lab's is
 * Windows-1252 where it is no UTF-8. Throws Fault `file.missing`, `file.unreadable`, `file.too-large`,
 * `file.not-text`.
 */
export function readTextFile(path: string): string {
  const bytes = readBytes(path);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!WINDOWS_1252_TITLE.equals(bytes.subarray(0, WINDOWS_1252_TITLE.length)))
      throw new Fault("file.not-text", path, `the file is not UTF-8 text${encodingText(bytes)}`, {}, error);
    text = new TextDecoder("windows-1252").decode(bytes);
  }
  // Text in UTF-16 without its mark is well-formed UTF-8 with a zero beside every character.
  if (bytes.includes(0)) throw new Fault("file.not-text", path, `the file holds zero bytes${encodingText(bytes)}`);
  return text;
}

/** What the bytes look like, so that a person knows what to save anew. */
function encodingText(bytes: Uint8Array): string {
  const start = bytes.subarray(0, 4096);
  const [first, second] = start;
  const hasMark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const zeros = start.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0);
  // Text has letters for every other byte; a programme or picture has not.
  if (hasMark || (zeros > 0.3 * start.length && zeros < 0.6 * start.length)) return "; it looks like UTF-16";
  if (zeros > 0) return "";
  return `; the first byte that is not stands in line ${lineOfFirstFault(bytes)}, as in Latin-1 or Windows-1252`;
}

/** The bytes before the first that is not UTF-8 decode, those with it do not. */
function lineOfFirstFault(bytes: Uint8Array): number {
  let sound = 0;
  let faulty = bytes.length;
  while (faulty - sound > 1) {
    const middle = (sound + faulty) >> 1;
    if (isUtf8Start(bytes.subarray(0, middle))) sound = middle;
    else faulty = middle;
  }
  let line = 1;
  for (let at = 0; at < sound; at += 1) if (bytes[at] === 0x0a) line += 1;
  return line;
}

function isUtf8Start(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function readBytes(path: string): Uint8Array {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) throw new Fault("file.missing", path, "this is a folder; a file was expected");
    // One such as /dev/zero never ends.
    if (stat.isCharacterDevice() || stat.isBlockDevice())
      throw new Fault("file.missing", path, "this is a device; a file was expected");
    if (stat.size > TEXT_BYTES_MAX) throw tooLarge(path, `${stat.size} bytes`);
    return readUpTo(path, stat.size);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw faultOf(path, error);
  }
}

const CHUNK_BYTES = 1024 * 1024;

/** The size is a guess: a pipe has none, and a file may grow meanwhile. */
function readUpTo(path: string, size: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let total = 0;
  const file = openSync(path, "r");
  try {
    for (;;) {
      const chunk = new Uint8Array(Math.max(1, total === 0 ? Math.min(size + 1, CHUNK_BYTES) : CHUNK_BYTES));
      const count = readSync(file, chunk);
      if (count === 0) return Buffer.concat(chunks);
      total += count;
      if (total > TEXT_BYTES_MAX) throw tooLarge(path, `more than ${TEXT_BYTES_MAX} bytes`);
      chunks.push(chunk.subarray(0, count));
    }
  } finally {
    closeSync(file);
  }
}

function tooLarge(path: string, size: string): Fault {
  return new Fault("file.too-large", path, `the file has ${size}; at most ${TEXT_BYTES_MAX} are read`);
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
