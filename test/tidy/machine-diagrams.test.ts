import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { machinePages } from "../../scripts/machine-pages.ts";

const folder = fileURLToPath(new URL("../../docs/machines/", import.meta.url));

describe("the committed diagrams", () => {
  it.each(machinePages().map((page) => [page.fileName, page.text]))(
    "%s is drawn from the present machine",
    (name, text) => {
      expect(readFileSync(`${folder}${name}`, "utf8")).toBe(text);
    },
  );

  it("have no page of a machine that is gone", () => {
    expect(readdirSync(folder).sort()).toEqual(
      machinePages()
        .map((page) => page.fileName)
        .sort(),
    );
  });
});
