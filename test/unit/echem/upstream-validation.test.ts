import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { unicyclerDocument, unicyclerYaml } from "../../../protocols/echem/formats/unicycler-document.ts";
import { asInputDocument, buildLibraryProtocol, LIBRARY } from "../../../protocols/echem/library/library.ts";
import type { Protocol } from "../../../protocols/echem/protocol.ts";
import { readProtocol, type ReadProtocol } from "../../../protocols/echem/read-protocol.ts";
import { parseDocument, type InputDocument } from "../../../protocols/input/document.ts";
import { repositoryText } from "../../support/campaign-files.ts";
import { schemaProblems } from "../../support/json-schema.ts";
import { randomProtocol } from "../../support/random-protocols.ts";

const schema = JSON.parse(repositoryText("protocols/data/unicycler/unicycler-0.4.6.schema.json")) as Readonly<
  Record<string, unknown>
>;
const folder = fileURLToPath(new URL("../../fixtures/unicycler/data/", import.meta.url));
const fixtures = readdirSync(folder).filter((name) => name.endsWith(".json"));
const fixture = (name: string): string => readFileSync(folder + name, "utf8");

function read(text: string, name = "test.json"): ReadProtocol {
  return readProtocol(parseDocument(text, name), [], "test");
}

/** Values as they are, without a text. */
const plainDocument = (value: unknown): InputDocument => ({
  fileName: "spoilt",
  value,
  findings: [],
  line: () => 1,
  where: () => "spoilt:1",
});

function sound(text: string): Protocol {
  const { protocol, findings } = read(text);
  if (protocol === undefined) throw new Error(JSON.stringify(findings));
  return protocol;
}

/** Written as JSON and as YAML, valid upstream, and read again without loss. */
function expectKept(protocol: Protocol): void {
  const written = unicyclerDocument(protocol);
  expect(schemaProblems(schema, JSON.parse(JSON.stringify(written)))).toEqual([]);
  expect(read(JSON.stringify(written)).protocol).toEqual(protocol);
  const yaml = unicyclerYaml(protocol);
  expect(parse(yaml)).toEqual(written);
  expect(read(yaml, "test.yaml").protocol).toEqual(protocol);
}

/** The upstream reader takes text for numbers, which its schema does not say. */
const isNumberText = (value: unknown): boolean => typeof value === "string" && /^\s*$|\d|^[CD]$/.test(value);

type Place = readonly [holder: Record<string, unknown> | unknown[], key: string | number];

function placesIn(value: unknown): readonly Place[] {
  if (Array.isArray(value)) {
    const list: unknown[] = value;
    return list.flatMap((item, index): readonly Place[] => [[list, index], ...placesIn(item)]);
  }
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.entries(holder).flatMap(([key, inner]): readonly Place[] => [[holder, key], ...placesIn(inner)]);
}

const FILLINGS: readonly unknown[] = [
  null,
  0,
  -1,
  1,
  2.5,
  1e-9,
  1e9,
  true,
  false,
  "",
  "text",
  "0.5 mA",
  [],
  {},
  [1],
  { step: "tag", tag: "x" },
  { step: "loop", cycle_count: 0 },
  { step: "loop", cycle_count: 1.5, loop_to: 1 },
  { step: "constant_power" },
  { step: "open_circuit_voltage" },
];

const mutation = fc.record({
  fixture: fc.constantFrom("cycling.unicycler.json", "cycling_eis_scan.unicycler.json"),
  changes: fc.array(
    fc.record({
      at: fc.nat(1000),
      act: fc.constantFrom("put", "put", "put", "remove", "add"),
      filling: fc.constantFrom(...FILLINGS),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});

function mutated({ fixture: name, changes }: Parameters<Parameters<typeof mutation.map>[0]>[0]): unknown {
  const document: unknown = JSON.parse(fixture(name));
  for (const { at, act, filling } of changes) {
    const places = placesIn(document);
    const place = places[at % Math.max(1, places.length)];
    if (place === undefined) continue;
    const [holder, key] = place;
    if (Array.isArray(holder)) {
      if (act === "remove") holder.splice(Number(key), 1);
      else holder[Number(key)] = structuredClone(filling);
    } else if (act === "remove") Reflect.deleteProperty(holder, key);
    else holder[act === "add" ? `${key}_too` : key] = structuredClone(filling);
  }
  return document;
}

describe("the published protocol schema", () => {
  it("passes the goldens, and what is refused by each of its keywords is refused", () => {
    const golden = JSON.parse(fixture("cycling.unicycler.json")) as Record<string, unknown>;
    expect(schemaProblems(schema, golden)).toEqual([]);
    for (const spoilt of [
      { ...golden, extra: 1 },
      { ...golden, method: [] },
      { ...golden, method: [{ step: "tag", tag: 1 }] },
      { ...golden, record: { time_s: 0 } },
      { ...golden, record: {} },
      { ...golden, safety: { delay_s: -1 } },
    ]) {
      expect(schemaProblems(schema, spoilt)).not.toEqual([]);
      expect(read(JSON.stringify(spoilt)).protocol).toBeUndefined();
    }
  });

  it.each(fixtures)("passes %s as it is written here, in JSON and in YAML, without loss", (name) => {
    expectKept(sound(fixture(name)));
  });

  it.each(LIBRARY.map((entry) => entry.name))("passes %s of the library", (name) => {
    const built = buildLibraryProtocol(name, {});
    if (!built.ok) throw new Error("not built");
    const { protocol } = readProtocol(asInputDocument(name, built.document), [], name);
    if (protocol === undefined) throw new Error("not read");
    expect(schemaProblems(schema, JSON.parse(JSON.stringify(unicyclerDocument(protocol))))).toEqual([]);
  });

  it("passes every random protocol, which comes back as it was", () => {
    fc.assert(
      fc.property(randomProtocol, (protocol) => {
        expectKept({ ...protocol, name: "test" });
      }),
      { numRuns: 60 },
    );
  });

  it("refuses nothing that is taken here, whatever one field, block or step is replaced by", () => {
    const golden: unknown = JSON.parse(fixture("cycling_eis_scan.unicycler.json"));
    const count = placesIn(golden).length;
    let taken = 0;
    for (let at = 0; at < count; at += 1) {
      for (const filling of [...FILLINGS, undefined]) {
        const document = structuredClone(golden);
        const [holder, key] = placesIn(document)[at] ?? [[], 0];
        if (filling !== undefined) (holder as Record<string | number, unknown>)[key] = filling;
        else if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else Reflect.deleteProperty(holder, key);
        const { protocol } = readProtocol(plainDocument(document), [], "test");
        if (protocol === undefined) continue;
        taken += 1;
        if (!isNumberText(filling)) expect(schemaProblems(schema, document), `${key}`).toEqual([]);
      }
    }
    expect(count).toBeGreaterThan(80);
    expect(taken).toBeGreaterThan(count);
    expect(taken).toBeLessThan(count * FILLINGS.length * 0.7);
  });

  it("refuses nothing that is taken here, numbers as text aside, however a file is spoilt", () => {
    let refused = 0;
    let taken = 0;
    fc.assert(
      fc.property(mutation, (change) => {
        const document = mutated(change);
        const { protocol, findings } = read(JSON.stringify(document));
        if (protocol !== undefined) {
          taken += 1;
          const asNumbers = placesIn(document).some(([holder, key]) =>
            isNumberText((holder as Record<string | number, unknown>)[key]),
          );
          if (!asNumbers) expect(schemaProblems(schema, document)).toEqual([]);
          expectKept(protocol);
          return;
        }
        refused += 1;
        for (const finding of findings) {
          expect(finding.where).toMatch(/^test\.json:\d+/);
          expect(finding.advice).not.toBe("");
        }
        expect(findings.some((finding) => finding.severity === "error")).toBe(true);
      }),
      { numRuns: 200 },
    );
    expect(refused).toBeGreaterThan(30);
    expect(taken).toBeGreaterThan(10);
  });
});

describe("a protocol file of any text", () => {
  const pieces = fc.constantFrom(
    ...[
      "{",
      "}",
      "[",
      "]",
      ":",
      ",",
      '"',
      "'",
      "- ",
      "\n",
      "\n  ",
      "? ",
      "&a ",
      "*a",
      "<<",
      "|",
      ">",
      "#",
      "!!",
      "!!binary ",
      "%",
      "---",
      "...",
    ],
    ...[
      "method",
      "record",
      "time_s",
      "step",
      "loop",
      "tag",
      "constant_current",
      "rate_C",
      "C/10",
      ".nan",
      ".inf",
      "-.inf",
    ],
    ...[
      "1e999",
      "0x10",
      "~",
      "null",
      "__proto__",
      "constructor",
      "\u0000",
      "\ufeff",
      "\ud800",
      "\t",
      "2026-01-01",
      "0.5 mA",
    ],
  );

  /** Of any code points; the library's own kind of them keeps a table of all there are. */
  const anyText = fc.array(fc.nat(0x10ffff)).map((points) => String.fromCodePoint(...points));

  it("never throws, and every finding has a place and advice", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.array(pieces, { maxLength: 40 }).map((list) => list.join("")),
          fc.tuple(fc.nat(), fc.nat(60), pieces).map(([at, length, piece]) => {
            const text = fixture("cycling.unicycler.json");
            const from = at % text.length;
            return text.slice(0, from) + piece + text.slice(from + length);
          }),
        ),
        (text) => {
          const document = parseDocument(text, "f.yaml");
          const { protocol, findings } = readProtocol(document, [], "test");
          if (protocol !== undefined) expectKept(protocol);
          else expect([...document.findings, ...findings]).not.toEqual([]);
          for (const { where, what, advice } of [...document.findings, ...findings]) {
            expect(where).toMatch(/^f\.yaml/);
            expect(what).not.toBe("");
            expect(advice).not.toBe("");
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
