import { appendFileSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetMetadata } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../controller/record/sqlite.ts";
import type { ExportForm } from "../../tui/commands/export.ts";
import { exportCommand, FORMS } from "../../tui/commands/export.ts";
import { exported, exporting, fileEnding, filesIn, newPlace, removePlaces } from "../support/exports.ts";
import { sha256Of, twoGroupsRun } from "../support/exports.ts";
import type { WorldRun } from "../support/world-campaign.ts";

afterAll(removePlaces);

let run: WorldRun;
/** Where each form went. */
const places = new Map<ExportForm, string>();
let before: readonly string[];

function hashes(folder: string): readonly string[] {
  return filesIn(folder).map((name) => `${name} ${sha256Of(join(folder, name))}`);
}

beforeAll(async () => {
  run = await twoGroupsRun();
  before = hashes(run.folder);
  for (const form of FORMS) places.set(form, await exported(run.folder, "--as", form));
});

type Data = Readonly<Record<string, unknown>>;

const text = (form: ExportForm, part: string, ending: string): string =>
  readFileSync(fileEnding(places.get(form) ?? "", part, ending), "utf8");
const json = (form: ExportForm, part: string, ending: string): Data => JSON.parse(text(form, part, ending)) as Data;
const graph = (document: Data): readonly Data[] => document["@graph"] as readonly Data[];

/** Provenance as it stands in the form's own files, where a file alone tells where its data come from. */
const INSIDE: readonly (readonly [what: string, read: () => unknown])[] = [
  ...FORMS.map((form): [string, () => unknown] => [
    `${form}, beside the data`,
    () => json(form, "provenance", ".json"),
  ]),
  [
    "bdf, the side-car of a cell",
    () => (graph(json("bdf", "-A2_", ".metadata.jsonld"))[0]?.["beamrack"] as Data)["provenance"],
  ],
  [
    "bdf, a Parquet file",
    () => {
      const bytes = readFileSync(fileEnding(places.get("bdf") ?? "", "-A2_", ".parquet"));
      const { buffer, byteOffset, length } = bytes;
      const { key_value_metadata: pairs } = parquetMetadata(buffer.slice(byteOffset, byteOffset + length));
      const told = JSON.parse(pairs?.find(({ key }) => key === "beamrack")?.value ?? "{}") as Data;
      return told["beamrack:provenance"];
    },
  ],
  [
    "bluesky, the start of the run",
    () => (JSON.parse(text("bluesky", "", ".jsonl").split("\n")[0] ?? "") as [string, Data])[1]["provenance"],
  ],
  [
    "battinfo, the test of a cell",
    () => (graph(json("battinfo", "-A2.", ".jsonld"))[2]?.["beamrack"] as Data)["provenance"],
  ],
];

describe("every form", () => {
  it.each(INSIDE)("says where its data come from: %s", (_what, read) => {
    const told = read() as Readonly<Record<string, Data>>;
    expect(told).toMatchObject({
      software: { name: "beamrack", version: "9.9.9", recorded_with_version: "test" },
      campaign: { name: "small-rack", sha256: expect.stringMatching(/./) as string },
      site: { sha256: expect.stringMatching(/./) as string },
      log: { digest: run.virtual.store.digest, events: expect.any(Number) as number },
      clock: { uncertainty_s: 0, uncertainty_of: "simulated time: exact" },
      dose: { conventions: ["en"], uncertainty: expect.stringContaining("relative_uncertainty") as string },
      detector: { energy_keV: 60, distance_mm: 1200, points: expect.any(Number) as number },
    });
    expect(told["dose"]?.["limits"]).not.toEqual([]);
    const instruments = told["instruments"] as unknown as readonly Data[];
    // Stage, shutters, detector and all the rest beside ten channels.
    expect(instruments.length).toBeGreaterThan(12);
    expect(instruments.filter((one) => one["serial_number"] !== null).length).toBeGreaterThanOrEqual(10);
    expect(instruments.filter((one) => one["firmware"] !== null).length).toBeGreaterThanOrEqual(10);
  });

  it("tells the dose of each exposure with its convention and uncertainty", () => {
    const [head = "", first = ""] = text("csv", "exposures", ".csv").split("\n");
    const fields = Object.fromEntries(head.split(",").map((name, index) => [name, first.split(",")[index]]));
    expect(fields["convention"]).toBe("en");
    expect(Number(fields["relative_uncertainty"])).toBeGreaterThan(0);
  });

  it.each(FORMS)("has the checksum of each of its files in a manifest that holds: %s", (form) => {
    const out = places.get(form) ?? "";
    const lines = readFileSync(join(out, "manifest-sha256.txt"), "utf8").trimEnd().split("\n");
    const isFile = (name: string): boolean => name.includes(".") && name !== "manifest-sha256.txt";
    expect(lines.map((line) => line.slice(66))).toEqual(filesIn(out).filter(isFile).toSorted());
    for (const line of lines) expect(sha256Of(join(out, line.slice(66)))).toBe(line.slice(0, 64));
  });

  it("leaves the record as it was", () => {
    expect(hashes(run.folder)).toEqual(before);
  });
});

/** What is asked for, made ready by `prepare`, which returns the folder and where to; told in words of `message`. */
interface Bad {
  readonly what: string;
  readonly code: string;
  readonly message: RegExp;
  readonly prepare: () => readonly string[];
}

function copyOf(): string {
  const copy = newPlace();
  mkdirSync(copy);
  for (const name of filesIn(run.folder)) copyFileSync(join(run.folder, name), join(copy, name));
  return copy;
}

const BAD: readonly Bad[] = [
  {
    what: "a folder of a newer version",
    code: "store.newer",
    message: /version/,
    prepare() {
      const folder = copyOf();
      const database = openDatabase(join(folder, "campaign.db"));
      database.exec("UPDATE meta SET value = '9999' WHERE key = 'schema_version'");
      database.pragma("user_version = 9999");
      database.close();
      return [folder, "--out", newPlace()];
    },
  },
  {
    what: "a folder that is not there",
    code: "file.missing",
    message: /no such folder/,
    prepare: () => [newPlace(), "--out", newPlace()],
  },
  {
    what: "a file in a folder's place",
    code: "file.missing",
    message: /this is a file; a data folder was expected/,
    prepare() {
      const file = newPlace();
      writeFileSync(file, "a shopping list");
      return [file, "--out", newPlace()];
    },
  },
  {
    what: "a folder whose record is missing",
    code: "file.missing",
    message: /no campaign\.db/,
    prepare() {
      const folder = copyOf();
      rmSync(join(folder, "campaign.db"));
      return [folder, "--out", newPlace()];
    },
  },
  {
    what: "a file that is no record",
    code: "store.damaged",
    message: /./,
    prepare() {
      const folder = newPlace();
      mkdirSync(folder);
      writeFileSync(join(folder, "campaign.db"), "a shopping list");
      return [folder, "--out", newPlace()];
    },
  },
  {
    what: "a group that has no cell",
    code: "export.unknown-group",
    message: /no cell is of group gamma; beamrack data .* lists/,
    prepare: () => [run.folder, "--group", "gamma", "--out", newPlace()],
  },
  {
    what: "a target that is there already",
    code: "export.exists",
    message: /something of this name/,
    prepare() {
      const out = newPlace();
      mkdirSync(out);
      return [run.folder, "--out", out];
    },
  },
  {
    what: "a target where nothing can be written",
    code: "output.unwritable",
    message: /ENOTDIR|ENOENT|EACCES|EROFS|EPERM/,
    prepare() {
      const file = newPlace();
      appendFileSync(file, "a file, not a folder");
      return [run.folder, "--out", join(file, "out")];
    },
  },
  {
    what: "a folder of frames that is not there",
    code: "file.missing",
    message: /no such folder of frames/,
    prepare: () => [run.folder, "--frames", newPlace(), "--out", newPlace()],
  },
  {
    what: "copies of frames that are nowhere",
    code: "command.usage",
    message: /--frames DIR says where they stand/,
    prepare: () => [run.folder, "--copy-frames", "--out", newPlace()],
  },
];

describe("bad input", () => {
  it.each(BAD.flatMap((bad) => FORMS.map((form) => ({ ...bad, form }))))(
    "ends with a plain line and leaves all as it was: $what, as $form",
    async ({ form, code, message, prepare }) => {
      const args = prepare();

      const fault: unknown = await exportCommand(exporting(), [...args, "--as", form]).catch((error: unknown) => error);
      expect(fault).toMatchObject({ code, message: expect.stringMatching(message) as string });
      expect((fault as Error).message).not.toContain("\n");

      expect(hashes(run.folder)).toEqual(before);
    },
  );
});
