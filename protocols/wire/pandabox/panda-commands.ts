/** Requests to the command port of a PandABox (8888). Each is answered before the next is sent. */

export const IDENTIFY = query("*IDN");
export const CAPTURE_STATUS = query("*PCAP.STATUS");
export const CAPTURED_COUNT = query("*PCAP.CAPTURED");
export const CAPTURE_COMPLETION = query("*PCAP.COMPLETION");
export const CAPTURE_ARM = assign("*PCAP.ARM", "");
export const CAPTURE_DISARM = assign("*PCAP.DISARM", "");
/** Captures nothing any more. */
export const CAPTURE_CLEAR = assign("*CAPTURE", "");
export const BLOCKS = query("*BLOCKS");

export function query(target: string): string {
  return `${target}?\n`;
}

export function assign(target: string, value: string | number): string {
  return `${target}=${value}\n`;
}

/** `all` replaces a fixed table, `more` and `last` give a streaming one in parts. */
export type TablePart = "all" | "more" | "last";

const TABLE_SIGN: Readonly<Record<TablePart, string>> = { all: "<", more: "<<", last: "<<|" };

/** Decimal words, one row of the table per line; the empty line ends it. */
export function writeTable(target: string, rows: readonly (readonly number[])[], part: TablePart = "all"): string {
  return `${target}${TABLE_SIGN[part]}\n${rows.map((row) => `${row.join(" ")}\n`).join("")}\n`;
}

/** The same words, lowest byte first, as base64 in lines. */
export function writeTableBase64(target: string, lines: readonly string[], part: TablePart = "all"): string {
  return `${target}${TABLE_SIGN[part]}B\n${lines.map((line) => `${line}\n`).join("")}\n`;
}

/** What a line may hold besides printable ASCII would be another request. */
export function targetProblem(target: string): string | undefined {
  return /^[A-Z][A-Z0-9_]{0,30}(?:\.[A-Z0-9_*]{1,30}){0,3}$/.test(target)
    ? undefined
    : "only a block and its fields can be named";
}

/** Options of the data port (8889), sent as its first line; the default is ASCII, scaled. */
export type DataOption =
  | "ASCII"
  | "BASE64"
  | "FRAMED"
  | "UNFRAMED"
  | "SCALED"
  | "RAW"
  | "NO_HEADER"
  | "NO_STATUS"
  | "ONE_SHOT"
  | "XML"
  | "BARE";

export function dataOptions(options: readonly DataOption[]): string {
  return `${options.join(" ")}\n`;
}
