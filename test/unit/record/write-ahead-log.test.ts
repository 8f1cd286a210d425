import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../../controller/record/sqlite.ts";
import { damagedFrames, readWal, type WalReading } from "../../../controller/record/write-ahead-log.ts";
import { newFolder, removeFolders } from "./record-fixture.ts";

afterAll(removeFolders);

const HEADER_BYTES = 32;

/** SQLite's log with some transactions, and the one it began over it after all had been copied into the file. */
function twoLogs(): { readonly before: Buffer; readonly after: Buffer } {
  const path = join(newFolder(), "campaign.db");
  const database = openDatabase(path);
  database.pragma("journal_mode = WAL");
  database.pragma("wal_autocheckpoint = 0");
  database.exec("CREATE TABLE t (a)");
  const insert = database.prepare("INSERT INTO t VALUES (randomblob(3000))");
  for (let row = 0; row < 8; row += 1) insert.run();
  const before = readFileSync(`${path}-wal`);
  database.pragma("wal_checkpoint(PASSIVE)");
  insert.run();
  const after = readFileSync(`${path}-wal`);
  database.close();
  return { before, after };
}

function reading(bytes: Buffer): WalReading {
  const read = readWal(bytes);
  if (read === undefined) throw new Error("there is nothing to read");
  return read;
}

describe("a write-ahead log that is begun anew", () => {
  const { before, after } = twoLogs();

  it("has no frame yet where a killed process had written its header alone, and none that is damaged", () => {
    const killed = Buffer.concat([after.subarray(0, HEADER_BYTES), before.subarray(HEADER_BYTES)]);
    expect(reading(killed).frames).toEqual([]);
    expect(damagedFrames(reading(killed))).toEqual([]);
    expect(reading(before).frames.length).toBeGreaterThan(8);
    expect(reading(after).frames.length).toBeGreaterThan(0);
    expect(reading(after).frames.length).toBeLessThan(reading(before).frames.length);
  });

  it("is read by its frames where a bit of its header has changed", () => {
    for (const place of [3, 9, 17, 21, 25, 30]) {
      const changed = Buffer.from(before);
      changed.writeUInt8(changed.readUInt8(place) ^ 4, place);
      expect(reading(changed).frames).toEqual(reading(before).frames);
      expect(damagedFrames(reading(changed))).toEqual([]);
    }
  });
});
