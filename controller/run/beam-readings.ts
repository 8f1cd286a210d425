/** What ring current and flux monitor have said: lately for the gate, over an exposure for its settlement. */
import type { AttenuationTables } from "../../protocols/dose/attenuation.ts";
import { diodePhotonsPerAs, SILICON_DENSITY } from "../../protocols/dose/flux-monitor.ts";
import { fluxOfReading } from "../../protocols/site/flux-of-reading.ts";
import type { Site } from "../../protocols/site/site.ts";
import { FALL_BELIEVED_MS } from "../beam/exposure-flux.ts";
import { createFluxHistory, type FluxHistory } from "../dose/flux.ts";
import type { FluxWatch } from "./flux-watch.ts";
import type { CampaignRoles } from "./roles.ts";

export interface BeamReadings {
  /** Null when nothing fresh is known. */
  readonly ringCurrentMa: () => number | null;
  readonly ringCurrent: FluxHistory;
  /** Photons per second; empty where the monitor stands behind the shutter. */
  readonly monitor: FluxHistory;
  /** What came through the cell; left out where the site has no diode behind the rack. */
  readonly transmitted?: TransmittedBeam;
  listen(fluxWatch: Pick<FluxWatch, "read">): void;
}

export interface TransmittedBeam {
  /** Of the diode, ampere. */
  readonly history: FluxHistory;
  /** Photons per second for each ampere; null where the site does not say how thick its silicon is. */
  readonly photonsPerAs: number | null;
  /** From here on it tells no more, ampere. */
  readonly saturatedFromA: number;
}

/** Ten a second, for as long as a fall of the ring current is not believed. */
const READINGS_KEPT = (10 * FALL_BELIEVED_MS) / 1000;
/** Of a diode that is read ten times a second, through the longest of exposures' last minute. */
const DIODE_READINGS_KEPT = 600;

export function createBeamReadings(
  site: Pick<Site, "beam" | "alignment">,
  tables: AttenuationTables,
  roles: Pick<CampaignRoles, "ringCurrent" | "flux" | "transmitted">,
): BeamReadings {
  const { beam } = site;
  const monitor = createFluxHistory(READINGS_KEPT);
  const ringCurrent = createFluxHistory(READINGS_KEPT);
  const toFluxPhS = fluxOfReading(beam, tables);
  const transmitted = roles.transmitted === undefined ? undefined : transmittedBeam(site, tables);
  return {
    ...(transmitted === undefined ? {} : { transmitted }),
    ringCurrentMa: () => roles.ringCurrent.fresh()?.value ?? null,
    ringCurrent,
    monitor,
    listen(fluxWatch) {
      roles.ringCurrent.onReading((reading) => {
        ringCurrent.add(reading.arrivedAtMs, reading.value);
      });
      roles.flux.onReading((reading) => {
        const fluxPhS = toFluxPhS(reading.value);
        if (beam.monitor?.isBehindShutter === true) fluxWatch.read(reading.arrivedAtMs, fluxPhS);
        else monitor.add(reading.arrivedAtMs, fluxPhS);
      });
      roles.transmitted?.onReading((reading) => {
        transmitted?.history.add(reading.arrivedAtMs, reading.value);
      });
    },
  };
}

function transmittedBeam(
  { beam, alignment }: Pick<Site, "beam" | "alignment">,
  tables: AttenuationTables,
): TransmittedBeam {
  const thicknessMm = alignment?.diodeSiliconMm;
  const silicon = { name: "diode", densityGCm3: SILICON_DENSITY, massFractions: { Si: 1 } };
  return {
    history: createFluxHistory(DIODE_READINGS_KEPT),
    photonsPerAs:
      thicknessMm === undefined ? null : diodePhotonsPerAs(tables, { ...silicon, thicknessMm }, beam.energyKeV),
    saturatedFromA: alignment?.saturatedFrom ?? Infinity,
  };
}
