/** The sections of `site.yaml`. Units are in the names; density is g/cm3. */
import * as z from "zod";
import { layerShape } from "../input/layer.ts";
import { strictObject } from "../input/section.ts";
import { mqttLink, serialLink, tcpLink } from "./link-schema.ts";
import { CHANNEL_TECHNIQUES, SENSOR_QUANTITIES } from "./site.ts";

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]*$/, "Use letters, digits, blanks, points and hyphens.");
const positive = z.number().positive();
const notNegative = z.number().nonnegative();
const fraction = z.number().min(0).max(1);
const bit = z.int().min(0).max(0x1ff);

/** Sections whose keys depend on the driver. */
function byDriver<const Options extends readonly [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]]>(
  options: Options,
) {
  return z.discriminatedUnion("driver", options, {
    error: `Known here: ${driversOf(options).join(", ")}.`,
  });
}

function driversOf(options: readonly z.core.$ZodTypeDiscriminable[]): readonly string[] {
  return options.flatMap((option) => [...(option._zod.propValues["driver"] ?? [])].map(String));
}

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

const widthTerm = z.number().min(-1).max(1);
const patternSchema = strictObject({
  distance_mm: positive.min(50).max(100_000),
  two_theta_min_deg: positive.max(90),
  two_theta_max_deg: positive.max(90),
  points: z.int().min(100).max(20_000),
  caglioti_deg2: strictObject({ U: widthTerm, V: widthTerm, W: widthTerm }),
})
  .refine(
    ({ two_theta_min_deg, two_theta_max_deg }) => two_theta_min_deg < two_theta_max_deg,
    "two_theta_min_deg must be below two_theta_max_deg.",
  )
  .refine(
    ({ two_theta_min_deg, two_theta_max_deg, caglioti_deg2: { U, V, W } }) =>
      Array.from(
        { length: 101 },
        (_, part) => two_theta_min_deg + ((two_theta_max_deg - two_theta_min_deg) * part) / 100,
      )
        .map((angleDeg) => Math.tan((angleDeg * Math.PI) / 360))
        .every((tangent) => U * tangent * tangent + V * tangent + W > 0),
    "caglioti_deg2 gives no width somewhere in the range of angles.",
  );

export const detectorSchema = strictObject({
  name,
  driver: z.literal("dectris-camserver"),
  link: tcpLink,
  read_out_s: positive.max(60),
  folder: z.string().startsWith("/", "Give the whole path on the detector's disk."),
  pattern: patternSchema.exactOptional(),
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
} as const;

const serialNumber = z.string().min(1).exactOptional();

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
]);
export type ChannelGroup = z.output<typeof channelGroupSchema>;

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
] as const;
