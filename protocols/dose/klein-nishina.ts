/** Share of a photon's energy that Compton scattering gives to the electron. */

const ELECTRON_REST_ENERGY_KEV = 510.999;

/**
 * Mean fraction of the photon energy given to the electron in one Compton scattering, free electron at rest:
 * 1 - S/T with the total (T) and the scattered-energy (S) Klein-Nishina cross sections, both over 2 pi r_e^2. The
 * closed form loses digits as the energy falls; from 4 keV up it holds to 1e-7.
 */
export function comptonEnergyFraction(energyKeV: number): number {
  const k = energyKeV / ELECTRON_REST_ENERGY_KEV;
  const b = 1 + 2 * k;
  const logarithm = Math.log1p(2 * k);
  const total = ((1 + k) / k ** 2) * ((2 * (1 + k)) / b - logarithm / k) + logarithm / (2 * k) - (1 + 3 * k) / b ** 2;
  const scattered =
    logarithm / (2 * k ** 3) + ((1 + k) * (2 * k ** 2 - 2 * k - 1)) / (k ** 2 * b ** 2) + (4 * k ** 2) / (3 * b ** 3);
  return 1 - scattered / total;
}
