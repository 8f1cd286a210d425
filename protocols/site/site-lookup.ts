/** Finding things in a site. */
import { placedSpot } from "../align/placement.ts";
import { Fault } from "../base/fault.ts";
import { columnIndex, placeOf, positionIndex, rowIndex } from "../base/position.ts";
import type { Occupant } from "../base/position.ts";
import type { TraySlot } from "../roles/sample-changer.ts";
import type { SiteSampleChanger } from "./further.ts";
import type { LinkAddress, Site, SiteChannel } from "./site.ts";

/** A link as one word, the same for two entries that mean the same port. */
export function linkText(link: LinkAddress): string {
  switch (link.kind) {
    case "serial":
    case "modbus-rtu":
      return link.path;
    case "tcp":
    case "http":
      return `${link.host.toLowerCase()}:${link.port}`;
    case "mqtt":
      return link.url.toLowerCase();
  }
}

/** Host and port of a link that has them, as sockets want them: no brackets. Throws Fault `site.invalid` for another. */
export function hostAndPort(link: LinkAddress): { readonly host: string; readonly port: number } {
  switch (link.kind) {
    case "tcp":
    case "http":
      return { host: unbracketed(link.host), port: link.port };
    case "mqtt":
      if (URL.canParse(link.url)) {
        const { protocol, hostname, port } = new URL(link.url);
        const usual = protocol === "mqtts:" ? MQTTS_PORT : MQTT_PORT;
        return { host: unbracketed(hostname), port: port === "" ? usual : Number(port) };
      }
      throw new Fault("site.invalid", link.url, `${link.url} is no address of a broker`);
    case "serial":
    case "modbus-rtu":
      throw new Fault("site.invalid", link.path, `${link.path} is a serial port, not a host`);
  }
}

const MQTT_PORT = 1883;
const MQTTS_PORT = 8883;

/** IPv6 addresses stand in brackets where a port follows. */
function unbracketed(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}

/** The channel wired to a position, or to that of a cell, or undefined. */
export function channelAt(site: Site, position: Occupant): SiteChannel | undefined {
  const place = placeOf(position);
  return site.channels.find((channel) => channel.position === place);
}

/** A robot brings the cells to one place in the beam; the stage there moves one cell, not the rack. */
export function bringsCells(site: Pick<Site, "sampleChanger">): boolean {
  return site.sampleChanger?.toBeam !== undefined;
}

/** Of the double gripper of this make. */
const DOUBLE_GRIPPER = 5;

export function hasDoubleGripper({ tool }: SiteSampleChanger): boolean {
  return tool === DOUBLE_GRIPPER;
}

/** Where the robot finds the cell of a position: slots are numbered as positions are, row by row, tray after tray. */
export function slotOf(changer: Pick<SiteSampleChanger, "slotsPerTray">, position: Occupant): TraySlot {
  const index = positionIndex(position);
  return { tray: Math.floor(index / changer.slotsPerTray) + 1, slot: (index % changer.slotsPerTray) + 1 };
}

/** Stage coordinates that bring the point of a cell at this offset from its centre into the beam. */
export function stageTarget(
  site: Site,
  position: Occupant,
  offset: { readonly xMm: number; readonly yMm: number },
): { readonly xMm: number; readonly yMm: number } {
  const { pitchMm, originXMm, originYMm } = site.rack;
  // A robot brings every cell to the same place: the stage moves the spots of that one.
  if (bringsCells(site)) return { xMm: originXMm + offset.xMm, yMm: originYMm + offset.yMm };
  if (site.rack.placement !== undefined) return placedSpot(site.rack, site.rack.placement, position, offset);
  return {
    xMm: originXMm + columnIndex(position) * pitchMm + offset.xMm,
    yMm: originYMm + rowIndex(position) * pitchMm + offset.yMm,
  };
}
