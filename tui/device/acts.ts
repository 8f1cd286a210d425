/** What `beamrack device` can do with an instrument, by the part it plays. */
import type { Site } from "../../protocols/site/site.ts";
import type { SiteInstrument } from "../rig/drivers.ts";
import { driverActs, lookActs, type ActEntry } from "./act-entry.ts";
import { channelActs } from "./channel-acts.ts";
import { detectorActs } from "./detector-acts.ts";
import { ioActs } from "./io-acts.ts";
import { sourceLook } from "./looks.ts";
import { stageActs } from "./stage-acts.ts";

/** Every command that this instrument understands. */
export function actsFor(site: Site, found: SiteInstrument): readonly ActEntry[] {
  const { instrument } = found;
  switch (found.role) {
    case "channel": {
      const wired = site.channels.find((channel) => channel.name === instrument.name);
      return wired === undefined ? driverActs(instrument) : channelActs(wired, found.instrument);
    }
    case "stage":
      return stageActs(found.instrument);
    case "io":
      return ioActs(found.instrument);
    case "detector":
      return detectorActs(found.instrument);
    case "sensor": {
      const source = site.sensorSources.find(({ sensors }) => sensors.some(({ name }) => name === instrument.name));
      return source === undefined ? driverActs(instrument) : lookActs(sourceLook(source, instrument.name));
    }
    case "sensor-source": {
      const source = site.sensorSources.find(({ name }) => name === instrument.name);
      return source === undefined ? driverActs(instrument) : lookActs(sourceLook(source));
    }
    default:
      return driverActs(instrument);
  }
}
