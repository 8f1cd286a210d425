/**
 * A rack of simulated instruments on real endpoints of this computer, with one simulated world behind them. It answers
 * whoever comes: the controller in another process, the device command, a vendor's own client.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { assert } from "../../protocols/base/assert.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import { positionIndex, type Position } from "../../protocols/base/position.ts";
import { siteCables, type SiteCable } from "../../protocols/site/site-cables.ts";
import { linkText } from "../../protocols/site/site-lookup.ts";
import type { LinkAddress, Site, SiteNewareCabinet } from "../../protocols/site/site.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import type { WorldSetup } from "../../simulator/world/rack-setup.ts";
import type { WorldCell } from "../../simulator/world/world-site.ts";
import type { FrameTables, FrameWorld } from "../../simulator/world/frame-world.ts";
import { createWorld, type World } from "../../simulator/world/world.ts";
import { localStepFile } from "../rig/step-files.ts";
import { createTwins, type SiteTwins, type TwinDeps } from "../rig/twins.ts";
import { worldOptionsOf } from "../rig/world-options.ts";
import type { WorldData } from "../virtual/load-world-data.ts";
import { createBenchFaults, type BenchFaults, type FaultSwitch, type FaultyInstrument } from "./bench-faults.ts";
import { createBenchImages, type BenchImages } from "./bench-images.ts";
import { benchAddress, benchStepFolder } from "./bench-address.ts";
import type { BenchBroker } from "./broker.ts";
import { FAULT_ANSWER_TOPIC, FAULT_ORDER_TOPIC, readFaultOrder, type FaultAnswer } from "./fault-order.ts";
import { createLyingWorld } from "./lying-world.ts";
import { brokerOf, byteEnd, createServedCable, httpEnd, onSameBroker, type ServedCable } from "./served-cable.ts";
import { createWallWorldClock } from "./wall-world-clock.ts";

export interface BenchInputs {
  readonly site: Site;
  readonly cells: readonly WorldCell[];
  /** Whose channels are served. */
  readonly positions: readonly Position[];
  /** What is printed on the cell at a position; undefined where there is none. */
  readonly codeOf: (position: Position) => string | undefined;
  /** Fractions of the dose; of a campaign when there is one. */
  readonly stackUncertainty: number;
  readonly data: WorldData;
  /** With them frames have contents, for a site whose integrator is asked for patterns. */
  readonly frameTables?: FrameTables;
  readonly seed: number;
  /** Seconds of a cell's life in one of the wall's. */
  readonly speed: number;
  /** Where the detector's images are written, under their own names; without it there are none. */
  readonly framesFolder?: string;
  /** How the rack truly stands, where not as the site has it. */
  readonly setup?: WorldSetup;
  /** Where serial ports stand that the site puts under /dev. */
  readonly folder: string;
  readonly clock: Clock;
  /** A simulated instrument broke: a defect of beamrack. */
  readonly onError: (error: Error) => void;
}

export interface BenchPlace {
  /** Of the instrument or cabinet. */
  readonly name: string;
  readonly driver: string;
  /** As the site file would name it. */
  readonly link: LinkAddress;
  /** A path, host:port or URL. */
  readonly where: string;
}

export interface Bench {
  readonly places: readonly BenchPlace[];
  readonly faults: BenchFaults;
  /** What is really there and was really done, with the time that it counts from: for whoever judges a controller by it. */
  readonly truth: { readonly world: World; readonly startWallMs: number; readonly nowMs: () => number };
  /** Lets go of every endpoint. */
  close(): Promise<void>;
}

/** Rejects with Fault `bench.listen` when an endpoint cannot be had; nothing is left open then. */
export async function startBench(inputs: BenchInputs): Promise<Bench> {
  const { site, positions } = inputs;
  const clock = createWallWorldClock(inputs.clock, inputs.onError);
  const chance = createChance(inputs.seed);
  const { uncertainty } = site.beam;
  const inner = createWorld({
    clock,
    chance: chance.stream("world"),
    site,
    cells: inputs.cells,
    uncertainty: { ...uncertainty, stack: inputs.stackUncertainty },
    designs: inputs.data.designs,
    models: inputs.data.models,
    attenuation: inputs.data.attenuation,
    ...(inputs.frameTables === undefined ? {} : { frameTables: inputs.frameTables }),
    options: {
      ...worldOptionsOf(site, inputs.codeOf),
      ...(inputs.setup === undefined ? {} : { setup: inputs.setup }),
    },
  });
  const images = imagesOf(inputs, inner.frameWorld, clock.startWallMs);
  const { world, lie } = createLyingWorld(inner, clock.nowMs(), inputs.speed);
  const faultChance = chance.stream("faults on command");

  const served = new Map<string, ServedCable>();
  for (const cable of siteCables(site, positions)) {
    const link = benchAddress(cable.link, inputs.folder);
    // Clients of one broker meet there.
    const broker = [...served.values()].find(
      (one) => one.speaks === "mqtt" && cable.link.kind === "mqtt" && linkText(one.cable.link) === linkText(cable.link),
    );
    served.set(
      cable.name,
      broker === undefined
        ? await createServedCable(cable, link, clock, faultChance.stream(cable.name))
        : onSameBroker(cable, broker),
    );
  }
  const all = [...served.values()];
  function cableOf(name: string): ServedCable {
    const found = served.get(name);
    assert(found !== undefined, `no cable named ${name}`);
    return found;
  }

  const cabinets = new Map(
    site.channels.flatMap((channel) =>
      channel.driver === "neware-bts"
        ? [[channel.cabinet.name, servedCabinet(channel.cabinet, inputs.folder)] as const]
        : [],
    ),
  );
  let twins: SiteTwins | undefined;
  async function close(): Promise<void> {
    twins?.stop();
    clock.stop();
    await Promise.all(all.map(({ listener }) => listener.close()));
  }
  try {
    twins = createTwins(site, positions, twinDeps());
    // Sockets first: a second bench of the site fails there, before it takes over the paths of the first one's ports.
    for (const one of [...all].sort((a, b) => Number(isPath(a.link)) - Number(isPath(b.link))))
      await one.listener.plug();
  } catch (error) {
    await close();
    throw error;
  }

  function twinDeps(): TwinDeps {
    return {
      world,
      clock,
      endOf: (cable) => byteEnd(cableOf(cable)),
      httpEndOf: (cable) => httpEnd(cableOf(cable)),
      publish: (source, topics) => brokerOf(cableOf(source.name)).speak(topics),
      messagesOf(cable) {
        const broker = brokerOf(cableOf(cable));
        return {
          publish(topic, payload) {
            broker.say(topic, payload);
          },
          onMessage(topic, handler) {
            broker.onMessage(topic, handler);
          },
        };
      },
      readStepFile(name, path) {
        const cabinet = cabinets.get(name);
        const local = cabinet === undefined ? undefined : localStepFile(cabinet, path);
        return local === undefined ? undefined : textOf(local);
      },
      codeOf: inputs.codeOf,
      startWallMs: clock.startWallMs,
      flaws: chance.stream("instruments"),
      ...(images === undefined ? {} : { patternOf: (framePath) => images.patternOf(framePath) }),
    };
  }

  const faults = createBenchFaults(
    [
      ...all.map(({ cable, switches }) => {
        const own = lieOf(cable);
        return { name: cable.name, switches: own === undefined ? switches : { ...switches, lie: own } };
      }),
      ...cabinetChannels(),
    ],
    clock,
  );
  for (const one of all) if (one.speaks === "mqtt") obey(one.broker, faults);

  function lieOf(cable: SiteCable): FaultSwitch | undefined {
    const [position, ...others] = cable.positions;
    if (position !== undefined)
      return others.length === 0 && cabinets.get(cable.name) === undefined ? cellLie(position) : undefined;
    if (cable.name === site.stage.name)
      return (on) => {
        lie({ kind: "stage" }, on);
      };
    if (cable.name === site.io.name)
      return (on) => {
        lie({ kind: "shutter" }, on);
      };
    return undefined;
  }

  function cellLie(position: Position): FaultSwitch {
    return (on) => {
      lie({ kind: "cell", positionIndex: positionIndex(position) }, on);
    };
  }

  /** Channels behind a shared client have no cable of their own; they can lie all the same. */
  function cabinetChannels(): readonly FaultyInstrument[] {
    const wanted = new Set(positions);
    return site.channels.flatMap((channel) =>
      channel.driver === "neware-bts" && wanted.has(channel.position)
        ? [{ name: channel.name, switches: { lie: cellLie(channel.position) } }]
        : [],
    );
  }

  const truth = { world: inner, startWallMs: clock.startWallMs, nowMs: () => clock.nowMs() };
  return { places: all.map(placeOf), faults, truth, close };
}

function imagesOf(
  { framesFolder, seed, clock, onError }: BenchInputs,
  frames: FrameWorld | undefined,
  startWallMs: number,
): BenchImages | undefined {
  if (framesFolder === undefined || frames === undefined) return undefined;
  return createBenchImages({ frames, folder: framesFolder, seed, startWallMs, clock, onError });
}

function placeOf({ cable: { name, driver }, link, listener }: ServedCable): BenchPlace {
  const { where } = listener;
  switch (link.kind) {
    case "serial":
    case "modbus-rtu":
      return { name, driver, where, link: { ...link, path: where } };
    case "tcp":
    case "http":
      return { name, driver, where, link: { ...link, port: Number(where.slice(where.lastIndexOf(":") + 1)) } };
    case "mqtt":
      return { name, driver, where, link: { kind: "mqtt", url: where } };
  }
}

function obey(broker: BenchBroker, faults: BenchFaults): void {
  const tell = ({ id, ok, what }: FaultAnswer): void => {
    broker.publish(FAULT_ANSWER_TOPIC, JSON.stringify({ id, ok, what }));
  };
  broker.onMessage(FAULT_ORDER_TOPIC, (payload) => {
    const read = readFaultOrder(payload);
    if (read.kind === "refused") tell(read.answer);
    else void faults.carryOut(read.order).then(tell);
  });
}

function isPath(link: LinkAddress): boolean {
  return link.kind === "serial" || link.kind === "modbus-rtu";
}

/** Step files of a share that is not of this computer lie in the bench's own folder. */
function servedCabinet(cabinet: SiteNewareCabinet, folder: string): SiteNewareCabinet {
  const writeFolder = benchStepFolder(cabinet.writeFolder, folder);
  if (writeFolder !== cabinet.writeFolder) mkdirSync(writeFolder, { recursive: true, mode: 0o700 });
  return { ...cabinet, writeFolder };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The cycler's computer finds no such file, and says so.
    return undefined;
  }
}
