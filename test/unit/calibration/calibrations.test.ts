import { describe, expect, it } from "vitest";
import { parsePosition } from "../../../protocols/base/position.ts";
import { stageTarget } from "../../../protocols/site/site-lookup.ts";
import { checkCommand } from "../../../tui/commands/check.ts";
import type { CommandContext } from "../../../tui/command-context.ts";
import { hashOf } from "../../../tui/load-campaign.ts";
import { contextOf, load } from "../../support/campaign-files.ts";
import { ALIGNED_FILES } from "../../support/rehearsed-alignment.ts";

const NOW = "2026-03-02T08:00:00Z";
const SHARED = `at: 2026-03-01T08:00:00Z, by: Ada, method: by hand, valid_h: 48`;
const SHA = "0".repeat(64);

const RECORDS = {
  alignment: `{ kind: alignment, ${SHARED}, uncertainty_mm: 0.01, rack: { shift_x_mm: 1, shift_y_mm: -0.5, rotation_deg: 0.5 }, cells: [{ position: A1, x_mm: 0.2, y_mm: 0, uncertainty_mm: 0.01 }] }`,
  beam_size: `{ kind: beam_size, ${SHARED}, width_mm: 0.5, height_mm: 0.49, uncertainty_mm: 0.002 }`,
  flux: `{ kind: flux, ${SHARED}, flux_ph_s: 9.9e+10, ring_current_mA: 200, uncertainty: 0.03, ion_chamber_A: 1.0e-7 }`,
};
const SITE = `${ALIGNED_FILES["site.yaml"]}\ncalibrations: { file: measured.yaml }\n`;

function filesWith(records: Readonly<Record<string, string>> | undefined, site = SITE, name = "diode-behind-rack") {
  const lines = Object.values(records ?? {}).map((record) => `  - ${record}\n`);
  return {
    ...ALIGNED_FILES,
    // Few cells: what is asked is asked of the site.
    "campaign.yaml": ALIGNED_FILES["campaign.yaml"].replace("positions: A1..H12", "positions: A1..A2"),
    "site.yaml": site,
    ...(records === undefined ? {} : { "measured.yaml": `calibration: ${name}\nrecords:\n${lines.join("")}` }),
  };
}

async function check(files: Readonly<Record<string, string>>, now = NOW) {
  const out: string[] = [];
  const context = {
    ...contextOf(files),
    clock: { wallMs: () => Date.parse(now) },
    json: true,
    print: (line: string) => out.push(line),
    printError: () => undefined,
  } as unknown as CommandContext;
  const code = await checkCommand(context, ["campaign.yaml"]);
  const { ok, findings } = JSON.parse(out[0] ?? "") as {
    readonly ok: boolean;
    readonly findings: readonly { severity: string; code: string; where: string; what: string }[];
  };
  return { code, ok, told: findings.filter((one) => /^(calibration|file)\./.test(one.code)) };
}

describe("a campaign on a site that declares calibrations", () => {
  it("passes the check with alignment, beam size and flux that are fresh and agree with the site", async () => {
    expect(await check(filesWith(RECORDS))).toEqual({ code: 0, ok: true, told: [] });
  });

  it("is refused where none was ever measured, and told of each", async () => {
    const { code, ok, told } = await check(filesWith(undefined));
    expect({ code, ok }).toEqual({ code: 3, ok: false });
    expect(told.filter(({ severity }) => severity === "error").map(({ what }) => what)).toEqual([
      "no record of alignment",
      "no record of beam_size",
      "no record of flux",
    ]);
  });

  it("is refused where one has expired, and warned where one will before the end", async () => {
    const stale = await check(filesWith(RECORDS), "2026-03-03T09:00:00Z");
    expect(stale.code).toBe(3);
    expect(stale.told.map(({ code }) => code)).toEqual(Array(3).fill("calibration.stale"));
    const soon = await check(filesWith(RECORDS), "2026-03-03T07:55:00Z");
    expect(soon.code).toBe(0);
    expect(soon.told.map(({ severity, code }) => `${severity} ${code}`)).toEqual(
      Array(3).fill("warning calibration.expires"),
    );
  });

  it.each([
    ["a beam smaller than believed", { beam_size: RECORDS.beam_size.replace("0.5,", "0.4,") }, "beam-size", 3],
    ["a beam larger than believed", { beam_size: RECORDS.beam_size.replace("0.5,", "0.7,") }, "beam-size", 0],
    ["more flux than believed", { flux: RECORDS.flux.replace("9.9e+10", "1.08e+11") }, "flux", 3],
    ["more flux than is ever booked", { flux: RECORDS.flux.replace("9.9e+10", "1.2e+11") }, "flux", 3],
    ["less flux than believed", { flux: RECORDS.flux.replace("9.9e+10", "8.0e+10") }, "flux", 0],
    ["a measurement from the future", { flux: RECORDS.flux.replace("2026-03-01", "2026-03-05") }, "future", 3],
    [
      "a geometry of another detector",
      { geometry: `{ kind: geometry, ${SHARED}, file: g.poni, sha256: "${SHA}", detector: eiger-7 }` },
      "other-detector",
      3,
    ],
    [
      "a filter that lets more through than its thickness",
      { filter: `{ kind: attenuator, ${SHARED}, filter: Sn 0.5 mm, transmission: 0.2, uncertainty: 0.002 }` },
      "attenuator",
      3,
    ],
    [
      "a calibrant said to stand on a cell",
      { ceria: `{ kind: calibrant, ${SHARED}, what: CeO2, x_mm: 40, y_mm: 40 }` },
      "place",
      3,
    ],
    [
      "a flux that drifted since it was measured before",
      { before: RECORDS.flux.replace("03-01T08", "02-28T08").replace("9.9e+10", "9.0e+10") },
      "drift",
      0,
    ],
  ])("is told of %s", async (_, change, code, exit) => {
    const found = await check(filesWith({ ...RECORDS, ...change }));
    expect(found.told.map((one) => one.code)).toContain(`calibration.${code}`);
    expect(found.code).toBe(exit);
  });

  it("is not held to a place that a later record corrects", async () => {
    const ceria = `{ kind: calibrant, ${SHARED}, what: CeO2, x_mm: 40, y_mm: 40 }`;
    const corrected = ceria.replace("x_mm: 40, y_mm: 40", "x_mm: 25, y_mm: 25").replace("T08", "T09");
    const found = await check(filesWith({ ...RECORDS, ceria, corrected }));
    expect(found.told.map(({ code }) => code)).not.toContain("calibration.place");
  });

  it("is refused with the calibrations of another site, or with a file that will not do", async () => {
    const other = await check(filesWith(RECORDS, SITE, "next-door"));
    expect(other.told.map(({ code }) => code)).toContain("calibration.other-site");
    expect(other.code).toBe(3);
    const spoilt = await check(filesWith({ ...RECORDS, flux: RECORDS.flux.replace("9.9e+10", "-1") }));
    expect(spoilt.code).toBe(2);
    expect(spoilt.told[0]?.where).toContain("records[2].flux_ph_s");
    const twice = RECORDS.alignment.replace(
      "cells: [",
      "cells: [{ position: A1, x_mm: 0, y_mm: 0, uncertainty_mm: 0.01 }, ",
    );
    expect((await check(filesWith({ ...RECORDS, alignment: twice }))).code).toBe(2);
  });

  it("is refused where the stage cannot bring a cell of the rack as it stands into the beam", async () => {
    const far = RECORDS.alignment.replace("shift_x_mm: 1", "shift_x_mm: 13");
    const { code, told } = await check(filesWith({ ...RECORDS, alignment: far }));
    expect(code).toBe(2);
    expect(told.map((one) => one.code)).toContain("calibration.beyond-travel");
  });
});

describe("a rack that was measured", () => {
  const at = (text: string) => parsePosition(text) ?? parsePosition("A1") ?? expect.unreachable();

  it("is driven to where it stands, each cell with its own offset, under the same hash of the site", () => {
    const [measured, plain] = [load(filesWith(RECORDS), "campaign.yaml"), load(filesWith(undefined), "campaign.yaml")];
    if (measured.kind !== "loaded" || plain.kind !== "loaded") throw new Error("refused");
    const [cos, sin] = [Math.cos(Math.PI / 360), Math.sin(Math.PI / 360)];
    const a1 = stageTarget(measured.site, at("A1"), { xMm: 1, yMm: 0 });
    expect(a1.xMm).toBeCloseTo(12.5 + 1 + 1.2 * cos, 9);
    expect(a1.yMm).toBeCloseTo(12.5 - 0.5 + 1.2 * sin, 9);
    const h12 = stageTarget(measured.site, at("H12"), { xMm: 0, yMm: 0 });
    expect(h12.xMm).toBeCloseTo(13.5 + 275 * cos - 175 * sin, 9);
    expect(h12.yMm).toBeCloseTo(12 + 275 * sin + 175 * cos, 9);
    expect(measured.siteHash).toBe(plain.siteHash);
    expect(hashOf(plain.site)).toBe(plain.siteHash);
    const undemanding = load(filesWith(undefined, ALIGNED_FILES["site.yaml"]), "campaign.yaml");
    expect(undemanding).toMatchObject({ siteHash: plain.siteHash });
    expect(stageTarget(plain.site, at("H12"), { xMm: 0, yMm: 0 })).toEqual({ xMm: 287.5, yMm: 187.5 });
  });
});

describe("a site's section alignment", () => {
  const spoilt = (from: string, to: string) => load(filesWith(RECORDS, SITE.replace(from, to)), "campaign.yaml");

  it.each([
    ["no such sensor", "  diode: diode", "  diode: monitor"],
    ["no such filter", "[Mo 0.1 mm, Sn 0.5 mm]", "[Pb 1 mm]"],
    ["two openings of one name", "name: F2", "name: F1"],
    ["an opening that the stage cannot search", "x_mm: 262.5, y_mm: 12.5", "x_mm: 285, y_mm: 12.5"],
    ["a second opening beside the first", "x_mm: 262.5, y_mm: 12.5", "x_mm: 37.5, y_mm: 12.5"],
  ])("is refused with %s", (_, from, to) => {
    const { findings } = spoilt(from, to);
    expect(findings.filter(({ severity }) => severity === "error").map(({ code }) => code)).toContain("site.alignment");
  });
});
