/** What a slip of a path on the command line must not cost: somebody's work. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { isServedSite, servedSiteText } from "../../../tui/bench/served-site.ts";
import { commandLineHere } from "../../support/command-line-here.ts";

const folder = mkdtempSync(join(tmpdir(), "beamrack-over-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

it("instruments --write-site writes over what it wrote, and never over a site that a person did", async () => {
  const site = join(folder, "site.yaml");
  copyFileSync("protocols/sites/bench.yaml", site);
  const before = readFileSync(site, "utf8");
  const { exitCode, err } = await commandLineHere(["instruments", site, "--write-site", site]);
  expect(exitCode).toBe(2);
  expect(err).toContain("export.exists");
  expect(readFileSync(site, "utf8")).toBe(before);
  expect(isServedSite(before)).toBe(false);
  expect(isServedSite(servedSiteText(before, site, [], folder))).toBe(true);
});

it("integrate --csv writes over a table, and over nothing else", async () => {
  const record = join(folder, "campaign.db");
  writeFileSync(record, "what cannot be had again");
  const { exitCode, err } = await commandLineHere(["integrate", join(folder, "image.cbf"), "--csv", record]);
  expect(exitCode).toBe(2);
  expect(err).toContain("export.exists");
  expect(readFileSync(record, "utf8")).toBe("what cannot be had again");
  // What is no file cannot be lost: a table goes into a pipe, too.
  const pipe = await commandLineHere(["integrate", join(folder, "image.cbf"), "--csv", "/dev/null"]);
  expect(pipe.err).not.toContain("export.exists");
});
