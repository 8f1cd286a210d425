/** Finding things in a site. */
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
