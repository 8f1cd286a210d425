/**
 * What beamrack and a program that integrates frames say to each other: one JSON document a line, ASCII, ended by `\n`, or a
 * message of a broker (`docs/instruments/json-integrator.md`). Questions carry a number, and answers may come in any order. Never throws.
 */
import * as z from "zod";
import type { ImageEvidence, PowderPattern } from "../../diffraction/powder-pattern.ts";

export const INTEGRATOR_LINE_LENGTH_MAX = 2_000_000;
const POINTS_MIN = 10;
/** Four times what an image's rings are cut into; to look at more would keep the controller from its other work. */
const POINTS_MAX = 10_000;
/** Of the largest pattern the sum is still counted one by one. */
const COUNTS_MAX = 1e11;
const ANGLE_DECIMALS = 5;
/** Parts of counts, and no more digits than that tells. */
const COUNT_DIGITS = 9;

export type IntegratorAnswer =
  | { readonly kind: "who"; readonly program: string; readonly version: string | null }
  | { readonly kind: "pattern"; readonly id: number; readonly pattern: PowderPattern }
  /** There is no pattern, and why. */
  | { readonly kind: "none"; readonly id: number; readonly reason: string }
  /** `id` where the question that it answers can be told. */
  | { readonly kind: "unreadable"; readonly id: number | null; readonly reason: string };

export function encodeWho(): string {
  return '{"ask":"who"}\n';
}

export function encodePatternWanted(id: number, framePath: string): string {
  return `{"ask":"pattern","id":${id},"frame":${asciiJson(framePath)}}\n`;
}

/** Lines are ASCII, whatever a path holds. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const SHA256 = /^[0-9a-f]{64}$/;
const label = z.string().min(1).max(200);
const whoSchema = z.object({ who: z.object({ program: label, version: label.exactOptional() }) });
const id = z.int().min(0);
const noneSchema = z.object({ id, none: z.string().max(1000) });
const numbers = z.array(z.number()).min(POINTS_MIN).max(POINTS_MAX);
const patternSchema = z.object({
  id,
  wavelength_A: z.number().min(0.01).max(10),
  two_theta_deg: numbers,
  counts: numbers,
  saturated: z.int().min(0).max(1e9).exactOptional(),
  image: z
    .object({ bytes: z.int().min(0), sha256: z.string().regex(SHA256), index: z.int().min(0).default(0) })
    .exactOptional(),
  geometry: z.object({ file: label, sha256: z.string().regex(SHA256) }).exactOptional(),
  corrections: z.string().max(500).exactOptional(),
});

/** A question as it goes by a broker: with the name of who asks, which its answer repeats. */
export function encodeIntegratorMessage(line: string, client: string): string {
  return `{"client":${asciiJson(client)},${line.trim().slice(1)}`;
}

const clientSchema = z.object({ client: z.string() });

/** Null for what is no answer to this client: a topic is shared. */
export function decodeIntegratorMessage(payload: Uint8Array, client: string): IntegratorAnswer | null {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  // Others' patterns come by as well: they are not even parsed.
  if (bytes.length > INTEGRATOR_LINE_LENGTH_MAX || !bytes.includes(client)) return null;
  let said: unknown;
  try {
    said = JSON.parse(bytes.toString("utf8"));
  } catch {
    return null;
  }
  return clientSchema.safeParse(said).data?.client === client ? decodeSaid(said) : null;
}

export function decodeIntegratorLine(line: string): IntegratorAnswer {
  let said: unknown;
  try {
    said = JSON.parse(line);
  } catch {
    return { kind: "unreadable", id: null, reason: "a line that is no JSON" };
  }
  return decodeSaid(said);
}

function decodeSaid(said: unknown): IntegratorAnswer {
  const who = whoSchema.safeParse(said);
  if (who.success) return { kind: "who", program: who.data.who.program, version: who.data.who.version ?? null };
  const none = noneSchema.safeParse(said);
  if (none.success) return { kind: "none", id: none.data.id, reason: none.data.none };
  const pattern = patternSchema.safeParse(said);
  if (!pattern.success) {
    const [issue] = pattern.error.issues;
    const at = issue === undefined ? "" : `${issue.path.slice(0, 2).join(".")}: ${issue.message}`;
    return { kind: "unreadable", id: z.object({ id }).safeParse(said).data?.id ?? null, reason: at };
  }
  const { two_theta_deg: twoThetaDeg, counts, wavelength_A: wavelengthA, saturated: saturatedPixels } = pattern.data;
  const unreadable = (reason: string): IntegratorAnswer => ({ kind: "unreadable", id: pattern.data.id, reason });
  if (twoThetaDeg.length !== counts.length) {
    return unreadable(`${twoThetaDeg.length} angles and ${counts.length} counts`);
  }
  if (!twoThetaDeg.every((angle, at) => angle > 0 && angle < 180 && angle > (twoThetaDeg[at - 1] ?? 0))) {
    return unreadable("two_theta_deg does not rise from above 0 to below 180");
  }
  if (!counts.every((count) => count >= 0)) return unreadable("counts below 0");
  if (!counts.every((count) => count <= COUNTS_MAX)) return unreadable(`more than ${COUNTS_MAX} counts in one bin`);
  return {
    kind: "pattern",
    id: pattern.data.id,
    pattern: {
      ...{ twoThetaDeg, counts, wavelengthA },
      ...(saturatedPixels === undefined ? {} : { saturatedPixels }),
      ...evidenceOf(pattern.data),
    },
  };
}

/** A geometry counts only together with the image that it was used on. */
function evidenceOf(said: z.output<typeof patternSchema>): { readonly image?: ImageEvidence } {
  const { image, geometry = null, corrections = null } = said;
  if (image === undefined) return {};
  const { bytes, sha256, index } = image;
  return { image: { bytes, sha256, imageIndex: index, geometry, corrections } };
}

/** What an integrating program answers; the counterpart of `encodePatternWanted`. */
export function encodePattern(id: number, { image, saturatedPixels, ...pattern }: PowderPattern): string {
  const said = {
    id,
    wavelength_A: pattern.wavelengthA,
    two_theta_deg: Array.from(pattern.twoThetaDeg, (angle) => Number(angle.toFixed(ANGLE_DECIMALS))),
    counts: Array.from(pattern.counts, (count) => Number(count.toPrecision(COUNT_DIGITS))),
    ...(saturatedPixels === undefined ? {} : { saturated: saturatedPixels }),
    ...(image === undefined ? {} : { image: { bytes: image.bytes, sha256: image.sha256, index: image.imageIndex } }),
    ...(image?.geometry == null ? {} : { geometry: image.geometry }),
    ...(image?.corrections == null ? {} : { corrections: image.corrections }),
  };
  return `${asciiJson(said)}\n`;
}

export function encodeNoPattern(id: number, reason: string): string {
  return `${asciiJson({ id, none: reason.slice(0, 1000) })}\n`;
}

export function encodeIAm(program: string, version: string): string {
  return `${asciiJson({ who: { program, version } })}\n`;
}

export type IntegratorQuestion =
  | { readonly kind: "who" }
  | { readonly kind: "pattern"; readonly id: number; readonly framePath: string }
  | { readonly kind: "unreadable" };

const whoAsked = z.object({ ask: z.literal("who") });
const patternAsked = z.object({ ask: z.literal("pattern"), id, frame: z.string().min(1).max(4096) });

export function decodeIntegratorQuestion(line: string): IntegratorQuestion {
  let asked: unknown;
  try {
    asked = JSON.parse(line);
  } catch {
    return { kind: "unreadable" };
  }
  if (whoAsked.safeParse(asked).success) return { kind: "who" };
  const { data } = patternAsked.safeParse(asked);
  return data === undefined ? { kind: "unreadable" } : { kind: "pattern", id: data.id, framePath: data.frame };
}
