import { expect, it } from "vitest";
import { withKeys } from "../../tui/terminal/keys/key-page.ts";
import { readFromRoot } from "./source-files.ts";

it("the page of the terminal has the keys that the screens have; scripts/terminal-page.ts renews it", () => {
  const page = readFromRoot("docs/terminal.md");
  expect(page).toContain("| `?` |");
  expect(withKeys(page)).toBe(page);
});
