import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseDocument } from "../../../protocols/input/document.ts";
import { fileKindOf } from "../../../protocols/input/file-kind.ts";
import { errorsOf, goodFiles, load } from "../../support/campaign-files.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

describe("a file of the wrong kind", () => {
  it.each([
    ["protocols/campaigns", "campaign"],
    ["protocols/sites", "site"],
    ["protocols/library", "protocol"],
  ])("is known by what it holds: all of %s are a %s", (folder, kind) => {
    const files = readdirSync(`${root}${folder}`, { encoding: "utf8", recursive: true });
    for (const name of files.filter((file) => file.endsWith(".yaml"))) {
      const document = parseDocument(readFileSync(`${root}${folder}/${name}`, "utf8"), name);
      expect({ name, kind: fileKindOf(document.value) }).toEqual({ name, kind });
    }
  });

  it.each([
    ["dose-case.json", "dose case"],
    ["cell-case.json", "cell case"],
  ])("is known by what it holds: the example %s", (name, kind) => {
    expect(fileKindOf(JSON.parse(readFileSync(`${root}docs/examples/${name}`, "utf8")))).toBe(kind);
  });

  it.each([[{}], [null], [[]], ["text"], [{ beam: {}, title: "x" }], [{ campaign: "half a campaign" }]])(
    "is not guessed at: %j",
    (value) => {
      expect(fileKindOf(value)).toBeUndefined();
    },
  );

  it("is refused in one line, and not for each key that it does not have", () => {
    const site = goodFiles["site.yaml"] ?? "";
    const campaign = goodFiles["good.yaml"] ?? "";
    const said = (files: Readonly<Record<string, string>>): readonly string[] =>
      errorsOf(load({ ...goodFiles, ...files })).map(({ where, what }) => `${where}: ${what}`);
    expect(said({ "good.yaml": site })).toEqual(["good.yaml: this is a site, not a campaign"]);
    expect(said({ "site.yaml": campaign })).toEqual(["site.yaml: this is a campaign, not a site"]);
    expect(said({ "good.yaml": goodFiles["cycle.yaml"] ?? "" })).toEqual([
      "good.yaml: this is a protocol, not a campaign",
    ]);
  });
});
