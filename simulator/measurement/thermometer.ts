/** A thermometer as it reads: an offset of its own, a little noise, steps of a hundredth of a kelvin. */
import type { Chance } from "../plant/plant.ts";

export interface ThermometerSizes {
  /** One standard deviation between thermometers. */
  readonly offsetK: number;
  readonly noiseK: number;
  readonly stepK: number;
}

export const TYPICAL_THERMOMETER: ThermometerSizes = { offsetK: 0.3, noiseK: 0.01, stepK: 0.01 };

export interface Thermometer {
  readC(trueC: number): number;
}

/** `chance` is the thermometer's own; without it the thermometer only rounds. */
export function createThermometer(
  chance: Chance | undefined,
  sizes: ThermometerSizes = TYPICAL_THERMOMETER,
): Thermometer {
  const offsetK = chance === undefined ? 0 : sizes.offsetK * Math.max(-3, Math.min(3, chance.normal()));
  return {
    readC(trueC) {
      const noiseK = chance === undefined ? 0 : sizes.noiseK * chance.normal();
      return Math.round((trueC + offsetK + noiseK) / sizes.stepK) * sizes.stepK;
    },
  };
}
