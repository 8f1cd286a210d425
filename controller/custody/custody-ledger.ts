/**
 * The custody ledger: a file of lines in a folder that moves, each tied to all before it by its hash, never changed. The
 * hash of the last one stands in a second file, so that lines cut off the end are missed. One writer at a time.
 */
import { hash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { canonicalJson } from "../../protocols/base/canonical-json.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Finding } from "../../protocols/base/finding.ts";
import { lockFolder } from "../record/folder-lock.ts";
import { isRecord } from "../record/ledger-row.ts";
import { parseJson } from "../record/record-header.ts";
import { entryJson, entryOf } from "./custody-json.ts";
import { refusal, withEntry, type Refused } from "./custody-rules.ts";
import { NO_CUSTODY, type Custody, type CustodyAct, type CustodyEntry } from "./custody.ts";

export const CUSTODY_FILE = "custody.jsonl";
export const CUSTODY_HEAD_FILE = "custody-head.json";

const START = hash("sha256", "beamrack custody ledger\n", "hex");
/** Another of beamrack's commands at the same folder is soon done. */
const LOCK_WAIT_MS = 5000;

export interface ReadCustody {
  readonly entries: readonly CustodyEntry[];
  readonly custody: Custody;
  /** What is wrong with the file; entries after a break of the chain are not taken. */
  readonly findings: readonly Finding[];
}

export interface CustodyLedger {
  readonly custody: Custody;
  /** Taken and durable, or refused with the reason and nothing written. */
  note(by: string, act: CustodyAct): Refused | null;
  /** Acts of a time before, each stamped with its own: durable all together. Throws RangeError for one that is refused. */
  noteAll(acts: readonly Omit<CustodyEntry, "seq">[]): void;
  close(): void;
}

interface Scanned extends ReadCustody {
  readonly lastHash: string;
  /** Bytes up to the end of the last whole line. */
  readonly length: number;
}

/** Of a folder without a ledger: an empty one. */
export function readCustody(folder: string): ReadCustody {
  return scan(folder);
}

function scan(folder: string): Scanned {
  const path = join(folder, CUSTODY_FILE);
  const findings: Finding[] = [];
  const entries: CustodyEntry[] = [];
  let custody = NO_CUSTODY;
  let lastHash = START;
  let length = 0;
  const damaged = (line: number, what: string): void => {
    const advice = "The ledger was changed by hand or by a disk: go by a copy of it, and scan the cells anew.";
    findings.push({ severity: "error", code: "custody.damaged-ledger", where: `${path}:${line}`, what, advice });
  };
  // Before the lines: another may be adding to them, and a head never runs ahead of them.
  const head = readHead(folder);
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const lines = text.split("\n");
  // Without a line end: the power failed before it was acknowledged.
  lines.pop();
  for (const [index, line] of lines.entries()) {
    const value = parseJson(line);
    const entry = isRecord(value) ? entryOf(value) : undefined;
    const wanted = entry === undefined ? "" : linkHash(lastHash, entry);
    if (entry === undefined || !isRecord(value)) damaged(index + 1, "this line is no entry");
    else if (value["hash"] !== wanted) damaged(index + 1, "its hash does not follow from what stands before it");
    else if (entry.seq !== entries.length + 1)
      damaged(index + 1, `entry ${entry.seq} where ${entries.length + 1} belongs`);
    if (findings.length > 0 || entry === undefined) break;
    entries.push(entry);
    custody = withEntry(custody, entry);
    lastHash = wanted;
    length += Buffer.byteLength(line) + 1;
  }
  if (findings.length === 0 && head === undefined) {
    // The first line may stand before its head does.
    if (entries.length > 1) damaged(entries.length, `${CUSTODY_HEAD_FILE} is missing or cannot be read`);
  } else if (findings.length === 0 && head !== undefined) {
    if (head.seq > entries.length)
      damaged(entries.length, `${head.seq - entries.length} entries are missing at its end`);
    else if (head.seq === entries.length && head.hash !== lastHash)
      damaged(entries.length, "its head is another one's");
  }
  return { entries, custody, findings, lastHash, length };
}

function linkHash(previous: string, entry: CustodyEntry): string {
  return hash("sha256", previous + canonicalJson(entryJson(entry)), "hex");
}

function readHead(folder: string): { readonly seq: number; readonly hash: string } | undefined {
  const path = join(folder, CUSTODY_HEAD_FILE);
  if (!existsSync(path)) return undefined;
  const value = parseJson(readFileSync(path, "utf8"));
  if (!isRecord(value) || typeof value["seq"] !== "number" || typeof value["hash"] !== "string") return undefined;
  return { seq: value["seq"], hash: value["hash"] };
}

/**
 * Opens the folder, made where it is not there, for one writer. `wallMs` stamps what is noted. Throws Fault store.in-use
 * where another writes in it, custody.not-written where it cannot be written, custody.damaged-ledger where what stands in it cannot be believed.
 */
export function openCustody(folder: string, wallMs: () => number, lockWaitMs = LOCK_WAIT_MS): CustodyLedger {
  written(folder, () => mkdirSync(folder, { recursive: true }));
  const lock = lockFolder(folder, undefined, lockWaitMs);
  try {
    const { entries, custody, findings, lastHash, length } = scan(folder);
    const [first] = findings;
    if (first !== undefined) throw new Fault("custody.damaged-ledger", first.where, first.what);
    const file = written(folder, () => openSync(join(folder, CUSTODY_FILE), "a"));
    ftruncateSync(file, length);
    return createLedger(folder, file, { custody, lastHash, seq: entries.length }, wallMs, () => {
      closeSync(file);
      lock.release();
    });
  } catch (error) {
    lock.release();
    throw error;
  }
}

function createLedger(
  folder: string,
  file: number,
  start: { readonly custody: Custody; readonly lastHash: string; readonly seq: number },
  wallMs: () => number,
  close: () => void,
): CustodyLedger {
  let { custody, lastHash, seq } = start;
  function write(entries: readonly CustodyEntry[]): void {
    let link = lastHash;
    const lines = entries.map((entry) => {
      link = linkHash(link, entry);
      return `${canonicalJson({ ...(entryJson(entry) as object), hash: link })}\n`;
    });
    written(folder, () => {
      writeAll(file, lines.join(""));
      fsyncSync(file);
    });
    seq += entries.length;
    lastHash = link;
    custody = entries.reduce(withEntry, custody);
    written(folder, () => {
      writeHead(folder, seq, link);
    });
  }

  return {
    get custody() {
      return custody;
    },
    note(by, act) {
      const refused = refusal(custody, act);
      if (refused !== null) return refused;
      write([{ seq: seq + 1, atMs: wallMs(), by, act }]);
      return null;
    },
    noteAll(acts) {
      let after = custody;
      const entries = acts.map(({ atMs, by, act }, index): CustodyEntry => {
        const refused = refusal(after, act);
        if (refused !== null) throw new RangeError(refused.what);
        const entry = { seq: seq + index + 1, atMs, by, act };
        after = withEntry(after, entry);
        return entry;
      });
      if (entries.length > 0) write(entries);
    },
    close,
  };
}

/** What the system refuses, a full disk or one that may only be read, is no defect of ours. */
function written<Value>(folder: string, write: () => Value): Value {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    throw new Fault("custody.not-written", folder, error.message);
  }
}

/** A disk that is all but full takes a part and says nothing: only the next write fails. */
function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

/** Whole under another name, then renamed. */
function writeHead(folder: string, seq: number, link: string): void {
  const path = join(folder, CUSTODY_HEAD_FILE);
  const file = openSync(`${path}.draft`, "w");
  try {
    writeAll(file, `${canonicalJson({ seq, hash: link })}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.draft`, path);
}
