/** Answers of the SRS DG645, without line end. Undefined: not such an answer. */

export interface Dg645Identity {
  readonly serialNumber: string;
  readonly firmware: string;
}

/** `Stanford Research Systems,DG645,s/n001013,ver1.00.10B`; another device gives undefined. */
export function decodeDg645Identity(line: string): Dg645Identity | undefined {
  const [maker = "", model = "", serial = "", version = "", ...rest] = line.split(",").map((part) => part.trim());
  if (!/^Stanford Research Systems$/i.test(maker) || model.toUpperCase() !== "DG645" || rest.length > 0)
    return undefined;
  const serialNumber = serial.replace(/^s\/n/i, "");
  const firmware = version.replace(/^ver/i, "");
  return isPlain(serialNumber) && isPlain(firmware) ? { serialNumber, firmware } : undefined;
}

export function decodeWhole(line: string): number | undefined {
  return /^\s*[+-]?\d{1,9}\s*$/.test(line) ? Number(line) : undefined;
}

export function decodeNumber(line: string): number | undefined {
  return NUMBER.test(line.trim()) ? Number(line) : undefined;
}

export interface EdgeDelay {
  /** Number of the edge it counts from. */
  readonly from: number;
  readonly seconds: number;
}

/** `0,+0.001000000000` */
export function decodeDelay(line: string): EdgeDelay | undefined {
  const parts = line.split(",");
  const from = decodeWhole(parts[0] ?? "");
  const seconds = decodeNumber(parts[1] ?? "");
  if (parts.length !== 2 || from === undefined || from < 0 || from > 9 || seconds === undefined) return undefined;
  return { from, seconds };
}

/** Bits of `INSR?`. */
export const EVENT = {
  triggered: 1,
  triggeredWhileBusy: 2,
  endOfDelay: 4,
  endOfBurst: 8,
  inhibited: 16,
  aborted: 32,
  clockUnlocked: 64,
  rubidiumUnlocked: 128,
} as const;

/** 0..255. */
export function decodeEvents(line: string): number | undefined {
  const bits = decodeWhole(line);
  return bits !== undefined && bits >= 0 && bits <= 255 ? bits : undefined;
}

const NUMBER = /^[+-]?(?:\d{1,15}\.?\d{0,15}|\.\d{1,15})(?:[eE][+-]?\d{1,3})?$/;

const ERRORS: Readonly<Record<number, string>> = {
  0: "no error",
  10: "illegal value",
  11: "illegal mode",
  12: "illegal delay",
  13: "illegal link",
  14: "recall failed",
  15: "not allowed",
  16: "self-test failed",
  17: "calibration failed",
  30: "lost data",
  32: "no listener",
  110: "illegal command",
  111: "undefined command",
  112: "illegal query",
  113: "illegal set",
  114: "null parameter",
  115: "extra parameter",
  116: "missing parameter",
  117: "parameter overflow",
  118: "invalid floating point number",
  120: "invalid integer",
  126: "syntax error",
  170: "communication error",
  171: "overrun",
  254: "too many errors",
};

export function errorText(code: number): string {
  if (code >= 40 && code <= 91) return "self-test failed in detail";
  return ERRORS[code] ?? "unknown error";
}

function isPlain(text: string): boolean {
  return /^[!-~]{1,40}$/.test(text);
}
