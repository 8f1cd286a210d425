/** Filters in front of the sample: always normal to the beam. */
import type { AttenuationTables } from "./attenuation.ts";
import { opticalPath, type Layer } from "./layer-stack.ts";

/** Share of the beam that passes all filters; 1 when there are none. Throws Fault `dose.input` like the tables. */
export function filterTransmission(tables: AttenuationTables, filters: readonly Layer[], energyKeV: number): number {
  let path = 0;
  for (const filter of filters) path += opticalPath(tables.coefficients(filter.massFractions, energyKeV), filter);
  return Math.exp(-path);
}
