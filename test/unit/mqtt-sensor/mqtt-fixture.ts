import type { Fault } from "../../../protocols/base/fault.ts";
import type { Reading, Sensor } from "../../../protocols/roles/sensor.ts";
import {
  createMqttSensors,
  type MqttSensorOptions,
  type MqttSensors,
} from "../../../drivers/mqtt-sensor/mqtt-sensors.ts";
import { createVirtualClock, type VirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createMemoryLink, type MemoryLink } from "../../../simulator/links/memory-link.ts";
import { createMqttSource, type MqttSource, type MqttSourceTopic } from "../../../simulator/mqtt-source/mqtt-source.ts";

export const RING_TOPIC = "machine/ring/current";
export const FLUX_TOPIC = "beamline/monitor/flux";
export const MAXIMUM_AGE_S = 5;

export const SENSORS: readonly MqttSensorOptions[] = [
  {
    name: "ring current",
    quantity: "ring_current",
    unit: "mA",
    topic: RING_TOPIC,
    jsonPath: "value",
    maximumAgeS: MAXIMUM_AGE_S,
  },
  { name: "flux", quantity: "flux", unit: "ph/s", topic: FLUX_TOPIC, jsonPath: null, maximumAgeS: MAXIMUM_AGE_S },
];

export const TOPICS: readonly MqttSourceTopic[] = [
  {
    topic: RING_TOPIC,
    periodMs: 1000,
    payload: (atMs) => JSON.stringify({ value: 200 + atMs / 1e6, unit: "mA", at_ms: atMs }),
  },
  { topic: FLUX_TOPIC, periodMs: 2000, payload: () => "1.25e11" },
];

export interface SensorBench {
  readonly clock: VirtualClock;
  readonly cable: MemoryLink;
  readonly source: MqttSource;
  readonly connected: MqttSensors;
  readonly ring: Sensor;
  readonly flux: Sensor;
  /** Of the connection and of both sensors, in order. */
  readonly faults: Fault[];
  readonly readings: Reading[];
  /** Chunks the broker was sent. */
  readonly sent: Uint8Array[];
  settle<T>(work: Promise<T>, withinMs?: number): Promise<T>;
  runFor(ms: number): Promise<void>;
}

export function virtualClock(): VirtualClock {
  return createVirtualClock(0, { drain: () => new Promise((resolve) => setImmediate(resolve)) });
}

/** Two sensors on one client and a broker with two publishers, connected at 0.01 s unless told otherwise. */
export async function createSensorBench(connect = true, topics = TOPICS): Promise<SensorBench> {
  const clock = virtualClock();
  const cable = createMemoryLink(clock, { name: "broker", latencyMs: 0.5 });
  const source = createMqttSource({ end: cable.end, clock, topics });
  const sent: Uint8Array[] = [];
  const connected = createMqttSensors({
    name: "broker",
    clock,
    sensors: SENSORS,
    clientId: "beamrack",
    openLink: async () => {
      const link = await cable.openLink();
      const write = link.write.bind(link);
      link.write = (bytes) => {
        sent.push(bytes.slice());
        write(bytes);
      };
      return link;
    },
  });
  const ring = named(connected, "ring current");
  const flux = named(connected, "flux");
  const faults: Fault[] = [];
  const readings: Reading[] = [];
  for (const one of [connected.connection, ring, flux]) one.onFault((fault) => faults.push(fault));
  ring.onReading((reading) => readings.push(reading));
  const runFor = (ms: number): Promise<void> => clock.run(clock.nowMs() + ms);
  async function settle<T>(work: Promise<T>, withinMs = 60_000): Promise<T> {
    let isSettled = false;
    const watched = work.finally(() => {
      isSettled = true;
      clock.stop();
    });
    watched.catch(() => undefined);
    await runFor(withinMs);
    if (!isSettled as boolean) throw new Error(`not settled within ${withinMs} ms`);
    return watched;
  }
  if (connect) await settle(connected.connection.connect());
  return { clock, cable, source, connected, ring, flux, faults, readings, sent, settle, runFor };
}

function named(connected: MqttSensors, name: string): Sensor {
  const sensor = connected.sensors.get(name);
  if (sensor === undefined) throw new Error(`no sensor ${name}`);
  return sensor;
}

export function repeatableRandom(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}
