import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCampaignRecord } from "../../controller/export/read-campaign-record.ts";
import { writeCells } from "../../controller/export/samples-by-cell.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { openToVacuum } from "../../controller/record/vacuum-record.ts";
import { verifyRecord } from "../../controller/record/verify.ts";
import { replayDecisions } from "../../controller/run/replay-decisions.ts";
import { dataCommand } from "../../tui/commands/data.ts";
import { exportCommand } from "../../tui/commands/export.ts";
import { openFrameWriter } from "../../simulator/frames/nexus-frame.ts";
import { frameFileName } from "../../tui/virtual/frame-files.ts";
import { repositoryText } from "../support/campaign-files.ts";
import { exporting, newPlace, removePlaces, TWO_GROUPS, twoGroupsRun } from "../support/exports.ts";
import { field, runWorld, type WorldRun } from "../support/world-campaign.ts";

afterAll(removePlaces);

let run: WorldRun;

beforeAll(async () => {
  run = await twoGroupsRun();
});

async function said(json: boolean, ...args: readonly string[]): Promise<readonly string[]> {
  const lines: string[] = [];
  const context = {
    ...{ json, print: (line: string) => lines.push(line), progress: { columns: () => 80 } },
    readPackageText: repositoryText,
    readText: (path: string) => readFileSync(path, "utf8"),
  };
  expect(await dataCommand(context, [run.folder, ...args])).toBe(0);
  return lines;
}

async function saidJson(...args: readonly string[]): Promise<unknown> {
  const lines = await said(true, ...args);
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? "");
}

describe("what stands in a data folder", () => {
  it("is listed cell by cell, and for a group its own cells alone", async () => {
    const { cells } = (await saidJson("cells")) as { readonly cells: readonly Record<string, unknown>[] };
    expect(cells.map((cell) => cell["position"])).toEqual(TWO_GROUPS.cells.map(({ position }) => position));
    const lines = await said(false, "cells", "--group", "beta");
    expect(lines).toHaveLength(6);
    expect(lines.join("\n")).not.toMatch(/R-A|alpha/);
  });

  it("has every exposure with its dose and what the spot came to", async () => {
    const { exposures } = (await saidJson("exposures")) as { readonly exposures: readonly Record<string, unknown>[] };
    expect(exposures).toHaveLength(run.summary.exposures.made);
    for (const one of exposures) {
      expect(one["dose_Gy"]).toBeGreaterThan(0);
      expect(one["spot_dose_Gy"]).toBeGreaterThanOrEqual(Number(one["dose_Gy"]));
      expect(one["convention"]).toBe("en");
    }
    const own = (await saidJson("exposures", "A1")) as { readonly exposures: readonly unknown[] };
    expect(own.exposures).toHaveLength(exposures.filter((one) => one["position"] === "A1").length);
  });

  it("is summed up for each group, and priced where rates are given", async () => {
    const { groups } = (await saidJson("groups")) as { readonly groups: readonly Record<string, unknown>[] };
    expect(groups.map((group) => group["group"])).toEqual(["alpha", "beta"]);
    expect(groups.map((group) => Number(group["beam_share"])).reduce((sum, share) => sum + share)).toBeCloseTo(1, 9);
    expect(groups[0]).toMatchObject({ cells: 5, cost: null });
    const rates = newPlace();
    writeFileSync(rates, "currency: EUR\nexposure: 2\n");
    const priced = (await saidJson("groups", "--rates", rates, "--group", "beta")) as typeof groups | object;
    const [beta] = (priced as { readonly groups: readonly Record<string, unknown>[] }).groups;
    expect(beta?.["cost"]).toBe(2 * Number(beta?.["exposures"]));
    writeFileSync(rates, "currency: EUR\nbeam_hour: 400\n");
    await expect(saidJson("groups", "--rates", rates)).rejects.toMatchObject({
      code: "report.rates",
      message: expect.stringMatching(/beam_hour.*beam_h/s) as string,
    });
  });

  it("is drawn from the lowest voltage to the highest, none missed", async () => {
    const plot = (await saidJson("plot", "voltage", "A1")) as { readonly points: readonly [number, number][] };
    const record = openRecord(run.folder);
    const volts = [...record.samples(0)].map(({ voltageV }) => voltageV);
    record.close();
    const drawn = plot.points.map(([, y]) => y);
    expect([Math.min(...drawn), Math.max(...drawn)]).toEqual([Math.min(...volts), Math.max(...volts)]);
    const lines = await said(false, "plot", "voltage", "A1");
    expect(lines[0]).toBe("A1 R-A1: voltage, V, over time, h");
    expect(lines.join("")).toMatch(/[\u2801-\u28ff]/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("gives the charge back when dQ/dV is summed over voltage", async () => {
    const plot = (await saidJson("plot", "dqdv", "A1")) as { readonly points: readonly [number, number][] };
    const charge = plot.points.reduce((sum, [, y]) => sum + y * 0.005, 0);
    const record = openRecord(run.folder);
    const [first, ...more] = [...record.samples(0)].filter(({ currentA }) => currentA > 1e-3);
    record.close();
    const hours = ((more.at(-1)?.atMs ?? NaN) - (first?.atMs ?? NaN)) / 3_600_000;
    expect(charge).toBeCloseTo(1.0225 * hours, 2);
  });

  it("shows the dose over the rack", async () => {
    const lines = await said(false, "plot", "dose");
    expect(lines).toHaveLength(10);
    expect(lines[2]).toMatch(/^A +\d+( +\d+){4}( +\.){7}$/);
    const { dose_Gy: doses } = (await saidJson("plot", "dose")) as { readonly dose_Gy: Record<string, number> };
    expect(Object.keys(doses)).toHaveLength(10);
  });

  it("is drawn over a picture, and over nothing else", async () => {
    const folder = newPlace();
    mkdirSync(folder);
    for (const name of ["campaign.yaml", "a.svg"]) writeFileSync(join(folder, name), "mine");
    const drawn = async (path: string): Promise<unknown> => said(false, "plot", "dose", "--svg", path);
    for (const path of [join(folder, "campaign.yaml"), join(run.folder, "campaign.db")])
      await expect(drawn(path)).rejects.toMatchObject({ code: "export.exists", where: path });
    expect(readFileSync(join(folder, "campaign.yaml"), "utf8")).toBe("mine");
    await drawn(join(folder, "a.svg"));
    expect(readFileSync(join(folder, "a.svg"), "utf8")).toMatch(/^<svg/);
  });

  it.each(["voltage", "capacity", "dqdv", "dose"])("is drawn as a picture, the same each time: %s", async (what) => {
    const folder = newPlace();
    mkdirSync(folder);
    const place = (name: string): string => join(folder, name);
    const args = ["plot", what, ...(what === "dose" ? [] : ["A1"])];
    const lines = await said(false, ...args, "--svg", place("a.svg"), "--png", place("a.png"));
    expect(lines.map((line) => line.split(": ").at(-1))).toEqual([place("a.svg"), place("a.png")]);
    await said(true, ...args, "--svg", place("b.svg"), "--png", place("b.png"));
    await said(true, ...args, "--svg", place("dark.svg"), "--dark");
    for (const ending of ["svg", "png"])
      expect(readFileSync(place(`a.${ending}`)).equals(readFileSync(place(`b.${ending}`))), ending).toBe(true);
    const svg = readFileSync(place("a.svg"), "utf8");
    expect(svg).toContain(what === "dose" ? "small-rack" : "A1 R-A1");
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(readFileSync(place("dark.svg"), "utf8")).not.toBe(svg);
    // Width and height, twice those of the SVG.
    expect(readFileSync(place("a.png")).readUInt32BE(16)).toBe(1920);
    expect(readdirSync(folder).sort()).toEqual(["a.png", "a.svg", "b.png", "b.svg", "dark.svg"]);
  });

  it("shows the powder patterns of a cell where they stand, and says where they do not", async () => {
    const folder = newPlace();
    mkdirSync(folder);
    await expect(said(false, "plot", "patterns", "A1")).rejects.toMatchObject({ code: "file.missing" });
    const missing = said(false, "plot", "patterns", "A1", "--frames", folder);
    await expect(missing).rejects.toThrow(/no powder pattern of A1 stands there/);
    const writer = await openFrameWriter();
    const taken = run.of("exposure-ended").filter((event) => field(event, "position") === "A1");
    for (const [index, event] of taken.entries()) {
      const meta = { title: "", sampleName: "R-A1", startTime: "2026-03-02T08:00:00Z", exposureS: 5 };
      const more = { energyKeV: 60, wavelengthA: 0.2066, fluxPhS: 1e11, twoThetaDeg: Float64Array.of(1, 2, 3) };
      const bytes = writer.frameToNexus({ ...meta, ...more }, Int32Array.of(10, 400, index));
      writeFileSync(join(folder, frameFileName(field(event, "frame"))), bytes);
    }
    const lines = await said(false, "plot", "patterns", "A1", "--frames", folder);
    expect(lines).toHaveLength(taken.length + 2);
    expect(lines[1]).toMatch(/ \u2588/);
    const svg = join(folder, "waterfall.svg");
    await said(true, "plot", "patterns", "A1", "--frames", folder, "--svg", svg);
    const text = readFileSync(svg, "utf8");
    expect(text.match(/<polygon/g)).toHaveLength(taken.length);
    expect(text).toContain(`${String(taken.length)} powder patterns, 60 keV`);
  });

  it("is never drawn over the record it is of, and leaves no half of a picture", async () => {
    const record = join(run.folder, "campaign.db");
    const before = readFileSync(record);
    await expect(said(false, "plot", "dose", "--png", record)).rejects.toMatchObject({ code: "export.exists" });
    expect(readFileSync(record).equals(before)).toBe(true);
    const folder = newPlace();
    mkdirSync(join(folder, "a.svg"), { recursive: true });
    const onFolder = said(false, "plot", "dose", "--svg", join(folder, "a.svg"));
    await expect(onFolder).rejects.toMatchObject({ code: "output.unwritable" });
    expect(readdirSync(folder)).toEqual(["a.svg"]);
  });

  it("ends with a plain line where a picture cannot be written", async () => {
    const refused = said(false, "plot", "dose", "--svg", join(newPlace(), "nowhere", "a.svg"));
    await expect(refused).rejects.toMatchObject({ code: "output.unwritable" });
  });

  it.each([[["cells", "H12"]], [["gossip"]], [[]], [["plot"]], [["plot", "voltage"]], [["plot", "smell", "A1"]]])(
    "is refused as %j, with what would be right",
    async (args) => {
      const refused = (async () => said(true, ...args))();
      await expect(refused).rejects.toMatchObject({ code: "command.usage", severity: "refuse" });
    },
  );
});

describe("room in a data folder", () => {
  async function vacuumed(folder: string, ...args: readonly string[]): Promise<unknown> {
    const lines: string[] = [];
    const context = {
      ...{ json: true, print: (line: string) => lines.push(line), progress: { columns: () => 80 } },
      readText: repositoryText,
      readPackageText: repositoryText,
    };
    expect(await dataCommand(context, [folder, "vacuum", ...args])).toBe(0);
    return JSON.parse(lines[0] ?? "");
  }

  it("is given back where an export holds the samples, once it has been said; what decided stays, and verify knows", async () => {
    const { folder } = await twoGroupsRun();
    const out = newPlace();
    const context = exporting();
    expect(await exportCommand(context, [folder, "--as", "bdf", "--tables", "parquet", "--out", out])).toBe(0);
    const before = verifyRecord(folder);
    const size = statSync(join(folder, "campaign.db")).size;
    const record = openRecord(folder);
    const lastMs = before.samples === 0 ? 0 : 1_800_000;
    const shape = record.envelope(0, 0, lastMs, 1);
    record.close();

    const rule = ["--keep-raw", "0", "--exported", out] as const;
    const told = (await vacuumed(folder, ...rule)) as { would_free_bytes: number; thinned: { samples: number } };
    expect(told).toMatchObject({ done: false, file_bytes_after: null });
    expect(told.thinned.samples).toBeGreaterThan(before.samples / 2);
    expect(statSync(join(folder, "campaign.db")).size).toBe(size);
    const writer = openToVacuum(folder);
    expect(await vacuumed(folder, ...rule)).toEqual(told);
    await expect(vacuumed(folder, ...rule, "--yes")).rejects.toMatchObject({ code: "store.in-use" });
    writer.close();

    const done = (await vacuumed(folder, ...rule, "--yes")) as { file_bytes_after: number };
    expect(done.file_bytes_after).toBe(statSync(join(folder, "campaign.db")).size);
    expect(size - done.file_bytes_after).toBeGreaterThan(told.would_free_bytes / 2);
    const after = verifyRecord(folder, replayDecisions);
    expect(after).toMatchObject({ ok: true, replay: "ok", digest: before.digest, exposures: before.exposures });
    expect([after.thinned, after.samples + after.thinned]).toEqual([told.thinned.samples, before.samples]);
    expect(after.findings.map(({ code }) => code)).toContain("samples.thinned");
    const thinned = openRecord(folder);
    expect(thinned.envelope(0, 0, lastMs, 1)).toMatchObject({
      voltageMinV: shape.voltageMinV,
      voltageMaxV: shape.voltageMaxV,
    });
    thinned.close();

    // Once more there is nothing to do; an export of it says what is not in it.
    expect(await vacuumed(folder, ...rule)).toMatchObject({ thinned: { samples: 0 } });
    const again = exporting();
    expect(await exportCommand(again, [folder, "--as", "bdf", "--tables", "parquet", "--out", newPlace()])).toBe(0);
    expect(again.lines.join()).toContain(`${told.thinned.samples} samples up to`);
    expect(again.lines.join()).toContain("which were thinned on purpose");

    // Cells are written some at a time, as many samples of each: they are counted of all.
    const walked = openRecord(folder);
    const target = { finishedStage: () => undefined, beginStage: () => undefined, finishStage: () => undefined };
    const { cells } = readCampaignRecord(walked, null, folder);
    const walking = writeCells({ record: walked, target, campaign: { cells, lastMs }, cellsAtATime: 1 }, (some) => ({
      takers: new Map(some.map((cell) => [cell.channelIndex, () => undefined])),
      finish: () => 0,
    }));
    let step = walking.next();
    while (step.done !== true) step = walking.next();
    walked.close();
    expect(step.value.unreadable).toEqual([expect.stringMatching(`^${told.thinned.samples} samples`)]);
    await expect(runWorld({ hours: 0.5, campaign: TWO_GROUPS, folder })).rejects.toMatchObject({
      code: "store.thinned",
    });
  });

  it("is not made at the cost of samples that stand nowhere else", async () => {
    const { folder } = await twoGroupsRun();
    const [csv, group, spoilt] = [newPlace(), newPlace(), newPlace()];
    const bytes = readFileSync(join(folder, "campaign.db"));
    const tables = ["--as", "bdf", "--tables", "parquet"] as const;
    await exportCommand(exporting(), [folder, "--as", "csv", "--out", csv]);
    await exportCommand(exporting(), [folder, ...tables, "--group", "alpha", "--out", group]);
    await exportCommand(exporting(), [folder, ...tables, "--out", spoilt]);
    const [table = ""] = readdirSync(spoilt).filter((name) => name.endsWith(".parquet"));
    writeFileSync(join(spoilt, table), readFileSync(join(spoilt, table)).fill(0, 100, 101));
    for (const [out, why] of [
      [csv, "form"],
      [group, "one group"],
      [spoilt, "not as it was written"],
    ] as const)
      await expect(vacuumed(folder, "--keep-raw", "0", "--exported", out, "--yes")).rejects.toThrow(why);
    await expect(vacuumed(folder, "--keep-raw", "1h", "--yes")).rejects.toThrow("--exported");

    // A table that is gone is not forgotten because the list of checksums is shorter, or leads elsewhere.
    writeFileSync(join(spoilt, table), "");
    const manifest = join(spoilt, "manifest-sha256.txt");
    const lines = readFileSync(manifest, "utf8").split("\n").slice(0, -1);
    const without = lines.filter((line) => !line.endsWith(`  ${table}`));
    const oddlyListed = [
      ["", "does not have provenance.json"],
      [lines.join("\n"), "ends within a line"],
      [`${without.join("\n")}\n`, `does not have ${table}`],
      [`${without.filter((line) => !line.includes("provenance")).join("\n")}\n`, "does not have provenance.json"],
      [`${lines.join("\n")}\nSHA256 (${table}) = 0\n`, "no checksum"],
      [`${lines.join("\n")}\n${"0".repeat(64)}  ../elsewhere\n`, "is not within it"],
    ] as const;
    for (const [text, why] of oddlyListed) {
      writeFileSync(manifest, text);
      await expect(vacuumed(folder, "--keep-raw", "0", "--exported", spoilt, "--yes")).rejects.toThrow(why);
    }
    rmSync(join(spoilt, "provenance.json"));
    await expect(vacuumed(folder, "--keep-raw", "0", "--exported", spoilt, "--yes")).rejects.toMatchObject({
      code: "export.not-held",
    });
    expect(readFileSync(join(folder, "campaign.db")).equals(bytes)).toBe(true);
  });
});
