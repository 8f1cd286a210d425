/**
 * Photon flux from the current of an ion chamber or a diode, by the energy that each photon leaves there. One charge
 * is counted for each pair, as a fully collected pair moves one elementary charge (rules that count two carriers give
 * half of this flux). Energies per pair after Knoll and ICRU 31, as XrayDB has them.
 */
import type { AttenuationTables } from "./attenuation.ts";
import { comptonEnergyFraction } from "./klein-nishina.ts";
import { opticalPath, type Layer } from "./layer-stack.ts";

/** eV per ion pair. */
export const ION_PAIR_EV = { he: 41.3, n2: 34.8, air: 33.8, ar: 26.4, kr: 24.4 } as const;
export type ChamberGas = keyof typeof ION_PAIR_EV;

/** eV per pair of electron and hole in silicon. */
export const SILICON_PAIR_EV = 3.68;

const ELEMENTARY_CHARGE_C = 1.602176634e-19;

/**
 * Photons per second per ampere: F = I W / (e E_dep), with E_dep = E (1 - exp(-mu L)) (tau + f_KN sigma_inc)/mu.
 * Holds up to about 40 keV in an atmospheric chamber; above, photoelectrons reach plates and walls, and the site's
 * factor must come from a diode. Throws Fault `dose.input` like the tables.
 */
export function chamberPhotonsPerAs(tables: AttenuationTables, gas: Layer, pairEv: number, energyKeV: number): number {
  const mass = tables.coefficients(gas.massFractions, energyKeV);
  const kept = (mass.muPhotoCm2G + comptonEnergyFraction(energyKeV) * mass.muIncCm2G) / mass.muCm2G;
  return pairEv / (ELEMENTARY_CHARGE_C * 1000 * energyKeV * stopped(opticalPath(mass, gas)) * kept);
}

/** Of a diode, g/cm3. */
export const SILICON_DENSITY = 2.33;

/** The same for a fully depleted silicon diode: F = I eps / (e E f), with f = (mu_en/mu) (1 - exp(-x)). */
export function diodePhotonsPerAs(tables: AttenuationTables, silicon: Layer, energyKeV: number): number {
  const mass = tables.coefficients(silicon.massFractions, energyKeV);
  const kept = mass.muEnCm2G / mass.muCm2G;
  return SILICON_PAIR_EV / (ELEMENTARY_CHARGE_C * 1000 * energyKeV * stopped(opticalPath(mass, silicon)) * kept);
}

/** 1 - exp(-x), without cancellation for what hardly stops anything. */
function stopped(path: number): number {
  return -Math.expm1(-path);
}
