/** The cables of a site: what is plugged in where. A cabinet of many channels is one cable. */
import type { Position } from "../base/position.ts";
import type { LinkAddress, Site, SiteChannel } from "./site.ts";

export interface SiteCable {
  /** The instrument's, or the cabinet's. */
  readonly name: string;
  readonly driver: string;
  readonly link: LinkAddress;
  /** Whose channels hang on it; empty for the beamline's instruments. */
  readonly positions: readonly Position[];
}

/** Channels in the order of `positions` (those without a channel are left out), then the beamline. */
export function siteCables(site: Site, positions: readonly Position[]): readonly SiteCable[] {
  const wired = new Map(site.channels.map((channel) => [channel.position, channel]));
  const channelCables = new Map<string, { cable: SiteCable; positions: Position[] }>();
  for (const position of positions) {
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
  return [...[...channelCables.values()].map(({ cable }) => cable), ...beamlineCables(site)];
}

/** The name of the cable a channel hangs on. */
export function cableOf(channel: SiteChannel): string {
  return channel.driver === "neware-bts" ? channel.cabinet.name : channel.name;
}

function beamlineCables(site: Site): readonly SiteCable[] {
  return [site.stage, site.io, site.detector, ...site.sensorSources].map(({ name, driver, link }) => ({
    name,
    driver,
    link,
    positions: [],
  }));
}
