/** A vacuum that ends at any of its points, as a kill would end it: the folder is looked at as it stands there. */
import { cpSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { thinSamples } from "../../../controller/record/thin-samples.ts";
import { giveBackFreePages, openToVacuum, type VacuumPoint } from "../../../controller/record/vacuum-record.ts";
import { verifyRecord } from "../../../controller/record/verify.ts";
import { newFolder, open, removeFolders } from "./record-fixture.ts";

afterAll(removeFolders);

/** Whoever held the folder has died. */
function copyOf(folder: string): string {
  const left = newFolder();
  cpSync(folder, left, { recursive: true, filter: (path) => !path.includes("lock") && !path.endsWith("-shm") });
  return left;
}

it("A vacuum that is killed at any point leaves the record whole, and can be done again", async () => {
  const folder = newFolder();
  const store = open(folder, { frameSamplesMax: 1000 });
  store.appendEvent({ atMs: 0, type: "began", data: {} });
  for (let index = 0; index < 6000; index += 1) store.sample(1, index * 1000, Math.sin(index * index), 0, 0);
  store.appendEvent({ atMs: 6e6, type: "over", data: {} });
  await store.commit();
  store.close();
  const before = statSync(join(folder, "campaign.db")).size;
  const held = { blocks: 1e9, manifestSha256: "0".repeat(64) };

  const left: [VacuumPoint | "thinned", string][] = [];
  const writing = openToVacuum(folder);
  thinSamples(writing.database, 1e12, held);
  left.push(["thinned", copyOf(folder)]);
  giveBackFreePages(folder, writing, (point) => left.push([point, copyOf(folder)]));

  expect(left.map(([point]) => point)).toEqual(["thinned", "one-file", "copied", "kept", "replaced"]);
  for (const [point, at] of [...left, ["done", folder] as const]) {
    const found = verifyRecord(at);
    expect([point, found.findings.filter(({ severity }) => severity === "error")]).toEqual([point, []]);
    expect([point, found.chain, found.events]).toEqual([point, "ok", 2]);
    expect([point, found.samples + found.thinned]).toEqual([point, 6000]);
    const again = openToVacuum(at);
    thinSamples(again.database, 1e12, held);
    expect(giveBackFreePages(at, again)).toBeLessThan(before / 2);
    expect(verifyRecord(at)).toMatchObject({ ok: true, events: 2, digest: found.digest });
  }
});
