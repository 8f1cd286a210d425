/** A list in a site file, each item by its schema. */
import type * as z from "zod";
import type { Finding } from "../base/finding.ts";
import { findingAt, valueAt, valueText } from "../input/document.ts";
import type { InputDocument, Path } from "../input/document.ts";
import { readSection } from "../input/section.ts";

/** Undefined when it is no list or an item will not do; the findings say why. */
export function readList<Schema extends z.ZodType>(
  document: InputDocument,
  path: Path,
  schema: Schema,
  findings: Finding[],
): readonly z.output<Schema>[] | undefined {
  const list = valueAt(document.value, path);
  if (!Array.isArray(list)) {
    findings.push(findingAt(document, "error", "file.schema", path, `${valueText(list)} is no list`, "Give a list."));
    return undefined;
  }
  const items = list.map((_item, index) => readSection(document, [...path, index], schema, findings));
  return items.every((item) => item !== undefined) ? items : undefined;
}
