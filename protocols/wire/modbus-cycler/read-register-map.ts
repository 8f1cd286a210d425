/** A register map from its YAML file, checked: keys, forms, limits, and points that overlap. */
import * as z from "zod";
import type { Finding } from "../../base/finding.ts";
import { findingAt, parseDocument, type InputDocument, type Path } from "../../input/document.ts";
import { readSection, strictObject } from "../../input/section.ts";
import {
  REGISTER_COUNT,
  type CyclerMap,
  type RegisterPoint,
  type WordOrder,
  type WritablePoint,
} from "./register-map.ts";

const wordOrder = z.enum(["ABCD", "CDAB", "BADC", "DCBA"]);
const positive = z.number().positive();
const address = z.int().min(0).max(65_536);

const numberShape = {
  table: z.enum(["input", "holding"]).default("holding"),
  address,
  type: z.enum(["u16", "s16", "u32", "s32", "f32", "f64"]),
  word_order: wordOrder.exactOptional(),
  scale: z
    .number()
    .refine((factor) => factor !== 0, "A scale of 0 keeps nothing.")
    .exactOptional(),
  offset: z.number().exactOptional(),
  full_scale: positive.exactOptional(),
  of: z.enum(["voltage_V", "current_A"]).exactOptional(),
};
const numberPoint = strictObject(numberShape);
const bitPoint = strictObject({
  table: z.enum(["coil", "discrete", "input", "holding"]).default("holding"),
  address,
  type: z.enum(["u16", "u32"]).default("u16"),
  word_order: wordOrder.exactOptional(),
  bit: z.int().min(0).max(31).exactOptional(),
});
const textPoint = strictObject({
  table: z.enum(["input", "holding"]).default("holding"),
  address,
  type: z.literal("text"),
  registers: z.int().min(1).max(125),
  word_order: wordOrder.exactOptional(),
});
const writableShape = {
  ...numberShape,
  table: z.literal("holding").default("holding"),
  min: z.number(),
  max: z.union([z.number(), z.literal("nominal")], "Give a number, or the word nominal."),
  raw_step: z.int().min(1).max(0xffff).exactOptional(),
  write_function: z.union([z.literal(6), z.literal(16)]).exactOptional(),
};
const writablePoint = strictObject(writableShape);
const coilPoint = strictObject({ table: z.literal("coil"), address });
const outputPoint = z.discriminatedUnion("table", [
  coilPoint,
  strictObject({ ...writableShape, table: z.literal("holding") }),
]);

const mapSchema = strictObject({
  title: z.string().min(1),
  unit: z.int().min(0).max(255).default(1),
  /** 1 where the maker's list counts from 1. */
  address_base: z.union([z.literal(0), z.literal(1)], "Give 0 or 1.").default(0),
  word_order: wordOrder.default("ABCD"),
  gap_ms: z.number().min(0).max(1000).default(0),
  reply_ms: z.int().min(20).max(10_000).default(1000),
  keep_alive_s: positive.max(3600).exactOptional(),
  capabilities: strictObject({
    voltage_min_V: z.number(),
    voltage_max_V: z.number(),
    current_max_A: positive,
    sample_interval_min_s: z.number().min(0.1).max(3600),
    voltage_tolerance_V: positive,
    current_tolerance_A: positive,
  }),
  identity: strictObject({
    model: textPoint,
    begins_with: z.string().min(1),
    serial_number: textPoint.exactOptional(),
    firmware: textPoint.exactOptional(),
    /** How a firmware that the map was tried with begins: `V3.`. */
    firmware_begins_with: z.array(z.string().min(1)).min(1).exactOptional(),
  }),
  nominal: strictObject({
    voltage_V: numberPoint.exactOptional(),
    current_A: numberPoint.exactOptional(),
  }).default({}),
  read: strictObject({
    voltage_V: numberPoint,
    current_A: numberPoint,
    is_discharging: bitPoint.exactOptional(),
    is_on: bitPoint,
  }),
  write: strictObject({
    remote: coilPoint.exactOptional(),
    output: outputPoint,
    voltage_V: writablePoint,
    charge_current_A: writablePoint,
    discharge_current_A: writablePoint,
  }),
  setup: z.array(strictObject({ ...writableShape, value: z.number() })).default([]),
});

type NumberRecord = z.output<typeof numberPoint>;
type BitRecord = z.output<typeof bitPoint>;
type TextRecord = z.output<typeof textPoint>;
type WritableRecord = Omit<z.output<typeof writablePoint>, "table"> & { readonly table: "holding" };

export interface ReadCyclerMap {
  /** Undefined when anything is wrong. */
  readonly map: CyclerMap | undefined;
  readonly findings: readonly Finding[];
}

export function readCyclerMap(text: string, fileName: string): ReadCyclerMap {
  const document = parseDocument(text, fileName);
  const findings: Finding[] = [...document.findings];
  if (document.value === undefined) return { map: undefined, findings };
  const record = readSection(document, [], mapSchema, findings);
  if (record === undefined) return { map: undefined, findings };
  const named: NamedPoint[] = [];
  const map = mapOf(record, named);
  checkIdentity(document, map, findings);
  checkScales(document, named, map, findings);
  checkOverlaps(document, named, findings);
  checkLimits(document, map, findings);
  return { map: findings.some(({ severity }) => severity === "error") ? undefined : map, findings };
}

interface NamedPoint {
  readonly path: Path;
  readonly point: RegisterPoint;
}

function mapOf(record: z.output<typeof mapSchema>, named: NamedPoint[]): CyclerMap {
  const base = record.address_base;
  const place = (given: { readonly address: number; readonly word_order?: WordOrder }) => ({
    address: given.address - base,
    wordOrder: given.word_order ?? record.word_order,
  });
  function noted<T extends RegisterPoint>(path: Path, point: T): T {
    named.push({ path, point });
    return point;
  }
  function numberAt(path: Path, given: NumberRecord): RegisterPoint {
    return noted(path, {
      ...place(given),
      table: given.table,
      type: given.type,
      count: REGISTER_COUNT[given.type],
      scale: scaleOf(given),
      bit: null,
    });
  }
  function bitAt(path: Path, given: BitRecord): RegisterPoint {
    const isBitTable = given.table === "coil" || given.table === "discrete";
    return noted(path, {
      ...place(given),
      table: given.table,
      type: given.type,
      count: isBitTable ? 1 : REGISTER_COUNT[given.type],
      scale: { kind: "linear", factor: 1, offset: 0 },
      bit: given.bit ?? null,
    });
  }
  function textAt(path: Path, given: TextRecord): RegisterPoint {
    return noted(path, {
      ...place(given),
      table: given.table,
      type: "text",
      count: given.registers,
      scale: { kind: "linear", factor: 1, offset: 0 },
      bit: null,
    });
  }
  function writableAt(path: Path, given: WritableRecord): WritablePoint {
    const count = REGISTER_COUNT[given.type];
    return noted(path, {
      ...place(given),
      table: "holding",
      type: given.type,
      count,
      scale: scaleOf(given),
      bit: null,
      min: given.min,
      max: given.max,
      ...(given.raw_step === undefined ? {} : { rawStep: given.raw_step }),
      writeFunction: given.write_function ?? (count === 1 ? 6 : 16),
    });
  }
  const { capabilities, identity, nominal, read, write } = record;
  return {
    title: record.title,
    unit: record.unit,
    gapMs: record.gap_ms,
    replyMs: record.reply_ms,
    keepAliveS: record.keep_alive_s ?? null,
    capabilities: {
      voltageMinV: capabilities.voltage_min_V,
      voltageMaxV: capabilities.voltage_max_V,
      currentMaxA: capabilities.current_max_A,
      sampleIntervalMinS: capabilities.sample_interval_min_s,
      voltageToleranceV: capabilities.voltage_tolerance_V,
      currentToleranceA: capabilities.current_tolerance_A,
    },
    identity: {
      model: textAt(["identity", "model"], identity.model),
      beginsWith: identity.begins_with,
      serialNumber:
        identity.serial_number === undefined ? null : textAt(["identity", "serial_number"], identity.serial_number),
      firmware: identity.firmware === undefined ? null : textAt(["identity", "firmware"], identity.firmware),
      knownFirmware: identity.firmware_begins_with ?? [],
    },
    nominal: {
      ...(nominal.voltage_V === undefined ? {} : { voltage_V: numberAt(["nominal", "voltage_V"], nominal.voltage_V) }),
      ...(nominal.current_A === undefined ? {} : { current_A: numberAt(["nominal", "current_A"], nominal.current_A) }),
    },
    read: {
      voltageV: numberAt(["read", "voltage_V"], read.voltage_V),
      currentA: numberAt(["read", "current_A"], read.current_A),
      isDischarging: read.is_discharging === undefined ? null : bitAt(["read", "is_discharging"], read.is_discharging),
      isOn: bitAt(["read", "is_on"], read.is_on),
    },
    write: {
      remote: write.remote === undefined ? null : { address: write.remote.address - base },
      output:
        write.output.table === "coil"
          ? { address: write.output.address - base }
          : writableAt(["write", "output"], write.output),
      voltageV: writableAt(["write", "voltage_V"], write.voltage_V),
      chargeCurrentA: writableAt(["write", "charge_current_A"], write.charge_current_A),
      dischargeCurrentA: writableAt(["write", "discharge_current_A"], write.discharge_current_A),
    },
    setup: record.setup.map((given, index) => ({
      point: writableAt(["setup", index], given),
      value: given.value,
    })),
  };
}

function scaleOf(given: NumberRecord | WritableRecord): RegisterPoint["scale"] {
  if (given.full_scale !== undefined && given.of !== undefined)
    return { kind: "share", fullScale: given.full_scale, of: given.of };
  return { kind: "linear", factor: given.scale ?? 1, offset: given.offset ?? 0 };
}

function checkIdentity(document: InputDocument, { identity }: CyclerMap, findings: Finding[]): void {
  if (identity.knownFirmware.length === 0 || identity.firmware !== null) return;
  const path = ["identity", "firmware_begins_with"];
  const what = "no register tells the firmware that is to begin so";
  findings.push(
    findingAt(document, "error", "file.schema", path, what, "Give identity.firmware too, or leave it out."),
  );
}

function checkScales(document: InputDocument, named: readonly NamedPoint[], map: CyclerMap, findings: Finding[]): void {
  const refuse = (path: Path, what: string, advice: string): void => {
    findings.push(findingAt(document, "error", "file.schema", path, what, advice));
  };
  for (const { path, point } of named) {
    const given = recordAt(document.value, path);
    const isHalf = (given["full_scale"] === undefined) !== (given["of"] === undefined);
    if (isHalf) refuse(path, "a share needs full_scale and of together", "Give both, or scale and offset instead.");
    if (given["full_scale"] !== undefined && (given["scale"] !== undefined || given["offset"] !== undefined))
      refuse(path, "full_scale beside scale or offset", "Keep one of the two ways to scale a number.");
    if (point.scale.kind === "share" && map.nominal[point.scale.of] === undefined)
      refuse(path, `no nominal ${point.scale.of} is given`, `Add nominal.${point.scale.of}, or use scale.`);
    if ("max" in point && point.max === "nominal" && point.scale.kind !== "share")
      refuse([...path, "max"], "nominal is the most of a share only", "Give the largest value as a number.");
    if ("rawStep" in point && (point.type === "f32" || point.type === "f64"))
      refuse([...path, "raw_step"], `a raw_step of ${point.type}`, "Only whole numbers have steps: leave it out.");
    if (point.bit !== null && point.bit >= 16 * point.count)
      refuse([...path, "bit"], `bit ${point.bit} of ${point.type}`, `Count bits from 0 to ${16 * point.count - 1}.`);
    if (point.address < 0 || point.address + point.count > 65_536)
      refuse([...path, "address"], "outside what Modbus can address", "Mind address_base.");
  }
  for (const [quantity, point] of Object.entries(map.nominal)) {
    if (point.scale.kind === "share")
      refuse(["nominal", quantity], "a nominal value is a share of itself", "Give scale and offset instead.");
  }
}

function recordAt(value: unknown, path: Path): Readonly<Record<string, unknown>> {
  let current = value;
  for (const part of path) {
    if (typeof current !== "object" || current === null) return {};
    current = (current as Readonly<Record<string | number, unknown>>)[part];
  }
  return typeof current === "object" && current !== null ? (current as Readonly<Record<string, unknown>>) : {};
}

/** Two readings of one register in different forms: one of them is a slip. */
function checkOverlaps(document: InputDocument, named: readonly NamedPoint[], findings: Finding[]): void {
  named.forEach(({ path, point }, index) => {
    for (const other of named.slice(0, index)) {
      const { point: before } = other;
      const isApart =
        before.table !== point.table ||
        before.address + before.count <= point.address ||
        point.address + point.count <= before.address;
      const isSame = before.address === point.address && before.type === point.type && before.count === point.count;
      const isBothBits = before.bit !== null && point.bit !== null;
      if (isApart || (isSame && (isBothBits || before.bit === point.bit))) continue;
      findings.push(
        findingAt(
          document,
          "error",
          "file.schema",
          path,
          `overlaps ${other.path.join(".")} at register ${Math.max(before.address, point.address)} in another form`,
          "Correct address or type of one of the two.",
        ),
      );
    }
  });
}

function checkLimits(document: InputDocument, map: CyclerMap, findings: Finding[]): void {
  const { capabilities, write } = map;
  if (!(capabilities.voltageMaxV > capabilities.voltageMinV)) {
    findings.push(
      findingAt(
        document,
        "error",
        "file.schema",
        ["capabilities", "voltage_max_V"],
        "not above voltage_min_V",
        "Give the range of the unit's output.",
      ),
    );
  }
  for (const [key, point] of [
    ["voltage_V", write.voltageV],
    ["charge_current_A", write.chargeCurrentA],
    ["discharge_current_A", write.dischargeCurrentA],
  ] as const) {
    if (point.max !== "nominal" && !(point.max > point.min)) {
      findings.push(
        findingAt(
          document,
          "error",
          "file.schema",
          ["write", key, "max"],
          "not above min",
          "Give the limits within which the unit may be set.",
        ),
      );
    }
  }
}
