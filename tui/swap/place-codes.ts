/** Which code was read at which place of a rack: as the command line has them, or a file. Pure. */
import { Fault } from "../../protocols/base/fault.ts";
import { parsePosition, type Position } from "../../protocols/base/position.ts";
import { parseDocument } from "../../protocols/input/document.ts";
import { readCsvLines } from "../../protocols/manifest/csv-lines.ts";

export type PlaceCodes = Readonly<Record<Position, string>>;

const HEADING = "position";

/** `A1=CODE,H12=CODE`. Throws Fault `command.usage`. */
export function parseCodes(text: string): PlaceCodes {
  const pairs = text.split(",").map((pair): Read => {
    const [place, code, ...more] = pair.split("=").map((part) => part.trim());
    const what = `takes A1=CODE,B2=CODE and so on, not ${pair}`;
    return { where: "--cells", place, code: more.length > 0 ? undefined : code, what };
  });
  return gathered(pairs);
}

/**
 * A sheet (CSV: position and code in each line, with a heading or without), or a map in YAML or JSON, by its name. Throws
 * Fault `command.usage` with the line.
 */
export function readCodes(text: string, fileName: string): PlaceCodes {
  return gathered(/\.(?:ya?ml|json)$/i.test(fileName) ? mapped(text, fileName) : listed(text, fileName));
}

interface Read {
  readonly where: string;
  readonly place: string | undefined;
  readonly code: string | undefined;
  /** Where it is no place with a code. */
  readonly what: string;
}

function listed(text: string, fileName: string): readonly Read[] {
  const { records, findings } = readCsvLines(text, fileName);
  const [finding] = findings;
  if (finding !== undefined) throw new Fault("command.usage", finding.where, finding.what);
  const isHeading = records[0]?.fields[0]?.text.trim().toLowerCase() === HEADING;
  return records.slice(isHeading ? 1 : 0).map(({ line, fields }) => {
    const [place, code, ...more] = fields.map((field) => field.text.trim());
    const what = `takes a position and the code read there, as A1,CODE, not ${fields.map((field) => field.text).join(",")}`;
    return { where: `${fileName}:${line}`, place, code: more.length > 0 ? undefined : code, what };
  });
}

function mapped(text: string, fileName: string): readonly Read[] {
  const document = parseDocument(text, fileName);
  const finding = document.findings.find(({ severity }) => severity === "error");
  if (finding !== undefined) throw new Fault("command.usage", finding.where, finding.what);
  const { value } = document;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Fault("command.usage", fileName, "takes a map of positions to codes: A1: CODE");
  }
  return Object.entries(value).map(([place, code]: readonly [string, unknown]) => ({
    ...{ where: document.where([place]), place, code: typeof code === "string" ? code.trim() : undefined },
    what: `takes a position and the code read there as text, as A1: "CODE", not ${place}: ${JSON.stringify(code)}`,
  }));
}

function gathered(pairs: readonly Read[]): PlaceCodes {
  const codes: Record<Position, string> = {};
  for (const { where, place, code, what } of pairs) {
    const position = parsePosition(place ?? "");
    if (position === undefined || code === undefined || code === "") throw new Fault("command.usage", where, what);
    if (codes[position] !== undefined) throw new Fault("command.usage", where, `${position} has a code already`);
    const twin = Object.entries(codes).find(([, one]) => one === code)?.[0];
    if (twin !== undefined) throw new Fault("command.usage", where, `${code} was read at ${twin} already`);
    codes[position] = code;
  }
  if (pairs.length === 0) throw new Fault("command.usage", "--cells-from", "the file has no code in it");
  return codes;
}
