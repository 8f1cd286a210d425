import { afterAll, describe, expect, it } from "vitest";
import { load, repositoryText } from "../support/campaign-files.ts";
import { expectSound, FILES, removeFolders, runWorld } from "../support/world-campaign.ts";

afterAll(removeFolders);

const SMU = `
    driver: keithley-smu
    link: { tcp: "smu-{position}:5025" }
    voltage_min_V: -20
    voltage_max_V: 20
    current_max_mA: 1000
    sample_interval_min_s: 0.5`;
const SUPPLY = `
    driver: modbus-cycler
    link: { tcp: "psb-{position}:502" }
    map: fine.yaml
    voltage_min_V: 0
    voltage_max_V: 10
    current_max_mA: 100
    sample_interval_min_s: 0.5`;
/** Steps of every kind, ending by time and by voltage. */
const STEPS = `
record: { time_s: 5 }
method:
  - { step: open_circuit_voltage, until_time_s: 30 }
  - { step: constant_current, id: charge, rate_C: C/4, until_voltage_V: 3.36, until_time_s: 300 }
  - { step: constant_current, id: discharge, rate_C: D/4, until_voltage_V: 2.8, until_time_s: 60 }
  - { step: loop, loop_to: 1, cycle_count: 5 }
`;

/** The reference site with four cells on channels of another family. */
function withChannels(channels: string) {
  const [before = "", after = ""] = FILES["site.yaml"].split(/^channels:\n(?: .*\n)+/m);
  const group = `channels:\n  - positions: A1..H12${channels}\n    techniques: [open_circuit_voltage, constant_current, constant_voltage]\n`;
  const loaded = load(
    {
      ...FILES,
      "site.yaml": `${before}${group}${after}`,
      "small.yaml": FILES["small.yaml"]
        .replace("site: site.yaml", "site: site.yaml\nattended_by: a tester")
        .replace("A1..A5", "A1..A2")
        .replace("B1..B5", "B4..B5"),
      "cycle.yaml": STEPS,
      // A unit a hundredth the size, as the simulated one is.
      "fine.yaml": repositoryText("protocols/modbus-maps/ea-psb.yaml")
        .replace("voltage_tolerance_V: 0.005", "voltage_tolerance_V: 0.001")
        .replace("current_tolerance_A: 0.005", "current_tolerance_A: 0.00001"),
    },
    "small.yaml",
  );
  if (loaded.kind === "refused") throw new Error(JSON.stringify(loaded.findings));
  return { site: loaded.site, campaign: loaded.campaign };
}

describe("on whatever channels a campaign runs, no cell meets more than its limits", () => {
  it.each([
    ["source-measure units", SMU],
    ["supplies behind registers", SUPPLY],
  ])("on %s", async (_, channels) => {
    const run = await runWorld({ hours: 0.11, ...withChannels(channels) });
    expectSound(run);
    expect(run.alarms).toEqual([]);
    expect(run.of("step-ended").length).toBeGreaterThan(7);
    expect(run.summary.cells.by_state).toEqual({ complete: 4 });
  });
});
