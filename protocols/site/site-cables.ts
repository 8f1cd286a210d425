/** The cables of a site: what is plugged in where. A cabinet of many channels is one cable. */
import { placeOf, type Occupant, type Position } from "../base/position.ts";
import type { SiteOwnSensor, SiteSampleChanger } from "./further.ts";
import type { LinkAddress, Site, SiteChannel } from "./site.ts";

export interface SiteCable {
  /** The instrument's, or the cabinet's. */
  readonly name: string;
  readonly driver: string;
  readonly link: LinkAddress;
  /** Whose channels hang on it; empty for the beamline's instruments. */
  readonly positions: readonly Position[];
}

/** Channels in the order of `cells` (those without a channel are left out), then the beamline. */
export function siteCables(site: Site, cells: readonly Occupant[]): readonly SiteCable[] {
  const wired = new Map(site.channels.map((channel) => [channel.position, channel]));
  const channelCables = new Map<string, { cable: SiteCable; positions: Position[] }>();
  for (const position of new Set(cells.map(placeOf))) {
    const channel = wired.get(position);
    if (channel === undefined) continue;
    const name = cableOf(channel);
    const known = channelCables.get(name);
    if (known !== undefined) {
      known.positions.push(position);
      continue;
    }
    const own = [position];
    channelCables.set(name, {
      cable: { name, driver: channel.driver, link: channel.link, positions: own },
      positions: own,
    });
  }
  const others = beamlineCables(site).filter(({ name }) => !channelCables.has(name));
  return [...[...channelCables.values()].map(({ cable }) => cable), ...others];
}

/** The name of the cable a channel hangs on. */
export function cableOf(channel: SiteChannel): string {
  return channel.driver === "neware-bts" ? channel.cabinet.name : busOr(channel.name, channel.link);
}

/** The name of the cable of a sensor of its own. */
export function sensorCableOf(sensor: SiteOwnSensor): string {
  return busOr(sensor.name, sensor.link);
}

/** The questions' cable of a sample changer, beside that of its commands. */
export function monitorCableOf(changer: SiteSampleChanger): string {
  return `${changer.name} monitor`;
}

/** Units on one line share its cable, which goes by the name of its port. */
function busOr(name: string, link: LinkAddress): string {
  return link.kind === "modbus-rtu" ? link.path : name;
}

function beamlineCables(site: Site): readonly SiteCable[] {
  const { sampleChanger, barcodeReader, integrator, trigger, sensors = [] } = site;
  const own = [
    site.stage,
    site.io,
    site.detector,
    ...site.sensorSources,
    ...(trigger === undefined ? [] : [trigger]),
    ...(barcodeReader === undefined ? [] : [barcodeReader]),
    ...(integrator === undefined ? [] : [integrator]),
    ...(sampleChanger === undefined
      ? []
      : [sampleChanger, { ...sampleChanger, name: monitorCableOf(sampleChanger), link: sampleChanger.monitorLink }]),
  ];
  const cables = new Map<string, SiteCable>();
  for (const { name, driver, link } of own) cables.set(name, { name, driver, link, positions: [] });
  for (const sensor of sensors) {
    const name = sensorCableOf(sensor);
    if (!cables.has(name)) cables.set(name, { name, driver: sensor.driver, link: sensor.link, positions: [] });
  }
  return [...cables.values()];
}
