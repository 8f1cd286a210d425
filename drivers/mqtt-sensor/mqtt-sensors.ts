/**
 * Sensors that arrive as MQTT messages: several on one client. They inform and may stop, never permit. A retained
 * message is the broker's memory and not a measurement, so it never counts; an unreadable one takes the last reading
 * away, since its source can no longer be believed.
 */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Instrument } from "../../protocols/roles/instrument.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import type { Reading, Sensor } from "../../protocols/roles/sensor.ts";
import { createMqttConnection, type MqttConnection } from "./mqtt-connection.ts";
import { PACKET_LENGTH_MAX, type MqttCredentials } from "./mqtt-session.ts";
import { readPayload, type PayloadReading } from "./sensor-payload.ts";

export interface MqttSensorOptions {
  /** As in the site file; unique. */
  readonly name: string;
  readonly quantity: string;
  readonly unit: string;
  /** Exact: no wildcards. Sensors may share one. */
  readonly topic: string;
  /** Dotted path into a JSON payload; null when the payload is the number itself. */
  readonly jsonPath: string | null;
  readonly maximumAgeS: number;
}

export interface MqttSensorsDeps {
  /** Of the connection, in faults. */
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  readonly sensors: readonly MqttSensorOptions[];
  /** Unique per process; default `beamrack-<name>`. */
  readonly clientId?: string;
  readonly credentials?: MqttCredentials;
}

export interface MqttSensors {
  /** Reconnects by itself once connected; its faults are those of the link and the broker. */
  readonly connection: Instrument;
  /**
   * By name. A sensor's own faults are `sensor.stale` and `sensor.unreadable`. Connecting one connects all;
   * disconnecting one only stops it from listening.
   */
  readonly sensors: ReadonlyMap<string, Sensor>;
}

interface HeardSensor {
  readonly sensor: Sensor;
  readonly topic: string;
  heard(payload: string): void;
  unreadable(why: string): void;
  /** Silence is counted from now on. */
  watch(): void;
  /** No reading is left and silence is no longer counted. */
  unwatch(): void;
}

/** Throws Fault `site.invalid` for a topic with wildcards, a name given twice, or an age that is not a positive number. */
export function createMqttSensors(deps: MqttSensorsDeps): MqttSensors {
  const { name, clock } = deps;
  const all: HeardSensor[] = [];
  const byTopic = new Map<string, HeardSensor[]>();
  const connection = createMqttConnection({
    ...deps,
    clientId: deps.clientId ?? `beamrack-${name}`,
    topics: [...new Set(deps.sensors.map(({ topic }) => topic))],
    message(topic, payload, isRetained) {
      if (isRetained) return;
      const text = payload.toString("utf8");
      for (const one of byTopic.get(topic) ?? []) one.heard(text);
    },
    oversized(topic, lengthBytes) {
      const why = `a message of ${lengthBytes} bytes, where ${PACKET_LENGTH_MAX} is the most`;
      for (const one of byTopic.get(topic) ?? all) one.unreadable(why);
    },
    opened() {
      for (const one of all) one.watch();
    },
    closed() {
      for (const one of all) one.unwatch();
    },
  });
  const sensors = new Map<string, Sensor>();
  for (const options of deps.sensors) {
    refuseImpossible(options, sensors);
    const one = createHeardSensor(options, connection, clock);
    all.push(one);
    byTopic.set(options.topic, [...(byTopic.get(options.topic) ?? []), one]);
    sensors.set(options.name, one.sensor);
  }
  return { connection, sensors };
}

function refuseImpossible(options: MqttSensorOptions, others: ReadonlyMap<string, Sensor>): void {
  const { name, topic, maximumAgeS } = options;
  const problem =
    topic === "" || /[#+\0]/.test(topic)
      ? `the topic \`${topic}\` is not an exact one`
      : !(Number.isFinite(maximumAgeS) && maximumAgeS > 0)
        ? `a maximum age of ${maximumAgeS} s`
        : others.has(name)
          ? "there is another sensor of this name"
          : undefined;
  if (problem !== undefined) throw new Fault("site.invalid", name, `sensor ${name}: ${problem}`);
}

function createHeardSensor(options: MqttSensorOptions, connection: MqttConnection, clock: Clock): HeardSensor {
  const { name, maximumAgeS, jsonPath, topic } = options;
  const maximumAgeMs = maximumAgeS * 1000;
  const readingHandlers = new Set<(reading: Reading) => void>();
  const faultHandlers = new Set<(fault: Fault) => void>();
  let last: Reading | undefined;
  let lastRead: { readonly payload: string; readonly reading: PayloadReading } | undefined;
  let isListening = true;
  /** Silence is counted from here when nothing was heard since. */
  let silentSinceMs = 0;
  let silenceTimer: TimerHandle;
  let isWatched = false;
  let isTimerSet = false;
  let unreadableCount = 0;
  let unreadableToldMs = -Infinity;

  function report(fault: Fault): void {
    for (const handler of faultHandlers) handler(fault);
  }

  /** One timer for each span of silence, not for each message: it looks again when something was heard meanwhile. */
  function setTimer(): void {
    if (!isWatched || isTimerSet) return;
    isTimerSet = true;
    const dueMs = silentSinceMs + maximumAgeMs;
    silenceTimer = clock.setTimeout(
      () => {
        isTimerSet = false;
        const silentMs = clock.monoMs() - silentSinceMs;
        if (silentMs <= maximumAgeMs) setTimer();
        else report(new Fault("sensor.stale", name, staleText(silentMs), { topic, silentMs: Math.round(silentMs) }));
      },
      dueMs - clock.monoMs() + 1,
    );
  }

  function staleText(silentMs: number): string {
    return `no ${options.quantity} on ${topic} for ${(silentMs / 1000).toFixed(1)} s; the most is ${maximumAgeS} s`;
  }

  function unreadable(why: string): void {
    if (!isListening) return;
    last = undefined;
    unreadableCount += 1;
    // A source that talks nonsense at a kilohertz is told about once in a while, with the count.
    const nowMs = clock.monoMs();
    if (unreadableCount > 1 && nowMs - unreadableToldMs < maximumAgeMs) return;
    unreadableToldMs = nowMs;
    const what = `the message on ${topic} could not be read: ${why}`;
    report(new Fault("sensor.unreadable", name, what, { topic, unreadableCount }));
  }

  const sensor: Sensor = {
    name,
    driver: "mqtt-sensor",
    quantity: options.quantity,
    unit: options.unit,
    maximumAgeS,
    async connect() {
      isListening = true;
      const identity = await connection.ensureOpen();
      watch();
      return identity;
    },
    disconnect() {
      isListening = false;
      unwatch();
    },
    fresh() {
      return last !== undefined && clock.monoMs() - last.arrivedAtMs <= maximumAgeMs ? last : undefined;
    },
    onReading(handler) {
      readingHandlers.add(handler);
      return () => readingHandlers.delete(handler);
    },
    onFault(handler) {
      faultHandlers.add(handler);
      return () => faultHandlers.delete(handler);
    },
  };

  function watch(): void {
    if (!isListening || isWatched) return;
    isWatched = true;
    silentSinceMs = clock.monoMs();
    setTimer();
  }

  function unwatch(): void {
    last = undefined;
    isWatched = false;
    isTimerSet = false;
    clock.clearTimeout(silenceTimer);
  }

  return {
    sensor,
    topic,
    heard(payload) {
      if (!isListening) return;
      // A monitor behind a closed shutter says the same for hours.
      const read = lastRead?.payload === payload ? lastRead.reading : readPayload(payload, jsonPath);
      if (lastRead?.reading !== read) lastRead = { payload, reading: read };
      if (!read.isRead) {
        unreadable(read.why);
        return;
      }
      unreadableCount = 0;
      last = { value: read.value, arrivedAtMs: clock.monoMs() };
      silentSinceMs = last.arrivedAtMs;
      setTimer();
      for (const handler of readingHandlers) handler(last);
    },
    unreadable,
    watch,
    unwatch,
  };
}
