/** What both processes of the soak know: who is there, how often each speaks, and what they tell one another. */
import { performance } from "node:perf_hooks";
import { z } from "zod";
import { ALL_POSITIONS } from "../../protocols/base/position.ts";
import type { NewareAddress } from "../../protocols/wire/neware/channel-address.ts";
import type { ModbusIoMap } from "../../protocols/wire/modbus-io/modbus-io-map.ts";
import type { SiteNewareCabinet } from "../../protocols/site/site.ts";

export const CHANNEL_NAMES: readonly string[] = ALL_POSITIONS.map((position) => `channel ${position}`);
export const SAMPLE_INTERVAL_S = 0.1;

/** A cabinet behind one client, as they are sold. */
export const NEWARE_UNITS = 12;
const CHANNELS_PER_UNIT = 8;
export const NEWARE_CHANNELS = NEWARE_UNITS * CHANNELS_PER_UNIT;
export const NEWARE_SAMPLE_INTERVAL_S = 1;

export const MODBUS_POLL_MS = 100;

/** A hundred messages a second, over ten topics. */
export const MQTT_TOPICS = 10;
export const MQTT_PERIOD_MS = 100;

export function serialPath(folder: string, index: number): string {
  return `${folder}/port-${String(ALL_POSITIONS[index])}`;
}

export function newareAddress(index: number): NewareAddress {
  return {
    ip: "127.0.0.1",
    deviceType: 27,
    deviceId: 21,
    subdeviceId: 1 + Math.floor(index / CHANNELS_PER_UNIT),
    channelId: 1 + (index % CHANNELS_PER_UNIT),
  };
}

/** Step files: one folder, seen under a name of each computer's own. */
export function newareShare(folder: string): SiteNewareCabinet {
  return { name: "cabinet 21", stepFileFolder: "\\\\nas\\steps", writeFolder: folder, backupFolder: null };
}

export function mqttTopic(index: number): string {
  return `soak/sensor-${index}`;
}

/** The switches of these filters count the unit's requests, so that a reading that was missed or told twice shows. */
const COUNTING_BITS = 8;
const FIRST_COUNTING_BIT = 9;
const inARow = (first: number): readonly number[] => Array.from({ length: COUNTING_BITS }, (_, bit) => first + bit);

export const IO_MAP: ModbusIoMap = {
  inputs: {
    shutterOpen: 0,
    shutterClosed: 1,
    safetyShutterOpen: 2,
    safetyShutterClosed: 3,
    interlocks: { searched: 4, doorClosed: 5, emergencyOk: 6, motionEnabled: 7, beamPermitted: 8 },
    filters: inARow(FIRST_COUNTING_BIT),
  },
  outputs: { shutterOpenRequest: 0, shutterPermit: 1, safetyShutterRequest: 2, filters: inARow(3) },
};
export const COUNT_MODULUS = 2 ** COUNTING_BITS;

/**
 * Each data package of a channel carries its number as a voltage: 10 uV a number, from 3 V. Numbers begin again
 * after 80 minutes, longer than any channel is cut off here.
 */
const NUMBER_BASE_V = 3;
export const NUMBER_STEP_V = 1e-5;
const NUMBER_MODULUS = 50_000;

export function voltageOfNumber(number: number): number {
  return NUMBER_BASE_V + (number % NUMBER_MODULUS) * NUMBER_STEP_V;
}

/** The number that a voltage carries, which is none before `last`. */
export function numberOfVoltage(voltageV: number, last: number): number {
  const found = Math.round((voltageV - NUMBER_BASE_V) / NUMBER_STEP_V);
  const ahead = (((found - last) % NUMBER_MODULUS) + NUMBER_MODULUS) % NUMBER_MODULUS;
  return last + ahead;
}

/** Milliseconds on the system's monotonic clock, which both processes share. */
export function systemMs(): number {
  return originMs + performance.now();
}
const originMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Where the instruments listen. Serial ports stand where `serialPath` says. */
const readySchema = z.object({
  kind: z.literal("ready"),
  newarePort: z.number(),
  modbusPort: z.number(),
  mqttUrl: z.string(),
});

/** What the instruments sent, by their own count. */
const reportSchema = z.object({
  kind: z.literal("report"),
  /** When each data package left, for each channel. */
  packagesSentMs: z.array(z.custom<Float64Array>((value) => value instanceof Float64Array)),
  /** Stored by each Neware channel, and the sum of their times. */
  newareRows: z.array(z.object({ count: z.number(), stepTimeSumMs: z.number() })),
  modbusRequests: z.number(),
  /** Last number said on each topic; they count from 1. */
  mqttSaid: z.array(z.number()),
});

export const fromTwinsSchema = z.discriminatedUnion("kind", [
  readySchema,
  reportSchema,
  z.object({ kind: z.literal("cpu"), cpuMs: z.number() }),
  z.object({ kind: z.literal("done") }),
  z.object({ kind: z.literal("broken"), what: z.string() }),
]);
export type FromTwins = z.infer<typeof fromTwinsSchema>;

/** Each is answered by one message. */
export const toTwinsSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("fault"), fault: z.enum(["hang", "unplug"]), index: z.number(), on: z.boolean() }),
  /** The publishers say no more. */
  z.object({ kind: z.literal("hush") }),
  z.object({ kind: z.literal("cpu") }),
  z.object({ kind: z.literal("report") }),
]);
export type ToTwins = z.infer<typeof toTwinsSchema>;
