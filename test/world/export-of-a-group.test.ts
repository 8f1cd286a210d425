import { writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExportedCampaign, ExportedCell } from "../../controller/export/exported-campaign.ts";
import { readCampaignRecord } from "../../controller/export/read-campaign-record.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { dataCommand } from "../../tui/commands/data.ts";
import { reportCommand } from "../../tui/commands/report.ts";
import { repositoryText } from "../support/campaign-files.ts";
import { decodedExport, type Decoded } from "../support/decoded-export.ts";
import { exported, exporting, newPlace, removePlaces, twoGroupsRun } from "../support/exports.ts";
import type { WorldRun } from "../support/world-campaign.ts";

afterAll(removePlaces);

let run: WorldRun;
let whole: ExportedCampaign;
let foreign: readonly ExportedCell[];

beforeAll(async () => {
  run = await twoGroupsRun();
  const record = openRecord(run.folder);
  whole = readCampaignRecord(record, null, run.folder);
  record.close();
  foreign = whole.cells.filter(({ group }) => group === "alpha");
});

/** What of the other group stands there, in whatever form. */
function found({ texts, numbers }: Decoded): readonly string[] {
  const names = foreign.flatMap(({ barcode, channel, exposures }) => {
    const instrument = whole.instruments.find(({ name }) => name === channel);
    const serial = instrument?.serialNumber ?? "";
    return [barcode, channel ?? "", serial, ...exposures.flatMap(({ exposureId, frame }) => [exposureId, frame ?? ""])];
  });
  const words = ["alpha", ...names].filter((name) => name !== "");
  const places = new RegExp(
    `(?<![\\p{L}\\p{N}])(?:${foreign.map(({ position }) => position).join("|")})(?![\\p{L}\\p{N}])`,
    "u",
  );
  const text = [...texts].join("\n");
  const { startMs } = whole.clock;
  const values = foreign.flatMap(({ exposures }) =>
    exposures.flatMap(({ fluencePhCm2, openSeenAtMs, bookedAtMs }) => {
      const timesS = [openSeenAtMs ?? NaN, bookedAtMs].flatMap((atMs) => [
        atMs,
        startMs + atMs,
        (startMs + atMs) / 1000,
      ]);
      return [fluencePhCm2, ...timesS];
    }),
  );
  return [
    ...words.filter((word) => text.includes(word)),
    ...(places.exec(text) ?? []),
    ...values.filter((value) => numbers.has(value)).map(String),
  ];
}

describe("what a group is given", () => {
  it.each(["rocrate", "bluesky"])("has no name, place or number of another's, decoded: %s", async (form) => {
    const own = await decodedExport(await exported(run.folder, "--as", form, "--group", "beta"));
    expect(own.texts.size).toBeGreaterThan(200);
    expect(own.numbers.size).toBeGreaterThan(1000);
    expect(found(own)).toEqual([]);
  });

  it("would be found out: an export of all has them", async () => {
    const all = found(await decodedExport(await exported(run.folder, "--as", "nexus")));
    const exposures = foreign.flatMap((cell) => cell.exposures);
    for (const name of ["alpha", foreign[0]?.barcode ?? "", exposures[0]?.exposureId ?? ""])
      expect(all).toContain(name);
    expect(all.filter((one) => /^\d/.test(one)).length).toBeGreaterThanOrEqual(exposures.length);
  });

  it("has none in lists, plots, accounts and reports either", async () => {
    const folder = newPlace();
    mkdirSync(folder);
    const context = {
      json: true,
      progress: { columns: () => 120 },
      readPackageText: repositoryText,
      readText: repositoryText,
    };
    for (const what of [["cells"], ["cycles"], ["exposures"], ["groups"], ["plot", "dose"]]) {
      const lines: string[] = [];
      const print = (line: string): number => lines.push(line);
      expect(await dataCommand({ ...context, print }, [run.folder, ...what, "--group", "beta"])).toBe(0);
      writeFileSync(join(folder, `${what.join("-")}.json`), lines.join("\n"));
    }
    const report = exporting();
    expect(await reportCommand(report, [run.folder, "--group", "beta"])).toBe(0);
    writeFileSync(join(folder, "report.json"), report.lines.join("\n"));
    expect(found(await decodedExport(folder))).toEqual([]);
  });

  it.each([
    ["cells", "A1"],
    ["plot", "voltage", "A1"],
  ])("may not be widened by naming another's cell: %s %s", async (...what) => {
    const context = {
      json: true,
      progress: { columns: () => 120 },
      readPackageText: repositoryText,
      readText: repositoryText,
    };
    const asked = dataCommand({ ...context, print: () => undefined }, [run.folder, ...what, "--group", "beta"]);
    await expect(asked).rejects.toMatchObject({ code: "command.usage", severity: "refuse" });
  });
});
