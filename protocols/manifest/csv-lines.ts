/**
 * A strict reader of comma-separated values, one record a line: comma, semicolon or tab between fields, whichever
 * follows the first field of the file; quotes around a field, doubled within it. Spreadsheets' byte order mark, CRLF
 * and empty fields at the end of a line are passed over. Nothing else is guessed. Never throws.
 */
import type { Finding } from "../base/finding.ts";
import { sheetFinding, type Place } from "./sheet.ts";

export interface CsvField {
  readonly text: string;
  readonly at: Place;
}

/** Without comments and empty lines; without empty fields at the end. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly CsvField[];
  /** Fields as written, empty ones at the end included. */
  readonly fieldCount: number;
  /** Just after the last character. */
  readonly end: Place;
}

export type Separator = "," | ";" | "\t";

export interface CsvLines {
  readonly separator: Separator;
  readonly records: readonly CsvRecord[];
  readonly findings: readonly Finding[];
}

const LINE_LENGTH_MAX = 20_000;
const LINE_COUNT_MAX = 5000;
const FIRST_FIELD = /^(?:"(?:[^"]|"")*"|[^",;\t]*)([,;\t]|$)/;
/** U+FFFD stands where bytes were no UTF-8; NUL where a file is UTF-16. */
const UNREADABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]/;

export function readCsvLines(text: string, fileName: string): CsvLines {
  const findings: Finding[] = [];
  const tell = (line: number, column: number, what: string, advice: string): void => {
    findings.push(sheetFinding(fileName, "manifest.csv", { line, column }, "", what, advice));
  };
  const lines = (text.startsWith("\uFEFF") ? text.slice(1) : text).split(/\r\n|\n|\r/);
  if (lines.length > LINE_COUNT_MAX) {
    tell(LINE_COUNT_MAX + 1, 1, `${lines.length} lines`, `At most ${LINE_COUNT_MAX} lines are read.`);
    return { separator: ",", records: [], findings };
  }
  const first = lines.find((line) => !isPassedOver(line)) ?? "";
  const found = FIRST_FIELD.exec(first)?.[1];
  const separator: Separator = found === ";" || found === "\t" ? found : ",";
  const records: CsvRecord[] = [];
  for (const [index, content] of lines.entries()) {
    const line = index + 1;
    if (content.length > LINE_LENGTH_MAX) {
      tell(line, LINE_LENGTH_MAX + 1, `a line of ${content.length} characters`, "No line of a manifest is so long.");
      continue;
    }
    const bad = UNREADABLE.exec(content);
    if (bad !== null) {
      const what = `character ${codeText(bad[0])} is no text`;
      tell(line, bad.index + 1, what, "Save the sheet as CSV in UTF-8 (not UTF-16, not Latin-1).");
      continue;
    }
    if (isPassedOver(content)) continue;
    const record = readLine(content, line, separator, tell);
    if (record !== undefined && record.fields.length > 0 && record.fields[0]?.text.startsWith("#") !== true) {
      records.push(record);
    }
  }
  return { separator, records, findings };
}

/** Empty, or for people. */
function isPassedOver(line: string): boolean {
  return /^[\s,;]*$/.test(line) || /^\s*"?\s*#/.test(line);
}

function readLine(
  content: string,
  line: number,
  separator: Separator,
  tell: (line: number, column: number, what: string, advice: string) => void,
): CsvRecord | undefined {
  const fields: CsvField[] = [];
  let at = 0;
  for (;;) {
    const start = at;
    let field: string;
    if (content[at] === '"') {
      const closing = closingQuote(content, at + 1);
      if (closing < 0) {
        const advice =
          "Close it in the same line; a quote within quotes is written twice, and no field has a line break.";
        tell(line, start + 1, "a quote is opened here and not closed", advice);
        return undefined;
      }
      field = content.slice(at + 1, closing).replaceAll('""', '"');
      at = closing + 1;
      if (at < content.length && content[at] !== separator) {
        const what = `${JSON.stringify(content.slice(at, at + 12))} follows a closing quote`;
        tell(line, at + 1, what, `After a closing quote comes ${nameOf(separator)}, or the end of the line.`);
        return undefined;
      }
    } else {
      const next = content.indexOf(separator, at);
      const end = next < 0 ? content.length : next;
      field = content.slice(at, end);
      const quote = field.indexOf('"');
      if (quote >= 0) {
        const advice = "Put the whole field into quotes, and write a quote within it twice.";
        tell(line, start + quote + 1, "a quote within a field that is not in quotes", advice);
        return undefined;
      }
      at = end;
    }
    const lead = field.length - field.trimStart().length;
    fields.push({ text: field.trim(), at: { line, column: start + 1 + (content[start] === '"' ? 0 : lead) } });
    if (at >= content.length) break;
    at += 1;
  }
  const fieldCount = fields.length;
  while (fields.length > 0 && fields.at(-1)?.text === "") fields.pop();
  return { line, fields, fieldCount, end: { line, column: content.length + 1 } };
}

function closingQuote(content: string, from: number): number {
  for (let at = content.indexOf('"', from); at >= 0; at = content.indexOf('"', at + 2)) {
    if (content[at + 1] !== '"') return at;
  }
  return -1;
}

export function nameOf(separator: Separator): string {
  return separator === "," ? "a comma" : separator === ";" ? "a semicolon" : "a tab";
}

function codeText(char: string): string {
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
