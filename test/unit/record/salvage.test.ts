import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openRecord } from "../../../controller/record/record-reader.ts";
import { openDatabase } from "../../../controller/record/sqlite.ts";
import { verifyRecord } from "../../../controller/record/verify.ts";
import { repairCommand } from "../../../tui/commands/repair.ts";
import { newFolder, open, removeFolders, runCampaign } from "./record-fixture.ts";

afterAll(removeFolders);

/** A campaign of four minutes, then `damage` done to its database. */
async function damaged(damage = ""): Promise<string> {
  const folder = newFolder();
  const store = open(folder);
  await runCampaign(store, 4);
  store.close();
  const database = openDatabase(join(folder, "campaign.db"));
  for (const table of ["event", "ledger", "frame", "block", "gap"])
    for (const verb of ["update", "delete"]) database.exec(`DROP TRIGGER ${table}_no_${verb}`);
  database.exec(damage);
  database.close();
  return folder;
}

interface Said {
  readonly events: number;
  readonly ledger_rows: number;
  readonly frames: number;
  readonly samples: number;
  readonly gaps: number;
  readonly lost: readonly string[];
}

async function repaired(folder: string): Promise<{ readonly out: string; readonly said: Said }> {
  const out = join(newFolder(), "salvaged");
  const lines: string[] = [];
  expect(await repairCommand({ json: true, print: (line) => lines.push(line) }, [folder, "--out", out])).toBe(0);
  return { out, said: JSON.parse(lines[0] ?? "") as Said };
}

const errors = (folder: string): readonly string[] =>
  verifyRecord(folder, () => []).findings.flatMap((one) =>
    one.severity === "error" ? [`${one.code} ${one.what}`] : [],
  );

describe("a data folder that is salvaged", () => {
  it("has everything where nothing was damaged, and its chain holds", async () => {
    const folder = await damaged();
    const before = readFileSync(join(folder, "campaign.db"));
    const { out, said } = await repaired(folder);
    expect(said).toMatchObject({ events: 17, ledger_rows: 8, samples: 720, gaps: 2, lost: [] });
    expect(errors(out)).toEqual([]);
    expect(readFileSync(join(folder, "campaign.db")).equals(before)).toBe(true);
  });

  it("keeps all but a block that is damaged, whose samples are a gap now", async () => {
    const { out, said } = await repaired(await damaged("UPDATE block SET crc32 = crc32 + 1 WHERE row = 2"));
    expect(said.lost).toEqual([expect.stringMatching(/^sample blocks 2 to 2: .*CRC-32/)]);
    expect(said.samples).toBe(720 - 240);
    expect(errors(out)).toEqual([]);
    const record = openRecord(out);
    const gaps = [...record.gaps()].flatMap((one) => (one.kind === "row" ? [one.row] : []));
    const told = [...record.events()].flatMap((one) => (one.kind === "row" ? [one.row.type] : []));
    record.close();
    expect(gaps.filter(({ reason }) => reason.startsWith("lost"))).toEqual([
      { channelIndex: 1, fromMs: 4, toMs: 239_004, reason: "lost with a damaged block" },
    ]);
    expect(told.at(-1)).toBe("record-salvaged");
  });

  it("leaves out an event that was altered, and says so", async () => {
    const { out, said } = await repaired(await damaged("UPDATE event SET data = '{}' WHERE seq = 3"));
    expect(said.lost).toEqual([expect.stringMatching(/^event 3 \(shutter-opened\): .* hash/)]);
    expect(said.events).toBe(17);
    expect(verifyRecord(out, () => []).chain).toBe("ok");
  });

  it("takes ledger rows from the log where the table lost them", async () => {
    const { said } = await repaired(await damaged("DELETE FROM ledger WHERE row > 5"));
    expect(said.ledger_rows).toBe(8);
  });

  it("has everything but a first page that is lost, of a record that was vacuumed too", async () => {
    for (const vacuumed of ["", "VACUUM"]) {
      const folder = await damaged(vacuumed);
      const path = join(folder, "campaign.db");
      writeFileSync(path, readFileSync(path).fill(0, 0, 4096));
      const { out, said } = await repaired(folder);
      expect(said).toMatchObject({ events: 18, ledger_rows: 8, samples: 720, gaps: 2 });
      expect(said.lost).toEqual([expect.stringContaining("first page")]);
      expect(errors(out)).toEqual([]);
    }
  });

  it("has everything where one letter of a column's name is another one, which SQLite takes for a table of its own kind", async () => {
    const folder = await damaged();
    const path = join(folder, "campaign.db");
    const bytes = readFileSync(path);
    const at = bytes.indexOf("wall_crc32");
    expect(at).toBeGreaterThan(100);
    expect(at).toBeLessThan(4096);
    bytes[at] = "x".charCodeAt(0);
    writeFileSync(path, bytes);
    const { out, said } = await repaired(folder);
    expect(said).toMatchObject({ events: 18, ledger_rows: 8, samples: 720, gaps: 2 });
    expect(said.lost).toEqual([expect.stringContaining("first page")]);
    expect(errors(out)).toEqual([]);
  });

  it("is one that no run goes on in", async () => {
    const { out } = await repaired(await damaged());
    expect(() => open(out)).toThrow(/salvaged/);
  });

  it("is refused where something stands, and where there is nothing to go by", async () => {
    const folder = await damaged("DELETE FROM meta WHERE key = 'header'");
    const context = { json: true, print: () => undefined };
    const taken = join(newFolder(), "taken");
    mkdirSync(taken);
    const tried = async (...args: readonly string[]): Promise<number> => repairCommand(context, args);
    await expect(tried(folder, "--out", taken)).rejects.toMatchObject({ code: "export.exists" });
    await expect(tried(folder, "--out", join(newFolder(), "x"))).rejects.toMatchObject({ code: "store.damaged" });
    await expect(tried(folder)).rejects.toMatchObject({ code: "command.usage" });
  });

  it("is refused in plain words, and nothing is left beside it, where there is no record, a newer one or no place", async () => {
    const newer = await damaged(
      "UPDATE meta SET value = '9999' WHERE key = 'schema_version'; PRAGMA user_version = 9999",
    );
    const file = join(newFolder(), "file");
    writeFileSync(file, "a shopping list");
    const place = newFolder();
    const out = join(place, "x");
    const context = { json: true, print: () => undefined };
    const tried = async (...args: readonly string[]): Promise<number> => repairCommand(context, args);
    await expect(tried(newer, "--out", out)).rejects.toMatchObject({ code: "store.newer" });
    await expect(tried(newFolder(), "--out", out)).rejects.toMatchObject({ code: "file.missing" });
    await expect(tried(file, "--out", out)).rejects.toMatchObject({ code: "file.missing" });
    const blocked = await damaged();
    rmSync(join(blocked, "campaign.db-wal"), { force: true });
    mkdirSync(join(blocked, "campaign.db-wal"));
    await expect(tried(blocked, "--out", out)).rejects.toMatchObject({ code: "store.unreadable" });
    const empty = await damaged();
    writeFileSync(join(empty, "campaign.db"), "");
    await expect(tried(empty, "--out", out)).rejects.toMatchObject({
      ...{ code: "store.damaged", where: join(empty, "campaign.db") },
    });
    await expect(tried(await damaged(), "--out", join(file, "x"))).rejects.toMatchObject({ code: "output.unwritable" });
    await expect(tried(await damaged(), "--out", "/proc/x")).rejects.toMatchObject({ code: "output.unwritable" });
    expect(readdirSync(place)).toEqual([]);
  });
});
