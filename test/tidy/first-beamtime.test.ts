import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandPage, missingFrom } from "../../scripts/command-page.ts";
import { COMMANDS } from "../../tui/command-list.ts";
import { readFromRoot, ROOT } from "./project-files.ts";

/** The whole page is run by scripts/first-beamtime.ts, against simulated instruments on real links. */
const steps = commandPage(readFromRoot("docs/first-beamtime.md"));
const commands = steps.flatMap((step) => step.commands);

describe("the page of the first beamtime", () => {
  it("has every step from the check to the export, as commands and files that there are", () => {
    const names = commands.flatMap((command) => /\bbeamrack ([a-z]+)/.exec(command)?.[1] ?? []);
    for (const name of names) expect(COMMANDS.map((known) => known.name)).toContain(name);
    for (const needed of ["check", "device", "run", "align", "calibrate", "verify", "export"]) {
      expect(names).toContain(needed);
    }
    for (const [file] of commands.join("\n").matchAll(/protocols\/\S+\.yaml/g)) {
      expect(existsSync(join(ROOT, file)), file).toBe(true);
    }
    expect(steps.filter(({ isBackground }) => isBackground)).toHaveLength(1);
    // A site file that somebody wrote is not written over.
    for (const command of commands) {
      const [, read, written] = /\binstruments (\S+) .*--write-site (\S+)/.exec(command) ?? [];
      if (read !== undefined) expect(written).not.toBe(read);
    }
    expect(steps.find(({ append }) => append !== null)?.append?.path).toBe("first/site.yaml");
  });

  it("is held against what is printed, line by line, three dots for anything", () => {
    const said = "ok: first\n4 cells found, 0 not; 170 exposures\n";
    expect(missingFrom(said, ["ok: first", "4 cells found...exposures", "(brackets)"])).toEqual(["(brackets)"]);
    expect(missingFrom("ok: fir\nst", ["ok...st"])).toEqual(["ok...st"]);
  });
});
