import { expect, it } from "vitest";
import { BUS_SCHEMA_FOLDER, busSchemaFiles } from "../../scripts/bus-schemas-text.ts";
import { filesUnder, readFromRoot } from "./project-files.ts";

it("the published schemas of the bus are those by which messages are read", () => {
  const files = busSchemaFiles();
  expect(
    filesUnder(BUS_SCHEMA_FOLDER)
      .filter((path) => path.endsWith(".json"))
      .sort(),
  ).toEqual([...files.keys()].sort());
  for (const [path, text] of files) {
    expect(JSON.parse(readFromRoot(path)), `${path}: node --import tsx scripts/bus-schemas.ts`).toEqual(
      JSON.parse(text),
    );
  }
});
