/**
 * The folder in which a record is mended before it gets its name. A repair that was killed leaves it, with a mark by which
 * the next one knows it for its own and begins anew; what anybody else put there is left alone.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { HOLDER_FILE, lockFolder, LOCK_FILE, type FolderLock } from "../../controller/record/folder-lock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";

export interface RepairFolder {
  /** Where the record is written; nothing stands there. */
  readonly record: string;
  /** Gives the record its name, and takes the rest away. */
  finish(): void;
  /** Takes away what was written. */
  discard(): void;
}

const MARK_FILE = ".beamrack-repair";
const RECORD = "record";
/** A copy of a record that SQLite does not open stands beside the new one while it is read. */
const COPY = /^record\.source-/;
const OF_LOCK: readonly string[] = [LOCK_FILE, `${LOCK_FILE}-journal`, HOLDER_FILE];

/** Throws Fault export.exists where something else stands at `out` or beside it, or another repair writes there now. */
export function createRepairFolder(out: string): RepairFolder {
  const part = `${out}.part`;
  if (existsSync(out)) throw new Fault("export.exists", out, "there is something of this name");
  if (existsSync(part)) {
    if (!isLeft(part))
      throw new Fault("export.exists", part, "it is written there first, and there is something of this name");
  } else if (existsSync(dirname(resolve(part)))) mkdirSync(part);
  else mkdirSync(part, { recursive: true });
  const lock = takeForOne(part);

  function clear(): void {
    for (const name of readdirSync(part))
      if (name === RECORD || COPY.test(name)) rmSync(join(part, name), { recursive: true, force: true });
  }

  function discard(): void {
    clear();
    lock.release();
    removeEmptied(part);
  }

  try {
    writeFileSync(join(part, MARK_FILE), "beamrack repair makes a record here; left by one that was killed\n");
    clear();
  } catch (error) {
    discard();
    throw error;
  }
  return {
    record: join(part, RECORD),
    finish() {
      if (existsSync(out)) throw new Fault("export.exists", out, "something of this name came meanwhile");
      renameSync(join(part, RECORD), out);
      lock.release();
      removeEmptied(part);
    },
    discard,
  };
}

/** Killed before its mark was written, it has left no more than the folder and its lock. */
function isLeft(part: string): boolean {
  try {
    const names = readdirSync(part).filter((name) => !OF_LOCK.includes(name));
    const isMarked = names.includes(MARK_FILE);
    return names.every((name) => isMarked && (name === MARK_FILE || name === RECORD || COPY.test(name)));
  } catch {
    return false;
  }
}

/** Two that write at once would spoil each other's. */
function takeForOne(part: string): FolderLock {
  try {
    return lockFolder(part, undefined, 0);
  } catch (error) {
    if (!isFault(error)) {
      removeEmptied(part);
      throw error;
    }
    throw new Fault("export.exists", part, "another repair is being written there now", {}, error);
  }
}

/** Where more stands in it, a record that could not be taken away or somebody else's, it stays as it is, with its mark. */
function removeEmptied(part: string): void {
  const own = [...OF_LOCK, MARK_FILE];
  if (readdirSync(part).some((name) => !own.includes(name))) return;
  for (const name of own) rmSync(join(part, name), { force: true });
  rmdirSync(part);
}
