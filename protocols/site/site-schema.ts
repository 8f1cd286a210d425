/** The sections of `site.yaml`. Units are in the names; density is g/cm3. */
import * as z from "zod";
import { layerShape } from "../input/layer.ts";
import { strictObject } from "../input/section.ts";
import { byDriver, instrumentName as name, serialNumber } from "./by-driver.ts";
import { modbusLink, mqttLink, serialLink, tcpLink } from "./link-schema.ts";
import { CHANNEL_TECHNIQUES, SENSOR_QUANTITIES } from "./site.ts";

const positive = z.number().positive();
const notNegative = z.number().nonnegative();
const fraction = z.number().min(0).max(1);

export const titleSchema = z.string().min(1);
export const nameSchema = name;

export const rackSchema = strictObject({
  pitch_mm: positive.max(200),
  origin_x_mm: notNegative,
  origin_y_mm: notNegative,
  remount_mm: notNegative.max(5).exactOptional(),
  shadow: strictObject({ x_mm: notNegative, y_mm: notNegative }).exactOptional(),
  park: strictObject({ x_mm: notNegative, y_mm: notNegative }).exactOptional(),
});

export const shutterSchema = strictObject({
  travel_s: positive.max(10),
  // Permits lapse within a second of silence; faster than the supervisor's own cycle they would lapse by themselves.
  watchdog_ms: z.int().min(100).max(900).multipleOf(100, "Give a multiple of 100, such as 900."),
  safety_shutter_close_s: positive.max(60),
});

/** Of the channels of a group, whatever family they are of. */
const channelShape = {
  positions: z.union(
    [z.string(), z.array(z.string()).min(1)],
    "Give a position, a range such as A1..D12, or a list of them.",
  ),
  voltage_min_V: z.number(),
  voltage_max_V: z.number(),
  current_max_mA: positive,
  sample_interval_min_s: positive,
  techniques: z.array(z.enum(CHANNEL_TECHNIQUES)).min(1),
  // of both current leads and their contacts together
  lead_resistance_ohm: notNegative.exactOptional(),
} as const;

/** A cabinet of units behind one client; the group's positions take its channels in their order. */
const newareCabinet = strictObject({
  name,
  ip: z.string().min(1).default("127.0.0.1"),
  device_type: z.int().min(20).max(27).default(27),
  device_id: z.int().min(1),
  first_unit: z.int().min(1).default(1),
  channels_per_unit: z.int().min(1).max(16).default(8),
  step_file_folder: z.string().min(1),
  write_folder: z.string().startsWith("/", "Give the whole path at which this computer sees the folder."),
  backup_folder: z.string().min(1).exactOptional(),
});

export const channelGroupSchema = byDriver([
  strictObject({
    ...channelShape,
    driver: z.literal("palmsens-methodscript"),
    link: serialLink,
    serial_number: serialNumber,
  }),
  strictObject({ ...channelShape, driver: z.literal("keithley-smu"), link: tcpLink, serial_number: serialNumber }),
  strictObject({ ...channelShape, driver: z.literal("neware-bts"), link: tcpLink, cabinet: newareCabinet }),
  strictObject({
    ...channelShape,
    driver: z.literal("modbus-cycler"),
    link: modbusLink,
    map: z.string().min(1),
    serial_number: serialNumber,
    // of the first position; the others follow, on a line that they share
    first_unit_id: z.int().min(1).max(247).exactOptional(),
  }),
]);
export type ChannelGroup = z.output<typeof channelGroupSchema>;

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

/** Left out: not known to stand behind the shutter. */
const monitorPlace = z.enum(["before_shutter", "after_shutter"]).exactOptional();

export const beamSchema = strictObject({
  energy_keV: positive.min(4).max(150),
  flux_ref_ph_s: positive,
  ring_current_ref_mA: positive,
  flux_max_ph_s: positive,
  shape: profileSchema,
  flux_monitor: z
    .discriminatedUnion("kind", [
      strictObject({
        kind: z.literal("ion_chamber"),
        gas: z.enum(["he", "n2", "air"]),
        length_mm: positive.max(2000),
        dark_A: notNegative.max(1e-3),
        factor: positive,
        place: monitorPlace,
      }),
      strictObject({
        kind: z.literal("diode"),
        thickness_mm: positive.max(10),
        dark_A: notNegative.max(1e-3),
        factor: positive,
        place: monitorPlace,
      }),
    ])
    .exactOptional(),
  uncertainty: strictObject({
    flux: fraction,
    flux_by_ring_current: fraction.exactOptional(),
    profile: fraction,
    position: fraction,
  }),
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
        alarm_above: z.number().nullable().default(null),
        stop_above: z.number().nullable().default(null),
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
  "broker",
  "sample_changer",
  "barcode_reader",
  "integrator",
  "trigger",
  "sensors",
  "safety_inputs",
  "alignment",
  "calibrations",
] as const;
