/**
 * Which driver plays which part of a site: the one table from the family's name in a site file to the code that talks
 * to it. The same in every world; only clock and links differ.
 */
import { createCamserverDetector } from "../../drivers/dectris-camserver/camserver-detector.ts";
import { createSimplonDetector } from "../../drivers/dectris-simplon/simplon-detector.ts";
import { createGrblStage } from "../../drivers/grbl/grbl-stage.ts";
import { createModbusIo, type ModbusIoDeps } from "../../drivers/modbus-io/modbus-io.ts";
import { createMqttSensors, type MqttSensors } from "../../drivers/mqtt-sensor/mqtt-sensors.ts";
import { guardedStage } from "../../drivers/motion/guarded-stage.ts";
import { createZaberStage, type ZaberAxis } from "../../drivers/zaber-ascii/zaber-stage.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Position } from "../../protocols/base/position.ts";
import type { BarcodeReader } from "../../protocols/roles/barcode-reader.ts";
import type { BeamIo } from "../../protocols/roles/beam-io.ts";
import type { Channel } from "../../protocols/roles/channel.ts";
import type { Detector } from "../../protocols/roles/detector.ts";
import type { HttpPort } from "../../protocols/roles/http.ts";
import type { Instrument } from "../../protocols/roles/instrument.ts";
import type { Integrator } from "../../protocols/roles/integrator.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import type { SampleChanger } from "../../protocols/roles/sample-changer.ts";
import type { Sensor } from "../../protocols/roles/sensor.ts";
import type { Stage } from "../../protocols/roles/stage.ts";
import type { Trigger } from "../../protocols/roles/trigger.ts";
import type { SiteOwnSensor } from "../../protocols/site/further.ts";
import { channelAt } from "../../protocols/site/site-lookup.ts";
import {
  type LinkAddress,
  type Site,
  type SiteAxis,
  type SiteDetector,
  type SiteSensorSource,
  type SiteStage,
} from "../../protocols/site/site.ts";
import { createChannelDrivers } from "./channel-drivers.ts";
import { createChanger, createIntegrator, createOwnSensor, createReader, createTrigger } from "./further-drivers.ts";
import { createModbusLines } from "./modbus-lines.ts";

export interface DriverDeps {
  readonly clock: Clock;
  /** Asked once for each cable, by the name of the instrument or cabinet. Opens nothing yet. */
  readonly openLinkOf: (cable: string, link: LinkAddress) => OpenLink;
  /** The same for instruments that speak HTTP. */
  readonly httpPortOf: (cable: string, link: LinkAddress) => HttpPort;
  /** Writes a file whole and durably: step files for cyclers that read them from a share. */
  readonly writeFile: (path: string, text: string) => Promise<void>;
  /** By which a broker knows this process, and no other of the same site: left out where there is no other. */
  readonly clientIdOf?: (source: string) => string;
  /** What a file of a site holds, without the end of its line; left out where nothing is secret. Throws Fault `site.invalid` where it cannot be read. */
  readonly readSecret?: (instrument: string, path: string) => string;
}

/** An instrument by the part it plays. */
export type SiteInstrument =
  | { readonly role: "channel"; readonly instrument: Channel }
  | { readonly role: "stage"; readonly instrument: Stage }
  | { readonly role: "io"; readonly instrument: BeamIo }
  | { readonly role: "detector"; readonly instrument: Detector }
  | { readonly role: "sensor"; readonly instrument: Sensor }
  | { readonly role: "sensor-source"; readonly instrument: Instrument }
  | { readonly role: "sample-changer"; readonly instrument: SampleChanger }
  | { readonly role: "barcode-reader"; readonly instrument: BarcodeReader }
  | { readonly role: "integrator"; readonly instrument: Integrator & Instrument }
  | { readonly role: "trigger"; readonly instrument: Trigger };

/** Each driver is made when it is first asked for, and once. Making one opens nothing. */
export interface SiteDrivers {
  stage(): Stage;
  io(): BeamIo;
  detector(): Detector;
  sensorSource(source: SiteSensorSource): MqttSensors;
  /** With a cable of its own. */
  ownSensor(sensor: SiteOwnSensor): Sensor;
  /** Undefined where the site has none; so for those below. */
  sampleChanger(): SampleChanger | undefined;
  barcodeReader(): BarcodeReader | undefined;
  integrator(): (Integrator & Instrument) | undefined;
  trigger(): Trigger | undefined;
  /** Throws Fault `site.invalid` for a position that is not wired. */
  channel(position: Position): Channel;
  /** By its name in the site file; undefined when the site has none of that name. */
  byName(name: string): SiteInstrument | undefined;
}

/** Names that `byName` knows. */
export function instrumentNames(site: Site): readonly string[] {
  return [
    site.stage.name,
    site.io.name,
    site.detector.name,
    ...site.sensorSources.flatMap((source) => [source.name, ...source.sensors.map((sensor) => sensor.name)]),
    ...(site.sensors ?? []).map((sensor) => sensor.name),
    ...[site.sampleChanger, site.barcodeReader, site.integrator, site.trigger].flatMap((found) => found?.name ?? []),
    ...site.channels.map((channel) => channel.name),
  ];
}

export function createSiteDrivers(site: Site, deps: DriverDeps): SiteDrivers {
  const { clock } = deps;
  const once = createOnce();
  const lines = createModbusLines(deps);
  const channelOf = createChannelDrivers(deps, lines);

  function stageOf(stage: SiteStage): Stage {
    return guardedStage(bareStageOf(stage), stage);
  }

  function bareStageOf(stage: SiteStage): Stage {
    const common = {
      name: stage.name,
      openLink: deps.openLinkOf(stage.name, stage.link),
      clock,
      travelMm: { x: stage.travelXMm, y: stage.travelYMm },
      motion: { speedMmS: stage.speedMmS, accelerationMmS2: stage.accelerationMmS2 },
      positionToleranceMm: stage.positionToleranceMm,
    };
    switch (stage.driver) {
      case "grbl":
        return createGrblStage({ ...common, geometry: { offsetXMm: 0, offsetYMm: 0 } });
      case "zaber-ascii":
        return createZaberStage({ ...common, axes: { x: zaberAxis(stage.axes.x), y: zaberAxis(stage.axes.y) } });
    }
  }

  function detectorOf(detector: SiteDetector): Detector {
    const { name, link, readOutS } = detector;
    switch (detector.driver) {
      case "dectris-camserver":
        return createCamserverDetector({ name, openLink: deps.openLinkOf(name, link), clock, readOutS });
      case "dectris-simplon":
        return createSimplonDetector({
          name,
          http: deps.httpPortOf(name, link),
          clock,
          readOutS,
          ...(detector.photonEnergyKeV === null ? {} : { photonEnergyEv: detector.photonEnergyKeV * 1000 }),
          ...(detector.serialNumber === null ? {} : { expectedSerialNumber: detector.serialNumber }),
          ...(detector.framesPerSeries === undefined ? {} : { framesPerSeries: detector.framesPerSeries }),
        });
    }
  }

  function optional<Section, Made>(
    key: string,
    section: Section | undefined,
    make: (section: Section) => Made,
  ): Made | undefined {
    return section === undefined ? undefined : once(key, () => make(section));
  }

  const drivers: SiteDrivers = {
    stage: () => once("stage", () => stageOf(site.stage)),
    io: () => once("io", () => createModbusIo(modbusIoDeps(site, deps))),
    detector: () => once("detector", () => detectorOf(site.detector)),
    sensorSource: (source) =>
      once(`source ${source.name}`, () =>
        createMqttSensors({
          name: source.name,
          openLink: deps.openLinkOf(source.name, source.link),
          clock,
          sensors: source.sensors,
          ...(deps.clientIdOf === undefined ? {} : { clientId: deps.clientIdOf(source.name) }),
        }),
      ),
    ownSensor: (sensor) => once(`sensor ${sensor.name}`, () => createOwnSensor(sensor, deps, lines)),
    sampleChanger: () => optional("changer", site.sampleChanger, (changer) => createChanger(changer, deps)),
    barcodeReader: () => optional("reader", site.barcodeReader, (reader) => createReader(reader, deps)),
    integrator: () => optional("integrator", site.integrator, (integrator) => createIntegrator(integrator, deps)),
    trigger: () => optional("trigger", site.trigger, (trigger) => createTrigger(trigger, deps)),
    channel(position) {
      const wired = channelAt(site, position);
      if (wired === undefined) throw new Fault("site.invalid", position, "no channel is wired to this position");
      return once(`channel ${position}`, () => channelOf(wired));
    },
    byName(name) {
      if (name === site.stage.name) return { role: "stage", instrument: drivers.stage() };
      if (name === site.io.name) return { role: "io", instrument: drivers.io() };
      if (name === site.detector.name) return { role: "detector", instrument: drivers.detector() };
      for (const source of site.sensorSources) {
        if (name === source.name) {
          return { role: "sensor-source", instrument: drivers.sensorSource(source).connection };
        }
        if (!source.sensors.some((sensor) => sensor.name === name)) continue;
        const instrument = drivers.sensorSource(source).sensors.get(name);
        if (instrument !== undefined) return { role: "sensor", instrument };
      }
      const sensor = site.sensors?.find((found) => found.name === name);
      if (sensor !== undefined) return { role: "sensor", instrument: drivers.ownSensor(sensor) };
      const further = furtherByName(drivers, name);
      if (further !== undefined) return further;
      const wired = site.channels.find((channel) => channel.name === name);
      return wired === undefined ? undefined : { role: "channel", instrument: drivers.channel(wired.position) };
    },
  };
  return drivers;
}

function furtherByName(drivers: SiteDrivers, name: string): SiteInstrument | undefined {
  const [changer, reader, trigger] = [drivers.sampleChanger(), drivers.barcodeReader(), drivers.trigger()];
  if (changer?.name === name) return { role: "sample-changer", instrument: changer };
  const integrator = drivers.integrator();
  if (integrator?.name === name) return { role: "integrator", instrument: integrator };
  if (reader?.name === name) return { role: "barcode-reader", instrument: reader };
  return trigger?.name === name ? { role: "trigger", instrument: trigger } : undefined;
}

function zaberAxis({ serialNumber, ...axis }: SiteAxis): ZaberAxis {
  return { ...axis, ...(serialNumber === null ? {} : { serialNumber }) };
}

/** What the driver of the input/output unit is made of; a look at the unit needs the same. */
export function modbusIoDeps(site: Site, deps: Pick<DriverDeps, "clock" | "openLinkOf">): ModbusIoDeps {
  return {
    name: site.io.name,
    openLink: deps.openLinkOf(site.io.name, site.io.link),
    clock: deps.clock,
    map: site.io.map,
    filterCount: site.filters.length,
    watchdogMs: site.shutter.watchdogMs,
    unitId: site.io.unitId,
    ...(site.io.adam === undefined ? {} : { unit: { kind: site.io.adam.model, ...site.io.adam } }),
  };
}

/** Keeps what was made by its key. The type is that of the maker, which a key never changes. */
function createOnce(): <T>(key: string, make: () => T) => T {
  const made = new Map<string, unknown>();
  return <T>(key: string, make: () => T): T => {
    if (!made.has(key)) made.set(key, make());
    return made.get(key) as T;
  };
}
