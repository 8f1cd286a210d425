import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { HAZARD_KINDS } from "../../protocols/site/safety-inputs.ts";
import { readFromRoot, ROOT } from "./project-files.ts";

const page = readFromRoot("docs/hazards.md");

it("each hazard on the page names a test that is there", () => {
  const [, table = ""] = page.split("## Hazards");
  const rows =
    table
      .split("\n## ")[0]
      ?.split("\n")
      .filter((line) => line.startsWith("| "))
      .slice(2) ?? [];
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows) {
    const [, file = "", title = ""] = /`(test\/[\w/.-]+\.test\.ts)` "([^"]+)"\s*\|$/.exec(row) ?? [];
    expect(existsSync(join(ROOT, file)) && file !== "", row).toBe(true);
    expect(readFromRoot(file), row).toContain(title);
  }
});

it("the page has every kind of input that a site may name", () => {
  for (const kind of HAZARD_KINDS) expect(page).toContain(`\`${kind}\``);
});
