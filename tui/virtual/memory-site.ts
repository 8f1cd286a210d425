/**
 * The instruments of a site in this process: simulated ones on in-memory cables with a simulated world behind them,
 * and what the production drivers need to talk to them.
 */
import type { Felt } from "../../simulator/plant/felt.ts";
import { assert } from "../../protocols/base/assert.ts";
import { positionIndex, type Position } from "../../protocols/base/position.ts";
import { siteCables } from "../../protocols/site/site-cables.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { VirtualClock } from "../../simulator/clock/virtual-clock.ts";
import { createMemoryHttp, type MemoryHttp } from "../../simulator/links/memory-http.ts";
import { createMemoryLink, isMethodScriptData, type MemoryLink } from "../../simulator/links/memory-link.ts";
import type { InstrumentTrouble } from "../../simulator/measurement/instrument-trouble.ts";
import type { MessageEnd } from "../../simulator/json-integrator/integrator-twin.ts";
import { createMqttSource } from "../../simulator/mqtt-source/mqtt-source.ts";
import type { Chance } from "../../simulator/plant/plant.ts";
import type { DriverDeps } from "../rig/drivers.ts";
import { localStepFile } from "../rig/step-files.ts";
import { createTwins, type TwinWorld } from "../rig/twins.ts";

export interface MemorySiteInputs {
  readonly site: Site;
  /** Whose channels are there. */
  readonly positions: readonly Position[];
  readonly world: TwinWorld;
  readonly clock: VirtualClock;
  /** What is printed on the cell at a position; by default its place. */
  readonly codeOf?: (position: Position) => string | undefined;
  /** UTC at the clock's zero. */
  readonly startWallMs: number;
  /** Seeds what the channels' readings get wrong; without it they are exact but for their rounding. */
  readonly flaws?: Chance;
}

export interface MemorySite {
  readonly driverDeps: DriverDeps;
  /** By the name of the instrument or cabinet. */
  readonly links: ReadonlyMap<string, MemoryLink>;
  /** Cables of instruments that speak HTTP, by name. */
  readonly https: ReadonlyMap<string, MemoryHttp>;
  /** Of the cables that carry one channel. */
  readonly positionOfLink: ReadonlyMap<string, number>;
  /** Of those that carry several. */
  readonly positionsOfLink: ReadonlyMap<string, readonly number[]>;
  /** By cable: of instruments that can lose their power for a moment. */
  readonly powerCycles: ReadonlyMap<string, () => void>;
  /** By cable: of instruments that can go wrong themselves. */
  readonly troubles: ReadonlyMap<string, (trouble: InstrumentTrouble | null, felt?: Felt) => void>;
  /** By position, of channels behind one cable: how often one was ordered to stop. */
  readonly stopsHeard: ReadonlyMap<number, () => number>;
  /** Data packages the instruments made, whether or not anybody listened. */
  packageCount(): number;
  /** The publishers stop: nothing keeps the clock busy for ever. */
  stop(): void;
}

export function createMemorySite(inputs: MemorySiteInputs): MemorySite {
  const { site, positions, world, clock, flaws } = inputs;
  const links = new Map<string, MemoryLink>();
  const https = new Map<string, MemoryHttp>();
  const positionOfLink = new Map<string, number>();
  const positionsOfLink = new Map<string, readonly number[]>();
  for (const cable of siteCables(site, positions)) {
    const isSerial = cable.link.kind === "serial" || cable.link.kind === "modbus-rtu";
    const roundTripMs = isSerial ? site.latencies.serialRoundTripMs : site.latencies.tcpRoundTripMs;
    if (cable.link.kind === "http") {
      https.set(cable.name, createMemoryHttp(clock, { name: cable.name, latencyMs: roundTripMs / 2 }));
      continue;
    }
    const quiet = cable.driver === "palmsens-methodscript" ? { isQuiet: isMethodScriptData } : {};
    links.set(cable.name, createMemoryLink(clock, { name: cable.name, latencyMs: roundTripMs / 2, ...quiet }));
    const [position, ...others] = cable.positions;
    if (position !== undefined && others.length === 0) positionOfLink.set(cable.name, positionIndex(position));
    else if (others.length > 0) positionsOfLink.set(cable.name, cable.positions.map(positionIndex));
  }
  function linkOf(cable: string): MemoryLink {
    const link = links.get(cable);
    assert(link !== undefined, `no cable named ${cable}`);
    return link;
  }

  function httpOf(cable: string): MemoryHttp {
    const http = https.get(cable);
    assert(http !== undefined, `no HTTP cable named ${cable}`);
    return http;
  }

  /** The share of step files: this computer's path to the text. */
  const share = new Map<string, string>();
  const cabinets = new Map(
    site.channels.flatMap((channel) =>
      channel.driver === "neware-bts" ? [[channel.cabinet.name, channel.cabinet] as const] : [],
    ),
  );
  const twins = createTwins(site, positions, {
    world,
    clock,
    endOf: (cable) => linkOf(cable).end,
    httpEndOf: (cable) => httpOf(cable).end,
    publish: (source, topics) => createMqttSource({ end: linkOf(source.name).end, clock, topics }),
    messagesOf: (cable) => messagesOn(linkOf(cable), clock),
    readStepFile(name, path) {
      const cabinet = cabinets.get(name);
      const local = cabinet === undefined ? undefined : localStepFile(cabinet, path);
      return local === undefined ? undefined : share.get(local);
    },
    codeOf: inputs.codeOf ?? ((position) => `CELL-${position}`),
    startWallMs: inputs.startWallMs,
    ...(flaws === undefined ? {} : { flaws }),
  });
  return {
    driverDeps: {
      clock,
      openLinkOf: (cable) => linkOf(cable).openLink,
      httpPortOf: (cable) => httpOf(cable).port,
      writeFile(path, text) {
        share.set(path, text);
        return Promise.resolve();
      },
    },
    links,
    https,
    positionOfLink,
    positionsOfLink,
    powerCycles: twins.powerCycles,
    troubles: twins.troubles,
    stopsHeard: twins.stopsHeard,
    packageCount: () => twins.packageCount(),
    stop() {
      twins.stop();
    },
  };
}

/** A broker with the one client at this cable's other end, and a program beside it. */
function messagesOn({ end }: MemoryLink, clock: VirtualClock): MessageEnd {
  const handlers = new Map<string, (payload: string) => void>();
  const broker = createMqttSource({
    ...{ end, clock, topics: [] },
    heard(topic, payload) {
      handlers.get(topic)?.(Buffer.from(payload).toString("utf8"));
    },
  });
  return {
    publish(topic, payload) {
      broker.say(topic, payload);
    },
    onMessage(topic, handler) {
      handlers.set(topic, handler);
    },
  };
}
