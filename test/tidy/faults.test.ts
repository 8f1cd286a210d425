import { describe, expect, it } from "vitest";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import { faultsPage } from "../../scripts/faults-page-text.ts";
import { readFromRoot, sourceTexts } from "./project-files.ts";

const CODES: readonly string[] = Object.keys(FAULT_CATALOGUE);

describe("faults", () => {
  it("are all on the operator's page, which is current (else: node --import tsx scripts/faults-page.ts)", () => {
    const page = readFromRoot("docs/faults.md");
    for (const code of CODES) expect(page).toContain(`\`${code}\``);
    expect(page).toBe(faultsPage());
  });

  it("are raised only with codes that the catalogue knows", () => {
    const raised = sourceTexts().flatMap(({ path, text }) =>
      [...text.matchAll(/\bnew\s+Fault\(\s*"(?<code>[^"]*)"/g)].map(({ index, groups }) => {
        const line = text.slice(0, index).split("\n").length;
        return { code: groups?.["code"] ?? "", at: `${path}:${String(line)}` };
      }),
    );
    expect(raised.length).toBeGreaterThan(5);
    expect(raised.filter(({ code }) => !CODES.includes(code))).toEqual([]);
  });

  it("are named area.what, and advise in whole sentences", () => {
    for (const [code, { advice }] of Object.entries(FAULT_CATALOGUE)) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$/);
      expect(advice, code).toMatch(/^[A-Z].*[.?]$/);
    }
  });
});
