/** What the sensors of a site make of the rack and the beam: each with an offset and noise of its own. */
import type { Chance } from "../plant/plant.ts";
import type { RackSensors } from "../plant/rack-sensors.ts";
import type { WorldMonitors } from "../world/world-monitors.ts";
import { createThermometer } from "./thermometer.ts";

export type ReadQuantity = "temperature" | "gas" | "humidity" | "ion_chamber" | "diode";

export interface ReadWorld {
  readonly rackSensors: RackSensors;
  readonly monitors: WorldMonitors;
}

/** One standard deviation of noise (chosen): a photoionisation detector's, a capacitive sensor's, an electrometer's. */
const GAS_NOISE_PPM = 0.01;
const HUMIDITY_OFFSET = 2;
const HUMIDITY_NOISE = 0.1;
const CURRENT_NOISE = 0.002;
const DARK_A = 2e-12;

/**
 * Reads one quantity of the world, degrees Celsius, ppm, per cent or ampere. `chance` is the sensor's own; without it
 * the sensor only rounds. Times only grow.
 */
export function createWorldReading(
  quantity: ReadQuantity,
  { rackSensors, monitors }: ReadWorld,
  chance: Chance | undefined,
): (atMs: number) => number {
  const noise = (): number => chance?.normal() ?? 0;
  switch (quantity) {
    case "temperature": {
      const thermometer = createThermometer(chance);
      return (atMs) => {
        rackSensors.advance(atMs);
        return thermometer.readC(rackSensors.temperatureC);
      };
    }
    case "gas":
      return (atMs) => {
        rackSensors.advance(atMs);
        return rounded(Math.max(0, rackSensors.gasPpm + GAS_NOISE_PPM * noise()), 0.001);
      };
    case "humidity": {
      const offset = HUMIDITY_OFFSET * noise();
      return (atMs) => {
        rackSensors.advance(atMs);
        return rounded(
          Math.min(100, Math.max(0, rackSensors.humidityPercent + offset + HUMIDITY_NOISE * noise())),
          0.1,
        );
      };
    }
    case "ion_chamber":
      return (atMs) => monitors.ionChamberA(atMs) * (1 + CURRENT_NOISE * noise()) + DARK_A * (1 + noise());
    case "diode":
      return (atMs) => monitors.diodeA(atMs) * (1 + CURRENT_NOISE * noise()) + DARK_A * (1 + noise());
  }
}

function rounded(value: number, step: number): number {
  return Number((Math.round(value / step) * step).toFixed(6));
}
