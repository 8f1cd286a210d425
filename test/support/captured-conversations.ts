/**
 * One short conversation with each instrument family, the same when it is captured from a simulated instrument and
 * when the capture is replayed. What comes of it is told as plain values, to be compared.
 */
import { captureHttp } from "../../drivers/link/capture-http.ts";
import {
  captureLink,
  withholdMqttLogin,
  withholdPasswords,
  type CaptureDeps,
  type CaptureRecord,
} from "../../drivers/link/capture-link.ts";
import { assert } from "../../protocols/base/assert.ts";
import { isFault } from "../../protocols/base/fault.ts";
import { parsePosition, type Position } from "../../protocols/base/position.ts";
import { parseDocument } from "../../protocols/input/document.ts";
import type { Channel } from "../../protocols/roles/channel.ts";
import { readSite } from "../../protocols/site/read-site.ts";
import type { Site } from "../../protocols/site/site.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import type { WorldClock } from "../../simulator/plant/plant.ts";
import { createMemoryLink } from "../../simulator/links/memory-link.ts";
import { createWorld } from "../../simulator/world/world.ts";
import { BENCH_DESIGN, plainCells } from "../../tui/bench/bench-cells.ts";
import { createSiteDrivers, type DriverDeps, type SiteDrivers } from "../../tui/rig/drivers.ts";
import { worldOptionsOf } from "../../tui/rig/world-options.ts";
import { loadWorldData } from "../../tui/virtual/load-world-data.ts";
import { createMemorySite } from "../../tui/virtual/memory-site.ts";
import { createVirtualTime, type VirtualTime } from "../contract/contract-bench.ts";
import { repositoryText, tables } from "./campaign-files.ts";
import { replayHttp } from "./replay-http.ts";
import { replayLink } from "./replay-link.ts";

/** `site`: one channel of each family, and more. The others: what the first has no room for. */
export function captureSite(name: Conversation["site"] = "site"): Site {
  const text = repositoryText(`test/fixtures/captures/${name}.yaml`);
  // The one file that a site here names.
  const fileName = "protocols/modbus-maps/ea-psb.yaml";
  const { site, findings } = readSite(parseDocument(text, "site.yaml"), tables, () => ({
    kind: "text",
    fileName,
    text: repositoryText(fileName),
  }));
  assert(site !== undefined, JSON.stringify(findings));
  return site;
}

export interface Conversation {
  readonly family: string;
  /** Default `site`. */
  readonly site?: "site" | "further-site" | "third-site";
  /** The cable that is captured. */
  readonly cable: string;
  /** A second cable of the same instrument, captured into a file of its own. */
  readonly beside?: string;
  /** What is done on other cables before it is captured. */
  readonly prepare?: (drivers: SiteDrivers) => Promise<unknown>;
  /** Time passes while the promise is awaited. Resolves with what came of it. */
  readonly hold: (drivers: SiteDrivers, time: VirtualTime) => Promise<unknown>;
}

export const CONVERSATIONS: readonly Conversation[] = [
  { family: "palmsens-methodscript", cable: "channel A1", hold: (drivers) => channelTalk(drivers, "A1") },
  { family: "keithley-smu", cable: "channel A2", hold: (drivers) => channelTalk(drivers, "A2") },
  { family: "neware-bts", cable: "cabinet", hold: (drivers) => channelTalk(drivers, "A3") },
  {
    family: "grbl",
    cable: "stage",
    hold: stageTalk,
  },
  {
    family: "modbus-io",
    cable: "io",
    hold: ioTalk,
  },
  {
    family: "dectris-camserver",
    cable: "detector",
    async hold(drivers) {
      const detector = drivers.detector();
      const identity = await detector.connect();
      await detector.arm({ exposureS: 0.5, folder: "/ramdisk/beamrack", fileName: "A1-0001.tif" });
      const { finished } = await detector.start();
      const frame = await finished;
      detector.disconnect();
      return { identity, frame };
    },
  },
  {
    family: "mqtt-sensor",
    cable: "broker",
    async hold(drivers, time) {
      const [source] = captureSite().sensorSources;
      assert(source !== undefined, "the site has a broker");
      const { connection, sensors } = drivers.sensorSource(source);
      const identity = await connection.connect();
      const readings: string[] = [];
      for (const sensor of sensors.values()) {
        sensor.onReading(({ value }) => readings.push(`${sensor.name} ${value} ${sensor.unit}`));
      }
      await new Promise<void>((resolve) => {
        time.clock.setTimeout(resolve, 5000);
      });
      connection.disconnect();
      return { identity, readings };
    },
  },
  {
    family: "eurotherm-modbus",
    cable: "/dev/serial/by-id/usb-rs485",
    hold: (drivers, time) => sensorTalk(drivers, time, "oven"),
  },
  { family: "keithley-6485", cable: "beam diode", hold: (drivers, time) => sensorTalk(drivers, time, "beam diode") },
  { family: "srs-dg645", cable: "gates", hold: triggerTalk },
  { family: "pandabox", site: "further-site", cable: "gates", hold: triggerTalk },
  { family: "zaber-ascii", site: "further-site", cable: "stage", hold: stageTalk },
  {
    family: "irelec-cats",
    site: "further-site",
    // What is looked at; orders go over a cable of their own.
    cable: "changer monitor",
    async hold(drivers) {
      const changer = drivers.sampleChanger();
      assert(changer !== undefined, "the site has a changer");
      const identity = await changer.connect();
      const read = await changer.read();
      changer.disconnect();
      return { identity, read: { ...read, readAtMs: 0 } };
    },
  },
  {
    family: "serial-line",
    site: "further-site",
    cable: "code reader",
    async hold(drivers) {
      const reader = drivers.barcodeReader();
      assert(reader !== undefined, "the site has a reader");
      const identity = await reader.connect();
      const read = await reader.readCode(2000).then(
        ({ code }) => code,
        (error: unknown) => (isFault(error) ? error.code : "no fault"),
      );
      reader.disconnect();
      return { identity, read };
    },
  },
  {
    family: "irelec-cats-orders",
    site: "third-site",
    cable: "changer",
    beside: "changer monitor",
    // Brings A2 under the arm.
    prepare: stageTalk,
    async hold(drivers) {
      const changer = drivers.sampleChanger();
      assert(changer !== undefined, "the site has a changer");
      const identity = await changer.connect();
      // What lies at the handover place goes into a tray, and comes back past the code reader.
      const unloaded = await changer.unload({ tray: 2, slot: 7 });
      const loaded = await changer.load({ tray: 2, slot: 7 });
      await changer.abort();
      changer.disconnect();
      return { identity, unloaded, loaded };
    },
  },
  {
    family: "modbus-cycler",
    site: "third-site",
    cable: "channel A1",
    // Far above its resolution.
    hold: (drivers) => channelTalk(drivers, "A1", 0.02),
  },
  {
    family: "lakeshore-336",
    site: "third-site",
    cable: "oven",
    hold: (drivers, time) => sensorTalk(drivers, time, "oven"),
  },
  {
    family: "dectris-simplon",
    site: "third-site",
    cable: "detector",
    async hold(drivers) {
      const detector = drivers.detector();
      const identity = await detector.connect();
      const acquisition = { exposureS: 0.5, folder: "/data", fileName: "A1-0001" };
      await detector.arm(acquisition);
      const { finished } = await detector.start();
      const frame = await finished;
      await detector.arm({ ...acquisition, fileName: "A1-0002" });
      await detector.abort();
      detector.disconnect();
      return { identity, frame };
    },
  },
  { family: "adam-6050", site: "further-site", cable: "io", hold: ioTalk },
];

async function stageTalk(drivers: SiteDrivers): Promise<unknown> {
  const stage = drivers.stage();
  const identity = await stage.connect();
  await stage.home();
  const { xMm, yMm, atRest } = await stage.moveTo({ xMm: 37.5, yMm: 12.5 });
  const read = await stage.read();
  stage.disconnect();
  return { identity, reached: { xMm, yMm, atRest }, read };
}

async function ioTalk(drivers: SiteDrivers): Promise<unknown> {
  const io = drivers.io();
  const identity = await io.connect();
  const before = await io.readInputs();
  await io.setFilters(before.filtersIn.map((_, index) => index % 2 === 0));
  await io.requestSafetyShutter(true);
  await io.permit.renewShutterPermit();
  await io.requestShutterOpen();
  await io.requestShutterClosed();
  await io.permit.dropShutterPermit();
  await io.requestSafetyShutter(false);
  io.disconnect();
  return { identity, before: { ...before, readAtMs: 0 } };
}

async function sensorTalk(drivers: SiteDrivers, time: VirtualTime, name: string): Promise<unknown> {
  const found = drivers.byName(name);
  assert(found?.role === "sensor", name);
  const sensor = found.instrument;
  const identity = await sensor.connect();
  const readings: string[] = [];
  sensor.onReading(({ value }) => readings.push(`${value} ${sensor.unit}`));
  await new Promise<void>((resolve) => {
    time.clock.setTimeout(resolve, 3000);
  });
  sensor.disconnect();
  return { identity, readings };
}

async function triggerTalk(drivers: SiteDrivers): Promise<unknown> {
  const trigger = drivers.trigger();
  assert(trigger !== undefined, "the site has gates");
  const identity = await trigger.connect();
  const armed = await trigger.arm({ delayS: 0, widthS: 0.5, count: 1, periodS: 0 });
  const { finished } = await trigger.fire();
  const fired = await finished;
  trigger.disconnect();
  return { identity, armed, fired };
}

async function channelTalk(drivers: SiteDrivers, name: string, currentA = 0.0005): Promise<unknown> {
  const channel: Channel = drivers.channel(at(name));
  const identity = await channel.connect();
  const restV = await channel.measureOpenCircuitV();
  const samples: string[] = [];
  const end = new Promise<string>((resolve) => {
    channel.listen({
      sample(stepTimeS, voltageV, currentA) {
        samples.push(`${stepTimeS.toFixed(3)} ${voltageV.toFixed(6)} ${currentA.toExponential(6)}`);
      },
      stepEnded: resolve,
      fault(fault) {
        resolve(fault.message);
      },
    });
  });
  await channel.start({
    kind: "constant-current",
    currentA,
    untilVoltageV: 4.2,
    untilTimeS: 5,
    sampleIntervalS: 1,
    limits: { voltageMaxV: 4.3, voltageMinV: 2, currentMaxA: 10 * currentA, currentMinA: -10 * currentA },
  });
  const ended = await end;
  await channel.abort();
  channel.disconnect();
  return { identity, restV, samples, ended };
}

function at(name: string): Position {
  const position = parsePosition(name);
  assert(position !== undefined, name);
  return position;
}

export interface Captured {
  readonly records: readonly CaptureRecord[];
  /** Of the second cable, where there is one. */
  readonly beside: readonly CaptureRecord[];
  readonly result: unknown;
}

/** Holds the conversation with a simulated instrument and writes down what went over its cable. */
export async function captured(conversation: Conversation): Promise<Captured> {
  const site = captureSite(conversation.site);
  const time = createVirtualTime();
  const records: CaptureRecord[] = [];
  const beside: CaptureRecord[] = [];
  const memory = createMemorySite({
    site,
    positions: site.channels.map((channel) => channel.position),
    world: worldOf(site, time.clock),
    clock: time.clock,
    startWallMs: time.clock.wallMs(),
  });
  const { driverDeps } = memory;
  const drivers = createSiteDrivers(site, {
    ...driverDeps,
    openLinkOf(cable, link) {
      const bare = driverDeps.openLinkOf(cable, link);
      const into = recordsOf(cable);
      if (into === undefined) return bare;
      const withhold = link.kind === "mqtt" ? withholdMqttLogin : withholdPasswords;
      return captureLink(bare, { ...captureInto(into), withhold });
    },
    httpPortOf(cable, link) {
      const bare = driverDeps.httpPortOf(cable, link);
      const into = recordsOf(cable);
      return into === undefined ? bare : captureHttp(bare, captureInto(into));
    },
  });
  function recordsOf(cable: string): CaptureRecord[] | undefined {
    return cable === conversation.cable ? records : cable === conversation.beside ? beside : undefined;
  }
  function captureInto(into: CaptureRecord[]): CaptureDeps {
    const sink = (record: CaptureRecord): void => {
      into.push(record);
    };
    return { clock: time.clock, startMs: 0, sink };
  }
  if (conversation.prepare !== undefined) await time.settle(conversation.prepare(drivers));
  const result = await time.settle(conversation.hold(drivers, time));
  memory.stop();
  return { records, beside, result };
}

/** Holds it again on the links given. */
export async function held(
  conversation: Conversation,
  time: VirtualTime,
  { openLinkOf, httpPortOf }: Pick<DriverDeps, "openLinkOf" | "httpPortOf">,
): Promise<unknown> {
  const writeFile = (): Promise<void> => Promise.resolve();
  const drivers = createSiteDrivers(captureSite(conversation.site), {
    clock: time.clock,
    openLinkOf(cable, link) {
      // Nothing is said on a cable that is not captured.
      const isCaptured = cable === conversation.cable || cable === conversation.beside;
      if (!isCaptured) return createMemoryLink(time.clock, { name: cable, latencyMs: 1 }).openLink;
      return openLinkOf(cable, link);
    },
    httpPortOf,
    writeFile,
  });
  return time.settle(conversation.hold(drivers, time));
}

/** Replays what was captured, and the second cable beside it. */
export async function replayed(
  conversation: Conversation,
  records: readonly CaptureRecord[],
  beside: readonly CaptureRecord[] = [],
): Promise<{ result: unknown; deviation: string | undefined; remaining: readonly CaptureRecord[] }> {
  const time = createVirtualTime();
  const main = replayLink(records, time.clock, conversation.cable);
  const second = replayLink(beside, time.clock, conversation.beside);
  const http = replayHttp(records, time.clock, conversation.cable);
  const isHttp = records.every(({ dir }) => dir !== "open");
  const result = await held(conversation, time, {
    openLinkOf: (cable) => (cable === conversation.cable ? main : second).openLink,
    httpPortOf: () => http.port,
  }).catch((error: unknown) => (isFault(error) ? error : String(error)));
  const replays = isHttp ? [http] : [main, second];
  return {
    result,
    deviation: replays.map((replay) => replay.deviation()).find((deviation) => deviation !== undefined),
    remaining: replays.flatMap((replay) => replay.remaining()),
  };
}

export function worldOf(site: Site, clock: WorldClock) {
  const data = loadWorldData({ readPackageText: repositoryText }, [BENCH_DESIGN]);
  return createWorld({
    clock,
    chance: createChance(1),
    site,
    cells: plainCells(site),
    uncertainty: { ...site.beam.uncertainty, stack: 0.05 },
    designs: data.designs,
    models: data.models,
    attenuation: data.attenuation,
    options: worldOptionsOf(site, (position) => `CELL-${position}`),
  });
}
