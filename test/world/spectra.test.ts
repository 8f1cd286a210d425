import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { verifyRecord } from "../../controller/record/verify.ts";
import { assert } from "../../protocols/base/assert.ts";
import { renderSummary } from "../../tui/progress/render-summary.ts";
import { load } from "../support/campaign-files.ts";
import { exported, fileEnding, filesIn, removePlaces } from "../support/exports.ts";
import {
  expectSound,
  field,
  FILES,
  numeric,
  removeFolders,
  runWorld,
  type WorldRun,
} from "../support/world-campaign.ts";

afterAll(() => {
  removePlaces();
  removeFolders();
});

const PROTOCOL = `record: { time_s: 10 }
method:
  - { step: open_circuit_voltage, until_time_s: 60 }
  - { step: constant_current, id: charge, rate_C: C/3, until_time_s: 1200, until_voltage_V: 4.2 }
  - { step: open_circuit_voltage, until_time_s: 900 }
  - { step: impedance_spectroscopy, id: at-rest, amplitude_V: 0.01, start_frequency_Hz: 20000, end_frequency_Hz: 0.05, points_per_decade: 6 }
  - { step: impedance_spectroscopy, id: by-current, amplitude_mA: 0.1, start_frequency_Hz: 1000, end_frequency_Hz: 1, points_per_decade: 4, measures_per_point: 2 }
  - { step: open_circuit_voltage, until_time_s: 7200 }
`;
const loaded = load({ ...FILES, "cycle.yaml": PROTOCOL }, "small.yaml");
assert(loaded.kind === "loaded", `refused: ${JSON.stringify(loaded.findings)}`);
const { campaign } = loaded;

interface Spectrum {
  readonly frequency_Hz: readonly number[];
  readonly z_real_ohm: readonly number[];
  readonly z_imag_ohm: readonly number[];
  readonly voltage_V: readonly number[];
}

function spectraOf(run: WorldRun, position: string): readonly (Spectrum & { readonly text: string })[] {
  return run
    .of("spectrum-measured")
    .filter((event) => field(event, "position") === position)
    .map((event) => ({ ...(JSON.parse(event.dataText) as Spectrum), text: event.dataText }));
}

describe("spectra of a simulated rack", () => {
  const order = (type: "HOLD_CELL" | "RESUME_CELL") => ({
    ...{ type: "CELL_ORDERED" as const, position: "A4" },
    event: { type, author: "operator", reason: "a look at the contact" },
  });
  const shared = runWorld({
    hours: 0.85,
    campaign,
    at: [
      [
        2330,
        (virtual) => {
          virtual.run.actor.send(order("HOLD_CELL"));
        },
      ],
      [
        2360,
        (virtual) => {
          virtual.run.actor.send(order("RESUME_CELL"));
        },
      ],
    ],
  });

  it("are the true cells' own, are kept whole, and tell their resistances", async () => {
    const run = await shared;
    expectSound(run);
    const [atRest, byCurrent] = spectraOf(run, "A3");
    assert(atRest !== undefined && byCurrent !== undefined, "A3 has two spectra");
    expect([atRest, byCurrent].every(({ text }) => text.includes('"is_whole":true'))).toBe(true);
    expect(atRest.frequency_Hz).toHaveLength(35);
    expect(byCurrent.frequency_Hz).toHaveLength(26);
    const plant = run.virtual.world.cellPlant(2);
    byCurrent.frequency_Hz.forEach((frequencyHz, index) => {
      const truth = plant.impedanceOhm?.(frequencyHz) ?? { re: NaN, im: NaN };
      const [re, im] = [byCurrent.z_real_ohm[index] ?? NaN, byCurrent.z_imag_ohm[index] ?? NaN];
      expect(Math.hypot(re - truth.re, im - truth.im) / Math.hypot(truth.re, truth.im)).toBeLessThan(0.03);
    });
    const event = run.of("spectrum-measured").find((one) => field(one, "position") === "A3");
    expect(numeric(event, "series_ohm")).toBeGreaterThan(3);
    expect(numeric(event, "charge_transfer_ohm")).toBeGreaterThan(5);
    expect(run.virtual.run.views.cell(2)?.lastSpectrum).toMatchObject({ step: 5, pointCount: 26, isWhole: true });

    const spectra = run.of("spectrum-measured");
    // Two for each cell, and one of them in two parts.
    expect(spectra).toHaveLength(2 * campaign.cells.length + 1);
    expect(run.summary.spectra).toBe(spectra.length);
    expect(renderSummary(run.summary).join("\n")).toContain(`spectra    ${spectra.length}`);
    expect(verifyRecord(run.folder)).toMatchObject({ ok: true, spectra: spectra.length });
    // A spectrum is no half cycle, and none is taken for a charge.
    const halves = run.of("half-cycle-ended").filter((one) => field(one, "position") === "A3");
    expect(halves.map((half) => field(half, "direction"))).toEqual(["charge"]);
  });

  it("that are broken off by a person stay on record, and go on where they were", async () => {
    const run = await shared;
    const [first, second] = spectraOf(run, "A4");
    assert(first !== undefined && second !== undefined, "A4 has two parts of a spectrum");
    expect(first.text).toContain('"is_whole":false');
    const last = first.frequency_Hz.at(-1) ?? NaN;
    expect(first.frequency_Hz[0]).toBe(20000);
    expect(second.frequency_Hz[0]).toBeLessThan(20000);
    // Nothing between them is missing.
    expect(second.frequency_Hz[0]).toBeGreaterThanOrEqual(last / 1.5);
    expect(second.frequency_Hz.at(-1)).toBeCloseTo(0.05, 6);
  });

  it("leave in tables of their own, point by point, which the run's end names", async () => {
    const { folder } = await shared;
    const out = await exported(folder, "--as", "bluesky", "--tables", "csv");
    const [head = "", ...rows] = readFileSync(fileEnding(out, "R-A3", ".eis.bdf.csv"), "utf8")
      .trimEnd()
      .split("\n");
    const at = (label: string): number => head.split(",").indexOf(label);
    const [atRest, byCurrent] = spectraOf(await shared, "A3");
    const column = (label: string): readonly number[] => rows.map((row) => Number(row.split(",")[at(label)]));
    const both = (key: "frequency_Hz" | "z_imag_ohm"): readonly number[] => [
      ...(atRest?.[key] ?? []),
      ...(byCurrent?.[key] ?? []),
    ];
    expect(column("Frequency / Hz")).toEqual(both("frequency_Hz"));
    expect(column("Imaginary Impedance / ohm")).toEqual(both("z_imag_ohm"));
    const times = column("Test Time / s");
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const documents = readFileSync(fileEnding(out, "", ".jsonl"), "utf8");
    const named = [...documents.matchAll(/"file":"([^"]+)"/g)].map(([, name]) => name);
    expect(named.sort()).toEqual(filesIn(out).filter((name) => name.endsWith(".bdf.csv")));
  });

  it("are refused where the channel cannot, with what it can", () => {
    const refused = (from: string, to: string): string => {
      const spoilt = load({ ...FILES, "cycle.yaml": PROTOCOL.replace(from, to) }, "small.yaml");
      return spoilt.findings.map(({ severity, code, what }) => `${severity} ${code} ${what}`).join("\n");
    };
    expect(refused("20000", "2000000")).toContain("error campaign.channel-range 2000000 Hz");
    expect(refused("amplitude_V: 0.01", "amplitude_V: 1")).toContain(
      "error campaign.channel-range an amplitude of 1 V",
    );
    expect(refused("amplitude_V: 0.01", "amplitude_V: 0.03")).toContain("warning protocol.amplitude");
    expect(refused("amplitude_mA: 0.1", "amplitude_mA: 3")).toContain("error campaign.beyond-safety");
    expect(refused("end_frequency_Hz: 1,", "end_frequency_Hz: 0.0001,")).toContain("% of its capacity");
    expect(refused("points_per_decade: 4", "points_per_decade: 1e9")).toContain("error protocol.spectrum");
    expect(refused("measures_per_point: 2", "drift_correction: true")).toContain("warning protocol.spectrum");
  });
});
