/**
 * Gives a record's free pages back to the disk: a copy without them is written beside it, looked through, and takes its
 * place in one step. Broken off, the record is as it was. Nobody writes it meanwhile: the folder's lock is held.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { Fault } from "../../protocols/base/fault.ts";
import { BUSY_TIMEOUT_MS, databasePath, openForWriting, storeFault, type WritingDatabase } from "./schema.ts";
import { emptyHead } from "./schema.ts";
import { openRecord } from "./record-reader.ts";
import { openDatabase, type Database } from "./sqlite.ts";

export interface PageCount {
  readonly fileBytes: number;
  /** Of these, bytes in pages that hold nothing. */
  readonly freeBytes: number;
}

/** Throws Fault file.missing, store.damaged, store.newer, store.in-use, store.unopened. */
export function openToVacuum(folder: string): WritingDatabase {
  const record = openRecord(folder);
  const { header } = record;
  record.close();
  if (header === undefined)
    throw new Fault("store.damaged", databasePath(folder), "the record does not say whose it is");
  return openForWriting({
    ...{ folder, durability: "power-loss", busyTimeoutMs: BUSY_TIMEOUT_MS, header, holder: undefined },
    start: emptyHead(""),
  });
}

export function pageCount(database: Database): PageCount {
  const number = (pragma: string): number => Number(database.pragma(pragma, { simple: true }));
  const pageBytes = number("page_size");
  return { fileBytes: pageBytes * number("page_count"), freeBytes: pageBytes * number("freelist_count") };
}

/** Where it may be broken off. */
export type VacuumPoint = "one-file" | "copied" | "kept" | "replaced";

/**
 * Bytes of the file afterwards. The database given is closed. `reached` is told of each point as it is passed. Throws
 * Fault store.unwritable; then the record is as it was.
 */
export function giveBackFreePages(
  folder: string,
  writing: WritingDatabase,
  reached: (point: VacuumPoint) => void = () => undefined,
): number {
  const { database } = writing;
  const path = databasePath(folder);
  const part = `${path}.part`;
  try {
    rmSync(part, { force: true });
    // The copy is that of one file: nothing is left in a log beside it.
    if (database.pragma("journal_mode = DELETE", { simple: true }) !== "delete")
      throw new Fault("store.unwritable", path, "somebody reads in it, so that it cannot be replaced");
    reached("one-file");
    database.prepare("VACUUM INTO ?").run(part);
    reached("copied");
    compare(database, part, path);
    syncPath(part);
    database.close();
    reached("kept");
    renameSync(part, path);
    reached("replaced");
    syncPath(folder);
    return statSync(path).size;
  } catch (error) {
    rmSync(part, { force: true });
    throw storeFault(error, folder, "written");
  } finally {
    writing.close();
  }
}

const TABLES = ["meta", "event", "ledger", "frame", "gap", "block"] as const;

/** As many rows in each table, and nothing wrong with the file. */
function compare(database: Database, part: string, where: string): void {
  const copy = openDatabase(part, { readonly: true });
  try {
    const problems = copy.pragma("quick_check(1)", { simple: true });
    if (problems !== "ok") throw new Fault("store.unwritable", where, `its copy came out wrong: ${String(problems)}`);
    for (const table of TABLES) {
      const count = (of: Database): unknown => of.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
      const [before, after] = [count(database), count(copy)];
      if (before !== after)
        throw new Fault(
          "store.unwritable",
          where,
          `its copy has ${String(after)} rows of ${table}, not ${String(before)}`,
        );
    }
  } finally {
    copy.close();
  }
}

function syncPath(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
