import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, describe, expect, it } from "vitest";
import { verifyRecord } from "../../../controller/record/verify.ts";
import { ownProcess } from "../../support/own-process.ts";
import { newFolder, open, removeFolders, runCampaign } from "../../unit/record/record-fixture.ts";

const CHILD = ownProcess(new URL("./endless-run.ts", import.meta.url));

afterAll(removeFolders);

/** Runs in a process of its own and kills it once it has acknowledged `lines` steps; how many exposures were settled by then. */
async function runAndKill(folder: string, lines: number): Promise<number> {
  const child = spawn(process.execPath, [...CHILD, folder], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (chunk: string) => {
    text += chunk;
    if (text.split("\n").length > lines) child.kill("SIGKILL");
  });
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  expect(signal).toBe("SIGKILL");
  // The last line may be cut; those before it were written after their commit.
  return Number(text.split("\n").at(-2) ?? 0);
}

describe("a process killed in the middle of its work", () => {
  it("has on record what it acknowledged, and the run ends with the digest of an undisturbed one", async () => {
    const folder = newFolder();
    let settled = 0;
    for (const lines of [40, 400, 1500]) {
      settled = await runAndKill(folder, lines);
      const report = verifyRecord(folder);
      expect(report.findings.filter((finding) => finding.severity === "error")).toEqual([]);
      expect(report.exposures).toBeGreaterThanOrEqual(settled);
    }
    const stored = verifyRecord(folder);
    const minutes = stored.exposures + 2;
    const again = open(folder);
    await runCampaign(again, minutes);
    again.close();
    const undisturbed = open(newFolder());
    await runCampaign(undisturbed, minutes);
    undisturbed.close();
    expect(settled).toBeGreaterThan(100);
    expect(again.digest).toBe(undisturbed.digest);
    expect(verifyRecord(folder)).toMatchObject({
      ok: true,
      digest: undisturbed.digest,
      exposures: minutes,
      samples: minutes * 180,
    });
  });

  it("held the folder alone while it lived, and leaves it free", async () => {
    const folder = newFolder();
    const child = spawn(process.execPath, [...CHILD, folder], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.stdout.resume();
    const refusal = expect.objectContaining({
      code: "store.in-use",
      where: folder,
      message: `another beamrack writes in it: process ${String(child.pid)} on the rack, since 2026-03-02 08:00:00 UTC`,
    }) as unknown;
    expect(() => open(folder)).toThrow(refusal);
    expect(verifyRecord(folder).findings.filter((finding) => finding.severity === "error")).toEqual([]);
    child.kill("SIGKILL");
    await once(child, "close");
    open(folder).close();
  });
});
