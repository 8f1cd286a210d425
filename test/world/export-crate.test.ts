import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EMMO_TERMS } from "../fixtures/emmo/terms.ts";
import { exported, filesIn, removePlaces, sha256Of, TWO_GROUPS, twoGroupsRun } from "../support/exports.ts";
import type { WorldRun } from "../support/world-campaign.ts";

afterAll(removePlaces);

let run: WorldRun;
let out: string;

beforeAll(async () => {
  run = await twoGroupsRun();
  const author = "A. Nother https://orcid.org/0000-0002-1825-0097";
  out = await exported(run.folder, "--as", "rocrate", "--tables", "csv", "--author", author, "--license", "CC-BY-4.0");
});

type Node = Readonly<Record<string, unknown>>;

function json(folder: string, name: string): Node {
  return JSON.parse(readFileSync(join(folder, name), "utf8")) as Node;
}

function crate(folder = out): ReadonlyMap<string, Node> {
  const document = json(folder, "ro-crate-metadata.json");
  expect(Object.keys(document)).toEqual(["@context", "@graph"]);
  const nodes = document["@graph"] as readonly Node[];
  const byId = new Map(nodes.map((node) => [String(node["@id"]), node]));
  expect(byId.size).toBe(nodes.length);
  return byId;
}

/** Written when the crate has described itself. */
const CLOSING: readonly string[] = ["provenance.json", "manifest-sha256.txt"];

describe("a campaign as RO-Crate", () => {
  it("describes itself and has everything that its root must have", () => {
    expect(crate().get("ro-crate-metadata.json")).toMatchObject({
      "@type": "CreativeWork",
      about: { "@id": "./" },
      conformsTo: { "@id": "https://w3id.org/ro/crate/1.2" },
    });
    expect(crate().get("./")).toMatchObject({
      "@type": "Dataset",
      name: expect.stringMatching(/./) as string,
      description: expect.stringContaining("Simulated") as string,
      datePublished: "2026-03-04",
      license: { "@id": "https://spdx.org/licenses/CC-BY-4.0" },
      author: [{ "@id": "https://orcid.org/0000-0002-1825-0097" }],
    });
    const terms = crate().get("https://spdx.org/licenses/CC-BY-4.0");
    expect(Object.keys(terms ?? {})).toEqual(expect.arrayContaining(["name", "description"]));
  });

  it("names the log it is made of, and the instruments with serial number and firmware", () => {
    expect(crate().get("#log-digest")).toMatchObject({ value: run.virtual.store.digest });
    expect([...crate().values()].filter((node) => node["@type"] === "IndividualProduct")).toContainEqual(
      expect.objectContaining({
        serialNumber: "ES4HR22A1000",
        description: expect.stringMatching(/^firmware ./) as string,
      }),
    );
  });

  it("lists every file there is, and no other, with its size and checksum", () => {
    const listed = [...crate().values()].filter((node) => node["@type"] === "File");
    const there = filesIn(out).filter((name) => name.includes("."));
    expect(listed.map((node) => node["@id"]).sort()).toEqual(
      there.filter((name) => name !== "ro-crate-metadata.json").sort(),
    );
    for (const node of listed) {
      if (CLOSING.includes(String(node["@id"]))) continue;
      expect(sha256Of(join(out, String(node["@id"])))).toBe(node["sha256"]);
    }
  });

  it("nests nothing and refers to nothing that it does not have; every file hangs on the root", () => {
    const nodes = crate();
    const reached = new Set<string>();
    for (const [id, node] of nodes) {
      for (const value of Object.values(node).flat()) {
        if (typeof value !== "object" || value === null) continue;
        expect(Object.keys(value)).toEqual(["@id"]);
        const other = (value as { readonly "@id": string })["@id"];
        if (!other.startsWith("https://w3id.org/ro/"))
          expect(`${id}: ${nodes.has(other) ? other : "?"}`).not.toContain("?");
      }
      for (const part of (node["hasPart"] ?? []) as readonly Node[]) reached.add(String(part["@id"]));
    }
    for (const [id, node] of nodes) if (node["@type"] === "File") expect(reached.has(id)).toBe(true);
  });

  it("says plainly that no terms were given where none were", async () => {
    const plain = await exported(run.folder, "--as", "rocrate", "--tables", "csv", "--group", "beta");
    expect(crate(plain).get("#terms")?.["name"]).toBe("not stated");
    for (const name of filesIn(plain).filter((one) => one.includes(".")))
      expect(readFileSync(join(plain, name), "latin1"), name).not.toMatch(/R-A\d|alpha/);
  });
});

/** Keys that JSON-LD itself gives a meaning. */
const isKeyword = (key: string): boolean => key.startsWith("@");

/** Terms that a reader of linked data would drop without a word: neither of the contexts nor of a known prefix. */
function droppedTerms(value: unknown, terms: ReadonlyMap<string, unknown>): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => droppedTerms(item, terms));
  if (typeof value !== "object" || value === null) return [];
  const isKnown = (term: string): boolean => terms.has(term.includes(":") ? (term.split(":")[0] ?? "") : term);
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === "@type") return [inner].flat().filter((type) => !isKnown(String(type))) as string[];
    if (isKeyword(key)) return [];
    if (!isKnown(key)) return [key];
    const definition = terms.get(key);
    const type = typeof definition === "object" && definition !== null ? (definition as Node)["@type"] : undefined;
    if (type === "@json") return [];
    if (type === "@vocab" && typeof inner === "string") return isKnown(inner) ? [] : [inner];
    return droppedTerms(inner, terms);
  });
}

describe("linked data of a cell", () => {
  it.each([["battinfo/R-A1.battinfo.jsonld"], ["bdf/reference__R-A1__20260302_001.metadata.jsonld"]])(
    "has no term that its contexts do not know: %s",
    (name) => {
      const document = json(out, name);
      const own = (document["@context"] as readonly [string, Node])[1];
      expect((document["@context"] as readonly unknown[])[0]).toBe("https://w3id.org/emmo/domain/battery/context");
      const terms = new Map<string, unknown>([...Object.entries(EMMO_TERMS), ...Object.entries(own)]);
      expect(droppedTerms(document["@graph"], terms)).toEqual([]);
      expect(droppedTerms([{ "@type": "CoinCel", hasTestObjct: 1 }], terms)).toEqual(["CoinCel", "hasTestObjct"]);
    },
  );

  it("says what was tested, on which instrument, and where the tables stand", () => {
    const [cell, channel, test, data] = json(out, "battinfo/R-A1.battinfo.jsonld")["@graph"] as readonly Node[];
    expect(cell).toMatchObject({ "@type": "CoinCell", "schema:productID": "R-A1" });
    expect(channel).toMatchObject({ "@type": "BatteryCycler", "schema:serialNumber": "ES4HR22A1000" });
    expect(test).toMatchObject({ beamrack: { provenance: { log: { digest: run.virtual.store.digest } } } });
    const [table] = data?.["dcat:distribution"] as readonly { readonly "dcat:downloadURL": Node }[];
    const path = String(table?.["dcat:downloadURL"]["@id"]);
    expect(filesIn(join(out, "battinfo", path, ".."))).toContain(path.split("/").at(-1));
    expect(TWO_GROUPS.cells).toHaveLength(filesIn(join(out, "battinfo")).length);
  });
});
