import { expect, it } from "vitest";
import { withKeys } from "../../tui/terminal/keys/key-page.ts";
import { readFromRoot } from "./project-files.ts";

it("the page of the terminal has the keys that the screens have; scripts/terminal-page.ts renews it", () => {
  const page = readFromRoot("docs/terminal.md");
  expect(page).toContain("| `?` |");
  expect(withKeys(page)).toBe(page);
});

it.each(["README.md", "docs/terminal.md"])("the screen in %s is the one that is drawn", (page) => {
  const drawn = readFromRoot("test/fixtures/screens/running-80x24.txt").split("\n");
  // Blank rows at the foot, control and keys are left out.
  const picture = drawn.slice(0, 19).join("\n").trimEnd();
  expect(readFromRoot(page)).toContain(picture);
});
