/** Numbers and texts in Modbus registers, both ways. Gives a reason instead of a value; throws nothing. */
import type { NominalQuantity, RegisterPoint, WordOrder, WritablePoint } from "./register-map.ts";

export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** What the unit told of itself. */
export type Nominal = Readonly<Partial<Record<NominalQuantity, number>>>;

/** The bytes of `words`, most significant first, whichever order the unit keeps. */
function bytesOf(words: readonly number[], order: WordOrder): DataView {
  const isWordSwapped = order === "CDAB" || order === "DCBA";
  const isByteSwapped = order === "BADC" || order === "DCBA";
  const inOrder = isWordSwapped ? [...words].reverse() : words;
  const view = new DataView(new ArrayBuffer(words.length * 2));
  inOrder.forEach((word, index) => {
    view.setUint16(index * 2, word & 0xffff, isByteSwapped);
  });
  return view;
}

function wordsOf(view: DataView, order: WordOrder): readonly number[] {
  const isByteSwapped = order === "BADC" || order === "DCBA";
  const words = Array.from({ length: view.byteLength / 2 }, (_, index) => view.getUint16(index * 2, isByteSwapped));
  return order === "CDAB" || order === "DCBA" ? words.reverse() : words;
}

function rawNumber(point: RegisterPoint, words: readonly number[]): number | undefined {
  const view = bytesOf(words, point.wordOrder);
  switch (point.type) {
    case "u16":
      return view.getUint16(0);
    case "s16":
      return view.getInt16(0);
    case "u32":
      return view.getUint32(0);
    case "s32":
      return view.getInt32(0);
    case "f32":
      return view.getFloat32(0);
    case "f64":
      return view.getFloat64(0);
    case "text":
      return undefined;
  }
}

/** In the unit that the map's key names. Not finite, or of a nominal value that is not known: a reason. */
export function decodeNumber(point: RegisterPoint, words: readonly number[], nominal: Nominal): Decoded<number> {
  if (words.length !== point.count) return refused(`${words.length} registers instead of ${point.count}`);
  const raw = rawNumber(point, words);
  if (raw === undefined) return refused("a text is no number");
  const { scale } = point;
  if (scale.kind === "linear") return finite(raw * scale.factor + scale.offset);
  const full = nominal[scale.of];
  return full === undefined ? refused(`the nominal ${scale.of} is not known`) : finite((raw / scale.fullScale) * full);
}

export function decodeBit(point: RegisterPoint, words: readonly number[]): Decoded<boolean> {
  if (words.length !== point.count) return refused(`${words.length} registers instead of ${point.count}`);
  const raw = rawNumber(point, words);
  if (raw === undefined || !Number.isInteger(raw)) return refused("no whole number to take a bit of");
  if (point.bit === null) return { ok: true, value: raw !== 0 };
  // Beyond 31 bits the operators of numbers do not reach.
  return { ok: true, value: Math.floor((raw < 0 ? raw + 2 ** 32 : raw) / 2 ** point.bit) % 2 === 1 };
}

/** Characters up to the first zero, without blanks around them; what cannot be printed becomes a question mark. */
export function decodeText(point: RegisterPoint, words: readonly number[]): Decoded<string> {
  if (words.length !== point.count) return refused(`${words.length} registers instead of ${point.count}`);
  const isByteSwapped = point.wordOrder === "BADC" || point.wordOrder === "DCBA";
  let text = "";
  for (const word of words) {
    for (const code of isByteSwapped ? [word & 0xff, word >> 8] : [word >> 8, word & 0xff]) {
      if (code === 0) return { ok: true, value: text.trim() };
      text += code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "?";
    }
  }
  return { ok: true, value: text.trim() };
}

/**
 * The registers for a value. Where the unit takes whole numbers, the value that is set lies on a step of the unit on the
 * side of `rounding`, so that no limit grows: down for an upper one. Outside the point's own limits, or of what its type holds: a reason.
 */
export function encodeNumber(
  point: WritablePoint,
  value: number,
  nominal: Nominal,
  rounding: "down" | "up" = "down",
): Decoded<readonly number[]> {
  if (!Number.isFinite(value)) return refused(`${value} is no number`);
  const max = point.max === "nominal" ? nominalOf(point, nominal) : point.max;
  if (max === undefined) return refused("the nominal value is not known");
  if (value < point.min || value > max) return refused(`${value} is outside ${point.min}..${max}`);
  const { scale } = point;
  let raw: number;
  if (scale.kind === "linear") raw = (value - scale.offset) / scale.factor;
  else {
    const full = nominal[scale.of];
    if (full === undefined || !(full > 0)) return refused(`the nominal ${scale.of} is not known`);
    raw = (value / full) * scale.fullScale;
  }
  const isFalling = scale.kind === "linear" && scale.factor < 0;
  return rawWords(point, raw, (rounding === "down") !== isFalling);
}

function nominalOf(point: RegisterPoint, nominal: Nominal): number | undefined {
  return point.scale.kind === "share" ? nominal[point.scale.of] : undefined;
}

/** A count of steps that misses a whole one by no more than this is that one. */
const WHOLE_WITHIN = 1e-10;

/** On the unit's own steps, so that the number it keeps is the one written. */
function rawWords(point: WritablePoint, raw: number, isDown: boolean): Decoded<readonly number[]> {
  const view = new DataView(new ArrayBuffer(point.count * 2));
  const { rawStep = 1 } = point;
  const steps = raw / rawStep;
  const nearest = Math.round(steps);
  const isWhole = Math.abs(steps - nearest) <= WHOLE_WITHIN * Math.max(1, Math.abs(steps));
  const whole = rawStep * (isWhole ? nearest : isDown ? Math.floor(steps) : Math.ceil(steps));
  switch (point.type) {
    case "u16":
      if (whole < 0 || whole > 0xffff) return tooLarge(point, whole);
      view.setUint16(0, whole);
      break;
    case "s16":
      if (whole < -0x8000 || whole > 0x7fff) return tooLarge(point, whole);
      view.setInt16(0, whole);
      break;
    case "u32":
      if (whole < 0 || whole > 0xffff_ffff) return tooLarge(point, whole);
      view.setUint32(0, whole);
      break;
    case "s32":
      if (whole < -0x8000_0000 || whole > 0x7fff_ffff) return tooLarge(point, whole);
      view.setInt32(0, whole);
      break;
    case "f32":
      view.setFloat32(0, raw);
      if (!Number.isFinite(view.getFloat32(0))) return tooLarge(point, raw);
      break;
    case "f64":
      view.setFloat64(0, raw);
      break;
    case "text":
      return refused("a text is not written");
  }
  return { ok: true, value: wordsOf(view, point.wordOrder) };
}

function tooLarge(point: RegisterPoint, raw: number): Decoded<never> {
  return refused(`${raw} does not fit into ${point.type}`);
}

function finite(value: number): Decoded<number> {
  return Number.isFinite(value) ? { ok: true, value } : refused(`${value} is no number`);
}

function refused(reason: string): Decoded<never> {
  return { ok: false, reason };
}
