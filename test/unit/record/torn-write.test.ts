import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openDatabase } from "../../../controller/record/sqlite.ts";
import { tornWrite } from "../../../tui/virtual/torn-write.ts";

it("a write that is torn leaves the log with half a frame more, and what was written before is all there", () => {
  const folder = mkdtempSync(join(tmpdir(), "beamrack-torn-"));
  try {
    const path = join(folder, "campaign.db");
    const database = openDatabase(path);
    database.pragma("journal_mode = WAL");
    database.exec("CREATE TABLE kept(value INTEGER) STRICT");
    for (let value = 0; value < 50; value += 1) database.prepare("INSERT INTO kept VALUES(?)").run(value);
    appendFileSync(join(folder, "head.json"), `{"seq":50,"hash":"${"a".repeat(64)}"}\n`);
    const logBytes = statSync(`${path}-wal`).size;
    const tear = tornWrite(folder);
    database.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
    tear();
    const torn = statSync(`${path}-wal`).size - logBytes;
    expect(torn).toBeGreaterThan(1000);
    expect(torn % (24 + 4096)).not.toBe(0);
    expect(readFileSync(join(folder, "head.json.draft"), "utf8")).toHaveLength(40);
    const again = openDatabase(path);
    expect(again.prepare("SELECT count(*) AS count FROM kept").get()).toEqual({ count: 50 });
    expect(again.pragma("integrity_check", { simple: true })).toBe("ok");
    again.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
