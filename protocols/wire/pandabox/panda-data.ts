/**
 * The data port of a PandABox (8889) after its options line: `OK`, then for each round of capture a header, samples
 * as text, base64 or frames of bytes, and `END n reason`. Never throws; memory is bounded.
 */

export interface CapturedField {
  /** `COUNTER1.OUT` */
  readonly name: string;
  /** `double`, `int32`, `uint32`, `int64` */
  readonly type: string;
  /** `Value`, `Trigger`, `Mean`, ... */
  readonly capture: string;
  readonly scale: number | null;
  readonly offset: number | null;
  readonly units: string | null;
}

export interface CaptureHeader {
  /** `arm_time`, `start_time`, `missed`, `process`, `format`, `sample_bytes`, as they came. */
  readonly properties: ReadonlyMap<string, string>;
  readonly fields: readonly CapturedField[];
  /** Samples that were lost before this reader was there. */
  readonly missedCount: number;
}

export type PandaData =
  /** The options were taken. */
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly text: string }
  | { readonly kind: "header"; readonly header: CaptureHeader }
  /** A sample as text: one number per field. */
  | { readonly kind: "sample"; readonly values: readonly number[] }
  /** Bytes of samples, lowest byte first, cut anywhere between frames. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "ended"; readonly sampleCount: number; readonly reason: string }
  | { readonly kind: "unreadable"; readonly why: string };

export interface PandaDataReader {
  /** All that this chunk completed, in order. */
  push(chunk: Uint8Array): readonly PandaData[];
  readonly retainedByteCount: number;
}

export const LINE_BYTES_MAX = 4096;
/** A frame that says it is longer is not one; the box sends blocks of some 100 kB. */
export const FRAME_BYTES_MAX = 1 << 22;
const FIELDS_MAX = 256;
const PROPERTIES_MAX = 32;
const FRAME_MARK = "BIN ";
const FRAME_HEAD = 8;

type Place = "options" | "between" | "header" | "fields" | "samples" | "lost";

/** One per opened link. After something unreadable it waits for the next round. */
export function createPandaDataReader(): PandaDataReader {
  /** Grows by doubling and is given back when empty: a long frame in small pieces is not copied at each of them. */
  let store: Uint8Array = new Uint8Array(0);
  let from = 0;
  let until = 0;
  let place: Place = "options";
  let isFramed = false;
  let isBase64 = false;
  let properties = new Map<string, string>();
  let fields: CapturedField[] = [];
  const out: PandaData[] = [];

  function unreadable(why: string): void {
    out.push({ kind: "unreadable", why });
    place = "lost";
  }

  function beginHeader(line: string): void {
    properties = new Map();
    fields = [];
    place = "header";
    onHeader(line);
  }

  function onHeader(line: string): void {
    const match = /^([a-z_]{1,40}):\s?(.*)$/.exec(line);
    if (match === null || properties.size >= PROPERTIES_MAX) unreadable(`no header: \`${excerpt(line)}\``);
    else if (match[1] === "fields") place = "fields";
    else properties.set(match[1] ?? "", (match[2] ?? "").trim());
  }

  function onField(line: string): void {
    if (line === "") {
      const format = properties.get("format");
      isFramed = format === "Framed";
      isBase64 = format === "Base64";
      place = "samples";
      const missed = Number(properties.get("missed") ?? 0);
      out.push({
        kind: "header",
        header: { properties, fields, missedCount: Number.isSafeInteger(missed) && missed > 0 ? missed : 0 },
      });
      return;
    }
    const field = decodeField(line);
    if (field === undefined || fields.length >= FIELDS_MAX) unreadable(`no field: \`${excerpt(line)}\``);
    else fields.push(field);
  }

  function onSample(line: string): void {
    if (line.startsWith("END ")) onEnd(line);
    else if (!line.startsWith(" ")) unreadable(`no sample: \`${excerpt(line)}\``);
    else if (isBase64) onBase64(line.slice(1));
    else {
      const values = line.slice(1).split(" ").map(Number);
      if (values.some((value) => Number.isNaN(value)) || (fields.length > 0 && values.length !== fields.length)) {
        unreadable(`a sample of ${values.length} values: \`${excerpt(line)}\``);
      } else out.push({ kind: "sample", values });
    }
  }

  function onBase64(text: string): void {
    const bytes = decodeBase64(text);
    if (bytes === undefined) unreadable(`no base64: \`${excerpt(text)}\``);
    else out.push({ kind: "bytes", bytes });
  }

  function onEnd(line: string): void {
    const match = /^END (\d{1,12}) (.{1,60})$/.exec(line);
    place = "between";
    isFramed = false;
    if (match === null) out.push({ kind: "unreadable", why: `no end: \`${excerpt(line)}\`` });
    else out.push({ kind: "ended", sampleCount: Number(match[1]), reason: excerpt(match[2] ?? "") });
  }

  function onLine(line: string): void {
    switch (place) {
      case "options":
        if (line === "OK") {
          place = "between";
          out.push({ kind: "accepted" });
        } else if (line.startsWith("ERR ")) out.push({ kind: "refused", text: excerpt(line.slice(4)) });
        else unreadable(`no answer to the options: \`${excerpt(line)}\``);
        return;
      case "between":
        if (line !== "") beginHeader(line);
        return;
      case "header":
        onHeader(line);
        return;
      case "fields":
        onField(line);
        return;
      case "samples":
        onSample(line);
        return;
      case "lost":
        if (line.startsWith("END ")) onEnd(line);
        else if (line.startsWith("arm_time:")) beginHeader(line);
    }
  }

  function keep(chunk: Uint8Array): void {
    const length = until - from;
    if (until + chunk.length > store.length) {
      const isRoomy = length + chunk.length <= store.length / 2;
      const next = isRoomy ? store : new Uint8Array(Math.max(1024, 2 * (length + chunk.length)));
      next.set(store.subarray(from, until));
      store = next;
      from = 0;
      until = length;
    }
    store.set(chunk, until);
    until += chunk.length;
  }

  /** Bytes used at the start of what is kept, or 0 when more must come. */
  function step(): number {
    const pending = store.subarray(from, until);
    if (place === "samples" && isFramed && startsLikeFrame(pending)) {
      if (pending.length < FRAME_HEAD) return 0;
      const length = uint32(pending, 4);
      if (length < FRAME_HEAD || length > FRAME_BYTES_MAX) {
        unreadable(`a frame of ${length} bytes`);
        return FRAME_HEAD;
      }
      if (pending.length < length) return 0;
      out.push({ kind: "bytes", bytes: pending.slice(FRAME_HEAD, length) });
      return length;
    }
    const lineEnd = pending.indexOf(0x0a);
    if (lineEnd < 0) {
      if (pending.length <= LINE_BYTES_MAX) return 0;
      if (place !== "lost") unreadable(`a line of more than ${LINE_BYTES_MAX} bytes`);
      return pending.length;
    }
    if (lineEnd > LINE_BYTES_MAX) {
      if (place !== "lost") unreadable(`a line of ${lineEnd} bytes`);
    } else onLine(text(pending, lineEnd));
    return lineEnd + 1;
  }

  return {
    push(chunk) {
      out.length = 0;
      keep(chunk);
      for (let used = step(); used > 0; used = from === until ? 0 : step()) from += used;
      if (from === until) {
        store = new Uint8Array(0);
        from = 0;
        until = 0;
      }
      return [...out];
    },
    get retainedByteCount() {
      return until - from;
    },
  };
}

/** ` COUNTER1.OUT double Value scale: 1 offset: 0 units: mm` */
function decodeField(line: string): CapturedField | undefined {
  const match = /^ (\S{1,80}) (\S{1,20}) (\S(?:.{0,60}?\S)?)(?: scale: (\S+) offset: (\S+) units:(.{0,60}))?$/.exec(
    line,
  );
  if (match === null) return undefined;
  const [, name = "", type = "", capture = "", scale, offset, units] = match;
  const numbers = [scale, offset].map((part) => (part === undefined ? null : Number(part)));
  if (numbers.some((part) => part !== null && !Number.isFinite(part))) return undefined;
  return {
    name,
    type,
    capture,
    scale: numbers[0] ?? null,
    offset: numbers[1] ?? null,
    units: units === undefined ? null : units.trim(),
  };
}

function startsLikeFrame(bytes: Uint8Array): boolean {
  for (let at = 0; at < FRAME_MARK.length && at < bytes.length; at += 1) {
    if (bytes[at] !== FRAME_MARK.charCodeAt(at)) return false;
  }
  return true;
}

function uint32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function decodeBase64(line: string): Uint8Array | undefined {
  if (line.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(line)) return undefined;
  const digits = line.replace(/=+$/, "");
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let bitCount = 0;
  let at = 0;
  for (const digit of digits) {
    bits = ((bits << 6) | BASE64.indexOf(digit)) & 0xffff;
    bitCount += 6;
    if (bitCount < 8) continue;
    bitCount -= 8;
    bytes[at] = (bits >> bitCount) & 0xff;
    at += 1;
  }
  return bytes;
}

function text(bytes: Uint8Array, end: number): string {
  let line = "";
  for (let at = 0; at < end; at += 1) line += String.fromCharCode(bytes[at] ?? 0);
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

function excerpt(line: string): string {
  return line.slice(0, 80).replaceAll(/[^ -~]/g, "?");
}
