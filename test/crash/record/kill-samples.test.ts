import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { newFolder, removeFolders } from "../../unit/record/record-fixture.ts";
import { killAgainAndAgain } from "./kill-samples.ts";

afterAll(removeFolders);

it("keeps every sample that was acknowledged, once, through kills of the process that takes them", async () => {
  const report = await killAgainAndAgain(join(newFolder(), "record"), 3, 5);
  expect(report).toMatchObject({ lost: 0, doubled: 0, findings: [] });
  expect(report.acknowledged).toBeGreaterThan(1000);
});
