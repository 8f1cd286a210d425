/** Finding things in a site. */
import { Fault } from "../base/fault.ts";
import { columnIndex, rowIndex } from "../base/position.ts";
import type { Position } from "../base/position.ts";
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

/** The channel wired to a position, or undefined. */
export function channelAt(site: Site, position: Position): SiteChannel | undefined {
  return site.channels.find((channel) => channel.position === position);
}

/** Stage coordinates that bring the point of a cell at this offset from its centre into the beam. */
export function stageTarget(
  site: Site,
  position: Position,
  offset: { readonly xMm: number; readonly yMm: number },
): { readonly xMm: number; readonly yMm: number } {
  const { pitchMm, originXMm, originYMm } = site.rack;
  return {
    xMm: originXMm + columnIndex(position) * pitchMm + offset.xMm,
    yMm: originYMm + rowIndex(position) * pitchMm + offset.yMm,
  };
}
