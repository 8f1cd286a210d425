/** Sections of `site.yaml` that a site may leave out: sample changer, barcode reader, trigger, sensors of their own. */
import * as z from "zod";
import { strictObject } from "../input/section.ts";
import { CODE_LINE_LENGTH_MAX } from "../wire/serial-line/code-lines.ts";
import { LAKESHORE_INPUTS } from "../wire/lakeshore/lakeshore-lines.ts";
import { byDriver, instrumentName as name, serialNumber } from "./by-driver.ts";
import { modbusLink, serialOrTcpLink, tcpLink, tcpOrMqttLink } from "./link-schema.ts";
import type { SiteBarcodeReader, SiteIntegrator, SiteOwnSensor, SiteSampleChanger, SiteTrigger } from "./further.ts";

const positive = z.number().positive();

export const sampleChangerSchema = strictObject({
  name,
  driver: z.literal("irelec-cats"),
  link: tcpLink,
  monitor_link: tcpLink,
  model: z.enum(["CATS", "ISARA"]),
  trays: z.int().min(1).max(9),
  slots_per_tray: z.int().min(1).max(96),
  tool: z.union([z.literal(2), z.literal(3), z.literal(5)], "Give the gripper's number: 2, 3 or 5."),
  reads_codes: z.boolean().default(false),
  handover_offset_x_mm: z.number(),
  handover_offset_y_mm: z.number(),
  to_beam: strictObject({
    exchange_s: z.number().min(2).max(120),
    fetch_s: z.number().min(0.5).max(60),
  }).exactOptional(),
}).transform((changer): SiteSampleChanger => ({
  name: changer.name,
  driver: changer.driver,
  link: changer.link,
  monitorLink: changer.monitor_link,
  model: changer.model,
  trayCount: changer.trays,
  slotsPerTray: changer.slots_per_tray,
  tool: changer.tool,
  readsCodes: changer.reads_codes,
  handoverOffsetXMm: changer.handover_offset_x_mm,
  handoverOffsetYMm: changer.handover_offset_y_mm,
  ...(changer.to_beam === undefined
    ? {}
    : { toBeam: { exchangeS: changer.to_beam.exchange_s, fetchS: changer.to_beam.fetch_s } }),
}));

function isExpression(text: string): boolean {
  try {
    return new RegExp(text).source !== "";
  } catch {
    return false;
  }
}

const codeLength = z.int().min(1).max(CODE_LINE_LENGTH_MAX);
const codePart = z.string().min(1).max(CODE_LINE_LENGTH_MAX).exactOptional();
const codeRules = strictObject({
  pattern: z
    .string()
    .min(1)
    .max(200)
    .refine(isExpression, "Give a regular expression that the whole code matches, such as [A-Z]{2}\\d{6}.")
    .exactOptional(),
  length_min: codeLength.exactOptional(),
  length_max: codeLength.exactOptional(),
  prefix: codePart,
  suffix: codePart,
  no_read: codePart,
}).transform(({ length_min, length_max, no_read, ...rest }) => ({
  ...rest,
  ...(length_min === undefined ? {} : { lengthMin: length_min }),
  ...(length_max === undefined ? {} : { lengthMax: length_max }),
  ...(no_read === undefined ? {} : { noRead: no_read }),
}));

export const barcodeReaderSchema = strictObject({
  name,
  driver: z.literal("serial-line"),
  link: serialOrTcpLink,
  trigger: strictObject({ on: z.string().min(1), off: z.string().min(1).exactOptional() }).exactOptional(),
  code: codeRules.default({}),
}).transform(({ trigger, ...rest }): SiteBarcodeReader => ({
  ...rest,
  trigger: trigger === undefined ? null : { on: trigger.on, off: trigger.off ?? null },
}));

export const integratorSchema = strictObject({
  name,
  driver: z.literal("json-integrator"),
  link: tcpOrMqttLink,
  topic: z
    .string()
    .max(200)
    .regex(/^[^+#\0\s]+$/, "Name a topic without wildcards, such as beamline/integrator.")
    .exactOptional(),
  user: z.string().min(1).max(64).exactOptional(),
  password_file: z.string().min(1).exactOptional(),
  timeout_s: z.number().min(0.1).max(600).default(30),
})
  .refine(({ link, topic }) => (link.kind === "mqtt") === (topic !== undefined), {
    message: "Over a broker, and there alone, give the topic below which it is asked, such as beamline/integrator.",
    path: ["topic"],
  })
  .refine(
    ({ link, user, password_file }) => link.kind === "mqtt" || (user === undefined && password_file === undefined),
    {
      message: "User and password are for a broker: a program behind a TCP port asks for none.",
      path: ["user"],
    },
  )
  .refine(({ user, password_file }) => user !== undefined || password_file === undefined, {
    message: "Say whose password it is.",
    path: ["user"],
  })
  .transform(({ timeout_s, topic, user, password_file, ...rest }): SiteIntegrator => ({
    ...rest,
    timeoutS: timeout_s,
    ...(topic === undefined ? {} : { messages: { topic, user: user ?? null, passwordFile: password_file ?? null } }),
  }));

function pandaBlock(example: string) {
  return z
    .string()
    .regex(/^[A-Z]+\d*$/, `Write the block's own name, such as ${example}.`)
    .exactOptional();
}

/** The detector is begun so long before the gate, where a site does not say how long it needs. */
const GATE_LEAD_S = 0.5;

const gateShape = {
  /** What its gates drive; beamrack leaves a trigger alone that drives nothing of an exposure. */
  gates: z.literal("shutter").exactOptional(),
  lead_s: z.number().min(0.05).max(5).exactOptional(),
} as const;

export const triggerSchema = byDriver([
  strictObject({
    ...gateShape,
    name,
    driver: z.literal("srs-dg645"),
    link: tcpLink,
    output: z.enum(["AB", "CD", "EF", "GH"]).exactOptional(),
    amplitude_V: z.number().min(-5).max(5).exactOptional(),
    offset_V: z.number().min(-2).max(2).exactOptional(),
    active_low: z.boolean().exactOptional(),
    serial_number: serialNumber,
  }),
  strictObject({
    ...gateShape,
    name,
    driver: z.literal("pandabox"),
    link: tcpLink,
    output: pandaBlock("TTLOUT1"),
    sequencer: pandaBlock("SEQ1"),
    counter: pandaBlock("COUNTER1"),
    soft_bit: z.enum(["A", "B", "C", "D"]).exactOptional(),
  }),
]).transform((trigger): SiteTrigger => {
  const common = {
    name: trigger.name,
    link: trigger.link,
    output: trigger.output ?? null,
    ...(trigger.gates === undefined ? {} : { gates: { leadS: trigger.lead_s ?? GATE_LEAD_S } }),
  };
  if (trigger.driver === "pandabox") {
    const { sequencer, counter, soft_bit } = trigger;
    return {
      ...common,
      driver: trigger.driver,
      blocks: {
        ...(sequencer === undefined ? {} : { sequencer }),
        ...(counter === undefined ? {} : { counter }),
        ...(soft_bit === undefined ? {} : { softBit: soft_bit }),
      },
    };
  }
  const { amplitude_V, offset_V, active_low } = trigger;
  return {
    ...common,
    driver: trigger.driver,
    serialNumber: trigger.serial_number ?? null,
    gate: {
      ...(amplitude_V === undefined ? {} : { amplitudeV: amplitude_V }),
      ...(offset_V === undefined ? {} : { offsetV: offset_V }),
      ...(active_low === undefined ? {} : { isPositive: !active_low }),
    },
  };
});

const sensorShape = {
  name,
  maximum_age_s: positive.max(3600),
  alarm_above: z.number().nullable().default(null),
  stop_above: z.number().nullable().default(null),
} as const;

export const ownSensorSchema = byDriver([
  strictObject({
    ...sensorShape,
    driver: z.literal("eurotherm-modbus"),
    link: modbusLink,
    unit_id: z.int().min(1).max(255).default(1),
    form: z.enum(["scaled", "float"]).default("float"),
  }),
  strictObject({
    ...sensorShape,
    driver: z.literal("keithley-6485"),
    link: serialOrTcpLink,
    quantity: z.enum(["flux", "diode", "ion_chamber"]),
    per_A: positive.default(1),
    range_A: positive.exactOptional(),
    // from reading to reading
    interval_s: z.number().min(0.05).max(60).exactOptional(),
    serial_number: serialNumber,
  }),
  strictObject({
    ...sensorShape,
    driver: z.literal("lakeshore-336"),
    link: tcpLink,
    input: z.enum(LAKESHORE_INPUTS),
    serial_number: serialNumber,
  }),
]).transform((sensor): SiteOwnSensor => {
  const common = {
    name: sensor.name,
    maximumAgeS: sensor.maximum_age_s,
    alarmAbove: sensor.alarm_above,
    stopAbove: sensor.stop_above,
    link: sensor.link,
  };
  switch (sensor.driver) {
    case "eurotherm-modbus":
      return { ...common, driver: sensor.driver, quantity: "temperature", unitId: sensor.unit_id, form: sensor.form };
    case "keithley-6485":
      return {
        ...common,
        driver: sensor.driver,
        quantity: sensor.quantity,
        serialNumber: sensor.serial_number ?? null,
        perAmpere: sensor.per_A,
        rangeA: sensor.range_A ?? null,
        ...(sensor.interval_s === undefined ? {} : { intervalS: sensor.interval_s }),
      };
    case "lakeshore-336":
      return {
        ...common,
        driver: sensor.driver,
        quantity: "temperature",
        input: sensor.input,
        serialNumber: sensor.serial_number ?? null,
      };
  }
});
