/** On a disk of its own, as only an administrator can make one; elsewhere these are passed over. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { thinSamples } from "../../../controller/record/thin-samples.ts";
import { giveBackFreePages, openToVacuum } from "../../../controller/record/vacuum-record.ts";
import { verifyRecord } from "../../../controller/record/verify.ts";
import { repairCommand } from "../../../tui/commands/repair.ts";
import { waitForThread } from "../../../tui/rim/wait-for-thread.ts";
import { booking, HEADER, newFolder, open, record, removeFolders, settlement } from "./record-fixture.ts";

const DISK_BYTES = 4 << 20;
const disk = mkdtempSync(join(tmpdir(), "beamrack-disk-"));
const isMounted =
  spawnSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", disk], { stdio: "ignore" }).status === 0;

afterAll(() => {
  if (isMounted) spawnSync("umount", ["-l", disk]);
  rmSync(disk, { recursive: true, force: true });
  removeFolders();
});

const filler = join(disk, "filler");

/** Whatever room there is left. */
function fill(): void {
  for (let bytes = DISK_BYTES; bytes >= 1; bytes >>= 1) {
    try {
      writeFileSync(filler, Buffer.alloc(bytes), { flag: "a" });
    } catch {
      // So much does not fit.
    }
  }
}

const ON_THE_WALL = { header: { ...HEADER, world: "site", seed: null }, ownThread: waitForThread } as const;

/** Ten thousand samples of one channel that no packing makes small. */
async function recorded(folder: string): Promise<void> {
  const store = open(folder, { frameSamplesMax: 1000 });
  record(store, booking("e1"));
  for (let index = 0; index < 10_000; index += 1) store.sample(1, index * 1000, Math.sin(index * index), 0, 0);
  record(store, settlement("e1"));
  await store.commit();
  store.close();
}

describe.skipIf(!isMounted)("a disk that is full", () => {
  it("is said by the writing thread, which goes on where it stood once there is room", async () => {
    const folder = join(disk, "run");
    mkdirSync(folder);
    const store = open(folder, ON_THE_WALL);
    record(store, booking("e1"));
    await store.commit();
    fill();
    record(store, settlement("e1"));
    for (let index = 0; index < 200; index += 1) record(store, booking(`more ${index}`));
    await expect(store.commit()).rejects.toMatchObject({ code: "store.unwritable", message: /full/ });
    await expect(store.commit()).rejects.toMatchObject({ code: "store.unwritable" });
    rmSync(filler);
    await store.commit();
    store.close();
    expect(verifyRecord(folder)).toMatchObject({ chain: "ok", events: 202, openBookings: 200 });
    rmSync(folder, { recursive: true });
  });

  it("leaves the record whole where it is vacuumed", async () => {
    const folder = join(disk, "run");
    mkdirSync(folder);
    await recorded(folder);
    const before = verifyRecord(folder);
    fill();
    const held = { blocks: 1e9, manifestSha256: "0".repeat(64) };
    const thin = (): void => {
      const writing = openToVacuum(folder);
      try {
        thinSamples(writing.database, 1e12, held);
        giveBackFreePages(folder, writing);
      } finally {
        writing.close();
      }
    };
    expect(thin).toThrow(/full|disk/);
    const tried = verifyRecord(folder);
    expect(tried).toMatchObject({ ok: before.ok, digest: before.digest, events: before.events });
    expect(tried.samples + tried.thinned).toBe(before.samples);
    rmSync(filler);
    thin();
    const after = verifyRecord(folder);
    expect(after).toMatchObject({ ok: before.ok, digest: before.digest });
    expect(after.thinned).toBeGreaterThan(0);
    expect(after.samples + after.thinned).toBe(before.samples);
    rmSync(folder, { recursive: true });
  });

  it("ends a repair, of which nothing is left", async () => {
    const folder = newFolder();
    await recorded(folder);
    const bytes = readFileSync(join(folder, "campaign.db"));
    fill();
    const context = { json: true, print: () => undefined };
    const repair = async (): Promise<number> => repairCommand(context, [folder, "--out", join(disk, "mended")]);
    await expect(repair()).rejects.toMatchObject({ code: "output.unwritable" });
    expect(readdirSync(disk)).toEqual(["filler"]);
    expect(readFileSync(join(folder, "campaign.db")).equals(bytes)).toBe(true);
    rmSync(filler);
    expect(await repair()).toBe(0);
  });
});
