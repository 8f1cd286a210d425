/** A process that is killed in the middle of a write: its files as they are at that instant, with half of what came next. */
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const DATABASE = "campaign.db";
/** Of the write-ahead log: its own head, and that of each frame before the page. */
const LOG_HEAD_BYTES = 32;
const FRAME_HEAD_BYTES = 24;

/**
 * Takes the files as they are; the returned function puts them back once whoever had them open has closed them, which
 * would have tidied them up.
 */
export function tornWrite(folder: string): () => void {
  const paths = [DATABASE, `${DATABASE}-wal`].map((name) => join(folder, name));
  const kept = paths.filter((path) => existsSync(path));
  for (const path of kept) copyFileSync(path, `${path}.kept`);
  return () => {
    for (const path of kept) renameSync(`${path}.kept`, path);
    const [, log = ""] = paths;
    if (existsSync(log)) writeFileSync(log, half(readFileSync(log)), { flag: "a" });
    // The draft of the next head.
    const head = join(folder, "head.json");
    if (existsSync(head)) writeFileSync(`${head}.draft`, readFileSync(head).subarray(0, 40));
    rmSync(`${join(folder, DATABASE)}-shm`, { force: true });
  };
}

/** The first half of one more frame, which begins as the last one did. */
function half(log: Buffer): Uint8Array {
  const pageBytes = log.length >= LOG_HEAD_BYTES ? log.readUInt32BE(8) : 4096;
  const frameBytes = FRAME_HEAD_BYTES + pageBytes;
  return log.subarray(Math.max(0, log.length - frameBytes)).subarray(0, Math.floor(frameBytes / 2));
}
