/** From an address in a site file to the way of opening a link there. */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import type { LinkAddress } from "../../protocols/site/site.ts";
import { createSerialOpenLink } from "./serial-link.ts";
import { createTcpOpenLink } from "./tcp-link.ts";

const MQTT_PORT = 1883;
const MQTTS_PORT = 8883;

/** `name` is the instrument's, for faults. Nothing is opened yet. Throws Fault `site.invalid` for a broker's URL that is none. */
export function createOpenLink(address: LinkAddress, name: string, clock: Clock): OpenLink {
  switch (address.kind) {
    case "serial":
      return createSerialOpenLink({ name, path: address.path, baud: address.baud, clock });
    case "modbus-rtu":
      return createSerialOpenLink({ name, path: address.path, baud: address.baud, parity: address.parity, clock });
    case "tcp":
    case "http":
      return createTcpOpenLink({ name, host: bareHost(address.host), port: address.port, clock });
    case "mqtt": {
      const { host, port, isSecure } = brokerPlace(address.url, name);
      return createTcpOpenLink({ name, host, port, clock, tls: isSecure });
    }
  }
}

function brokerPlace(url: string, name: string): { host: string; port: number; isSecure: boolean } {
  if (!URL.canParse(url)) throw new Fault("site.invalid", name, `${url} is no address of a broker`);
  const { protocol, hostname, port } = new URL(url);
  const isSecure = protocol === "mqtts:";
  const usual = isSecure ? MQTTS_PORT : MQTT_PORT;
  return { host: bareHost(hostname), port: port === "" ? usual : Number(port), isSecure };
}

/** IPv6 addresses stand in brackets where a port follows. */
function bareHost(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}
