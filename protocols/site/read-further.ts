/** The sections that a site may leave out; each is read only when it is there. */
import type * as z from "zod";
import type { Finding } from "../base/finding.ts";
import { valueAt } from "../input/document.ts";
import type { InputDocument } from "../input/document.ts";
import { readSection } from "../input/section.ts";
import { brokerSchema } from "./broker-schema.ts";
import {
  barcodeReaderSchema,
  integratorSchema,
  ownSensorSchema,
  sampleChangerSchema,
  triggerSchema,
} from "./further-schema.ts";
import { readList } from "./read-list.ts";
import { safetyInputOf, safetyInputSchema } from "./safety-inputs.ts";
import type { Site } from "./site.ts";

type Further = Pick<
  Site,
  "broker" | "sampleChanger" | "barcodeReader" | "integrator" | "trigger" | "sensors" | "safetyInputs"
>;

/** Undefined when one that is there will not do. */
export function readFurther(document: InputDocument, findings: Finding[]): Further | undefined {
  const before = findings.length;
  const has = (key: string): boolean => valueAt(document.value, [key]) !== undefined;
  const section = <Schema extends z.ZodType>(key: string, schema: Schema): z.output<Schema> | undefined =>
    has(key) ? readSection(document, [key], schema, findings) : undefined;
  const broker = section("broker", brokerSchema);
  const sampleChanger = section("sample_changer", sampleChangerSchema);
  const barcodeReader = section("barcode_reader", barcodeReaderSchema);
  const integrator = section("integrator", integratorSchema);
  const trigger = section("trigger", triggerSchema);
  const sensors = has("sensors") ? readList(document, ["sensors"], ownSensorSchema, findings) : undefined;
  const safetyInputs = has("safety_inputs")
    ? readList(document, ["safety_inputs"], safetyInputSchema, findings)?.map(safetyInputOf)
    : undefined;
  if (findings.slice(before).some(({ severity }) => severity === "error")) return undefined;
  return {
    ...(broker === undefined ? {} : { broker }),
    ...(sampleChanger === undefined ? {} : { sampleChanger }),
    ...(barcodeReader === undefined ? {} : { barcodeReader }),
    ...(integrator === undefined ? {} : { integrator }),
    ...(trigger === undefined ? {} : { trigger }),
    ...(sensors === undefined ? {} : { sensors }),
    ...(safetyInputs === undefined ? {} : { safetyInputs }),
  };
}
