/** The beamline's instruments in `site.yaml`: stage, detector, inputs and outputs. */
import * as z from "zod";
import { strictObject } from "../input/section.ts";
import { byDriver, instrumentName as name, serialNumber } from "./by-driver.ts";
import { httpLink, serialLink, serialOrTcpLink, tcpLink } from "./link-schema.ts";

const positive = z.number().positive();
const bit = z.int().min(0).max(0x1ff);

const stretch = z
  .tuple([z.number(), z.number()])
  .refine(([from, to]) => from < to, "Give the lower end first, then the higher one, in mm.");

/** Of a stage, whatever family it is of. */
const stageShape = {
  name,
  travel_x_mm: positive,
  travel_y_mm: positive,
  speed_mm_s: positive,
  acceleration_mm_s2: positive,
  settle_s: z.number().nonnegative().max(60),
  position_tolerance_mm: positive.max(1).default(0.05),
  keep_out: z
    .array(strictObject({ name: z.string().min(1).max(60), x_mm: stretch, y_mm: stretch }))
    .min(1)
    .max(8)
    .exactOptional(),
} as const;

/** One axis of a chain of devices. */
const zaberAxis = strictObject({
  device: z.int().min(1).max(99),
  axis: z.int().min(1).max(9),
  microstep_um: positive.max(1000),
  origin_mm: z.number().default(0),
  reversed: z.boolean().default(false),
  serial_number: serialNumber,
});

export const stageSchema = byDriver([
  strictObject({ ...stageShape, driver: z.literal("grbl"), link: serialLink }),
  strictObject({
    ...stageShape,
    driver: z.literal("zaber-ascii"),
    link: serialOrTcpLink,
    axes: strictObject({ x: zaberAxis, y: zaberAxis }),
  }),
]);
export type StageSection = z.output<typeof stageSchema>;

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

/** Of a detector, whatever family it is of. */
const detectorShape = {
  name,
  read_out_s: positive.max(60),
  folder: z.string().startsWith("/", "Give the whole path on the detector's disk."),
  pattern: patternSchema.exactOptional(),
  saturation_counts: z
    .int()
    .min(1)
    .max(2 ** 32)
    .exactOptional(),
} as const;

export const detectorSchema = byDriver([
  strictObject({ ...detectorShape, driver: z.literal("dectris-camserver"), link: tcpLink }),
  strictObject({
    ...detectorShape,
    driver: z.literal("dectris-simplon"),
    link: httpLink,
    serial_number: serialNumber,
    photon_energy_keV: positive.max(200).exactOptional(),
    frames_per_series: z.int().min(1).max(10_000).exactOptional(),
  }),
]);
export type DetectorSection = z.output<typeof detectorSchema>;

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
  unit: z.enum(["wago-750", "adam-6050", "adam-6060"]).default("wago-750"),
  unit_id: z.int().min(0).max(247).default(1),
  // while no permit of the shutter lives; beyond 2 s one answer that is lost could pass for a silent safety input
  look_every_s: z.number().min(0.5).max(2).exactOptional(),
  // of the ADAM modules
  output_offset: z.int().min(0).max(0xffff).exactOptional(),
  safety_registers: z.boolean().exactOptional(),
  inputs: strictObject({
    shutter_open: bit,
    shutter_closed: bit,
    safety_shutter_open: bit,
    safety_shutter_closed: bit,
    interlocks: interlockBits,
    interlocks_in_series: z.boolean().exactOptional(),
    filters: z.array(bit),
    permit_alive: bit.exactOptional(),
  }),
  outputs: strictObject({
    shutter_open_request: bit,
    shutter_permit: bit,
    heartbeat: bit.exactOptional(),
    safety_shutter_request: bit,
    filters: z.array(bit),
  }),
});
export type IoSection = z.output<typeof ioSchema>;
