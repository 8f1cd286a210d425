/**
 * The second copy of the log's head, in `head.json` beside the database: a log whose tail was cut away, database
 * head and all, no longer reaches it.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { parseJson } from "./record-header.ts";
import { isRecord } from "./ledger-row.ts";
import { headText, type StoredHead } from "./schema.ts";

export const HEAD_FILE = "head.json";

/** Written whole under another name and renamed, so that it is the old one or the new one at every moment. */
export function writeHeadFile(folder: string, head: StoredHead, isDiskWaitedFor = true): void {
  const path = join(folder, HEAD_FILE);
  const draft = `${path}.draft`;
  const file = openSync(draft, "w");
  try {
    writeSync(file, `${headText(head)}\n`);
    if (isDiskWaitedFor) fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  if (!isDiskWaitedFor) return;
  const directory = openSync(folder, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** The copy; undefined where there is none, "unreadable" where it cannot be read or does not hold a head. */
export function readHeadFile(folder: string): StoredHead | "unreadable" | undefined {
  const path = join(folder, HEAD_FILE);
  if (!existsSync(path)) return undefined;
  return parseHead(textOrNone(path)) ?? "unreadable";
}

/** Nothing where the system refuses it, a disk that fails, and of what is no file: a pipe would be waited for for ever. */
export function textOrNone(path: string): string {
  try {
    return statSync(path).isFile() ? readFileSync(path, "utf8") : "";
  } catch (error) {
    if (error instanceof Error && "code" in error) return "";
    throw error;
  }
}

export function parseHead(text: string): StoredHead | undefined {
  const value = parseJson(text);
  if (!isRecord(value)) return undefined;
  const hash = value["hash"];
  const counts = ["events", "ledger_rows", "frames", "samples", "gaps"].map((key) => value[key]);
  const [events, ledgerRows, frames, samples, gaps] = counts;
  if (typeof hash !== "string" || typeof events !== "number" || typeof ledgerRows !== "number") return undefined;
  if (typeof frames !== "number" || typeof samples !== "number" || typeof gaps !== "number") return undefined;
  // An older beamrack made none and says nothing of them.
  const blocks = value["blocks"] ?? 0;
  if (typeof blocks !== "number") return undefined;
  return { events, hash, ledgerRows, frames, blocks, samples, gaps };
}
