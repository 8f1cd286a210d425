/**
 * Which simulated instrument stands behind which cable of a site: the one table from the family's name in a site file
 * to its twin. The cables may be in memory or real; the world behind them is one.
 */
import type { Felt } from "../../simulator/plant/felt.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { positionIndex } from "../../protocols/base/position.ts";
import type { Position } from "../../protocols/base/position.ts";
import { cableOf } from "../../protocols/site/site-cables.ts";
import type { SensorQuantity, Site, SiteChannel, SiteSensorSource } from "../../protocols/site/site.ts";
import type { KnownPattern, MessageEnd } from "../../simulator/json-integrator/integrator-twin.ts";
import { createKeithleyTwin } from "../../simulator/keithley-smu/keithley-twin.ts";
import { createChannelErrors, mainsOf } from "../../simulator/measurement/channel-errors.ts";
import type { InstrumentTrouble } from "../../simulator/measurement/instrument-trouble.ts";
import { createWorldReading } from "../../simulator/measurement/rack-readings.ts";
import type { MqttSourceTopic } from "../../simulator/mqtt-source/mqtt-source.ts";
import { createPsbTwin } from "../../simulator/modbus-cycler/psb-twin.ts";
import { createNewareTwin, type NewareTwin } from "../../simulator/neware-bts/neware-twin.ts";
import { createMethodScriptTwin } from "../../simulator/palmsens-methodscript/methodscript-twin.ts";
import type {
  BeamPlant,
  CellPlant,
  Chance,
  DeviceEnd,
  FramePlant,
  StagePlant,
  WorldClock,
} from "../../simulator/plant/plant.ts";
import { createGateLine } from "../../simulator/plant/gate-line.ts";
import type { RackSensors } from "../../simulator/plant/rack-sensors.ts";
import type { HttpEnd } from "../../simulator/plant/http-end.ts";
import type { TwoAxisStagePlant } from "../../simulator/plant/stage-axes.ts";
import type { ObservedStagePlant } from "../../simulator/plant/stage-plant.ts";
import type { BeamlineTrouble } from "../../simulator/world/beamline-trouble.ts";
import type { FrameWorld } from "../../simulator/world/frame-world.ts";
import type { WorldRobot } from "../../simulator/world/robot-truth.ts";
import type { WorldMonitors } from "../../simulator/world/world-monitors.ts";
import { createBeamlineTwins } from "./beamline-twins.ts";
import { createFurtherTwins } from "./further-twins.ts";

/** The parts of the world that instruments touch. */
export interface TwinWorld {
  cellPlant(positionIndex: number): CellPlant;
  readonly stage: StagePlant & Pick<ObservedStagePlant, "onLimitAhead">;
  /** Of a stage whose axes are moved each by itself. */
  readonly stageAxes: TwoAxisStagePlant["axes"] | undefined;
  readonly beam: BeamPlant;
  readonly frames: FramePlant;
  readonly rackSensors: RackSensors;
  readonly monitors: WorldMonitors;
  /** What is wrong with detector, feeds and switches; left out where nothing ever is. */
  readonly trouble?: BeamlineTrouble;
  /** Of a site whose cells a robot brings to the beam. */
  readonly robot?: WorldRobot | undefined;
  /** What the detector saw; left out where frames have no contents. */
  readonly frameWorld?: FrameWorld | undefined;
}

export interface TwinDeps {
  readonly world: TwinWorld;
  readonly clock: WorldClock;
  /** The device's end of a cable, by the cable's name. Asked once for each. */
  readonly endOf: (cable: string) => DeviceEnd;
  /** The same for instruments that speak HTTP. */
  readonly httpEndOf: (cable: string) => HttpEnd;
  /** The place of a program at the broker that this cable leads to. */
  readonly messagesOf: (cable: string) => MessageEnd;
  /** Sensors speak to a broker: says these topics in their time until stopped. */
  readonly publish: (source: SiteSensorSource, topics: readonly MqttSourceTopic[]) => { stop(): void };
  /** A step file by the path that the instrument's own computer knows. */
  readonly readStepFile: (cabinet: string, path: string) => string | undefined;
  /** What is printed on the cell at a position; undefined where there is none. */
  readonly codeOf: (position: Position) => string | undefined;
  /** UTC at the clock's zero. */
  readonly startWallMs: number;
  /** Seeds what the channels' readings get wrong; without it they are exact but for their rounding. */
  readonly flaws?: Chance;
  /** Of the images that the detector wrote; without it patterns are told without images. */
  readonly patternOf?: (framePath: string) => KnownPattern | undefined;
}

export interface SiteTwins {
  /** Data packages the channels made, whether or not anybody listened. */
  packageCount(): number;
  /** By cable: of instruments that can lose their power for a moment. */
  readonly powerCycles: ReadonlyMap<string, () => void>;
  /** By cable: of instruments that can go wrong themselves. */
  readonly troubles: ReadonlyMap<string, (trouble: InstrumentTrouble | null, felt?: Felt) => void>;
  /** By position, of channels behind one cable: how often one was ordered to stop. */
  readonly stopsHeard: ReadonlyMap<number, () => number>;
  /** The publishers stop: nothing keeps the clock busy for ever. */
  stop(): void;
}

/** How often the simulated machine, monitors and sensors speak. */
const PUBLISHED_EVERY_MS: Readonly<Record<SensorQuantity, number>> = {
  ring_current: 2000,
  flux: 1000,
  ion_chamber: 1000,
  diode: 1000,
  temperature: 10_000,
  gas: 10_000,
  humidity: 60_000,
};

/** Twins for the channels of these positions and for the whole beamline. */
export function createTwins(site: Site, positions: readonly Position[], deps: TwinDeps): SiteTwins {
  const { world, clock, endOf, flaws } = deps;
  const counted: { readonly packageCount: number }[] = [];
  const cabinets = new Map<string, NewareChannel[]>();
  const powerCycles = new Map<string, () => void>();
  const troubles = new Map<string, (trouble: InstrumentTrouble | null, felt?: Felt) => void>();

  for (const position of positions) {
    const channel = site.channels.find((wired) => wired.position === position);
    if (channel === undefined) continue;
    const cell = world.cellPlant(positionIndex(position));
    switch (channel.driver) {
      case "palmsens-methodscript": {
        const twin = createMethodScriptTwin({
          end: endOf(cableOf(channel)),
          clock,
          cell,
          model: "mes4hr",
          serialNumber: channel.serialNumber ?? `ES4HR22A${String(1000 + positionIndex(position))}`,
          ...(flaws === undefined ? {} : { measurement: { errors: errorsOf(flaws, channel.name) } }),
        });
        counted.push(twin);
        powerCycles.set(cableOf(channel), () => {
          twin.powerCycle();
        });
        troubles.set(cableOf(channel), (trouble, felt) => {
          twin.spoil(trouble, felt);
        });
        break;
      }
      case "keithley-smu": {
        const serialNumber = channel.serialNumber ?? `0141${String(9000 + positionIndex(position))}`;
        const identity = `KEITHLEY INSTRUMENTS,MODEL 2450,${serialNumber},1.6.3d`;
        createKeithleyTwin({ end: endOf(cableOf(channel)), clock, cell, identity });
        break;
      }
      case "modbus-cycler":
        createCyclerTwin(channel, cell, deps);
        break;
      case "neware-bts": {
        const others = cabinets.get(cableOf(channel)) ?? [];
        others.push({ channel, cell });
        cabinets.set(cableOf(channel), others);
        break;
      }
    }
  }
  const stopsHeard = new Map<number, () => number>();
  for (const [name, channels] of cabinets) {
    const twin = createCabinetTwin(name, channels, deps);
    for (const { channel } of channels) {
      const { subdeviceId, channelId } = channel.address;
      stopsHeard.set(positionIndex(channel.position), () => twin?.channel(subdeviceId, channelId)?.stopCount ?? 0);
    }
  }

  const gate = site.shutter.gate === undefined ? undefined : createGateLine(clock);
  createBeamlineTwins(site, deps, gate);
  createFurtherTwins(site, positions, deps, gate);
  const sources = site.sensorSources.map((source) =>
    deps.publish(
      source,
      source.sensors.map((sensor) => topicOf(sensor, world, flaws?.stream(sensor.name))),
    ),
  );

  return {
    ...{ powerCycles, troubles, stopsHeard },
    packageCount: () => counted.reduce((sum, twin) => sum + twin.packageCount, 0),
    stop() {
      for (const source of sources) source.stop();
    },
  };
}

/** The one simulated cycler with registers; maps of other makes have no unit to be played by. */
function createCyclerTwin(
  channel: Extract<SiteChannel, { readonly driver: "modbus-cycler" }>,
  cell: CellPlant,
  { clock, endOf }: TwinDeps,
): void {
  const { map, link, name } = channel;
  if (!map.identity.beginsWith.startsWith("PSB")) {
    throw new Fault("site.invalid", name, `${map.title} has no simulated unit; EA PSB has`);
  }
  createPsbTwin({
    end: endOf(cableOf(channel)),
    clock,
    cell,
    framing: link.kind === "modbus-rtu" ? { kind: "rtu" } : { kind: "tcp" },
    ...(channel.serialNumber === null ? {} : { serialNumber: channel.serialNumber }),
  });
}

interface NewareChannel {
  readonly channel: Extract<SiteChannel, { readonly driver: "neware-bts" }>;
  readonly cell: CellPlant;
}

function createCabinetTwin(name: string, channels: readonly NewareChannel[], deps: TwinDeps): NewareTwin | undefined {
  const [first] = channels;
  if (first === undefined) return undefined;
  const { deviceId, deviceType, ip } = first.channel.address;
  return createNewareTwin({
    end: deps.endOf(name),
    clock: deps.clock,
    channels: channels.map(({ channel, cell }) => ({
      subdeviceId: channel.address.subdeviceId,
      channelId: channel.address.channelId,
      cell,
    })),
    readFile: (path) => deps.readStepFile(name, path),
    deviceId,
    deviceType,
    ip,
    startWallMs: deps.startWallMs,
  });
}

function errorsOf(flaws: Chance, channel: string) {
  return createChannelErrors({ chance: flaws.stream(channel), mainsHz: mainsOf(flaws.stream("mains")) });
}

function topicOf(
  sensor: SiteSensorSource["sensors"][number],
  world: TwinWorld,
  flaws: Chance | undefined,
): MqttSourceTopic {
  const value = saidOf(sensor.quantity, world, flaws);
  const payloadText = payloadWriter(sensor.jsonPath, sensor.unit);
  return {
    topic: sensor.topic,
    periodMs: PUBLISHED_EVERY_MS[sensor.quantity],
    payload(atMs) {
      const said = value(atMs);
      return said === undefined ? undefined : payloadText(said);
    },
  };
}

/** What a publisher says of it: undefined while it says nothing. */
function saidOf(
  quantity: SensorQuantity,
  world: TwinWorld,
  flaws: Chance | undefined,
): (atMs: number) => number | undefined {
  const value = valueOf(quantity, world, flaws);
  const { trouble } = world;
  if (trouble === undefined || (quantity !== "flux" && quantity !== "ring_current")) return value;
  const feed = quantity === "flux" ? "flux" : "ring-current";
  return (atMs) => trouble.said(feed, value(atMs));
}

export function valueOf(
  quantity: SensorQuantity,
  world: TwinWorld,
  flaws: Chance | undefined,
): (atMs: number) => number {
  if (quantity === "flux") return (atMs) => world.beam.monitorFluxPhS(atMs);
  if (quantity === "ring_current") return (atMs) => world.beam.ringCurrentMa(atMs);
  return createWorldReading(quantity, world, flaws);
}

/** Writes a number as the site file says it arrives: bare, or inside a JSON object. What stands around it is made once. */
function payloadWriter(jsonPath: string | null, unit: string): (value: number) => string {
  if (jsonPath === null) return String;
  const keys = jsonPath.split(".").map((key) => JSON.stringify(key));
  const before = keys.map((key) => `{${key}:`).join("");
  const after = keys.length === 1 ? `,"unit":${JSON.stringify(unit)}}` : "}".repeat(keys.length);
  // Not every publisher keeps to JSON, which knows no such number.
  return (value) => (Number.isNaN(value) ? String(value) : `${before}${JSON.stringify(value)}${after}`);
}
