import { describe, expect, it } from "vitest";
import { commandHelp, overviewHelp } from "../../../tui/commands/help.ts";
import { COMMANDS } from "../../../tui/command-list.ts";
import { wrapLine } from "../../../tui/progress/wrap-text.ts";

describe("long lines", () => {
  it("are broken between words, and go on under the text of an option", () => {
    expect(wrapLine("  --data DIR   where the record goes", 26)).toEqual([
      "  --data DIR   where the",
      "               record goes",
    ]);
    expect(wrapLine("    one two three", 12)).toEqual(["    one two", "    three"]);
    expect(wrapLine("short", 12)).toEqual(["short"]);
    expect(wrapLine("a-word-of-twenty-six-letters on", 12)).toEqual(["a-word-of-twenty-six-letters", "on"]);
  });

  it("are none in the help of any command", () => {
    const all = [...overviewHelp(COMMANDS), ...COMMANDS.flatMap((command) => commandHelp(command))];
    expect(all.filter((line) => line.length > 80)).toEqual([]);
    const words = (lines: readonly string[]): string => lines.join(" ").replace(/ +/g, " ");
    for (const command of COMMANDS) {
      expect(words(commandHelp(command))).toContain(words([command.usage]));
      expect(words(commandHelp(command))).toContain(words(command.details));
    }
  });
});
