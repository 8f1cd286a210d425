/**
 * What a GRBL 1.1 controller says: one `ok` or `error:N` for each line, and push messages at any time. Decoding
 * never throws; a line that fits no pattern comes back as `garbled` with the reason.
 */

export const GRBL_STATES = ["Idle", "Run", "Hold", "Jog", "Alarm", "Door", "Check", "Home", "Sleep"] as const;
export type GrblState = (typeof GRBL_STATES)[number];

export interface GrblPlace {
  readonly xMm: number;
  readonly yMm: number;
  readonly zMm: number;
}

export interface GrblStatus {
  readonly kind: "status";
  readonly state: GrblState;
  /** `Hold:0` is 0: stopped. `Hold:1` is 1: still slowing down. Null when the state carries none. */
  readonly subState: number | null;
  /** `MPos`, when the report mask has bit 0. */
  readonly machine: GrblPlace | null;
  /** `WPos`, when it has not. */
  readonly work: GrblPlace | null;
  /** `WCO`; only in some reports: remember it. */
  readonly workOffset: GrblPlace | null;
  /** Letters of active pins, e.g. `XY`; empty when none. */
  readonly pins: string;
}

export type GrblMessage =
  | { readonly kind: "ok" }
  | { readonly kind: "error"; readonly code: number }
  | { readonly kind: "alarm"; readonly code: number }
  /** Power-up or soft reset: the only proof that one happened. */
  | { readonly kind: "greeting"; readonly version: string }
  | GrblStatus
  | { readonly kind: "setting"; readonly number: number; readonly value: number }
  /** `[MSG:text]`, `[VER:...]`, `[GC:...]`: name and the rest after the colon. */
  | { readonly kind: "feedback"; readonly name: string; readonly text: string }
  | { readonly kind: "startup-line"; readonly text: string }
  | { readonly kind: "garbled"; readonly line: string; readonly why: string };

const OK: GrblMessage = { kind: "ok" };
const WHOLE = /^\d{1,5}$/;
const DECIMAL = /^-?\d{1,9}(\.\d{1,6})?$/;

/** One line without its end. Never throws. */
export function decodeGrblLine(line: string): GrblMessage {
  if (line === "ok") return OK;
  const first = line[0];
  if (first === "<") return decodeStatus(line);
  if (first === "[") return decodeFeedback(line);
  if (line.startsWith("error:")) return decodeCode("error", line, line.slice(6));
  if (line.startsWith("ALARM:")) return decodeCode("alarm", line, line.slice(6));
  if (first === "$") return decodeSetting(line);
  if (first === ">") return { kind: "startup-line", text: line };
  const greeting = /^Grbl (\S{1,20}) \[/.exec(line);
  if (greeting?.[1] !== undefined) return { kind: "greeting", version: greeting[1] };
  return garbled(line, "fits no message of GRBL 1.1");
}

function decodeCode(kind: "error" | "alarm", line: string, digits: string): GrblMessage {
  return WHOLE.test(digits) ? { kind, code: Number(digits) } : garbled(line, `no number after ${kind}`);
}

function decodeFeedback(line: string): GrblMessage {
  const match = /^\[([A-Za-z0-9]{1,8}):(.*)\]$/.exec(line);
  if (match?.[1] === undefined || match[2] === undefined) return garbled(line, "brackets without name and text");
  return { kind: "feedback", name: match[1], text: match[2] };
}

function decodeSetting(line: string): GrblMessage {
  if (/^\$N[01]=/.test(line)) return { kind: "startup-line", text: line };
  const match = /^\$(\d{1,3})=(\S+)$/.exec(line);
  const value = decimal(match?.[2]);
  if (match?.[1] === undefined || value === null) return garbled(line, "not a setting");
  return { kind: "setting", number: Number(match[1]), value };
}

function decodeStatus(line: string): GrblMessage {
  if (!line.endsWith(">")) return garbled(line, "status report without its end");
  const fields = line.slice(1, -1).split("|");
  const [stateName = "", subText] = (fields[0] ?? "").split(":");
  const state = GRBL_STATES.find((name) => name === stateName);
  if (state === undefined) return garbled(line, `unknown state ${JSON.stringify(stateName)}`);
  if (subText !== undefined && !WHOLE.test(subText)) return garbled(line, "sub-state is not a number");
  let machine: GrblPlace | null = null;
  let work: GrblPlace | null = null;
  let workOffset: GrblPlace | null = null;
  let pins = "";
  for (const field of fields.slice(1)) {
    const colon = field.indexOf(":");
    const name = field.slice(0, colon);
    const text = field.slice(colon + 1);
    if (name === "MPos" || name === "WPos" || name === "WCO") {
      const place = decodePlace(text);
      if (place === null) return garbled(line, `${name} is not three numbers`);
      if (name === "MPos") machine = place;
      else if (name === "WPos") work = place;
      else workOffset = place;
    } else if (name === "Pn") {
      pins = text;
    }
    // Other fields (Bf, Ln, FS, F, Ov, A) carry nothing that is acted on here.
  }
  if (machine === null && work === null) return garbled(line, "status report without a position");
  return {
    kind: "status",
    state,
    subState: subText === undefined ? null : Number(subText),
    machine,
    work,
    workOffset,
    pins,
  };
}

function decodePlace(text: string): GrblPlace | null {
  const [xText, yText, zText, more] = text.split(",");
  const xMm = decimal(xText);
  const yMm = decimal(yText);
  const zMm = decimal(zText);
  if (xMm === null || yMm === null || zMm === null || more !== undefined) return null;
  return { xMm, yMm, zMm };
}

function decimal(text: string | undefined): number | null {
  return text !== undefined && DECIMAL.test(text) ? Number(text) : null;
}

function garbled(line: string, why: string): GrblMessage {
  return { kind: "garbled", line: line.slice(0, 120), why };
}

export interface LineSplitter {
  /** Calls `onLine` for each complete, non-empty line, without its end. */
  push(chunk: Uint8Array, onLine: (line: string) => void): void;
  /** Forgets a half-received line. */
  clear(): void;
  /** Bytes thrown away because a line would not end. */
  readonly droppedByteCount: number;
}

/** Longest line kept; the longest of GRBL is about 100 characters. */
const LINE_LENGTH_MAX = 256;

/** Cuts the stream at `\r` and `\n`, wherever chunks are cut. */
export function createGrblLineSplitter(): LineSplitter {
  let partial = "";
  let isOverlong = false;
  let droppedByteCount = 0;
  return {
    push(chunk, onLine) {
      for (const byte of chunk) {
        if (byte === 0x0a || byte === 0x0d) {
          const line = partial;
          partial = "";
          if (isOverlong) isOverlong = false;
          else if (line !== "") onLine(line);
        } else if (isOverlong) {
          droppedByteCount += 1;
        } else if (partial.length >= LINE_LENGTH_MAX) {
          droppedByteCount += partial.length + 1;
          partial = "";
          isOverlong = true;
        } else {
          partial += String.fromCharCode(byte);
        }
      }
    },
    clear() {
      partial = "";
      isOverlong = false;
    },
    get droppedByteCount() {
      return droppedByteCount;
    },
  };
}
