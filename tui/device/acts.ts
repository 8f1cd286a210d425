/** What `beamrack device` can do with an instrument, by the part it plays. */
import type { SiteOwnSensor } from "../../protocols/site/further.ts";
import { sensorCableOf } from "../../protocols/site/site-cables.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { SiteInstrument } from "../rig/drivers.ts";
import { driverActs, lookActs, type ActEntry } from "./act-entry.ts";
import { channelActs } from "./channel-acts.ts";
import { detectorActs } from "./detector-acts.ts";
import { changerActs, integratorActs, readerActs, sensorActs, triggerActs } from "./further-acts.ts";
import { ioActs } from "./io-acts.ts";
import { sourceLook } from "./looks.ts";
import { registerActs } from "./register-acts.ts";
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
      if (source !== undefined) return lookActs(sourceLook(source, instrument.name));
      const own = site.sensors?.find(({ name }) => name === instrument.name);
      return [...sensorActs(found.instrument), ...(own === undefined ? [] : ownRegisters(own))];
    }
    case "sensor-source": {
      const source = site.sensorSources.find(({ name }) => name === instrument.name);
      return source === undefined ? driverActs(instrument) : lookActs(sourceLook(source));
    }
    case "sample-changer":
      return changerActs(found.instrument);
    case "barcode-reader":
      return readerActs(found.instrument);
    case "integrator":
      return integratorActs(found.instrument);
    case "trigger":
      return triggerActs(found.instrument);
  }
}

function ownRegisters(sensor: SiteOwnSensor): readonly ActEntry[] {
  if (sensor.driver !== "eurotherm-modbus") return [];
  const { name, link, unitId } = sensor;
  const danger = "A register of a controller may change what it heats to.";
  return registerActs({ name, cable: sensorCableOf(sensor), link, unitId, danger });
}
