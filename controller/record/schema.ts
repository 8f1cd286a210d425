/**
 * The tables of `campaign.db` and how the file is opened for writing and for reading. Rows are only ever added: the
 * database itself refuses to change or delete one. Only frames of samples go, once blocks hold what they held.
 */
import { mkdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { crc32 } from "node:zlib";
import { Fault } from "../../protocols/base/fault.ts";
import { type FolderHolder, type FolderLock, LOCK_FILE, lockFolder } from "./folder-lock.ts";
import { folderStatus } from "./folder-status.ts";
import type { RecordHeader } from "./record-header.ts";
import { headerText } from "./record-header.ts";
import { isSqliteError, openDatabase, type Database } from "./sqlite.ts";

export const DATABASE_FILE = "campaign.db";
export const SCHEMA_VERSION = 2;
/** Of a record in which samples were thinned: an older beamrack would take that for damage. */
export const THINNED_VERSION = 3;

/** How long a lock held by another is waited for: a moment of theirs may pass, the rack is not held. */
export const BUSY_TIMEOUT_MS = 200;

const APPEND_ONLY_TABLES = ["event", "ledger", "frame", "gap", "block"] as const;

const TABLES = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  seq INTEGER PRIMARY KEY,
  at_ms REAL NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  hash TEXT NOT NULL,
  wall_ms REAL,
  wall_crc32 INTEGER
) STRICT;

CREATE TABLE ledger (
  row INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('booking', 'settlement', 'charge-in-full')),
  exposure_id TEXT NOT NULL,
  position TEXT NOT NULL,
  spot_index INTEGER NOT NULL,
  spot_x_mm REAL NOT NULL,
  spot_y_mm REAL NOT NULL,
  at_ms REAL NOT NULL,
  fluence_ph_cm2 REAL NOT NULL CHECK (fluence_ph_cm2 >= 0),
  open_time_s REAL NOT NULL CHECK (open_time_s >= 0),
  flux_ph_s REAL NOT NULL CHECK (flux_ph_s >= 0),
  flux_source TEXT NOT NULL,
  filter_transmission REAL NOT NULL CHECK (filter_transmission BETWEEN 0 AND 1),
  convention TEXT NOT NULL,
  layer_doses_Gy TEXT NOT NULL,
  relative_uncertainty REAL NOT NULL CHECK (relative_uncertainty >= 0),
  reason TEXT NOT NULL,
  stack_hash TEXT,
  filters_in TEXT,
  cycle INTEGER,
  CHECK ((kind = 'booking') = (stack_hash IS NOT NULL AND filters_in IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX one_booking_per_exposure ON ledger (exposure_id) WHERE kind = 'booking';
CREATE UNIQUE INDEX one_closing_per_exposure ON ledger (exposure_id) WHERE kind <> 'booking';

CREATE TABLE frame (
  row INTEGER PRIMARY KEY,
  first_ms REAL NOT NULL,
  last_ms REAL NOT NULL,
  sample_count INTEGER NOT NULL CHECK (sample_count > 0),
  payload_bytes INTEGER NOT NULL,
  crc32 INTEGER NOT NULL,
  block BLOB NOT NULL
) STRICT;

CREATE TABLE gap (
  row INTEGER PRIMARY KEY,
  channel_index INTEGER NOT NULL,
  from_ms REAL NOT NULL,
  to_ms REAL NOT NULL,
  reason TEXT NOT NULL,
  crc32 INTEGER
) STRICT;
`;

/** Since version 2. The index holds all that a plot wants of a block without its samples. */
const BLOCK_TABLE = `
CREATE TABLE block (
  row INTEGER PRIMARY KEY,
  channel_index INTEGER NOT NULL,
  from_frame INTEGER NOT NULL,
  to_frame INTEGER NOT NULL CHECK (to_frame >= from_frame),
  first_ms REAL NOT NULL,
  last_ms REAL NOT NULL,
  sample_count INTEGER NOT NULL CHECK (sample_count > 0),
  voltage_min_V REAL,
  voltage_max_V REAL,
  current_min_A REAL,
  current_max_A REAL,
  payload_bytes INTEGER NOT NULL,
  crc32 INTEGER NOT NULL,
  block BLOB NOT NULL
) STRICT;
CREATE INDEX block_by_channel ON block
  (channel_index, row, first_ms, last_ms, sample_count, voltage_min_V, voltage_max_V, current_min_A, current_max_A);
`;

function appendOnly(table: string): string {
  return ["UPDATE", "DELETE"].map((verb) => refusal(table, verb)).join("\n");
}

/** Blocks stand for one run of frames from first to last: those may go. */
const PACKED_FRAME = `coalesce(OLD.row BETWEEN (SELECT from_frame FROM block ORDER BY row LIMIT 1)
  AND (SELECT to_frame FROM block ORDER BY row DESC LIMIT 1), 0)`;

function refusal(table: string, verb: string): string {
  const exception = table === "frame" && verb === "DELETE" ? `WHEN NOT ${PACKED_FRAME}` : "";
  return onOnePage(`CREATE TRIGGER ${table}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${table} ${exception}
    BEGIN SELECT RAISE(ABORT, 'only ever added'); END;`);
}

/** SQLite stores these words as they are; all of them fit on the file's first page, which it needs in any case. */
function onOnePage(sql: string): string {
  return sql.replace(/\s+/g, " ").replace(/ ?([(),=<>]) ?/g, "$1");
}

/** How many rows stand in the database and where the chain ends; renewed in the transaction that adds them. */
export interface StoredHead {
  readonly events: number;
  readonly hash: string;
  readonly ledgerRows: number;
  /** Frames ever written, those that blocks took the place of included. */
  readonly frames: number;
  readonly blocks: number;
  readonly samples: number;
  readonly gaps: number;
}

export function emptyHead(hash: string): StoredHead {
  return { events: 0, hash, ledgerRows: 0, frames: 0, blocks: 0, samples: 0, gaps: 0 };
}

export function databasePath(folder: string): string {
  return join(folder, DATABASE_FILE);
}

/**
 * power-loss: what was committed survives the machine losing power. process-death: it survives the process, where a thread
 * writes once that has; enough in the virtual world, whose hardware dies too. scratch: of a folder that is thrown away.
 */
export type Durability = "power-loss" | "process-death" | "scratch";
const SYNCHRONOUS = { "power-loss": "FULL", "process-death": "NORMAL", scratch: "OFF" } as const;

export interface WritingOptions {
  readonly folder: string;
  readonly durability: Durability;
  readonly busyTimeoutMs: number;
  readonly header: RecordHeader;
  /** The head of an empty record. */
  readonly start: StoredHead;
  readonly holder: FolderHolder | undefined;
}

export interface WritingDatabase {
  readonly database: Database;
  /** Closes the database, then lets go of the folder. */
  close(): void;
}

/**
 * Opens the folder's database for writing, with its tables if it has none, and keeps every other writer out of the
 * folder until it is closed. Throws Fault store.*.
 */
export function openForWriting(options: WritingOptions): WritingDatabase {
  const { folder, durability, header, start } = options;
  let database: Database | undefined;
  let lock: FolderLock | undefined;
  try {
    makeFolder(folder);
    lock = takeFolder(folder, options);
    database = connect(folder, durability, options.busyTimeoutMs);
    createTables(database, header, start);
    checkVersion(database, folder);
    return closeInOrder(database, lock);
  } catch (error) {
    database?.close();
    lock?.release();
    throw storeFault(error, folder, "opened");
  }
}

/** A connection that writes. Whoever makes one holds the folder's lock, or is of the process that does. */
export function connect(folder: string, durability: Durability, busyTimeoutMs: number): Database {
  const database = openDatabase(databasePath(folder));
  database.pragma(`busy_timeout = ${busyTimeoutMs}`);
  database.pragma("journal_mode = WAL");
  // Not stored in the file, and this build's default in WAL mode is NORMAL.
  database.pragma(`synchronous = ${SYNCHRONOUS[durability]}`);
  return database;
}

function closeInOrder(database: Database, lock: FolderLock): WritingDatabase {
  return {
    database,
    close() {
      database.close();
      lock.release();
    },
  };
}

function takeFolder(folder: string, options: WritingOptions): FolderLock {
  try {
    return lockFolder(folder, options.holder, options.busyTimeoutMs);
  } catch (error) {
    throw storeFault(error, folder, "opened", join(folder, LOCK_FILE));
  }
}

/** One by one: asked for all at once, Node tries for ever where a folder exists and takes no other, as under an automounter. */
function makeFolder(folder: string): void {
  const found = folderStatus(folder);
  if (found?.isDirectory() === true) return;
  if (found !== undefined) throw new Fault("file.missing", folder, "this is a file; a folder was expected");
  const above = dirname(resolve(folder));
  if (folderStatus(above) === undefined) makeFolder(above);
  mkdirSync(folder);
}

function isEmpty(database: Database): boolean {
  return database.prepare<[], { n: number }>("SELECT count(*) AS n FROM sqlite_schema").get()?.n === 0;
}

/** Looks and makes in one transaction that nobody else can be in: a file is never met with half its tables. */
function createTables(database: Database, header: RecordHeader, start: StoredHead): void {
  const create = database.transaction(() => {
    if (!isEmpty(database)) return;
    database.pragma(`user_version = ${SCHEMA_VERSION}`);
    database.exec(onOnePage(TABLES));
    database.exec(onOnePage(BLOCK_TABLE));
    for (const table of APPEND_ONLY_TABLES) database.exec(appendOnly(table));
    const insert = database.prepare<[string, string]>("INSERT INTO meta (key, value) VALUES (?, ?)");
    insert.run("schema_version", String(SCHEMA_VERSION));
    insert.run("journal_from", "1");
    insert.run("header", headerText(header));
    insert.run("header_crc32", String(crc32(headerText(header))));
    insert.run("head", headText(start));
  });
  create.immediate();
}

/**
 * Brings the tables of an older beamrack to this version; what stands in them stays as it is. The frames of before
 * are never packed by a run: there may be days of them.
 */
export function migrate(database: Database): void {
  const toVersion2 = database.transaction(() => {
    if (schemaVersion(database) !== 1) return;
    database.exec(onOnePage(BLOCK_TABLE));
    database.exec(appendOnly("block"));
    database.exec("DROP TRIGGER frame_no_delete");
    database.exec(refusal("frame", "DELETE"));
    const last = database.prepare<[], { row: number | null }>("SELECT max(row) AS row FROM frame").get();
    const insert = database.prepare<[string, string]>("INSERT INTO meta (key, value) VALUES (?, ?)");
    insert.run("journal_from", String((last?.row ?? 0) + 1));
    insert.run("header_crc32", String(crc32(readMeta(database, "header") ?? "")));
    database.exec("ALTER TABLE event ADD COLUMN wall_crc32 INTEGER");
    database.exec("ALTER TABLE gap ADD COLUMN crc32 INTEGER");
    database.prepare("UPDATE meta SET value = '2' WHERE key = 'schema_version'").run();
    database.pragma("user_version = 2");
  });
  toVersion2.immediate();
}

/** Row of the first frame that may be packed: 1, or the first after those of an older beamrack. */
export function journalFrom(database: Database): number {
  return Number(readMeta(database, "journal_from") ?? "1");
}

export function hasBlocks(database: Database): boolean {
  const found = database.prepare<[], { n: number }>("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'block'");
  return found.get()?.n === 1;
}

/** Every table and column is there by its name: one letter of their description changed, and what stands in them is out of reach. */
export function hasEveryColumn(database: Database): boolean {
  if (!isOfBlocks(schemaVersion(database))) return true;
  const made = openDatabase(":memory:");
  try {
    made.exec(TABLES);
    made.exec(BLOCK_TABLE);
    const columnsOf = (of: Database): ReadonlySet<string> => new Set(of.prepare<[], string>(COLUMNS).pluck().all());
    const found = columnsOf(database);
    return [...columnsOf(made)].every((column) => found.has(column));
  } finally {
    made.close();
  }
}

const COLUMNS = `SELECT t.name || '.' || c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
  WHERE t.type = 'table' ORDER BY 1`;

/** Stands in the file's own header too, since version 2: one of the two may be damaged. */
function schemaVersion(database: Database): number {
  const stated = Number(readMeta(database, "schema_version"));
  if (stated === 1 || isOfBlocks(stated)) return stated;
  const second = database.pragma("user_version", { simple: true });
  return isOfBlocks(second) ? second : stated;
}

function isOfBlocks(version: unknown): version is number {
  return version === SCHEMA_VERSION || version === THINNED_VERSION;
}

/** Before the first block is thinned. */
export function markThinned(database: Database): void {
  const mark = database.transaction(() => {
    database.prepare("UPDATE meta SET value = ? WHERE key = 'schema_version'").run(String(THINNED_VERSION));
    database.pragma(`user_version = ${THINNED_VERSION}`);
  });
  mark.immediate();
}

/** Blocks may be changed until `keepUpdatesOut`: both within one transaction. */
export function letUpdatesIn(database: Database): void {
  database.exec("DROP TRIGGER block_no_update");
}

export function keepUpdatesOut(database: Database): void {
  database.exec(refusal("block", "UPDATE"));
}

/** What of the small table does not agree with itself: nothing reads otherwise for it. */
export function metaProblems(database: Database): readonly string[] {
  const problems: string[] = [];
  const version = readMeta(database, "schema_version");
  const second = database.pragma("user_version", { simple: true });
  if (version !== (second === 0 ? "1" : String(second)))
    problems.push(`states version ${version ?? "none"} and ${String(second)}`);
  const sum = readMeta(database, "header_crc32");
  if (second !== 0 && sum === undefined && version !== "1") problems.push("states no checksum of what record it is");
  if (sum !== undefined && sum !== String(crc32(readMeta(database, "header") ?? "")))
    problems.push("states whose record it is otherwise than when it was begun");
  return problems;
}

function checkVersion(database: Database, folder: string): void {
  const version = schemaVersion(database);
  if (!Number.isInteger(version) || version < 1)
    throw new Fault("store.damaged", databasePath(folder), "the file is not a campaign record: it has no version");
  if (version > THINNED_VERSION)
    throw new Fault(
      "store.newer",
      databasePath(folder),
      `the record has version ${version}, this beamrack reads up to ${THINNED_VERSION}`,
      { version },
    );
}

/**
 * Opens the folder's database for reading only. A closed record is one file and opens on read-only media; one that
 * was not closed has its log beside it, and SQLite needs a folder it can write in. Throws Fault file.missing,
 * store.damaged, store.newer, store.unreadable.
 */
export function openForReading(folder: string): Database {
  const path = databasePath(folder);
  let database: Database | undefined;
  try {
    requireRecord(folder, path);
    database = openReadOnly(path);
    if (isMetaLegible(database)) checkVersion(database, folder);
    return database;
  } catch (error) {
    database?.close();
    throw storeFault(error, folder, "read");
  }
}

/** Throws Fault file.missing, or what the system says of a folder that may not be looked into. */
function requireRecord(folder: string, path: string): void {
  const found = folderStatus(folder);
  if (found === undefined) throw new Fault("file.missing", folder, "no such folder");
  if (!found.isDirectory()) throw new Fault("file.missing", folder, "this is a file; a data folder was expected");
  const file = statSync(path, { throwIfNoEntry: false });
  if (file?.isFile() === true) return;
  if (file !== undefined) {
    const what = file.isDirectory() ? "a folder" : "no file that can be read from its begin to its end";
    throw new Fault("file.missing", path, `this is ${what}; the file of the record was expected`);
  }
  throw new Fault("file.missing", folder, `there is no campaign record in this folder: it has no ${DATABASE_FILE}`);
}

/** A lost page of the small table must not keep anybody from the large ones; the reader tells that it is lost. */
function isMetaLegible(database: Database): boolean {
  try {
    readMeta(database, "schema_version");
    return true;
  } catch (error) {
    if (isSqliteError(error, "SQLITE_CORRUPT")) return false;
    throw error;
  }
}

function openReadOnly(path: string): Database {
  const database = openDatabase(path, { readonly: true });
  try {
    database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    // A record that is being written is read as it stands now, or its head and its rows would be of two moments.
    if (database.pragma("journal_mode", { simple: true }) === "wal") database.exec("BEGIN");
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

export function readMeta(database: Database, key: string): string | undefined {
  return database.prepare<[string], { value: string }>("SELECT value FROM meta WHERE key = ?").get(key)?.value;
}

export function headText(head: StoredHead): string {
  const { events, hash, ledgerRows, frames, blocks, samples, gaps } = head;
  return JSON.stringify({ events, hash, ledger_rows: ledgerRows, frames, blocks, samples, gaps });
}

/** SQLite's errors in the operator's words, with the original as cause. Faults pass as they are; a bug stays a bug. */
export function storeFault(
  error: unknown,
  folder: string,
  verb: "opened" | "read" | "written",
  where = databasePath(folder),
): unknown {
  if (error instanceof Fault || !(error instanceof Error)) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const isDamage = ["SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_ERROR", "SQLITE_FORMAT"].some(
    (name) => code?.startsWith(name) === true,
  );
  // A rule of the tables broken by our own row is a bug; a row number taken is another writer.
  if (code?.startsWith("SQLITE_CONSTRAINT") === true && code !== "SQLITE_CONSTRAINT_PRIMARYKEY") return error;
  if (isDamage) return new Fault("store.damaged", where, `the record cannot be ${verb}: ${error.message}`, {}, error);
  if (code !== undefined)
    return new Fault(
      verb === "written" ? "store.unwritable" : verb === "opened" ? "store.unopened" : "store.unreadable",
      where,
      `the record cannot be ${verb}: ${error.message}`,
      { code },
      error,
    );
  return error;
}
