/**
 * One writer per data folder. The lock is an exclusive transaction on a small database of its own beside the record:
 * it ends with the process that holds it, however that ends, and leaves nothing to clean up by hand. Readers never
 * touch it. Who holds it stands in `lock.json` beside it, for the one who is refused; nothing is decided by that file.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "../../protocols/base/fault.ts";
import { isRecord } from "./ledger-row.ts";
import { parseJson } from "./record-header.ts";
import { isSqliteError, openDatabase } from "./sqlite.ts";

export const LOCK_FILE = "lock.db";
export const HOLDER_FILE = "lock.json";

/** The process that writes in a folder, as it tells of itself. */
export interface FolderHolder {
  readonly pid: number;
  readonly host: string;
  /** Wall time at which it began to write. */
  readonly sinceMs: number;
}

export interface FolderLock {
  /** Lets go. Safe to repeat. */
  release(): void;
}

/**
 * Takes the folder for one writer. Throws Fault store.in-use where another has it, in this process or any other of
 * this machine; SQLite's own errors as they are. `waitMs`: how long a holder that is about to end is waited for.
 */
export function lockFolder(folder: string, holder: FolderHolder | undefined, waitMs: number): FolderLock {
  const database = openDatabase(join(folder, LOCK_FILE));
  try {
    database.pragma(`busy_timeout = ${waitMs}`);
    database.exec("BEGIN EXCLUSIVE");
    // What a process that was killed has left would name the wrong one.
    rmSync(holderPath(folder), { force: true });
    if (holder !== undefined) writeFileSync(holderPath(folder), holderText(holder));
  } catch (error) {
    database.close();
    if (!isSqliteError(error, "SQLITE_BUSY")) throw error;
    throw inUse(folder, error);
  }
  let isHeld = true;
  return {
    release() {
      if (!isHeld) return;
      isHeld = false;
      // Before the lock: afterwards the file may be another's already.
      if (holder !== undefined) rmSync(holderPath(folder), { force: true });
      database.close();
    },
  };
}

function inUse(folder: string, cause: unknown): Fault {
  const holder = readHolder(folder);
  if (holder === undefined) return new Fault("store.in-use", folder, "another beamrack writes in it", {}, cause);
  const { pid, host, sinceMs } = holder;
  const since = `${new Date(sinceMs).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  const what = `another beamrack writes in it: process ${pid} on ${host}, since ${since}`;
  return new Fault("store.in-use", folder, what, { pid, host, since }, cause);
}

/**
 * What the holder told of itself; undefined where it told nothing that can be read. A process that was killed leaves its
 * word behind.
 */
export function readHolder(folder: string): FolderHolder | undefined {
  let text: string;
  try {
    text = readFileSync(holderPath(folder), "utf8");
  } catch {
    return undefined;
  }
  const value = parseJson(text);
  if (!isRecord(value)) return undefined;
  const { pid, host, since } = value;
  const sinceMs = typeof since === "string" ? Date.parse(since) : Number.NaN;
  if (typeof pid !== "number" || typeof host !== "string" || Number.isNaN(sinceMs)) return undefined;
  return { pid, host, sinceMs };
}

function holderText({ pid, host, sinceMs }: FolderHolder): string {
  return `${JSON.stringify({ pid, host, since: new Date(sinceMs).toISOString() })}\n`;
}

function holderPath(folder: string): string {
  return join(folder, HOLDER_FILE);
}
