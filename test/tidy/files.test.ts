import { describe, expect, it } from "vitest";
import { filesUnder, HOUSE, readFromRoot, sourceTexts } from "./project-files.ts";

const SOURCES = sourceTexts();

const LINES_MAX = 450;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const NAMES_THAT_SAY_NOTHING = /(^|-)(utils?|helpers?|common|misc|managers?)(-|$)/;

describe("files", () => {
  it("can be read in a sitting", () => {
    const long = SOURCES.map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
      .filter(({ lines }) => lines > LINES_MAX)
      .map(({ path, lines }) => `${path} has ${String(lines)} lines`);
    expect(long).toEqual([]);
  });

  it("have names in kebab case that say what is in them", () => {
    const odd = SOURCES.map(({ path }) => path).filter((path) =>
      path.split("/").some((part) => {
        const name = part.replace(/(\.test)?\.tsx?$/, "");
        return !KEBAB_CASE.test(name) || NAMES_THAT_SAY_NOTHING.test(name);
      }),
    );
    expect(odd).toEqual([]);
  });

  it("leave nothing for later in a comment", () => {
    const words = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|")})\\b`);
    expect(textFiles().filter((path) => words.test(readFromRoot(path)))).toEqual([]);
  });

  it("know no machine but the one they run on", () => {
    const ofOneMachine = /(^|[\s"'`(=:])\/(work|home|Users|root)\//m;
    expect(textFiles().filter((path) => ofOneMachine.test(readFromRoot(path)))).toEqual([]);
  });

  it("name no registry host: the lock file holds for whichever registry is in use", () => {
    expect(readFromRoot("package-lock.json")).not.toContain('"resolved"');
  });
});

/** Everything written by hand: sources, documents, campaigns, sites. Tables taken from elsewhere are not. */
function textFiles(): readonly string[] {
  const files = [...HOUSE, "docs", ".ci"].flatMap(filesUnder);
  return [...files, "README.md"].filter(
    (path) => !path.startsWith("protocols/data/") && (/\.(tsx?|mjs|md|ya?ml)$/.test(path) || path.startsWith(".ci/")),
  );
}
