import { afterAll, expect, it } from "vitest";
import { changeAgainAndAgain } from "../../support/changed-folders.ts";
import { newFolder, removeFolders } from "../../unit/record/record-fixture.ts";

afterAll(removeFolders);

it("finds every changed bit and every cut of a data folder, or nothing reads otherwise, and no more is lost than what was hit", async () => {
  const report = await changeAgainAndAgain(newFolder(), 24, 3);
  expect(report).toMatchObject({ unseen: [], lostBeyond: [] });
  expect(report.found).toBeGreaterThan(6);
  expect(report.harmless).toBeGreaterThan(3);
});
