/**
 * The pages of docs/instruments: one for each family that a site file may name, with every setting of it in a piece of
 * site file that reads, and with commands that the instrument understands.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { parseDocument } from "../../protocols/input/document.ts";
import { detectorSchema, ioSchema, stageSchema } from "../../protocols/site/beamline-schema.ts";
import {
  barcodeReaderSchema,
  integratorSchema,
  ownSensorSchema,
  sampleChangerSchema,
  triggerSchema,
} from "../../protocols/site/further-schema.ts";
import { channelGroupSchema, sensorSourceSchema } from "../../protocols/site/site-schema.ts";
import type { Site } from "../../protocols/site/site.ts";
import { actsFor } from "../../tui/device/acts.ts";
import { parseDeviceArguments } from "../../tui/device/device-options.ts";
import { loadSite } from "../../tui/load-campaign.ts";
import { createSiteDrivers, type DriverDeps } from "../../tui/rig/drivers.ts";
import { tables } from "../support/campaign-files.ts";
import { filesUnder, readFromRoot, ROOT } from "./project-files.ts";

const FOLDER = "docs/instruments";

const SECTIONS: Readonly<Record<string, z.ZodType>> = {
  stage: stageSchema,
  detector: detectorSchema,
  io: ioSchema,
  channels: channelGroupSchema,
  sensor_sources: sensorSourceSchema,
  sensors: ownSensorSchema,
  trigger: triggerSchema,
  sample_changer: sampleChangerSchema,
  barcode_reader: barcodeReaderSchema,
  integrator: integratorSchema,
};

interface Family {
  readonly section: string;
  readonly driver: string;
  readonly keys: readonly string[];
}

type Node = Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Names of all keys in it. Links have a page of their own in the site file's own words, and are left out. */
function keysOf(schema: unknown): readonly string[] {
  if (Array.isArray(schema)) return schema.flatMap(keysOf);
  if (!isNode(schema)) return [];
  const { properties, items, oneOf } = schema;
  const own = isNode(properties) ? Object.entries(properties) : [];
  return [
    ...own.flatMap(([key, value]) => [key, ...(/link$/.test(key) ? [] : keysOf(value))]),
    ...keysOf(items),
    ...keysOf(oneOf),
  ];
}

const FAMILIES: readonly Family[] = Object.entries(SECTIONS).flatMap(([section, schema]) => {
  const whole = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const options = Array.isArray(whole.oneOf) ? whole.oneOf : [whole];
  return options.map((option): Family => {
    const driver = isNode(option) && isNode(option.properties) ? option.properties["driver"] : undefined;
    if (!isNode(driver) || typeof driver["const"] !== "string") throw new Error(`a family of ${section} has no name`);
    return { section, driver: driver["const"], keys: keysOf(option) };
  });
});

const pageOf = (driver: string): string => `${FOLDER}/${driver}.md`;

function blocks(text: string, language: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"))].map(([, block]) => block ?? "");
}

/** The reference site with the sections of `block` in place of its own. */
function siteWith(block: string, page: string): Site {
  const given = parseDocument(block, page).value;
  const reference = parseDocument(readFromRoot("protocols/sites/reference.yaml"), "reference.yaml").value;
  if (!isNode(given) || !isNode(reference)) throw new Error(`${page} holds no piece of site file`);
  const path = "protocols/sites/page.yaml";
  const text = JSON.stringify({ ...reference, ...given });
  const context = {
    readText: (name: string): string => (name === path ? text : readFromRoot(name)),
    attenuationTables: () => tables,
  };
  const { site, findings } = loadSite(context, path);
  expect(findings, `${page}:\n${block}`).toEqual([]);
  if (site === undefined) throw new Error(`${page} was not read`);
  return site;
}

const nothing = (): never => {
  throw new Error("a page opens nothing");
};
const NO_LINKS: DriverDeps = {
  clock: { wallMs: () => 0, monoMs: () => 0, setTimeout: nothing, clearTimeout: nothing },
  openLinkOf: () => nothing,
  httpPortOf: () => ({ name: "page", request: nothing, abandon: nothing }),
  writeFile: nothing,
};

/** `beamrack device site.yaml "channel A1" read` in its words. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
}

describe("the pages of instruments", () => {
  it("are one for each family, and no more", () => {
    expect(FAMILIES.length).toBeGreaterThanOrEqual(16);
    const pages = filesUnder(FOLDER).filter((path) => path !== `${FOLDER}/README.md`);
    expect(pages).toEqual(FAMILIES.map(({ driver }) => pageOf(driver)).sort());
  });

  it("are all in the index, with role and link", () => {
    const index = readFromRoot(`${FOLDER}/README.md`);
    for (const { driver, section } of FAMILIES) {
      const row = new RegExp(
        `^\\| [^|]+ \\| \\[\`${driver}\`\\]\\(${driver}\\.md\\) \\| [^|]+ \\| \`${section}\` \\|`,
        "m",
      );
      expect(index).toMatch(row);
    }
  });
});

describe.each(FAMILIES.map((family) => [family.driver, family] as const))("the page of %s", (driver, family) => {
  const page = pageOf(driver);
  const text = readFromRoot(page);
  const snippets = blocks(text, "yaml");

  it("shows every setting of its section, and each piece of site file reads", () => {
    expect(snippets).not.toHaveLength(0);
    for (const snippet of snippets) expect(JSON.stringify(siteWith(snippet, page))).toContain(`"${driver}"`);
    const shown = snippets.join("\n");
    for (const key of family.keys) expect(shown, `${page} shows ${key}`).toMatch(new RegExp(`\\b${key}:`));
  });

  it("gives commands that the instrument understands", () => {
    const lines = blocks(text, "sh").join("").split("\n").filter(Boolean);
    const site = siteWith(snippets[0] ?? "", page);
    const drivers = createSiteDrivers(site, NO_LINKS);
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) {
      const [program, word, ...argv] = wordsOf(line.replace(/ # .*$/, ""));
      expect([program, word], line).toEqual(["beamrack", "device"]);
      const { name, command, args, ...options } = parseDeviceArguments(argv);
      const found = drivers.byName(name ?? "");
      if (found === undefined) throw new Error(`${line}: no ${String(name)} in the first piece of site file`);
      expect(found.instrument.driver, line).toBe(driver);
      const act = actsFor(site, found).find((entry) => entry.name === command);
      if (act === undefined) throw new Error(`${line}: not understood`);
      act.make(args, { ...options, site, readText: () => "cell_off\n", tables: () => tables });
    }
  });

  it("says what it was tried on and what is unverified, and how its traffic is captured", () => {
    expect(text).toMatch(new RegExp(`^# .+\\(\`${driver}\`\\)\\n\\nRole: `));
    expect(text).toMatch(/^## Wiring$/m);
    expect(text).toMatch(/^## Settings$/m);
    expect(text).toMatch(/^Firmware: .*(?:\(`device\.firmware`\)|does not tell it)/ms);
    expect(text).toMatch(/^## Alone$/m);
    expect(text).toMatch(/--capture \w+/);
    expect(text.slice(text.search(/^## Tried on$/m))).toMatch(/[Nn]ot\sverified\son\shardware/);
  });
});

describe("the page on adding an instrument", () => {
  const text = readFromRoot("docs/add-your-own-instrument.md");
  const paths = [...text.matchAll(/`((?:[\w-]+\/)+[\w.-]*)`/g)].map(([, path]) => path ?? "");

  it("names files and folders that are there", () => {
    expect(paths.length).toBeGreaterThan(15);
    for (const path of paths) expect(existsSync(join(ROOT, path)), path).toBe(true);
  });

  it("shows lines of the example as they stand in its files", () => {
    const example = ["protocols/wire/lakeshore", "drivers/lakeshore-336", "test/unit/lakeshore-336"]
      .flatMap(filesUnder)
      .map(readFromRoot)
      .join("\n");
    const lines = blocks(text, "ts").join("\n").split("\n").filter(Boolean);
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(example).toContain(line.trim());
  });

  it("gives a piece of site file that reads", () => {
    const [snippet = ""] = blocks(text, "yaml");
    expect(siteWith(snippet, "add-your-own-instrument.md").sensors).toMatchObject([{ driver: "lakeshore-336" }]);
  });
});
