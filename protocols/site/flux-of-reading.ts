/** Photons per second at the sample from a reading of the site's flux monitor. */
import type { AttenuationTables } from "../dose/attenuation.ts";
import { chamberPhotonsPerAs, diodePhotonsPerAs } from "../dose/flux-monitor.ts";
import type { SiteBeam } from "./site.ts";

/**
 * A monitor that gives photons per second is taken at its word; a current loses its dark current, becomes photons in
 * the monitor, and photons at the sample by the site's factor. What is not above the dark current by more than noise
 * may come out below zero: that is no flux, and is not believed.
 */
export function fluxOfReading(beam: SiteBeam, tables: AttenuationTables): (value: number) => number {
  const { monitor } = beam;
  if (monitor === undefined) return (value) => value;
  const perAs =
    monitor.kind === "ion_chamber"
      ? chamberPhotonsPerAs(tables, monitor.layer, monitor.pairEv, beam.energyKeV)
      : diodePhotonsPerAs(tables, monitor.layer, beam.energyKeV);
  return (currentA) => (currentA - monitor.darkA) * perAs * monitor.factor;
}
