/** One cable of the bench: a real endpoint, what can go wrong on it, and the end that the simulated instrument holds. */
import { assert } from "../../protocols/base/assert.ts";
import type { SiteCable } from "../../protocols/site/site-cables.ts";
import { hostAndPort } from "../../protocols/site/site-lookup.ts";
import type { LinkAddress } from "../../protocols/site/site.ts";
import type { HttpEnd } from "../../simulator/plant/http-end.ts";
import type { Chance, DeviceEnd, WorldClock } from "../../simulator/plant/plant.ts";
import type { FaultyInstrument } from "./bench-faults.ts";
import { createBenchBroker, type BenchBroker } from "./broker.ts";
import { createFaultyEnd } from "./faulty-end.ts";
import { createHttpListener } from "./http-listener.ts";
import { createDevicePort, type BenchListener } from "./listener.ts";
import { createModbusTcpListener } from "./modbus-tcp-listener.ts";
import { createPtyListener } from "./pty-listener.ts";
import { createTcpListener } from "./tcp-listener.ts";

interface ServedCommon {
  readonly cable: SiteCable;
  readonly link: LinkAddress;
  readonly listener: BenchListener;
  readonly switches: FaultyInstrument["switches"];
}

export type ServedCable =
  | (ServedCommon & { readonly speaks: "bytes"; readonly end: DeviceEnd })
  | (ServedCommon & { readonly speaks: "http"; readonly end: HttpEnd })
  | (ServedCommon & { readonly speaks: "mqtt"; readonly broker: BenchBroker });

/** How far a lying monitor is off. */
const LIE_FACTOR = 1.5;

/** `link` is where it is to be served. Nothing listens yet. */
export async function createServedCable(
  cable: SiteCable,
  link: LinkAddress,
  clock: WorldClock,
  chance: Chance,
): Promise<ServedCable> {
  switch (link.kind) {
    case "mqtt":
      return brokerCable(cable, link, await createBenchBroker(hostAndPort(link), clock));
    case "http": {
      const listener = createHttpListener(hostAndPort(link), clock, chance);
      const switches = { ...plugSwitch(listener), ...cableSwitches(listener) };
      return { cable, link, listener, switches, speaks: "http", end: listener.end };
    }
    case "serial":
    case "modbus-rtu":
    case "tcp": {
      const port = createDevicePort();
      const tcp = cable.driver === "modbus-io" ? createModbusTcpListener : createTcpListener;
      const listener = link.kind === "tcp" ? tcp(hostAndPort(link), port) : createPtyListener(link.path, port);
      const faulty = createFaultyEnd(port.end, clock, chance);
      const switches = { ...plugSwitch(listener), ...cableSwitches(faulty) };
      return { cable, link, listener, switches, speaks: "bytes", end: faulty.end };
    }
  }
}

function brokerCable(cable: SiteCable, link: LinkAddress, broker: BenchBroker): ServedCable {
  const { flaws } = broker;
  return {
    cable,
    link,
    listener: broker,
    speaks: "mqtt",
    broker,
    switches: {
      ...plugSwitch(broker),
      hang(on) {
        flaws.isSilent = on;
      },
      garble(on) {
        flaws.isGarbled = on;
      },
      slow(on, byMs) {
        flaws.lateMs = on ? byMs : 0;
      },
      lie(on) {
        flaws.factor = on ? LIE_FACTOR : 1;
      },
    },
  };
}

/** Another client of a broker that listens already; it is plugged and let go of with the first. */
export function onSameBroker(cable: SiteCable, first: ServedCable): ServedCable {
  const nothing = (): Promise<void> => Promise.resolve();
  const listener: BenchListener = {
    get where() {
      return first.listener.where;
    },
    ...{ plug: nothing, unplug: nothing, close: nothing },
  };
  return { ...first, cable, listener };
}

function plugSwitch(listener: BenchListener): FaultyInstrument["switches"] {
  return { unplug: (on) => (on ? listener.unplug() : listener.plug()) };
}

/** What can be wrong on a cable that stays plugged in. */
export interface CableFlaws {
  /** While hung the connection stays open and nothing passes; what is sent is lost. */
  hang(isHung: boolean): void;
  /** Everything is this late, either way; 0 for nothing. */
  slow(byMs: number): void;
  /** Something of each message to the host is changed. */
  garble(isGarbled: boolean): void;
}

function cableSwitches(flaws: CableFlaws): FaultyInstrument["switches"] {
  return {
    hang(on) {
      flaws.hang(on);
    },
    garble(on) {
      flaws.garble(on);
    },
    slow(on, byMs) {
      flaws.slow(on ? byMs : 0);
    },
  };
}

/** The end that a simulated instrument on bytes holds. */
export function byteEnd(served: ServedCable): DeviceEnd {
  assert(served.speaks === "bytes", `${served.cable.name} does not speak in bytes`);
  return served.end;
}

export function httpEnd(served: ServedCable): HttpEnd {
  assert(served.speaks === "http", `${served.cable.name} does not speak HTTP`);
  return served.end;
}

export function brokerOf(served: ServedCable): BenchBroker {
  assert(served.speaks === "mqtt", `${served.cable.name} is no broker`);
  return served.broker;
}
