/**
 * A copy of a damaged record that SQLite opens: the write-ahead log without its damaged frames, and, where the tables'
 * description on the file's first page is gone, that of a new record, whose tables stand on the same pages.
 */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { isFault } from "../../protocols/base/fault.ts";
import type { RecordHeader } from "./record-header.ts";
import { openRecord } from "./record-reader.ts";
import { BUSY_TIMEOUT_MS, DATABASE_FILE, databasePath, emptyHead, openForWriting, storeFault } from "./schema.ts";
import { damagedFrames, readWal, type WalReading } from "./write-ahead-log.ts";

const PAGE_BYTES = 4096;
const ANY_HEADER: RecordHeader = {
  ...{ campaign: "", campaignHash: "", siteHash: "", seed: null, world: "site", softwareVersion: "" },
};

export interface RestoredCopy {
  /** The folder to read from: a copy, or the record's own where nothing needed mending. */
  readonly folder: string;
  /** What was mended, in words. */
  readonly mended: readonly string[];
  remove(): void;
}

/**
 * Beside `to`, which has room for a record of this size. Throws Fault file.missing where there is no record, store.newer
 * where it is too new to be read, store.unreadable where the system does not give its write-ahead log.
 */
export function restoredCopy(from: string, to: string): RestoredCopy {
  const walPath = `${databasePath(from)}-wal`;
  const wal = existsSync(walPath) ? readWal(bytesOf(walPath, from)) : undefined;
  const lost = wal === undefined ? [] : damagedFrames(wal);
  const isReadable = canBeOpened(from);
  if (lost.length === 0 && isReadable) return { folder: from, mended: [], remove: () => undefined };

  const copy = mkdtempSync(`${to}.source-`);
  const remove = (): void => {
    rmSync(copy, { recursive: true, force: true });
  };
  try {
    return { folder: copy, mended: mend(from, copy, wal), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function bytesOf(path: string, folder: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw storeFault(error, folder, "read", path);
  }
}

/** What it mended, in words. */
function mend(from: string, copy: string, wal: WalReading | undefined): readonly string[] {
  const mended: string[] = [];
  copyFileSync(databasePath(from), databasePath(copy));
  if (wal !== undefined) {
    writeFileSync(`${databasePath(copy)}-wal`, wal.mended);
    for (const { number, page } of damagedFrames(wal))
      mended.push(
        `frame ${number} of ${DATABASE_FILE}-wal, for page ${page} of the file: what it held is as it was before`,
      );
  }
  if (!canBeOpened(copy)) {
    replaceFirstPage(copy, wal !== undefined);
    // Since a vacuum the tables stand on other pages.
    const problems = problemCount(copy);
    if (problems > 0) {
      replaceFirstPage(copy, wal !== undefined, "VACUUM");
      if (problemCount(copy) >= problems) replaceFirstPage(copy, wal !== undefined);
    }
    mended.push("the first page of the file: it is that of a new record");
  }
  return mended;
}

function canBeOpened(folder: string): boolean {
  try {
    const record = openRecord(folder);
    const isKnown = record.header !== undefined && record.hasEveryColumn();
    record.close();
    return isKnown;
  } catch (error) {
    // Nothing of these is mended: there is no record, or one that is made otherwise than this beamrack knows.
    if (isFault(error) && error.code !== "file.missing" && error.code !== "store.newer") return false;
    throw error;
  }
}

/** What SQLite finds wrong with it; what cannot be looked at has everything wrong. */
function problemCount(folder: string): number {
  try {
    const record = openRecord(folder);
    const count = record.integrityProblems().length;
    record.close();
    return count;
  } catch (error) {
    if (isFault(error)) return Infinity;
    throw error;
  }
}

function replaceFirstPage(folder: string, hasWal: boolean, then = ""): void {
  const template = mkdtempSync(join(folder, "template-"));
  const made = openForWriting({
    ...{ folder: template, durability: "process-death", busyTimeoutMs: BUSY_TIMEOUT_MS, header: ANY_HEADER },
    ...{ start: emptyHead(""), holder: undefined },
  });
  made.database.pragma("journal_mode = DELETE");
  made.database.exec(then);
  made.close();
  const page = readFileSync(databasePath(template)).subarray(0, PAGE_BYTES);
  // File format, section 1.3: how it is journalled, its length in pages, no free ones.
  const journalling = hasWal ? 2 : 1;
  page[18] = journalling;
  page[19] = journalling;
  page.writeUInt32BE(Math.ceil(statSync(databasePath(folder)).size / PAGE_BYTES), 28);
  page.fill(0, 32, 40);
  const file = openSync(databasePath(folder), "r+");
  writeSync(file, page, 0, PAGE_BYTES, 0);
  closeSync(file);
}
