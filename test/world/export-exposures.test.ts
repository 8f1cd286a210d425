import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportBluesky } from "../../controller/export/bluesky/export-bluesky.ts";
import type { ExportedCampaign, ExportedCell } from "../../controller/export/exported-campaign.ts";
import type { ExportTarget, RunningExport } from "../../controller/export/export-target.ts";
import { exportNexus } from "../../controller/export/nexus/export-nexus.ts";
import { dosesBySpot } from "../../controller/export/provenance.ts";
import { readCampaignRecord } from "../../controller/export/read-campaign-record.ts";
import { exportSummaries } from "../../controller/export/summaries/export-summaries.ts";
import { toldDoses } from "../../controller/export/told-dose.ts";
import { openRecord, type RecordReader } from "../../controller/record/record-reader.ts";
import { cellFacts } from "../../controller/report/cell-facts.ts";
import { assert } from "../../protocols/base/assert.ts";
import { listRows } from "../../tui/data/data-tables.ts";
import { createExportFolder } from "../../tui/export/export-folder.ts";
import { fileEnding, newPlace, removePlaces, twoGroupsRun } from "../support/exports.ts";

let record: RecordReader;
let campaign: ExportedCampaign;
let cell: ExportedCell;

beforeAll(async () => {
  const { folder } = await twoGroupsRun();
  record = openRecord(folder);
  const whole = readCampaignRecord(record, null, folder);
  // As after a change of the flux' source: every other exposure on one spot, each known worse than the one before.
  const cells = whole.cells.map((one) => ({
    ...one,
    exposures: one.exposures.map((exposure, index) => ({
      ...exposure,
      ...{ spotIndex: index % 2, relativeUncertainty: 0.4 / (1 + index) },
      ...{ i0PhS: 1e11 * (1 + index), i0Source: index === 0 ? "ring-current" : "flux-monitor" },
    })),
  }));
  campaign = { ...whole, cells };
  const [first] = cells;
  assert(first !== undefined && first.exposures.length >= 3, "a cell that was exposed at least three times");
  cell = first;
});

afterAll(() => {
  record.close();
  removePlaces();
});

const OPTIONS = { softwareVersion: "9.9.9", attribution: { authors: [], license: null } };

async function made(begin: (target: ExportTarget) => RunningExport | Promise<RunningExport>): Promise<string> {
  const out = newPlace();
  mkdirSync(dirname(out), { recursive: true });
  const folder = createExportFolder(out, "key");
  const running = await begin(folder);
  while (running.next().done !== true);
  folder.finish();
  return out;
}

async function nexusColumns(names: readonly string[]): Promise<readonly (readonly unknown[])[]> {
  const out = await made((target) =>
    exportNexus(campaign, record, target, { ...OPTIONS, patternPath: () => undefined }),
  );
  const hdf5 = await import("h5wasm/node");
  await hdf5.ready;
  const file = new hdf5.File(join(out, `${cell.barcode}.nxs`), "r");
  const columns = names.map((name) => {
    const node = file.get(`electrochemistry/${name}`) as { readonly value: Iterable<unknown> } | null;
    return node === null ? [] : [...node.value];
  });
  file.close();
  return columns;
}

async function blueskyEvents(): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const out = await made((target) => exportBluesky(campaign, record, target, { ...OPTIONS, forms: ["csv"] }));
  return readFileSync(fileEnding(out, "", ".jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as readonly [string, { readonly data?: Readonly<Record<string, unknown>> }])
    .flatMap(([name, { data }]) => (name === "event" && data?.["position"] === cell.position ? [data] : []));
}

/** Of a table as the texts of its fields, by the names of its columns. */
async function csvRows(name: string): Promise<readonly Readonly<Record<string, string>>[]> {
  const out = await made((target) => exportSummaries(campaign, target));
  const [head, ...lines] = readFileSync(join(out, name), "utf8").trimEnd().split("\n");
  const names = (head ?? "").split(",");
  return lines.map((line) => {
    const fields = line.split(",");
    return Object.fromEntries(names.map((one, index) => [one, fields[index] ?? ""]));
  });
}

describe("a dose with all that a spot had before", () => {
  /** Reckoned here by hand: flux and beam are off the same way in every exposure. */
  const expected = (): readonly number[] => {
    const had = [0, 0];
    return cell.exposures.map(({ spotIndex, relativeUncertainty, layerDosesGy }) => {
      const stepGy = layerDosesGy.find(({ layer }) => layer === "positive electrode")?.surfaceGy ?? NaN;
      const nowGy = (had[spotIndex] ?? NaN) + stepGy * relativeUncertainty;
      had[spotIndex] = nowGy;
      return nowGy;
    });
  };
  const close = (values: readonly unknown[]): void => {
    expect(values).toHaveLength(expected().length);
    for (const [index, value] of expected().entries()) expect(Number(values[index]) / value).toBeCloseTo(1, 9);
  };

  it("is as uncertain as its exposures together, in every form", async () => {
    close(toldDoses(campaign, cell).map(({ totalUncertaintyGy }) => totalUncertaintyGy));
    close((await nexusColumns(["dose/dose_total_errors"]))[0] ?? []);
    close((await blueskyEvents()).map((data) => data["dose_total_uncertainty"]));
    close(listRows("exposures", campaign, [cell]).map((row) => row["spot_dose_uncertainty_Gy"]));
  });

  it("is so by spot, and in the report", async () => {
    const told = toldDoses(campaign, cell);
    const last = [0, 1].map((spot) => told.findLast(({ exposure }) => exposure.spotIndex === spot));
    const shares = last.map((one) => (one?.totalUncertaintyGy ?? NaN) / (one?.totalGy ?? NaN));
    const layers = dosesBySpot(cell.exposures).map(({ layers }) => layers.get("positive electrode"));
    for (const [spot, share] of shares.entries()) expect(layers[spot]?.relativeUncertainty).toBeCloseTo(share, 9);
    const rows = (await csvRows("dose-by-spot.csv")).filter(
      ({ position, layer }) => position === cell.position && layer === "positive electrode",
    );
    for (const [spot, share] of shares.entries())
      expect(Number(rows[spot]?.["relative_uncertainty"])).toBeCloseTo(share, 9);
    const { dose } = cellFacts(campaign, cell, undefined);
    const highest = (last[0]?.totalGy ?? NaN) >= (last[1]?.totalGy ?? NaN) ? 0 : 1;
    expect(dose?.relativeUncertainty).toBeCloseTo(shares[highest] ?? NaN, 9);
  });
});

describe("the flux of an exposure", () => {
  it("is told with its source beside what was charged", async () => {
    const fluxes = cell.exposures.map(({ i0PhS }) => i0PhS);
    const sources = cell.exposures.map(({ i0Source }) => i0Source);
    expect(await nexusColumns(["exposures/i0", "exposures/i0_source"])).toEqual([fluxes, sources]);
    const rows = (await csvRows("exposures.csv")).filter(
      ({ position, layer }) => position === cell.position && layer === "positive electrode",
    );
    expect(rows.map((row) => Number(row["i0_ph_s"]))).toEqual(fluxes);
    expect(rows.map((row) => row["i0_source"])).toEqual(sources);
    expect(rows.map((row) => Number(row["flux_ph_s"]))).toEqual(cell.exposures.map(({ fluxPhS }) => fluxPhS));
  });
});
