import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import jsonld from "jsonld";
import { readParquet } from "parquet-wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRecord } from "../../controller/record/record-reader.ts";
import { EMMO_TERMS } from "../fixtures/emmo/terms.ts";
import { RO_CRATE_TERMS } from "../fixtures/rocrate/terms.ts";
import { exported, fileEnding, filesIn, removePlaces, TWO_GROUPS, twoGroupsRun } from "../support/exports.ts";
import type { WorldRun } from "../support/world-campaign.ts";

afterAll(removePlaces);

let run: WorldRun;
/** A crate, which has all forms in it but one. */
let out: string;

beforeAll(async () => {
  run = await twoGroupsRun();
  const author = "A. Nother https://orcid.org/0000-0002-1825-0097";
  out = await exported(run.folder, "--as", "rocrate", "--author", author, "--license", "CC-BY-4.0");
});

const CONTEXTS: Readonly<Record<string, jsonld.ContextDefinition>> = {
  "https://w3id.org/emmo/domain/battery/context": EMMO_TERMS as jsonld.ContextDefinition,
  "https://w3id.org/ro/crate/1.2/context": RO_CRATE_TERMS,
};

type Node = Readonly<Record<string, unknown>>;

/** Expands without a network, and fails where anything would be dropped. */
async function expanded(document: object): Promise<readonly Node[]> {
  const options = {
    base: "https://example.org/crate/",
    safe: true,
    documentLoader(url: string) {
      const context = CONTEXTS[url];
      if (context === undefined) return Promise.reject(new Error(`${url} would be asked of the network`));
      return Promise.resolve({ documentUrl: url, document: { "@context": context } });
    },
  };
  return await jsonld.expand(document, options);
}

function json(name: string): { readonly "@context": unknown; readonly "@graph": readonly Node[] } {
  return JSON.parse(readFileSync(join(out, name), "utf8")) as ReturnType<typeof json>;
}

describe("linked data, read by a JSON-LD processor", () => {
  it.each([
    ["ro-crate-metadata.json", /^ro-crate-metadata\.json$/, 1],
    ["of each cell in BattINFO", /^battinfo\/.*\.jsonld$/, 10],
    ["of each cell beside its tables", /^bdf\/.*\.metadata\.jsonld$/, 10],
  ])("expands offline and loses nothing: %s", async (_what, pattern, count) => {
    const names = filesIn(out).filter((name) => pattern.test(name));
    expect(names).toHaveLength(count);
    for (const name of names) {
      const document = json(name);
      const nodes = await expanded(document);
      expect(nodes).toHaveLength(document["@graph"].length);
      const text = JSON.stringify(nodes);
      expect(text).toContain(run.virtual.store.digest);
      // Every key has become an address, but those of the plain JSON that is handed on as it is.
      for (const node of nodes) for (const key of Object.keys(node)) expect(key).toMatch(/^(@id|@type|https?:\/\/.+)$/);
    }
  });

  it("would be refused for one term that nobody knows", async () => {
    const { "@context": context, "@graph": graph } = json(filesIn(out).find((name) => /battinfo\//.test(name)) ?? "");
    const spoilt = { "@context": context, "@graph": [{ ...graph[0], hasElectrolite: "LP57" }] };
    await expect(expanded(spoilt)).rejects.toThrow();
  });
});

describe("tables, read by others' readers", () => {
  it("have in Parquet every sample of the store, number for number, as Arrow reads it", () => {
    const record = openRecord(run.folder);
    for (const [channelIndex, { barcode }] of TWO_GROUPS.cells.entries()) {
      const bytes = readFileSync(fileEnding(out, `__${barcode}__`, ".bdf.parquet"));
      const table = tableFromIPC(readParquet(new Uint8Array(bytes)).intoIPCStream());
      expect(table.schema.fields.map(({ name, type }) => `${name}: ${String(type)}`)).toEqual([
        ...["Test Time / s: Float64", "Voltage / V: Float64", "Current / A: Float64", "Unix Time / s: Float64"],
        ...["Cycle Count / 1: Int32", "Step Count / 1: Int32", "Ambient Temperature / degC: Float64"],
      ]);
      const column = (name: string): readonly number[] => Array.from(table.getChild(name)?.toArray() as Float64Array);
      const stored = [...record.samples(channelIndex)];
      expect(column("Test Time / s")).toEqual(stored.map(({ atMs }) => atMs / 1000));
      expect(column("Voltage / V")).toEqual(stored.map(({ voltageV }) => voltageV));
      expect(column("Current / A")).toEqual(stored.map(({ currentA }) => currentA));
      expect(Math.max(...column("Step Count / 1"))).toBe(2);
    }
    record.close();
  });

  const hasPython = ((): boolean => {
    try {
      execFileSync("python3", ["-c", "import csv"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  })();

  it.skipIf(!hasPython)("have as CSV the same rows for Python, with nothing left over in any of them", () => {
    const code =
      "import csv, json, sys\n" +
      "rows = list(csv.DictReader(open(sys.argv[1], newline=''), strict=True))\n" +
      "print(json.dumps([[float(row['Voltage / V']) for row in rows], any(None in row for row in rows)]))";
    const path = fileEnding(out, "__R-A1__", ".bdf.csv");
    const [volts, isRagged] = JSON.parse(execFileSync("python3", ["-c", code, path], { encoding: "utf8" })) as [
      readonly number[],
      boolean,
    ];
    const record = openRecord(run.folder);
    expect(volts).toEqual([...record.samples(0)].map(({ voltageV }) => voltageV));
    record.close();
    expect(isRagged).toBe(false);
  });
});
