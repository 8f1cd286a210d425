/** The sections of `site.yaml`. Units are in the names; density is g/cm3. */
import * as z from "zod";
import { layerShape } from "../input/layer.ts";
import { strictObject } from "../input/section.ts";
import { CHANNEL_TECHNIQUES, SENSOR_QUANTITIES } from "./site.ts";

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]*$/, "Use letters, digits, blanks, points and hyphens.");
const positive = z.number().positive();
const notNegative = z.number().nonnegative();
const fraction = z.number().min(0).max(1);
const bit = z.int().min(0).max(0x1ff);

const HOST_AND_PORT = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/;
const tcpAddress = z
  .string()
  .refine((text) => {
    const match = HOST_AND_PORT.exec(text);
    return match !== null && Number(match[2]) >= 1 && Number(match[2]) <= 65_535;
  }, "Write host:port, such as detector:41234.")
  .transform((text) => {
    const at = text.lastIndexOf(":");
    return { kind: "tcp" as const, host: text.slice(0, at), port: Number(text.slice(at + 1)) };
  });

const serialLink = strictObject({
  serial: z.string().startsWith("/", "Give the whole path, best one of /dev/serial/by-id that names the device."),
  baud: z.int().min(1200).max(4_000_000),
}).transform(({ serial, baud }) => ({ kind: "serial" as const, path: serial, baud }));

const tcpLink = strictObject({ tcp: tcpAddress }).transform(({ tcp }) => tcp);

const mqttLink = strictObject({
  mqtt: z
    .string()
    .regex(/^mqtts?:\/\/[^/@\s]+$/, "Write mqtt://host:port or mqtts://host:port; a password does not belong here."),
}).transform(({ mqtt }) => ({ kind: "mqtt" as const, url: mqtt }));

export const titleSchema = z.string().min(1);
export const nameSchema = name;

export const rackSchema = strictObject({
  pitch_mm: positive.max(200),
  origin_x_mm: notNegative,
  origin_y_mm: notNegative,
});

export const stageSchema = strictObject({
  name,
  driver: z.literal("grbl"),
  link: serialLink,
  travel_x_mm: positive,
  travel_y_mm: positive,
  speed_mm_s: positive,
  acceleration_mm_s2: positive,
  settle_s: notNegative.max(60),
  position_tolerance_mm: positive.max(1).default(0.05),
});

export const shutterSchema = strictObject({
  travel_s: positive.max(10),
  // Permits lapse within a second of silence; faster than the supervisor's own cycle they would lapse by themselves.
  watchdog_ms: z.int().min(100).max(1000),
  safety_shutter_close_s: positive.max(60),
});

export const detectorSchema = strictObject({
  name,
  driver: z.literal("dectris-camserver"),
  link: tcpLink,
  read_out_s: positive.max(60),
  folder: z.string().startsWith("/", "Give the whole path on the detector's disk."),
});

export const channelGroupSchema = strictObject({
  positions: z.union(
    [z.string(), z.array(z.string()).min(1)],
    "Give a position, a range such as A1..D12, or a list of them.",
  ),
  driver: z.literal("palmsens-methodscript"),
  link: serialLink,
  serial_number: z.string().min(1).exactOptional(),
  voltage_min_V: z.number(),
  voltage_max_V: z.number(),
  current_max_mA: positive,
  sample_interval_min_s: positive,
  techniques: z.array(z.enum(CHANNEL_TECHNIQUES)).min(1),
});

const interlockBits = strictObject({
  searched: bit,
  door_closed: bit,
  emergency_ok: bit,
  motion_enabled: bit,
  beam_permitted: bit,
});

export const ioSchema = strictObject({
  name,
  driver: z.literal("modbus-io"),
  link: tcpLink,
  unit_id: z.int().min(0).max(247).default(1),
  inputs: strictObject({
    shutter_open: bit,
    shutter_closed: bit,
    safety_shutter_open: bit,
    safety_shutter_closed: bit,
    interlocks: interlockBits,
    filters: z.array(bit),
  }),
  outputs: strictObject({
    shutter_open_request: bit,
    shutter_permit: bit,
    safety_shutter_request: bit,
    filters: z.array(bit),
  }),
});

export const filterSchema = strictObject(layerShape);

const gaussian = strictObject({
  profile: z.literal("gaussian"),
  fwhm_x_mm: positive,
  fwhm_y_mm: positive,
  slit_x_mm: positive.exactOptional(),
  slit_y_mm: positive.exactOptional(),
});
const tophatRect = strictObject({ profile: z.literal("tophat_rect"), width_mm: positive, height_mm: positive });
const tophatEllipse = strictObject({ profile: z.literal("tophat_ellipse"), width_mm: positive, height_mm: positive });
export const profileSchema = z.discriminatedUnion("profile", [gaussian, tophatRect, tophatEllipse]);

export const beamSchema = strictObject({
  energy_keV: positive.min(4).max(150),
  flux_ref_ph_s: positive,
  ring_current_ref_mA: positive,
  flux_max_ph_s: positive,
  shape: profileSchema,
  uncertainty: strictObject({ flux: fraction, profile: fraction, position: fraction }),
});

export const sensorSourceSchema = strictObject({
  name,
  driver: z.literal("mqtt-sensor"),
  link: mqttLink,
  sensors: z
    .array(
      strictObject({
        name,
        quantity: z.enum(SENSOR_QUANTITIES),
        unit: z.string().min(1),
        topic: z
          .string()
          .min(1)
          .regex(/^[^#+\0]+$/, "Name one topic, without wildcards."),
        json_path: z.string().min(1).nullable(),
        maximum_age_s: positive.max(3600),
      }),
    )
    .min(1),
});

export const INTERLOCK_NAMES = {
  searched: "searched",
  door_closed: "doorClosed",
  emergency_ok: "emergencyOk",
  motion_enabled: "motionEnabled",
  beam_permitted: "beamPermitted",
} as const;
export type InterlockName = keyof typeof INTERLOCK_NAMES;

export const interlocksSchema = z
  .array(z.enum(Object.keys(INTERLOCK_NAMES) as [InterlockName, ...InterlockName[]]))
  .min(1);

export const latenciesSchema = strictObject({
  serial_round_trip_ms: z.number().min(2),
  tcp_round_trip_ms: z.number().min(1),
  commit_ms: z.number().min(15),
});

export const SITE_KEYS = [
  "site",
  "title",
  "rack",
  "stage",
  "shutter",
  "detector",
  "channels",
  "io",
  "filters",
  "beam",
  "sensor_sources",
  "interlocks",
  "latencies",
] as const;
