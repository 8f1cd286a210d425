import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { openRecord } from "../../../controller/record/record-reader.ts";
import { openDatabase } from "../../../controller/record/sqlite.ts";
import { verifyRecord } from "../../../controller/record/verify.ts";
import { newFolder, open, removeFolders, runCampaign } from "./record-fixture.ts";

/** Three minutes of the campaign of record-fixture.ts as the version of before blocks wrote them. */
const OLDER = fileURLToPath(new URL("../../fixtures/record/version-1", import.meta.url));
const MINUTES = 3;

afterAll(removeFolders);

function older(): string {
  const folder = newFolder();
  cpSync(OLDER, folder, { recursive: true });
  return folder;
}

function samplesOf(folder: string): readonly unknown[] {
  const record = openRecord(folder);
  const samples = [0, 1, 2].map((channel) => [...record.samples(channel)]);
  record.close();
  return samples;
}

function version(folder: string): unknown {
  const database = openDatabase(join(folder, "campaign.db"), { readonly: true });
  const stated = database.prepare("SELECT value FROM meta WHERE key = 'schema_version'").pluck().get();
  database.close();
  return stated;
}

describe("a folder of an older beamrack", () => {
  it("is read and audited as it is, and not changed by it", () => {
    const folder = older();
    expect(verifyRecord(folder)).toMatchObject({ ok: true, frames: MINUTES, samples: 180 * MINUTES });
    const record = openRecord(folder);
    const { count, voltageMinV } = record.envelope(0, 0, MINUTES * 60_000, 3);
    record.close();
    expect([...count]).toEqual([60, 60, 60]);
    expect([...voltageMinV]).toEqual([3.2, 3.2009, 3.2018]);
    expect(version(folder)).toBe("1");
  });

  it("is gone on with: a repeated run meets its own, and what it adds stands beside it", async () => {
    const folder = older();
    const longer = open(folder);
    await runCampaign(longer, MINUTES + 2);
    longer.close();
    const anew = newFolder();
    const store = open(anew);
    await runCampaign(store, MINUTES + 2);
    store.close();
    expect(version(folder)).toBe("2");
    expect(longer.digest).toBe(store.digest);
    expect(samplesOf(folder)).toEqual(samplesOf(anew));
    expect(verifyRecord(folder)).toMatchObject({ ok: true, samples: 180 * (MINUTES + 2) });
    const again = open(folder);
    await runCampaign(again, MINUTES + 2);
    again.close();
    expect(again.digest).toBe(store.digest);
    const database = openDatabase(join(folder, "campaign.db"), { readonly: true });
    expect(database.prepare("SELECT count(*) FROM frame").pluck().get()).toBe(MINUTES);
    expect(database.prepare("SELECT count(*), min(from_frame), max(to_frame) FROM block").raw().get()).toEqual([
      3,
      MINUTES + 1,
      MINUTES + 2,
    ]);
    database.close();
  });

  it("keeps its frames: nobody may take them out", async () => {
    const folder = older();
    const store = open(folder);
    await runCampaign(store, MINUTES + 1);
    store.close();
    const database = openDatabase(join(folder, "campaign.db"));
    expect(() => database.prepare("DELETE FROM frame WHERE row = 2").run()).toThrow("only ever added");
    database.close();
  });
});
