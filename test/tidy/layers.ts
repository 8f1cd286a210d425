import { describe, expect, it } from "vitest";
import type { Layer } from "./project-files.ts";
import { importsOf, SOURCE_FILES, type Import, type SourceFile } from "./source-files.ts";

const MAY_IMPORT: Readonly<Record<Layer, readonly Layer[]>> = {
  protocols: [],
  drivers: ["protocols"],
  controller: ["protocols"],
  simulator: ["protocols"],
  tui: ["protocols", "drivers", "controller", "simulator"],
  scripts: ["protocols", "drivers", "controller", "simulator", "tui"],
  test: ["protocols", "drivers", "controller", "simulator", "tui", "scripts"],
};

/** protocols/ is pure: it may parse, and nothing else. */
const LIBRARIES_OF_PROTOCOLS: readonly string[] = ["zod", "yaml"];

/** Where one file reaches into a layer, or into a part of one, that it must not know. */
function breaches(mayNot: (file: SourceFile, imported: Import) => boolean): readonly string[] {
  return SOURCE_FILES.flatMap((file) =>
    importsOf(file)
      .filter((imported) => mayNot(file, imported))
      .map((imported) => `${imported.at} imports ${imported.specifier}`),
  );
}

describe("imports", () => {
  it("are found at all", () => {
    expect(SOURCE_FILES.length).toBeGreaterThan(20);
    expect(SOURCE_FILES.flatMap(importsOf).length).toBeGreaterThan(50);
  });

  it("go one way: protocols is known to all, drivers, controller and simulator not to one another, tui to nobody", () => {
    expect(
      breaches(({ layer }, { path }) => {
        const target = path?.split("/")[0];
        return target !== undefined && target !== layer && !MAY_IMPORT[layer].some((allowed) => allowed === target);
      }),
    ).toEqual([]);
  });

  it("name the file with its extension", () => {
    expect(breaches((_, { path }) => path !== undefined && !/\.(ts|tsx|json)$/.test(path))).toEqual([]);
  });

  it("keep protocols free of input and output", () => {
    expect(
      breaches(
        ({ layer }, { path, specifier }) =>
          layer === "protocols" && path === undefined && !LIBRARIES_OF_PROTOCOLS.includes(specifier),
      ),
    ).toEqual([]);
  });

  it("let the simulated world judge by other means than those it judges: no dose code", () => {
    expect(
      breaches(({ layer }, { path }) => layer === "simulator" && path?.startsWith("protocols/dose/") === true),
    ).toEqual([]);
  });

  it("let simulated instruments read and write bytes by themselves: from codecs at most types", () => {
    expect(
      breaches(
        ({ layer }, { path, isTypeOnly }) =>
          layer === "simulator" && path?.startsWith("protocols/wire/") === true && !isTypeOnly,
      ),
    ).toEqual([]);
  });

  it("leave the machine to the rim: nobody but the entry reaches into tui/rim", () => {
    expect(
      breaches(
        ({ layer, path: from }, { path }) =>
          path?.startsWith("tui/rim/") === true &&
          !from.startsWith("tui/rim/") &&
          from !== "tui/main.ts" &&
          layer !== "test" &&
          layer !== "scripts",
      ),
    ).toEqual([]);
  });
});
