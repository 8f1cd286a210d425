/**
 * The head while a run goes on, in `head.live` beside the database: what the database loses with the end of its
 * write-ahead log is missed by it. Written after each commit, in place and not waited for, so it is never ahead of the
 * database; two places take turns, so that one of them is whole at every moment. Gone where a run ended in order.
 */
import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { parseHead } from "./head-file.ts";
import { headText, type StoredHead } from "./schema.ts";

const LIVE_HEAD_FILE = "head.live";
const PLACE_BYTES = 512;

export interface LiveHead {
  /** Never throws: it is a second copy, and the disk that cannot take it shows at the next commit. */
  write(head: StoredHead): void;
  close(): void;
}

export function openLiveHead(folder: string): LiveHead {
  let file: number | undefined;
  let turn = 0;
  return {
    write(head) {
      try {
        file ??= openSync(join(folder, LIVE_HEAD_FILE), "w");
        const text = headText(head);
        const line = `${crc32(text).toString(16).padStart(8, "0")} ${text}\n`.padEnd(PLACE_BYTES);
        turn = 1 - turn;
        writeSync(file, line, turn * PLACE_BYTES);
      } catch (error) {
        if (!(error instanceof Error && "code" in error)) throw error;
      }
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

/** The later of the two; "unreadable" where neither is whole, undefined where there is no such file. */
export function readLiveHead(folder: string): StoredHead | "unreadable" | undefined {
  const path = join(folder, LIVE_HEAD_FILE);
  let text: string;
  try {
    text = statSync(path).isFile() ? readFileSync(path, "utf8") : "";
  } catch {
    return undefined;
  }
  const heads = [text.slice(0, PLACE_BYTES), text.slice(PLACE_BYTES)].flatMap((place) => {
    const line = place.trim().replace(/^\0+/, "");
    const head = parseHead(line.slice(9));
    return head !== undefined && line.slice(0, 8) === crc32(line.slice(9)).toString(16).padStart(8, "0") ? [head] : [];
  });
  return heads.toSorted((one, other) => one.events - other.events || one.frames - other.frames).at(-1) ?? "unreadable";
}

export function removeLiveHead(folder: string): void {
  rmSync(join(folder, LIVE_HEAD_FILE), { force: true });
}
