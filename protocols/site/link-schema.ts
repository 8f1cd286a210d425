/** Where an instrument is plugged in, as site files say it. `{position}` in a channel group stands for each position. */
import * as z from "zod";
import { isBrokerUrl } from "../bus/broker-url.ts";
import { strictObject } from "../input/section.ts";
import type { LinkAddress } from "./site.ts";

const HOST_AND_PORT = /^(\[[0-9a-fA-F:]+\]|(?:[A-Za-z0-9._-]|\{position\})+):(\d{1,5})$/;

const hostAndPort = z
  .string()
  .refine((text) => {
    const match = HOST_AND_PORT.exec(text);
    return match !== null && Number(match[2]) >= 1 && Number(match[2]) <= 65_535;
  }, "Write host:port, such as detector:41234.")
  .transform((text) => {
    const at = text.lastIndexOf(":");
    return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
  });

const devicePath = z
  .string()
  .startsWith("/", "Give the whole path, best one of /dev/serial/by-id that names the device.");

const baud = z.int().min(1200).max(4_000_000);

export const serialLink = strictObject({ serial: devicePath, baud }).transform(
  ({ serial, baud }) => ({ kind: "serial", path: serial, baud }) as const,
);

export const tcpLink = strictObject({ tcp: hostAndPort }).transform(({ tcp }) => ({ kind: "tcp", ...tcp }) as const);

export const httpLink = strictObject({ http: hostAndPort }).transform(
  ({ http }) => ({ kind: "http", ...http }) as const,
);

export const modbusRtuLink = strictObject({
  modbus_rtu: devicePath,
  baud,
  parity: z.enum(["none", "even", "odd"]).default("even"),
}).transform(({ modbus_rtu, ...rest }) => ({ kind: "modbus-rtu", path: modbus_rtu, ...rest }) as const);

export const mqttLink = strictObject({
  mqtt: z.string().refine(isBrokerUrl, "Write mqtt://host:port or mqtts://host:port; a password does not belong here."),
}).transform(({ mqtt }) => ({ kind: "mqtt", url: mqtt }) as const);

export const serialOrTcpLink = z.union(
  [serialLink, tcpLink],
  "Write { serial: /dev/..., baud: 115200 } or { tcp: host:port }.",
);

export const tcpOrMqttLink = z.union([tcpLink, mqttLink], "Write { tcp: host:port } or { mqtt: mqtt://host:port }.");

export const modbusLink = z.union(
  [tcpLink, modbusRtuLink],
  "Write { tcp: host:port } or { modbus_rtu: /dev/..., baud: 9600, parity: even }.",
);

/** Whether a link is another one for each position. */
export function isPerPosition(link: LinkAddress): boolean {
  return placeOf(link).includes("{position}");
}

/** The link with `{position}` filled in. */
export function linkAt<Address extends LinkAddress>(link: Address, position: string): Address {
  switch (link.kind) {
    case "serial":
    case "modbus-rtu":
      return { ...link, path: link.path.replaceAll("{position}", position) };
    case "tcp":
    case "http":
      return { ...link, host: link.host.replaceAll("{position}", position) };
    case "mqtt":
      return link;
  }
}

function placeOf(link: LinkAddress): string {
  switch (link.kind) {
    case "serial":
    case "modbus-rtu":
      return link.path;
    case "tcp":
    case "http":
      return link.host;
    case "mqtt":
      return link.url;
  }
}
