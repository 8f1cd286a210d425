/** What ring current and flux monitor have said: lately for the gate, over an exposure for its settlement. */
import type { AttenuationTables } from "../../protocols/dose/attenuation.ts";
import { fluxOfReading } from "../../protocols/site/flux-of-reading.ts";
import type { Site } from "../../protocols/site/site.ts";
import { createFluxHistory, type FluxHistory } from "../dose/flux.ts";
import type { FluxWatch } from "./flux-watch.ts";
import type { CampaignRoles } from "./roles.ts";

export interface BeamReadings {
  /** Null when nothing fresh is known. */
  readonly ringCurrentMa: () => number | null;
  readonly ringCurrent: FluxHistory;
  /** Photons per second; empty where the monitor stands behind the shutter. */
  readonly monitor: FluxHistory;
  listen(fluxWatch: Pick<FluxWatch, "read">): void;
}

const READINGS_KEPT = 64;

export function createBeamReadings(
  { beam }: Pick<Site, "beam">,
  tables: AttenuationTables,
  roles: Pick<CampaignRoles, "ringCurrent" | "flux">,
): BeamReadings {
  const monitor = createFluxHistory(READINGS_KEPT);
  const ringCurrent = createFluxHistory(READINGS_KEPT);
  const toFluxPhS = fluxOfReading(beam, tables);
  return {
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
    },
  };
}
