import { describe, expect, test } from "vitest";
import {
  chamberPhotonsPerAs,
  diodePhotonsPerAs,
  ION_PAIR_EV,
  SILICON_PAIR_EV,
} from "../../../protocols/dose/flux-monitor.ts";
import type { Layer } from "../../../protocols/dose/layer-stack.ts";
import { fluxOfReading } from "../../../protocols/site/flux-of-reading.ts";
import { createDiode, createIonChamber } from "../../../simulator/measurement/beam-monitors.ts";
import { loadShipped, tables } from "../../support/campaign-files.ts";
import { attenuation } from "../world/worlds.ts";

const ELEMENTARY_CHARGE_C = 1.602176634e-19;

function layer(id: string, thicknessMm: number): Layer {
  const material = tables.material(id);
  if (material === undefined) throw new Error(`no ${id}`);
  return { name: id, thicknessMm, densityGCm3: material.densityGCm3, massFractions: material.massFractions };
}

describe("the flux that a current stands for", () => {
  test("is 7.57e11 ph/s for 1.25 uA of 20 cm nitrogen at 15 keV, one charge for each pair", () => {
    // At 0 degrees, as the tables of the source have the gas.
    const cold = { ...layer("n2", 200), densityGCm3: 0.0012506 };
    const fluxPhS = 1.25e-6 * chamberPhotonsPerAs(tables, cold, ION_PAIR_EV.n2, 15);
    expect(fluxPhS / 7.57e11).toBeGreaterThan(0.99);
    expect(fluxPhS / 7.57e11).toBeLessThan(1.01);
  });

  test.each([
    [8, 0.965],
    [12, 0.723],
    [20, 0.245],
    [60, 0.0099],
    [100, 0.0031],
  ])("of 300 um of silicon at %s keV comes from %s of the photons' energy", (energyKeV, share) => {
    const perAs = diodePhotonsPerAs(tables, layer("si", 0.3), energyKeV);
    const kept = SILICON_PAIR_EV / (perAs * ELEMENTARY_CHARGE_C * 1000 * energyKeV);
    expect(Math.abs(kept - share)).toBeLessThan(share < 0.1 ? 0.000_06 : 0.001);
  });

  test("turns the current of the simulated monitors back into their flux, within 0.5 %", () => {
    for (const energyKeV of [15, 30, 60]) {
      const nitrogen = layer("n2", 150);
      const chamber = createIonChamber(attenuation(), { gas: nitrogen, pairEv: ION_PAIR_EV.n2, energyKeV });
      const silicon = layer("si", 0.3);
      const diode = createDiode(attenuation(), silicon, energyKeV);
      for (const fluxPhS of [
        chamber.currentA(1e11) * chamberPhotonsPerAs(tables, nitrogen, ION_PAIR_EV.n2, energyKeV),
        diode.currentA(1e11) * diodePhotonsPerAs(tables, silicon, energyKeV),
      ])
        expect(Math.abs(fluxPhS / 1e11 - 1)).toBeLessThan(0.005);
    }
  });
});

describe("the flux monitor of a site", () => {
  const loaded = loadShipped("protocols/campaigns/formation-day.yaml");
  if (loaded.kind === "refused") throw new Error("formation-day is refused");
  const { beam } = loaded.site;

  test("that gives photons per second is taken at its word", () => {
    expect(fluxOfReading(beam, tables)(1.5e11)).toBe(1.5e11);
  });

  test("that gives a current loses its dark current and is scaled to the sample; less than the dark current is no flux", () => {
    const monitor = {
      kind: "diode",
      layer: layer("si", 0.3),
      pairEv: SILICON_PAIR_EV,
      darkA: 2e-9,
      factor: 0.8,
    } as const;
    const toFlux = fluxOfReading({ ...beam, monitor }, tables);
    const perAs = diodePhotonsPerAs(tables, layer("si", 0.3), 60);
    expect(toFlux(1.002e-6) / (1e-6 * perAs * 0.8)).toBeCloseTo(1, 12);
    expect(toFlux(1e-9)).toBeLessThan(0);
    expect(toFlux(NaN)).toBeNaN();
  });
});
