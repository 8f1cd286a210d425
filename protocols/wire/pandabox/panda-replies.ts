/** Lines of a PandABox's command port. An answer is one line, or values with `!` up to a `.`. */

export type PandaLine =
  /** `OK` */
  | { readonly kind: "done" }
  /** `OK =value` */
  | { readonly kind: "value"; readonly value: string }
  /** `!value`: one of several */
  | { readonly kind: "item"; readonly value: string }
  /** `.`: no more of them */
  | { readonly kind: "end" }
  /** `ERR text` */
  | { readonly kind: "refused"; readonly text: string }
  | { readonly kind: "unreadable"; readonly text: string };

const EXCERPT_LENGTH = 120;

/** Without its line end. */
export function decodePandaLine(line: string): PandaLine {
  if (line === "OK") return { kind: "done" };
  if (line === ".") return { kind: "end" };
  if (line.startsWith("OK =")) return { kind: "value", value: line.slice(4) };
  if (line.startsWith("!")) return { kind: "item", value: line.slice(1) };
  if (line.startsWith("ERR ")) return { kind: "refused", text: printable(line.slice(4)) };
  return { kind: "unreadable", text: printable(line) };
}

export interface PandaIdentity {
  /** Of the server: `3.0-11-g6422090`. */
  readonly software: string;
  readonly firmware: string;
}

/** `PandA SW: 3.0-11-g6422090 FPGA: 3.0.0C4 86e5f0a2 07d202f8 rootfs: PandA 3.1a1`; the tail differs by version. */
export function decodePandaIdentity(value: string): PandaIdentity | undefined {
  const match = /^PandA SW:\s*(\S{1,60})\s+FPGA:\s*(.{0,120}?)(?:\s+rootfs:.*)?$/.exec(value.trim());
  if (match === null) return undefined;
  return { software: printable(match[1] ?? ""), firmware: printable((match[2] ?? "").trim()) };
}

/** Whole numbers as the box writes them, with a sign where there is one. */
export function decodeWhole(value: string): number | undefined {
  return /^-?\d{1,12}$/.test(value) ? Number(value) : undefined;
}

/** A position is shown as a whole number, or scaled with decimals. */
export function decodeNumber(value: string): number | undefined {
  return /^[+-]?\d{1,15}(?:\.\d{0,15})?(?:[eE][+-]?\d{1,3})?$/.test(value) ? Number(value) : undefined;
}

export interface CaptureStatus {
  readonly isBusy: boolean;
  /** Readers connected to the data port. */
  readonly connectedCount: number;
  /** Those of them that take data. */
  readonly readingCount: number;
}

/** `Idle 0 0`, `Busy 1 1`. */
export function decodeCaptureStatus(value: string): CaptureStatus | undefined {
  const match = /^(Idle|Busy) (\d{1,6}) (\d{1,6})$/.exec(value);
  if (match === null) return undefined;
  return { isBusy: match[1] === "Busy", connectedCount: Number(match[2]), readingCount: Number(match[3]) };
}

/** Fit for a terminal. */
export function printable(text: string): string {
  return text.slice(0, EXCERPT_LENGTH).replaceAll(/[^ -~]/g, "?");
}
