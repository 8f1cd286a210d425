/**
 * The soak's instruments, in a process of their own: 96 MethodSCRIPT potentiostats on pseudo-terminals, a Neware
 * cabinet and an input/output unit on TCP, sensors on a broker. Behind them stand no cells but counters: what each
 * one reads is how much it has said, so that the other end can tell what it missed. Started by soak.ts alone.
 */
import { readFileSync } from "node:fs";
import { createChance } from "../../simulator/chance/chance.ts";
import { createModbusIoTwin } from "../../simulator/modbus-io/modbus-io-twin.ts";
import { createNewareTwin } from "../../simulator/neware-bts/neware-twin.ts";
import { createMethodScriptTwin } from "../../simulator/palmsens-methodscript/methodscript-twin.ts";
import type { BeamPlant, CellPlant, DeviceEnd } from "../../simulator/plant/plant.ts";
import { createBenchBroker } from "../../tui/bench/broker.ts";
import { createFaultyEnd, type FaultyEnd } from "../../tui/bench/faulty-end.ts";
import { createDevicePort, type BenchListener } from "../../tui/bench/listener.ts";
import { createModbusTcpListener } from "../../tui/bench/modbus-tcp-listener.ts";
import { createPtyListener } from "../../tui/bench/pty-listener.ts";
import { createTcpListener } from "../../tui/bench/tcp-listener.ts";
import { createWallWorldClock } from "../../tui/bench/wall-world-clock.ts";
import { createRealClock } from "../../tui/rim/real-clock.ts";
import { localStepFile } from "../../tui/rig/step-files.ts";
import { createNumberLog } from "./soak-log.ts";
import {
  CHANNEL_NAMES,
  COUNT_MODULUS,
  IO_MAP,
  MQTT_PERIOD_MS,
  MQTT_TOPICS,
  mqttTopic,
  NEWARE_CHANNELS,
  newareAddress,
  newareShare,
  NUMBER_STEP_V,
  serialPath,
  systemMs,
  toTwinsSchema,
  voltageOfNumber,
  type FromTwins,
  type ToTwins,
} from "./soak-plan.ts";

const LOOPBACK = { host: "127.0.0.1", port: 0 };
const PACKAGE = 0x50;

const folder = process.argv[2] ?? "";
const clock = createWallWorldClock(createRealClock(), (error) => {
  tell({ kind: "broken", what: error.stack ?? error.message });
});
const chance = createChance(1);
const listeners: BenchListener[] = [];

function tell(message: FromTwins): void {
  process.send?.(message);
}

/** Whatever is done to the cell, it shows `voltageV()`. */
function cellThatShows(voltageV: () => number): CellPlant {
  let currentA = 0;
  let shownV = 0;
  return {
    disconnect() {
      currentA = 0;
    },
    applyCurrent(_, level) {
      currentA = level;
    },
    applyVoltage: () => undefined,
    applyVoltageWithin(_, level, leastA, mostA) {
      currentA = level > shownV ? mostA : leastA;
    },
    read() {
      shownV = voltageV();
    },
    get voltageV() {
      return shownV;
    },
    get currentA() {
      return currentA;
    },
  };
}

function portOf(listener: BenchListener): number {
  return Number(listener.where.slice(listener.where.lastIndexOf(":") + 1));
}

/** One potentiostat on its port. */
async function potentiostat(index: number) {
  const port = createDevicePort();
  const faulty: FaultyEnd = createFaultyEnd(port.end, clock, chance.stream(String(index)));
  const listener = createPtyListener(serialPath(folder, index), port);
  listeners.push(listener);
  const sentMs = createNumberLog();
  const counted: DeviceEnd = {
    ...faulty.end,
    send(chunk) {
      if (chunk[0] === PACKAGE) sentMs.add(systemMs());
      faulty.end.send(chunk);
    },
  };
  createMethodScriptTwin({
    end: counted,
    clock,
    cell: cellThatShows(() => voltageOfNumber(sentMs.length)),
    model: "mes4hr",
    serialNumber: `ES4HR22A${1000 + index}`,
    measurement: { voltageStepV: NUMBER_STEP_V },
  });
  await listener.plug();
  return { sentMs, faulty, listener };
}

async function cabinet() {
  const port = createDevicePort();
  const listener = createTcpListener(LOOPBACK, port);
  listeners.push(listener);
  const share = newareShare(folder);
  const twin = createNewareTwin({
    end: port.end,
    clock,
    channels: Array.from({ length: NEWARE_CHANNELS }, (_, index) => ({
      ...newareAddress(index),
      cell: cellThatShows(() => 3.7),
    })),
    readFile(path) {
      const local = localStepFile(share, path);
      return local === undefined ? undefined : readFileSync(local, "utf8");
    },
    deviceId: newareAddress(0).deviceId,
    startWallMs: clock.startWallMs,
  });
  await listener.plug();
  const rows = () =>
    Array.from({ length: NEWARE_CHANNELS }, (_, index) => {
      const { subdeviceId, channelId } = newareAddress(index);
      const stored = twin.channel(subdeviceId, channelId)?.latest?.rows ?? [];
      return { count: stored.length, stepTimeSumMs: stored.reduce((sum, row) => sum + row.stepTimeMs, 0) };
    });
  return { port: portOf(listener), rows };
}

async function inputUnit() {
  const port = createDevicePort();
  const listener = createModbusTcpListener(LOOPBACK, port);
  listeners.push(listener);
  let requests = 0;
  const counted: DeviceEnd = {
    ...port.end,
    onData(handler) {
      port.end.onData((frame) => {
        requests += 1;
        handler(frame);
      });
    },
  };
  createModbusIoTwin({ end: counted, clock, beam: beamThatCounts(() => requests), map: IO_MAP });
  await listener.plug();
  return { port: portOf(listener), requests: () => requests };
}

/** Shutters closed, interlocks made; the filters' switches are the bits of a number. */
function beamThatCounts(number: () => number): BeamPlant {
  return {
    ringCurrentMa: () => 200,
    fluxPhS: () => 1e11,
    monitorFluxPhS: () => 1e11,
    driveShutter: () => undefined,
    shutterOpenSwitch: () => false,
    shutterClosedSwitch: () => true,
    driveSafetyShutter: () => undefined,
    safetyShutterOpenSwitch: () => false,
    safetyShutterClosedSwitch: () => true,
    driveFilter: () => undefined,
    filterInSwitch: (_, bit) => ((number() % COUNT_MODULUS) >> bit) % 2 === 1,
    interlock: () => true,
  };
}

async function sensors() {
  const broker = await createBenchBroker(LOOPBACK, clock);
  listeners.push(broker);
  await broker.plug();
  const said = Array.from({ length: MQTT_TOPICS }, () => 0);
  const publishers = broker.speak(
    said.map((_, index) => ({
      topic: mqttTopic(index),
      periodMs: MQTT_PERIOD_MS,
      payload() {
        const number = (said[index] ?? 0) + 1;
        said[index] = number;
        return JSON.stringify({ value: number, unit: "1" });
      },
    })),
  );
  return { url: broker.where, said, publishers };
}

const potentiostats = await Promise.all(CHANNEL_NAMES.map((_, index) => potentiostat(index)));
const newareCabinet = await cabinet();
const io = await inputUnit();
const broker = await sensors();

async function obey(order: ToTwins): Promise<void> {
  switch (order.kind) {
    case "fault": {
      const one = potentiostats[order.index];
      if (order.fault === "hang") one?.faulty.hang(order.on);
      else if (order.on) await one?.listener.unplug();
      else await one?.listener.plug();
      tell({ kind: "done" });
      return;
    }
    case "hush":
      broker.publishers.stop();
      tell({ kind: "done" });
      return;
    case "cpu": {
      const { user, system } = process.cpuUsage();
      tell({ kind: "cpu", cpuMs: (user + system) / 1000 });
      return;
    }
    case "report":
      tell({
        kind: "report",
        packagesSentMs: potentiostats.map(({ sentMs }) => sentMs.values()),
        newareRows: newareCabinet.rows(),
        modbusRequests: io.requests(),
        mqttSaid: broker.said,
      });
  }
}

process.on("message", (message) => {
  void obey(toTwinsSchema.parse(message));
});
// The drivers' process is gone: nothing is left behind for it.
process.on("disconnect", () => {
  clock.stop();
  void Promise.all(listeners.map((listener) => listener.close())).then(() => {
    process.exit();
  });
});
tell({ kind: "ready", newarePort: newareCabinet.port, modbusPort: io.port, mqttUrl: broker.url });
