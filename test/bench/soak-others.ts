/** What else the soak's controller listens to: the Neware cabinet, the polled inputs, the sensors. */
import { createModbusIo } from "../../drivers/modbus-io/modbus-io.ts";
import { createMqttSensors } from "../../drivers/mqtt-sensor/mqtt-sensors.ts";
import { createNewareCabinet } from "../../drivers/neware-bts/neware-cabinet.ts";
import { createOpenLink } from "../../drivers/link/open-link.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import { faultText, isFault, type Fault } from "../../protocols/base/fault.ts";
import { writeDurably } from "../../tui/run/write-durably.ts";
import { createNumberLog } from "./soak-log.ts";
import {
  COUNT_MODULUS,
  IO_MAP,
  MODBUS_POLL_MS,
  MQTT_TOPICS,
  mqttTopic,
  NEWARE_CHANNELS,
  NEWARE_SAMPLE_INTERVAL_S,
  newareAddress,
  newareShare,
  systemMs,
} from "./soak-plan.ts";

const LOOPBACK = "127.0.0.1";
const WATCHDOG_MS = 900;

export function createSoakNeware(folder: string, port: number, clock: Clock) {
  const share = newareShare(folder);
  const cabinet = createNewareCabinet({
    ...share,
    openLink: createOpenLink({ kind: "tcp", host: LOOPBACK, port }, share.name, clock),
    clock,
    stepFileFolder: share.stepFileFolder,
    backupFolder: "C:\\backup\\",
    writeFile: writeDurably,
  });
  const faults: string[] = [];
  const channels = Array.from({ length: NEWARE_CHANNELS }, (_, index) => {
    const channel = cabinet.channel(`cycler ${index + 1}`, newareAddress(index));
    const heard = { channel, count: 0, stepTimeSumMs: 0, isOver: false };
    channel.listen({
      sample(stepTimeS) {
        heard.count += 1;
        heard.stepTimeSumMs += Math.round(stepTimeS * 1000);
      },
      stepEnded() {
        heard.isOver = true;
      },
      fault(fault) {
        faults.push(faultText(fault));
      },
    });
    channel.onFault((fault) => {
      faults.push(faultText(fault));
    });
    return heard;
  });
  return {
    channels,
    faults,
    async start(): Promise<void> {
      await Promise.all(channels.map(({ channel }) => channel.connect()));
      await Promise.all(
        channels.map(({ channel }) =>
          channel.start({
            kind: "constant-current",
            currentA: 0.001,
            untilVoltageV: null,
            sampleIntervalS: NEWARE_SAMPLE_INTERVAL_S,
            untilTimeS: 86_400,
            limits: { voltageMaxV: 4.2, voltageMinV: 2.5, currentMaxA: 0.02, currentMinA: -0.02 },
          }),
        ),
      );
    },
    async stop(): Promise<void> {
      await Promise.all(channels.map(({ channel }) => channel.abort()));
    },
  };
}

/** Reads all inputs every 100 ms, one request each, on a grid of times that does not drift. */
export function createSoakPoll(port: number, clock: Clock) {
  const faults: string[] = [];
  const roundTripMs = createNumberLog();
  const figures = { asked: 0, answered: 0, skipped: 0, outOfSequence: 0 };
  let lastNumber = Number.NaN;
  let isPolling = false;
  let startMs = 0;
  let turn = 0;
  let pending: Promise<void> = Promise.resolve();
  const io = createModbusIo({
    name: "io",
    openLink: createOpenLink({ kind: "tcp", host: LOOPBACK, port }, "io", clock),
    clock,
    map: IO_MAP,
    filterCount: IO_MAP.inputs.filters.length,
    watchdogMs: WATCHDOG_MS,
  });
  const trouble = (fault: Fault): void => {
    faults.push(faultText(fault));
  };
  io.onFault(trouble);

  async function ask(): Promise<void> {
    figures.asked += 1;
    const askedMs = systemMs();
    try {
      const { filtersIn } = await io.readInputs();
      figures.answered += 1;
      roundTripMs.add(systemMs() - askedMs);
      const number = filtersIn.reduce((sum, isIn, bit) => sum + (isIn ? 2 ** bit : 0), 0);
      if (!Number.isNaN(lastNumber) && number !== (lastNumber + 1) % COUNT_MODULUS) figures.outOfSequence += 1;
      lastNumber = number;
    } catch (error) {
      if (!isFault(error)) throw error;
      trouble(error);
    }
  }

  function askLater(): void {
    turn += 1;
    const dueMs = startMs + turn * MODBUS_POLL_MS;
    clock.setTimeout(
      () => {
        if (!isPolling) return;
        pending = ask().then(() => {
          // Turns that passed while an answer was awaited are not made up for.
          const passed = Math.floor((clock.monoMs() - startMs) / MODBUS_POLL_MS) - turn;
          if (passed > 0) {
            figures.skipped += passed;
            turn += passed;
          }
          askLater();
        });
      },
      Math.max(0, dueMs - clock.monoMs()),
    );
  }

  return {
    figures,
    faults,
    roundTripMs,
    connect: () => io.connect(),
    begin(): void {
      isPolling = true;
      startMs = clock.monoMs();
      askLater();
    },
    async end(): Promise<void> {
      isPolling = false;
      await pending;
    },
    close: () => {
      io.disconnect();
    },
  };
}

export function createSoakSensors(url: string, clock: Clock) {
  const faults: string[] = [];
  const { connection, sensors } = createMqttSensors({
    name: "broker",
    openLink: createOpenLink({ kind: "mqtt", url }, "broker", clock),
    clock,
    sensors: Array.from({ length: MQTT_TOPICS }, (_, index) => ({
      name: `sensor ${index}`,
      quantity: "count",
      unit: "1",
      topic: mqttTopic(index),
      jsonPath: "value",
      maximumAgeS: 5,
    })),
  });
  const trouble = (fault: Fault): void => {
    faults.push(faultText(fault));
  };
  connection.onFault(trouble);
  const heard = [...sensors.values()].map((sensor) => {
    const one = { first: Number.NaN, last: Number.NaN, count: 0, outOfSequence: 0 };
    sensor.onFault(trouble);
    sensor.onReading(({ value }) => {
      if (one.count === 0) one.first = value;
      else if (value !== one.last + 1) one.outOfSequence += 1;
      one.last = value;
      one.count += 1;
    });
    return one;
  });
  return {
    heard,
    faults,
    connect: () => connection.connect(),
    close: () => {
      connection.disconnect();
    },
  };
}
