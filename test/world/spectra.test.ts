import { afterAll, describe, expect, it } from "vitest";
import { verifyRecord } from "../../controller/record/verify.ts";
import { assert } from "../../protocols/base/assert.ts";
import { load } from "../support/campaign-files.ts";
import {
  expectSound,
  field,
  FILES,
  numeric,
  removeFolders,
  runWorld,
  type WorldRun,
} from "../support/world-campaign.ts";

afterAll(removeFolders);

const PROTOCOL = `record: { time_s: 10 }
method:
  - { step: open_circuit_voltage, until_time_s: 900 }
  - { step: impedance_spectroscopy, id: at-rest, amplitude_V: 0.01, start_frequency_Hz: 20000, end_frequency_Hz: 0.02, points_per_decade: 6 }
  - { step: constant_current, id: charge, rate_C: C/4, until_time_s: 600, until_voltage_V: 4.2 }
  - { step: open_circuit_voltage, until_time_s: 600 }
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
  it("are the true cells' own, are kept whole, and tell their resistances", async () => {
    const run = await runWorld({ hours: 1.2, campaign });
    expectSound(run);
    const events = run.of("spectrum-measured");
    expect(events).toHaveLength(2 * campaign.cells.length);
    expect(events.every((event) => event.dataText.includes('"is_whole":true'))).toBe(true);
    const report = verifyRecord(run.folder);
    expect(report).toMatchObject({ ok: true, spectra: events.length });

    const [atRest, byCurrent] = spectraOf(run, "A3");
    assert(atRest !== undefined && byCurrent !== undefined, "A3 has two spectra");
    expect(atRest.frequency_Hz).toHaveLength(37);
    expect(byCurrent.frequency_Hz).toHaveLength(26);
    const plant = run.virtual.world.cellPlant(2);
    byCurrent.frequency_Hz.forEach((frequencyHz, index) => {
      const truth = plant.impedanceOhm?.(frequencyHz) ?? { re: NaN, im: NaN };
      const [re, im] = [byCurrent.z_real_ohm[index] ?? NaN, byCurrent.z_imag_ohm[index] ?? NaN];
      expect(Math.hypot(re - truth.re, im - truth.im) / Math.hypot(truth.re, truth.im)).toBeLessThan(0.03);
    });

    const view = run.virtual.run.views.cell(2)?.lastSpectrum;
    expect(view).toMatchObject({ step: 5, pointCount: 26, isWhole: true });
    const event = events.find((one) => field(one, "position") === "A3");
    expect(numeric(event, "series_ohm")).toBeGreaterThan(2);
    expect(numeric(event, "charge_transfer_ohm")).toBeGreaterThan(2);

    // No spectrum is taken for a half cycle, nor for a charge.
    expect(run.of("half-cycle-ended").filter((one) => field(one, "position") === "A3")).toHaveLength(1);
  });

  it("that are broken off by a person stay on record, and go on where they were", async () => {
    const order = (type: "HOLD_CELL" | "RESUME_CELL") => ({
      ...{ type: "CELL_ORDERED" as const, position: "A3" },
      event: { type, author: "operator", reason: "a look at the contact" },
    });
    const run = await runWorld({
      hours: 0.6,
      campaign,
      at: [
        [
          1100,
          (virtual) => {
            virtual.run.actor.send(order("HOLD_CELL"));
          },
        ],
        [
          1130,
          (virtual) => {
            virtual.run.actor.send(order("RESUME_CELL"));
          },
        ],
      ],
    });
    expectSound(run);
    const [first, second] = spectraOf(run, "A3");
    assert(first !== undefined && second !== undefined, "A3 has two parts of a spectrum");
    expect(first.text).toContain('"is_whole":false');
    const last = first.frequency_Hz.at(-1) ?? NaN;
    expect(first.frequency_Hz[0]).toBe(20000);
    expect(second.frequency_Hz[0]).toBeLessThan(20000);
    // Nothing between them is missing.
    expect(second.frequency_Hz[0]).toBeGreaterThanOrEqual(last / 1.5);
    expect(second.frequency_Hz.at(-1)).toBeCloseTo(0.02, 6);
    expect(verifyRecord(run.folder).ok).toBe(true);
  });
});
