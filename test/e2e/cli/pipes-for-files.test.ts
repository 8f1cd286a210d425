/** A data folder that somebody else made up: a pipe in it would be waited for for ever, which a process of its own shows. */
import { execFileSync, spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { z } from "zod";
import { newFolder, open, removeFolders, runCampaign } from "../../unit/record/record-fixture.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

afterAll(removeFolders);

function verify(folder: string): { readonly exitCode: number | null; readonly out: string; readonly err: string } {
  const args = [join(ROOT, "dist/tui/main.js"), "verify", folder, "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { timeout: 20_000, encoding: "utf8" });
  return { exitCode: status, out: stdout, err: stderr };
}

function putPipe(path: string): void {
  rmSync(path, { force: true });
  execFileSync("mkfifo", [path]);
}

it("a pipe in place of a small file of the record is one that cannot be read, in place of the record it is refused", async () => {
  const folder = newFolder();
  const store = open(folder);
  await runCampaign(store, 2);
  store.close();
  for (const file of ["head.json", "head.live", "summary.json"]) putPipe(join(folder, file));
  const read = verify(folder);
  const { findings } = z.object({ findings: z.array(z.object({ where: z.string() })) }).parse(JSON.parse(read.out));
  expect(findings.map(({ where }) => where)).toEqual(
    expect.arrayContaining(["head.live", "head.json", "summary.json"]),
  );
  putPipe(join(folder, "campaign.db"));
  const refused = verify(folder);
  expect(refused.exitCode).toBe(2);
  expect(refused.err).toContain("file.missing");
});
