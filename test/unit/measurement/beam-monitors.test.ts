import { describe, expect, it } from "vitest";
import { createDiode, createIonChamber, ION_PAIR_EV } from "../../../simulator/measurement/beam-monitors.ts";
import { attenuation } from "../world/worlds.ts";

const tables = attenuation();
const silicon = { name: "si", thicknessMm: 0.3, densityGCm3: 2.33, massFractions: { Si: 1 } };
const nitrogen = { name: "n2", thicknessMm: 200, densityGCm3: 0.00125, massFractions: { N: 1 } };
const ELECTRON_C = 1.602176634e-19;

describe("monitors in the beam", () => {
  it.each([
    [8, 0.965],
    [12, 0.723],
    [20, 0.245],
    [60, 0.0099],
    [100, 0.0031],
  ])("a 300 um silicon diode at %d keV keeps %d of the energy", (energyKeV, share) => {
    const perPhoton = createDiode(tables, silicon, energyKeV).currentA(1) / ELECTRON_C;
    const kept = (perPhoton * 3.68) / (1000 * energyKeV);
    expect(kept / share).toBeGreaterThan(0.98);
    expect(kept / share).toBeLessThan(1.02);
  });

  it("20 cm of nitrogen read 1.25 uA for 7.57e11 photons of 15 keV per second: one charge a pair", () => {
    const chamber = createIonChamber(tables, { gas: nitrogen, pairEv: ION_PAIR_EV.n2, energyKeV: 15 });
    const relative = chamber.currentA(7.57e11) / 1.25e-6;
    expect(relative).toBeGreaterThan(0.97);
    expect(relative).toBeLessThan(1.03);
    expect(chamber.passes).toBeGreaterThan(0.95);
    expect(chamber.passes).toBeLessThan(1);
  });

  it("follow the flux in proportion, and read nothing in the dark", () => {
    const diode = createDiode(tables, silicon, 60);
    expect(diode.currentA(0)).toBe(0);
    expect(diode.currentA(2e11)).toBeCloseTo(2 * diode.currentA(1e11), 12);
  });
});
