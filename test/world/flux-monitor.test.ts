import { afterAll, describe, expect, it } from "vitest";
import { ION_PAIR_EV } from "../../protocols/dose/flux-monitor.ts";
import { expectSound, field, numeric, removeFolders, runWorld, site, SIX } from "../support/world-campaign.ts";

afterAll(removeFolders);

const [source] = site.sensorSources;
const sensors = source?.sensors ?? [];
const flux = sensors.find((sensor) => sensor.quantity === "flux");
if (source === undefined || flux === undefined) throw new Error("the reference site has a flux monitor");

/** The reference site with the ion chamber of the simulated beamline in the place of its flux monitor. */
const withChamber = {
  ...site,
  sensorSources: [
    {
      ...source,
      sensors: sensors.map((sensor) =>
        sensor === flux ? { ...flux, quantity: "ion_chamber" as const, unit: "A", topic: "beamline/i0" } : sensor,
      ),
    },
  ],
  beam: {
    ...site.beam,
    monitor: {
      kind: "ion_chamber" as const,
      layer: { name: "n2", thicknessMm: 50, densityGCm3: 0.001165, massFractions: { N: 1 } },
      pairEv: ION_PAIR_EV.n2,
      darkA: 1e-12,
      factor: 1,
    },
  },
};

describe("a site whose flux monitor is an ion chamber", () => {
  it("settles doses with the flux its current stands for, as close as one that gives photons", async () => {
    const run = await runWorld({ hours: 0.4, campaign: SIX, site: withChamber });
    expectSound(run);
    const ended = run.of("exposure-ended");
    expect(ended.length).toBeGreaterThan(15);
    for (const event of ended) {
      expect(field(event, "flux_source")).toBe("monitor");
      const byCurrentPhS =
        (site.beam.fluxReferencePhS * numeric(event, "ring_current_mA")) / site.beam.ringCurrentReferenceMa;
      expect(Math.abs(numeric(event, "monitor_ph_s") / byCurrentPhS - 1)).toBeLessThan(
        site.beam.uncertainty.flux + 0.01,
      );
    }
  });
});
