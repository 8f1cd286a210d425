import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lockFolder } from "../../../controller/record/folder-lock.ts";
import { verifyRecord } from "../../../controller/record/verify.ts";
import { repairCommand } from "../../../tui/commands/repair.ts";
import { ownProcess } from "../../support/own-process.ts";
import { newFolder, open, removeFolders, runCampaign } from "../../unit/record/record-fixture.ts";

const CHILD = ownProcess(new URL("./stuck-repair.ts", import.meta.url));

afterAll(removeFolders);

let folder: string;
/** What a repair that was killed has left, and nothing else. */
let left: string;

beforeAll(async () => {
  folder = newFolder();
  const store = open(folder);
  await runCampaign(store, 4);
  store.close();
  // The first page is lost: it is read from a copy, which is left too.
  const bytes = readFileSync(join(folder, "campaign.db"));
  writeFileSync(join(folder, "campaign.db"), bytes.fill(0, 0, 4096));
  left = newFolder();
  const { signal } = spawnSync(process.execPath, [...CHILD, folder, "--out", join(left, "new")], { stdio: "inherit" });
  expect(signal).toBe("SIGKILL");
});

/** In a copy of it. */
function place(): string {
  const copy = newFolder();
  cpSync(left, copy, { recursive: true });
  return copy;
}

const repair = async (out: string, from = folder): Promise<number> =>
  repairCommand({ json: true, print: () => undefined }, [from, "--out", out]);

describe("a repair that was killed", () => {
  it("has left something, and nothing under its name", () => {
    expect(readdirSync(left)).toEqual(["new.part"]);
  });

  it("is begun anew by the same command, and leaves nothing but what it made", async () => {
    const at = place();
    expect(await repair(join(at, "new"))).toBe(0);
    expect(readdirSync(at)).toEqual(["new"]);
    const { findings } = verifyRecord(join(at, "new"), () => []);
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("goes on where only the folder, or that and its lock, came to be", async () => {
    for (const isLocked of [false, true]) {
      const at = newFolder();
      mkdirSync(join(at, "new.part"));
      if (isLocked) lockFolder(join(at, "new.part"), undefined, 0).release();
      expect(await repair(join(at, "new"))).toBe(0);
      expect(readdirSync(at)).toEqual(["new"]);
    }
  });

  it("takes nobody else's for its own", async () => {
    const own = newFolder();
    mkdirSync(join(own, "new.part"));
    writeFileSync(join(own, "new.part", "notes.txt"), "mine");
    const file = newFolder();
    writeFileSync(join(file, "new.part"), "mine");
    const added = place();
    writeFileSync(join(added, "new.part", "notes.txt"), "mine");
    const record = newFolder();
    cpSync(folder, join(record, "new.part"), { recursive: true });
    for (const at of [own, file, added, record]) {
      const before = readdirSync(at, { recursive: true });
      await expect(repair(join(at, "new"))).rejects.toMatchObject({
        code: "export.exists",
        where: join(at, "new.part"),
      });
      expect(readdirSync(at, { recursive: true })).toEqual(before);
    }
    expect(readFileSync(join(added, "new.part", "notes.txt"), "utf8")).toBe("mine");
  });

  it("is left alone while it lives", async () => {
    const at = place();
    const lock = lockFolder(join(at, "new.part"), undefined, 0);
    const before = readdirSync(at, { recursive: true });
    await expect(repair(join(at, "new"))).rejects.toMatchObject({
      code: "export.exists",
      message: expect.stringContaining("now") as unknown,
    });
    expect(readdirSync(at, { recursive: true })).toEqual(before);
    lock.release();
    expect(await repair(join(at, "new"))).toBe(0);
  });

  it("fails, and takes away what it made, where nothing can be read", async () => {
    const at = place();
    await expect(repair(join(at, "new"), newFolder())).rejects.toMatchObject({ code: "file.missing" });
    expect(readdirSync(at)).toEqual([]);
  });
});
