/**
 * The virtual world wired up: simulated instruments on one end of in-memory cables, the production drivers on the
 * other, and the simulated world behind them.
 */
import { createCamserverDetector } from "../../drivers/dectris-camserver/camserver-detector.ts";
import { createGrblStage } from "../../drivers/grbl/grbl-stage.ts";
import { createModbusIo } from "../../drivers/modbus-io/modbus-io.ts";
import { createMqttSensors } from "../../drivers/mqtt-sensor/mqtt-sensors.ts";
import { createMethodScriptChannel } from "../../drivers/palmsens-methodscript/methodscript-channel.ts";
import { createSilenceWatch } from "../../drivers/palmsens-methodscript/silence-watch.ts";
import type { CampaignRoles } from "../../controller/run/roles.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { positionIndex } from "../../protocols/base/position.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { Channel } from "../../protocols/roles/channel.ts";
import type { Sensor } from "../../protocols/roles/sensor.ts";
import type { SensorQuantity, Site } from "../../protocols/site/site.ts";
import { createCamserverTwin } from "../../simulator/dectris-camserver/camserver-twin.ts";
import type { VirtualClock } from "../../simulator/clock/virtual-clock.ts";
import { createGrblTwin } from "../../simulator/grbl/grbl-twin.ts";
import { createMemoryLink, isMethodScriptData, type MemoryLink } from "../../simulator/links/memory-link.ts";
import { createModbusIoTwin } from "../../simulator/modbus-io/modbus-io-twin.ts";
import { createMqttSource, type MqttSource } from "../../simulator/mqtt-source/mqtt-source.ts";
import {
  createMethodScriptTwin,
  type MethodScriptTwin,
} from "../../simulator/palmsens-methodscript/methodscript-twin.ts";
import { createChannelErrors, mainsOf } from "../../simulator/measurement/channel-errors.ts";
import type { Chance } from "../../simulator/plant/plant.ts";
import type { FaultTargets } from "../../simulator/world/fault-schedule.ts";
import type { World } from "../../simulator/world/world.ts";

export interface VirtualRig {
  readonly roles: CampaignRoles;
  readonly faultTargets: FaultTargets;
  /** Data packages the instruments made, whether or not anybody listened. */
  packageCount(): number;
  /** The publishers stop: nothing keeps the clock busy for ever. */
  stop(): void;
}

/** How often the simulated machine and monitor speak. */
const RING_CURRENT_EVERY_MS = 2000;
const FLUX_EVERY_MS = 1000;

/** `flaws` seeds what the channels' readings get wrong; without it they are exact but for their rounding. */
export function createVirtualRig(
  campaign: Campaign,
  site: Site,
  world: World,
  clock: VirtualClock,
  flaws?: Chance,
): VirtualRig {
  const links = new Map<string, MemoryLink>();
  const positionOfLink = new Map<string, number>();
  const serialMs = site.latencies.serialRoundTripMs / 2;
  const tcpMs = site.latencies.tcpRoundTripMs / 2;

  function link(name: string, latencyMs: number, isQuiet?: (chunk: Uint8Array) => boolean): MemoryLink {
    const made = createMemoryLink(clock, { name, latencyMs, ...(isQuiet === undefined ? {} : { isQuiet }) });
    links.set(name, made);
    return made;
  }

  const silenceWatch = createSilenceWatch(clock);
  const twins: MethodScriptTwin[] = [];
  const channels: Channel[] = campaign.cells.map((cell) => {
    const wired = site.channels.find((channel) => channel.position === cell.position);
    if (wired === undefined) throw new Fault("site.invalid", cell.position, "no channel is wired to this position");
    const cable = link(wired.name, serialMs, isMethodScriptData);
    positionOfLink.set(wired.name, positionIndex(cell.position));
    const serialNumber = wired.serialNumber ?? `ES4HR22A${String(1000 + positionIndex(cell.position))}`;
    twins.push(
      createMethodScriptTwin({
        end: cable.end,
        clock,
        cell: world.cellPlant(positionIndex(cell.position)),
        model: "mes4hr",
        serialNumber,
        ...(flaws === undefined ? {} : { measurement: { errors: errorsOf(flaws, wired.name) } }),
      }),
    );
    return createMethodScriptChannel({
      name: wired.name,
      openLink: cable.openLink,
      clock,
      silenceWatch,
      ...(wired.serialNumber === null ? {} : { expectedSerialNumber: wired.serialNumber }),
    });
  });

  const stageLink = link(site.stage.name, serialMs);
  const board = createGrblTwin({
    end: stageLink.end,
    clock,
    stage: world.stage,
    settings: grblSettings(site),
  });
  world.stage.onLimitAhead((atMs) => {
    clock.at(atMs, () => {
      board.hitLimitSwitch();
    });
  });
  const stage = createGrblStage({
    name: site.stage.name,
    openLink: stageLink.openLink,
    clock,
    geometry: { offsetXMm: 0, offsetYMm: 0 },
    travelMm: { x: site.stage.travelXMm, y: site.stage.travelYMm },
    motion: { speedMmS: site.stage.speedMmS, accelerationMmS2: site.stage.accelerationMmS2 },
    positionToleranceMm: site.stage.positionToleranceMm,
  });

  const ioLink = link(site.io.name, tcpMs);
  createModbusIoTwin({ end: ioLink.end, clock, beam: world.beam, map: site.io.map });
  const io = createModbusIo({
    name: site.io.name,
    openLink: ioLink.openLink,
    clock,
    map: site.io.map,
    filterCount: site.filters.length,
    watchdogMs: site.shutter.watchdogMs,
    unitId: site.io.unitId,
  });

  const detectorLink = link(site.detector.name, tcpMs);
  createCamserverTwin({
    end: detectorLink.end,
    clock,
    frames: world.frames,
    readOutS: site.detector.readOutS,
    startWallMs: campaign.startMs,
  });
  const detector = createCamserverDetector({
    name: site.detector.name,
    openLink: detectorLink.openLink,
    clock,
    readOutS: site.detector.readOutS,
  });

  const sources: MqttSource[] = [];
  const sensors = new Map<SensorQuantity, Sensor>();
  const connections = site.sensorSources.map((source) => {
    const cable = link(source.name, tcpMs);
    sources.push(createMqttSource({ end: cable.end, clock, topics: source.sensors.map((sensor) => topicOf(sensor)) }));
    const made = createMqttSensors({ name: source.name, openLink: cable.openLink, clock, sensors: source.sensors });
    for (const { name, quantity } of source.sensors) {
      const sensor = made.sensors.get(name);
      if (sensor !== undefined) sensors.set(quantity, sensor);
    }
    return made.connection;
  });

  function topicOf(sensor: Site["sensorSources"][number]["sensors"][number]) {
    const isFlux = sensor.quantity === "flux";
    return {
      topic: sensor.topic,
      periodMs: isFlux ? FLUX_EVERY_MS : RING_CURRENT_EVERY_MS,
      payload: (atMs: number): string => {
        const value = isFlux ? world.beam.monitorFluxPhS(atMs) : world.beam.ringCurrentMa(atMs);
        return payloadText(value, sensor.jsonPath, sensor.unit);
      },
    };
  }

  const roles: CampaignRoles = {
    stage,
    io,
    detector,
    ringCurrent: sensorOf("ring_current"),
    flux: sensorOf("flux"),
    channels,
    instruments: [io, stage, detector, ...connections, ...channels],
    beamline: [io.name, stage.name, detector.name, ...connections.map((connection) => connection.name)],
  };

  function sensorOf(quantity: SensorQuantity): Sensor {
    const sensor = sensors.get(quantity);
    if (sensor === undefined) throw new Fault("site.invalid", site.name, `the site has no sensor for ${quantity}`);
    return sensor;
  }

  return {
    roles,
    faultTargets: { links, positionOfLink },
    packageCount: () => twins.reduce((sum, twin) => sum + twin.packageCount, 0),
    stop() {
      for (const source of sources) source.stop();
    },
  };
}

function errorsOf(flaws: Chance, channel: string) {
  return createChannelErrors({ chance: flaws.stream(channel), mainsHz: mainsOf(flaws.stream("mains")) });
}

/** The board set up for this stage: rates in mm/min, acceleration in mm/s2, travel in mm, homing on. */
function grblSettings(site: Site): Readonly<Record<number, number>> {
  const { speedMmS, accelerationMmS2, travelXMm, travelYMm } = site.stage;
  return {
    20: 1,
    22: 1,
    110: speedMmS * 60,
    111: speedMmS * 60,
    120: accelerationMmS2,
    121: accelerationMmS2,
    130: travelXMm,
    131: travelYMm,
  };
}

/** The number as the site file says it arrives: bare, or inside a JSON object. */
function payloadText(value: number, jsonPath: string | null, unit: string): string {
  if (jsonPath === null) return String(value);
  const keys = jsonPath.split(".");
  let document: unknown = value;
  for (const key of keys.reverse()) document = { [key]: document };
  return JSON.stringify(keys.length === 1 && typeof document === "object" ? { ...document, unit } : document);
}
