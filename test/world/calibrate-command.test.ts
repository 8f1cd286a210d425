import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readCalibration } from "../../protocols/calibration/calibration-schema.ts";
import { parseDocument } from "../../protocols/input/document.ts";
import { createImageSource, poniText } from "../../simulator/frames/image-source.ts";
import type { CommandContext } from "../../tui/command-context.ts";
import { calibrateCommand } from "../../tui/commands/calibrate.ts";
import { contextOf, repositoryText, tables } from "../support/campaign-files.ts";
import { ALIGNED_FILES } from "../support/rehearsed-alignment.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "beamrack-calibrate-"));
afterAll(() => {
  rmSync(FOLDER, { recursive: true, force: true });
});

async function calibrate(args: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const context = {
    ...contextOf(ALIGNED_FILES),
    clock: { wallMs: () => Date.parse("2026-03-02T08:00:00Z") },
    json: true,
    readPackageText: repositoryText,
    attenuationTables: () => tables,
    drain: () => new Promise<void>((resolve) => setImmediate(resolve)),
    print: (line: string) => out.push(line),
    printError: (line: string) => err.push(line),
  } as unknown as CommandContext;
  const code = await calibrateCommand(context, ["site.yaml", ...args]);
  return { code, told: JSON.parse(out[0] ?? "null") as { records: readonly Record<string, unknown>[] }, err };
}

describe("beamrack calibrate", () => {
  it("measures the flux with the diode behind an opening, as good as the diode is", async () => {
    const { code, told } = await calibrate(["flux", "--rehearse", "campaign.yaml", "--seed", "3"]);
    expect(code).toBe(0);
    const [record] = told.records;
    expect(record).toMatchObject({ kind: "flux", ring_current_mA: 200, valid_h: 48, by: "a rehearsal" });
    // the simulated beam is as bright as the site has it, within the site's 5 %
    expect(Math.abs(Number(record?.["flux_ph_s"]) / 1e11 - 1)).toBeLessThan(0.06);
    expect(Number(record?.["uncertainty"])).toBeLessThan(0.035);
  });

  it("measures what each filter lets through, and writes what a site can read", async () => {
    const path = join(FOLDER, "measured.yaml");
    const { code, told } = await calibrate(["filters", "--rehearse", "campaign.yaml", "--seed", "3", "--out", path]);
    expect(code).toBe(0);
    expect(told.records.map(({ filter }) => filter)).toEqual(["Al 1 mm", "Mo 0.1 mm", "Sn 0.5 mm"]);
    const { calibration, findings } = readCalibration(parseDocument(readFileSync(path, "utf8"), path));
    expect(findings).toEqual([]);
    const passed = calibration?.records.map((one) => (one.kind === "attenuator" ? one.transmission : NaN)) ?? [];
    // Lambert and Beer, by the tables: 60 keV through 1 mm of Al, 0.1 mm of Mo, 0.5 mm of Sn
    [0.928, 0.644, 0.0911].forEach((transmission, index) => {
      expect(Math.abs((passed[index] ?? NaN) / transmission - 1)).toBeLessThan(0.02);
    });
  });

  it("notes the detector's files with their hashes, and places beside the cells", async () => {
    const quadrant = createImageSource({ distanceMm: 1200, wavelengthA: 0.2066, twoThetaDeg: [1.3, 5, 8.9] }).quadrant;
    const [poni, out] = [join(FOLDER, "detector.poni"), join(FOLDER, "notes.yaml")];
    writeFileSync(poni, poniText(quadrant));
    const noted = await calibrate(["geometry", poni, "--by", "Ada", "--out", out]);
    expect(noted).toMatchObject({ code: 0, told: { records: [{ kind: "geometry", file: "detector.poni" }] } });
    expect(noted.told.records[0]?.["detector"]).toBe("detector");
    expect(String(noted.told.records[0]?.["sha256"])).toMatch(/^[0-9a-f]{64}$/);
    expect(String(noted.told.records[0]?.["method"])).toMatch(/^PONI: distance 1200.00 mm/);
    const place = await calibrate([
      "calibrant",
      "CeO2",
      "300",
      "0",
      "--by",
      "Ada",
      "--out",
      join(FOLDER, "place.yaml"),
    ]);
    expect(place.told.records).toMatchObject([{ kind: "calibrant", what: "CeO2", x_mm: 300, y_mm: 0, by: "Ada" }]);
  });

  it("writes nothing of what is not known, out of reach, nobody's or not to be read", async () => {
    const bad = join(FOLDER, "bad.poni");
    writeFileSync(bad, "hello");
    const out = ["--out", join(FOLDER, "never.yaml")];
    expect(await calibrate(["geometry", bad, "--by", "Ada", ...out])).toMatchObject({ code: 2 });
    expect(await calibrate(["calibrant", "CeO2", "900", "0", "--by", "Ada", ...out])).toMatchObject({ code: 2 });
    expect(await calibrate(["calibrant", "CeO2", "14", "12", "--by", "Ada", ...out])).toMatchObject({ code: 2 });
    expect(await calibrate(["empty", "nothing", "1", "1", ...out])).toMatchObject({ code: 2 });
    expect(await calibrate(["gravity", ...out])).toMatchObject({ code: 2 });
    expect(await calibrate(["flux", "--by", "Ada", ...out])).toMatchObject({ code: 2 });
  });
});
