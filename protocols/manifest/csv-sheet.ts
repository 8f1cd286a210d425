/**
 * The CSV form of a manifest: lines of a name and its value for the shipment, then a line of column names that begins
 * with `barcode`, then a line for each cell.
 */
import type { Finding } from "../base/finding.ts";
import { wordAdvice } from "../input/suggest.ts";
import { nameOf, readCsvLines, type CsvField, type CsvRecord } from "./csv-lines.ts";
import { CELL_NAMES, SHIPMENT_NAMES } from "./manifest-fields.ts";
import { sheetFinding, type Place, type ReadSheet, type SheetRow, type SheetValue } from "./sheet.ts";

export function readCsvSheet(text: string, fileName: string): ReadSheet {
  const { records, separator, findings: slips } = readCsvLines(text, fileName);
  const findings: Finding[] = [...slips];
  const tell = (at: Place, name: string, what: string, advice: string): void => {
    findings.push(sheetFinding(fileName, "manifest.csv", at, name, what, advice));
  };
  const headerIndex = records.findIndex(({ fields }) => fields[0]?.text === "barcode");
  const header = records[headerIndex];
  const shipment = readShipment(headerIndex < 0 ? records : records.slice(0, headerIndex), tell);
  if (header === undefined) {
    const at = records.at(-1)?.end ?? { line: 1, column: 1 };
    const advice = `Give a line of column names that begins with barcode, with ${nameOf(separator)} between them, then a line for each cell.`;
    tell(at, "", "there is no list of cells", advice);
    return { sheet: undefined, findings };
  }
  const names = readHeader(header, tell);
  const cells = records.slice(headerIndex + 1).map((record, index) => readCell(record, header, names, index, tell));
  return {
    sheet: {
      form: "csv",
      fileName,
      shipment,
      cells,
      cellNamesAt: header.end,
    },
    findings,
  };
}

type Tell = (at: Place, name: string, what: string, advice: string) => void;

function readShipment(records: readonly CsvRecord[], tell: Tell): SheetRow {
  const values = new Map<string, SheetValue>();
  for (const { fields, end } of records) {
    const [name, value, ...more] = fields;
    if (name === undefined) continue;
    const surplus = more.find(({ text }) => text !== "");
    if (!SHIPMENT_NAMES.includes(name.text)) {
      tell(name.at, name.text, `unknown name ${shown(name.text)}`, wordAdvice(name.text, SHIPMENT_NAMES, "Known here"));
    } else if (values.has(name.text)) {
      tell(name.at, name.text, `${name.text} is given twice`, "Keep the one that is meant.");
    } else if (surplus !== undefined) {
      const what = `${shown(surplus.text)} is one value too many`;
      tell(surplus.at, name.text, what, "Give one value; a text with a separator in it needs quotes.");
    } else
      values.set(name.text, value === undefined ? { at: end, written: { kind: "text", text: "" } } : textAt(value));
  }
  return { at: records[0]?.fields[0]?.at ?? { line: 1, column: 1 }, values };
}

/** By column, from the left; undefined for one that is not read further. */
function readHeader(header: CsvRecord, tell: Tell): readonly (string | undefined)[] {
  const names: (string | undefined)[] = [];
  for (const { text, at } of header.fields) {
    const isKnown = CELL_NAMES.includes(text);
    if (!isKnown) {
      const what = text === "" ? "a column without a name" : `unknown column ${shown(text)}`;
      tell(at, text, what, wordAdvice(text, CELL_NAMES, "Known here"));
    } else if (names.includes(text)) tell(at, text, `column ${text} is given twice`, "Keep the one that is meant.");
    names.push(isKnown && !names.includes(text) ? text : undefined);
  }
  return names;
}

function readCell(
  record: CsvRecord,
  header: CsvRecord,
  names: readonly (string | undefined)[],
  index: number,
  tell: Tell,
): SheetRow {
  const { fields, fieldCount, line } = record;
  const values = new Map<string, SheetValue>();
  const beyond = fields[header.fields.length];
  if (beyond !== undefined) {
    const what = `${fieldCount} fields where the header has ${header.fields.length}`;
    tell(beyond.at, `cells[${index}]`, what, "Remove it; a text with a separator in it needs quotes.");
  } else if (fieldCount < header.fields.length) {
    const what = `${fieldCount} fields where the header has ${header.fields.length}`;
    tell(record.end, `cells[${index}]`, what, "Give every column, empty where there is nothing to say.");
  }
  for (const [column, name] of names.entries()) {
    const field = fields[column];
    if (name === undefined) continue;
    if (field !== undefined) values.set(name, textAt(field));
    else values.set(name, { at: record.end, written: { kind: "text", text: "" } });
  }
  return { at: { line, column: 1 }, values };
}

function textAt({ text, at }: CsvField): SheetValue {
  return { at, written: { kind: "text", text } };
}

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
