/** What a manifest file says, before it is judged: values by their names, each with its place. CSV and JSON come to the same. */
import type { Finding } from "../base/finding.ts";

/** Both count from 1; columns are characters of the line. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A value as it was written: in CSV always a text. Of JSON a list holds texts only, or it is `other`. */
export type WrittenValue =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "number"; readonly value: number; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly { readonly text: string; readonly at: Place }[] }
  | { readonly kind: "other"; readonly text: string };

export interface SheetValue {
  readonly at: Place;
  readonly written: WrittenValue;
}

export interface SheetRow {
  readonly at: Place;
  readonly values: ReadonlyMap<string, SheetValue>;
}

export interface Sheet {
  readonly form: "csv" | "json";
  readonly fileName: string;
  readonly shipment: SheetRow;
  readonly cells: readonly SheetRow[];
  /** Where the names of the cells' columns stand: a column that is missing is missing there. */
  readonly cellNamesAt: Place | null;
}

export interface ReadSheet {
  /** Undefined where nothing of it can be judged further. */
  readonly sheet: Sheet | undefined;
  readonly findings: readonly Finding[];
}

/** As many are told of one file: one slip in a column is one for each cell. */
export const FINDINGS_MAX = 200;

/** `box.csv:12:34 cells[3].chemistry` */
export function whereOf(fileName: string, { line, column }: Place, name: string): string {
  return `${fileName}:${line}:${column}${name === "" ? "" : ` ${name}`}`;
}

export function sheetFinding(
  fileName: string,
  code: string,
  at: Place,
  name: string,
  what: string,
  advice: string,
): Finding {
  return { severity: "error", code, where: whereOf(fileName, at, name), what, advice };
}
