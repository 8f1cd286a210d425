import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parquetReadObjects, parquetSchema, parquetMetadata } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRecord, type Sample } from "../../controller/record/record-reader.ts";
import { openDatabase } from "../../controller/record/sqlite.ts";
import { exportCommand } from "../../tui/commands/export.ts";
import {
  exported,
  exporting,
  fileEnding,
  filesIn,
  newPlace,
  removePlaces,
  sha256Of,
  TWO_GROUPS,
  twoGroupsRun,
} from "../support/exports.ts";
import { newFolder, removeFolders, type WorldRun } from "../support/world-campaign.ts";

afterAll(() => {
  removeFolders();
  removePlaces();
});

let run: WorldRun;
let out: string;

beforeAll(async () => {
  run = await twoGroupsRun();
  out = await exported(run.folder, "--as", "bdf", "--author", "A. Nother", "--license", "CC-BY-4.0");
});

function storedSamples(channelIndex: number, folder = run.folder): readonly Sample[] {
  const record = openRecord(folder);
  try {
    return [...record.samples(channelIndex)];
  } finally {
    record.close();
  }
}

type Row = Readonly<Record<string, number>>;

function csvRows(path: string): readonly Row[] {
  const [head, ...lines] = readFileSync(path, "utf8").trimEnd().split("\n");
  const names = (head ?? "").split(",");
  return lines.map((line) => {
    const fields = line.split(",");
    expect(fields).toHaveLength(names.length);
    return Object.fromEntries(names.map((name, index) => [name, fields[index] === "" ? NaN : Number(fields[index])]));
  });
}

function bufferOf(path: string): ArrayBuffer {
  const bytes = readFileSync(path);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

async function parquetRows(path: string): Promise<readonly Row[]> {
  const compressors = { GZIP: (bytes: Uint8Array): Uint8Array => gunzipSync(bytes) };
  return (await parquetReadObjects({ file: bufferOf(path), compressors })) as readonly Row[];
}

describe("a campaign as Battery Data Format", () => {
  it("has every sample of the store, number for number, as CSV and as Parquet", async () => {
    expect(run.summary.samples.stored).toBeGreaterThan(4000);
    let total = 0;
    for (const [channelIndex, cell] of TWO_GROUPS.cells.entries()) {
      const stored = storedSamples(channelIndex);
      total += stored.length;
      const csv = csvRows(fileEnding(out, cell.barcode, ".bdf.csv"));
      expect(csv.map((row) => [row["Test Time / s"], row["Voltage / V"], row["Current / A"]])).toEqual(
        stored.map(({ atMs, voltageV, currentA }) => [atMs / 1000, voltageV, currentA]),
      );
      expect(await parquetRows(fileEnding(out, cell.barcode, ".bdf.parquet"))).toEqual(csv);
    }
    expect(total).toBe(run.summary.samples.stored);
  });

  it("passes the checks of the format's own validator", () => {
    for (const { barcode } of TWO_GROUPS.cells) {
      const rows = csvRows(fileEnding(out, barcode, ".bdf.csv"));
      let before: Row | undefined;
      for (const row of rows) {
        expect(Number.isInteger(row["Cycle Count / 1"])).toBe(true);
        expect(row["Unix Time / s"]).toBeCloseTo((row["Test Time / s"] ?? NaN) + TWO_GROUPS.startMs / 1000, 3);
        if (before !== undefined) {
          for (const name of ["Test Time / s", "Cycle Count / 1", "Step Count / 1"])
            expect(row[name]).toBeGreaterThanOrEqual(before[name] ?? NaN);
          expect((row["Step Count / 1"] ?? NaN) - (before["Step Count / 1"] ?? NaN)).toBeLessThanOrEqual(1);
        }
        before = row;
      }
      // Proof of the wiring, the rest, the charge.
      expect(new Set(rows.map((row) => row["Step Count / 1"]))).toEqual(new Set([0, 1, 2]));
      const charging = rows.filter((row) => row["Step Count / 1"] === 2);
      expect(Math.min(...charging.map((row) => row["Current / A"] ?? NaN))).toBeGreaterThan(0);
      expect(rows.at(-1)?.["Ambient Temperature / degC"]).toBeCloseTo(25.5, 0);
    }
  });

  it("has the types that other readers expect, and the provenance in the Parquet file itself", () => {
    const metadata = parquetMetadata(bufferOf(fileEnding(out, "R-A1", ".bdf.parquet")));
    const columns = parquetSchema(metadata).children.map(({ element }) => `${element.name} ${element.type ?? ""}`);
    expect(columns).toEqual([
      "Test Time / s DOUBLE",
      "Voltage / V DOUBLE",
      "Current / A DOUBLE",
      "Unix Time / s DOUBLE",
      "Cycle Count / 1 INT32",
      "Step Count / 1 INT32",
      "Ambient Temperature / degC DOUBLE",
    ]);
    const told = metadata.key_value_metadata?.find(({ key }) => key === "beamrack")?.value ?? "";
    expect(JSON.parse(told)).toMatchObject({ "beamrack:provenance": { software: { version: "9.9.9" } } });
  });

  it("says in every export where the data come from", () => {
    const told = JSON.parse(readFileSync(join(out, "provenance.json"), "utf8")) as Record<string, unknown>;
    expect(told).toMatchObject({
      software: { version: "9.9.9", recorded_with_version: "test" },
      campaign: { name: "small-rack", is_simulated: true, seed: 1 },
      log: { digest: run.virtual.store.digest },
      clock: { uncertainty_s: 0 },
      dose: { conventions: ["en"] },
      attribution: { authors: ["A. Nother"], license: "CC-BY-4.0" },
      unreadable: [],
    });
    for (const { name, bytes, sha256 } of told["files"] as readonly { name: string; bytes: number; sha256: string }[]) {
      expect(sha256Of(join(out, name))).toBe(sha256);
      expect(readFileSync(join(out, name)).length).toBe(bytes);
    }
    const sideCar = readFileSync(fileEnding(out, "R-A1", ".metadata.jsonld"), "utf8");
    expect(JSON.parse(sideCar)).toMatchObject({
      "@graph": [
        {
          "@type": "BatteryTest",
          beamrack: {
            cell: {
              position: "A1",
              channel: { serial_number: "ES4HR22A1000" },
              protocol: { document: { method: expect.any(Array) as unknown } },
              dose: { conventions: ["en"] },
            },
            provenance: { log: { digest: run.virtual.store.digest } },
          },
        },
      ],
    });
  });

  it("gives a group its own cells and no word of the others'", async () => {
    const own = await exported(run.folder, "--as", "bdf", "--group", "beta");
    expect(filesIn(own).filter((name) => name.endsWith(".bdf.csv"))).toHaveLength(5);
    for (const name of filesIn(own)) {
      const text = readFileSync(join(own, name), "latin1");
      expect(`${name} ${/R-A\d|"A[1-5]"|alpha|channel A\d/.exec(text)?.[0] ?? "nothing"}`).toBe(`${name} nothing`);
    }
  });

  it("leaves the data folder as it was", async () => {
    const before = filesIn(run.folder).map((name) => `${name} ${sha256Of(join(run.folder, name))}`);
    await exported(run.folder, "--as", "bdf", "--tables", "csv");
    expect(filesIn(run.folder).map((name) => `${name} ${sha256Of(join(run.folder, name))}`)).toEqual(before);
  });
});

describe("an export that cannot be", () => {
  const refusal = async (...args: readonly string[]): Promise<unknown> =>
    exportCommand(exporting(), [run.folder, ...args]).catch((error: unknown) => error);

  it("is refused where something stands already, and touches nothing", async () => {
    const place = newPlace();
    mkdirSync(place);
    writeFileSync(join(place, "mine.txt"), "mine");
    expect(await refusal("--as", "bdf", "--out", place)).toMatchObject({ code: "export.exists", severity: "refuse" });
    expect(filesIn(place)).toEqual(["mine.txt"]);
  });

  it("is refused where its workplace is somebody's", async () => {
    const place = newPlace();
    mkdirSync(`${place}.part`);
    writeFileSync(join(`${place}.part`, "mine.txt"), "mine");
    expect(await refusal("--as", "bdf", "--out", place)).toMatchObject({ code: "export.exists" });
    expect(filesIn(`${place}.part`)).toEqual(["mine.txt"]);
  });

  it.each([
    [["--as", "bdf", "--out", "/nowhere/x", "--group", "gamma"], "export.unknown-group"],
    [["--as", "bdf"], "command.usage"],
    [["--as", "spreadsheet", "--out", "/nowhere/x"], "command.usage"],
    [["--as", "bdf", "--out", "/nowhere/x", "--tables", "csv,xls"], "command.usage"],
  ] as const)("is refused with %j", async (args, code) => {
    expect(await refusal(...args)).toMatchObject({ code, severity: "refuse" });
  });

  it("leaves nothing when it is broken off, and can be begun again", async () => {
    const place = newPlace();
    const context = exporting({ interruptAfter: 4 });
    expect(await exportCommand(context, [run.folder, "--as", "bdf", "--out", place])).toBe(1);
    expect(context.errors.join("\n")).toContain("broken off");
    expect(filesIn(join(place, ".."))).toEqual([]);
    expect(await exportCommand(exporting(), [run.folder, "--as", "bdf", "--out", place])).toBe(0);
  });

  it("goes past a damaged block, has all the rest, and says what is not in it", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "campaign.db"), readFileSync(join(run.folder, "campaign.db")));
    const database = openDatabase(join(folder, "campaign.db"));
    database.exec("DROP TRIGGER block_no_update; UPDATE block SET crc32 = crc32 + 1 WHERE row = 3");
    const lost = database.prepare("SELECT sample_count AS n FROM block WHERE row = 3").get() as { readonly n: number };
    database.close();
    const context = exporting();
    const place = newPlace();
    expect(await exportCommand(context, [folder, "--as", "bdf", "--out", place])).toBe(0);
    const told = JSON.parse(context.lines[0] ?? "") as {
      readonly rows: number;
      readonly unreadable: readonly string[];
    };
    expect(told.rows).toBe(run.summary.samples.stored - lost.n);
    expect(told.unreadable).toEqual([expect.stringMatching(/^sample block 3 of A3, .* CRC-32/)]);
    const table = readFileSync(fileEnding(place, "__R-A3__", ".bdf.parquet"));
    const { key_value_metadata: pairs } = parquetMetadata(Uint8Array.from(table).buffer);
    expect(JSON.parse(pairs?.find(({ key }) => key === "beamrack")?.value ?? "")).toMatchObject({
      "beamrack:provenance": { unreadable: told.unreadable },
    });
    expect(csvRows(fileEnding(place, "R-A1", ".bdf.csv"))).toHaveLength(storedSamples(0, folder).length);
  });
});
