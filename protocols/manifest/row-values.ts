/** A row of a manifest, read field by field, and its values by the types that they have. */
import type { Finding } from "../base/finding.ts";
import { takesText, type ManifestField } from "./manifest-fields.ts";
import type { ManifestProtocol, WishedTrigger } from "./manifest.ts";
import { readField, type FieldValue } from "./read-field.ts";
import { sheetFinding, type Place, type SheetRow } from "./sheet.ts";

/** Values of a row that could be read; of the others a finding tells. */
export interface RowValues {
  readonly name: string;
  readonly at: Place;
  readonly placeOf: (field: string) => Place;
  readonly get: (field: string) => FieldValue | undefined;
  /** Something is written there that was refused. */
  readonly isRefused: (field: string) => boolean;
}

/** Every field of a row, read; what is refused or missing is told. `namesAt`: of a sheet with columns. */
export function readRow(
  fileName: string,
  row: SheetRow,
  name: string,
  fields: readonly ManifestField[],
  namesAt: Place | null,
  findings: Finding[],
): RowValues {
  const values = new Map<string, FieldValue>();
  const places = new Map<string, Place>();
  const refused = new Set<string>();
  for (const field of fields) {
    const path = name === "" ? field.name : `${name}.${field.name}`;
    const written = row.values.get(field.name);
    const at = written?.at ?? row.at;
    places.set(field.name, at);
    const read = written === undefined ? ({ kind: "empty" } as const) : readField(written, field.takes);
    if (read.kind === "value") values.set(field.name, read.value);
    else if (read.kind === "refused") {
      refused.add(field.name);
      findings.push(sheetFinding(fileName, "manifest.value", read.at, path, read.what, read.advice));
    } else if (field.isNeeded && (written !== undefined || namesAt === null)) {
      const advice = `Give ${takesText(field.takes)}: ${field.meaning}.`;
      findings.push(sheetFinding(fileName, "manifest.missing", at, path, `${field.name} is missing`, advice));
    }
  }
  return {
    name,
    at: row.at,
    placeOf: (field) => places.get(field) ?? row.at,
    get: (field) => values.get(field),
    isRefused: (field) => refused.has(field),
  };
}

/** Of a row whose protocol could be read. */
export function protocolOf(row: RowValues): ManifestProtocol {
  const text = textOf(row, "protocol");
  if (text.startsWith("file:")) return { kind: "file", path: text.slice("file:".length) };
  return { kind: "library", name: text.slice("library:".length), parameters: parametersOf(row) };
}

function parametersOf(row: RowValues): Readonly<Record<string, number>> {
  const value = row.get("protocol_parameters");
  return typeof value === "object" && !Array.isArray(value) ? (value as Readonly<Record<string, number>>) : {};
}

export function triggersOf(row: RowValues): readonly WishedTrigger[] {
  const value = row.get("triggers");
  return Array.isArray(value) ? (value as readonly WishedTrigger[]) : [];
}

export function textOf(row: RowValues, name: string): string {
  const value = row.get(name);
  return typeof value === "string" ? value : "";
}

export function textOrNull(row: RowValues, name: string): string | null {
  const value = row.get(name);
  return typeof value === "string" ? value : null;
}

export function numberOf(row: RowValues, name: string): number {
  const value = row.get(name);
  return typeof value === "number" ? value : NaN;
}

export function numberOrNull(row: RowValues, name: string): number | null {
  const value = row.get(name);
  return typeof value === "number" ? value : null;
}
