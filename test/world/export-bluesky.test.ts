import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { csvField } from "../../controller/export/summaries/csv-table.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { exported, fileEnding, filesIn, removePlaces, TWO_GROUPS, twoGroupsRun } from "../support/exports.ts";
import { schemaProblems } from "../support/json-schema.ts";
import { repositoryText } from "../support/campaign-files.ts";
import type { WorldRun } from "../support/world-campaign.ts";

afterAll(removePlaces);

let run: WorldRun;
let out: string;

beforeAll(async () => {
  run = await twoGroupsRun();
  out = await exported(run.folder, "--as", "bluesky", "--tables", "csv");
});

type Document = Readonly<Record<string, unknown>>;

function documentsOf(folder: string): readonly (readonly [string, Document])[] {
  const lines = readFileSync(fileEnding(folder, "", ".jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => JSON.parse(line) as [string, Document]);
}

function named(name: string, folder = out): readonly Document[] {
  return documentsOf(folder).flatMap(([kind, document]) => (kind === name ? [document] : []));
}

const SCHEMAS = new Map(
  [
    ["start", "run_start"],
    ["descriptor", "event_descriptor"],
    ["event", "event"],
    ["stop", "run_stop"],
  ].map(([name, file]) => [
    name,
    JSON.parse(repositoryText(`test/fixtures/bluesky-event-model/data/${file ?? ""}.json`)) as Document,
  ]),
);

describe("a campaign as a run of the Bluesky event model", () => {
  it("holds against the published schemas, document by document", () => {
    const documents = documentsOf(out);
    expect(documents.length).toBeGreaterThan(100);
    for (const [name, document] of documents) expect(schemaProblems(SCHEMAS.get(name) ?? {}, document)).toEqual([]);
    const [start] = named("start");
    const spoilt = { ...start, sample: { "a.b": 1 } };
    expect(schemaProblems(SCHEMAS.get("start") ?? {}, spoilt)).not.toEqual([]);
  });

  it("begins with its start, ends with its stop, and counts each stream from 1", () => {
    const documents = documentsOf(out);
    expect(documents[0]?.[0]).toBe("start");
    expect(documents.at(-1)?.[0]).toBe("stop");
    const streams = new Map(named("descriptor").map((one) => [one["uid"], one]));
    const counts = new Map<string, number>();
    const uids = new Set<unknown>();
    for (const event of named("event")) {
      const stream = streams.get(event["descriptor"]);
      const name = String(stream?.["name"]);
      counts.set(name, (counts.get(name) ?? 0) + 1);
      expect(event["seq_num"]).toBe(counts.get(name));
      expect(Object.keys(event["data"] as object)).toEqual(Object.keys(stream?.["data_keys"] as object));
      uids.add(event["uid"]);
    }
    expect(uids.size).toBe(named("event").length);
    expect(named("stop")[0]?.["num_events"]).toEqual(Object.fromEntries(counts));
  });

  it("has an event for each exposure, with the dose of the ledger and the state of the cell", () => {
    const descriptor = named("descriptor").find((one) => one["name"] === "primary");
    const primary = named("event").filter((one) => one["descriptor"] === descriptor?.["uid"]);
    const record = openRecord(run.folder);
    const settled = [...record.ledger()].flatMap((one) =>
      one.kind === "row" && one.row.kind === "settlement" ? [one.row] : [],
    );
    record.close();
    expect(primary).toHaveLength(settled.length);
    for (const row of settled) {
      const event = primary.find((one) => (one["data"] as Document)["exposure_id"] === row.exposureId);
      const dose = row.layerDosesGy.find(({ layer }) => layer === "positive electrode");
      expect(event?.["data"]).toMatchObject({
        position: row.position,
        dose_layer: "positive electrode",
        dose_location: "surface",
        dose_convention: row.convention,
        dose_step: dose?.surfaceGy,
        dose_relative_uncertainty: row.relativeUncertainty,
        dose_charged_by: "settlement",
        cell_voltage: expect.any(Number) as number,
      });
    }
  });

  it("names the files of the cycling, which stand beside it", () => {
    const files = named("stop")[0]?.["cycling_files"] as readonly { readonly file: string }[];
    expect(files.map(({ file }) => file).sort()).toEqual(filesIn(out).filter((name) => name.endsWith(".bdf.csv")));
  });

  it("gives the same identifiers each time, and others to another group", async () => {
    const again = await exported(run.folder, "--as", "bluesky", "--tables", "csv");
    expect(documentsOf(again)).toEqual(documentsOf(out));
    const own = await exported(run.folder, "--as", "bluesky", "--tables", "csv", "--group", "beta");
    expect(named("start", own)[0]?.["uid"]).not.toBe(named("start")[0]?.["uid"]);
    expect(readFileSync(fileEnding(own, "", ".jsonl"), "utf8")).not.toMatch(/R-A\d|alpha/);
  });
});

describe("tables for people", () => {
  it("have every exposure with its dose, convention and uncertainty", async () => {
    const folder = await exported(run.folder, "--as", "csv");
    const lines = readFileSync(join(folder, "exposures.csv"), "utf8").trimEnd().split("\n");
    const head = (lines[0] ?? "").split(",");
    for (const name of ["surface_Gy", "mean_Gy", "convention", "relative_uncertainty"]) expect(head).toContain(name);
    const layers = new Set(lines.slice(1).map((line) => line.split(",")[head.indexOf("layer")]));
    expect(layers.size).toBe(3);
    expect(lines.length - 1).toBe(run.summary.exposures.made * layers.size);
    const cells = readFileSync(join(folder, "cells.csv"), "utf8");
    expect(cells.split("\n")).toHaveLength(TWO_GROUPS.cells.length + 2);
  });

  it.each([
    ["=1+1", "'=1+1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["-2+3", "'-2+3"],
    [" =1", "' =1"],
    ["\uff1d1", "'\uff1d1"],
    ['say "hi", you', '"say ""hi"", you"'],
    ["+1\n2", `"'+1\n2"`],
    ["a\u0000b\u001b[2J\u009b1m", "a\ufffdb\ufffd[2J\ufffd1m"],
    [-2.5, "-2.5"],
    [Number.NaN, ""],
    [null, ""],
  ])("write %j as %s", (field, text) => {
    expect(csvField(field)).toBe(text);
  });
});
