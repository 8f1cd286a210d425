import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { COMMANDS } from "../../tui/command-list.ts";
import { filesUnder, HOUSE, readFromRoot, ROOT } from "./project-files.ts";

const manifest = z
  .object({
    dependencies: z.record(z.string(), z.string()),
    optionalDependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
    scripts: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(readFromRoot("package.json")));

const readme = readFromRoot("README.md");

describe("the README", () => {
  it("gives the reason for every dependency, and for none that is not there", () => {
    const rows = [...readme.matchAll(/^\| `((?:@[\w-]+\/)?[\w-]+)` \| (run|build) \| (.+) \|$/gm)];
    const listed = (kind: string): readonly string[] =>
      rows.filter((row) => row[2] === kind).map((row) => row[1] ?? "");
    expect([...listed("run")].sort()).toEqual(
      Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }).sort(),
    );
    expect([...listed("build")].sort()).toEqual(Object.keys(manifest.devDependencies).sort());
    for (const row of rows) expect(row[3]?.length, row[1]).toBeGreaterThan(15);
  });

  it("maps every folder of the house", () => {
    for (const folder of HOUSE) expect(readme).toContain(`${folder}/`);
  });

  it("names only scripts that exist", () => {
    for (const [, script] of readme.matchAll(/npm run (?:-s )?([\w:-]+)/g)) {
      expect(Object.keys(manifest.scripts)).toContain(script);
    }
  });

  it("names only commands that exist", () => {
    const names = ["help", ...COMMANDS.map((command) => command.name)];
    for (const [, name] of readme.matchAll(/npm run -s beamrack -- ([a-z]+)/g)) expect(names).toContain(name);
  });
});

it("no link in a document of ours leads nowhere", () => {
  const documents = ["README.md", ...filesUnder("docs").filter((path) => path.endsWith(".md"))];
  for (const document of documents) {
    for (const [, target] of readFromRoot(document).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)) {
      expect(existsSync(join(ROOT, dirname(document), target ?? "")), `${document} -> ${String(target)}`).toBe(true);
    }
  }
});
