/** Bodies of SIMPLON answers: JSON. Nothing here throws; what cannot be read gives a reason. */

export type SimplonScalar = string | number | boolean;

export interface SimplonValue {
  /** Lists come as they are; only these kinds are used. */
  readonly value: SimplonScalar | readonly SimplonScalar[];
  /** `bool`, `float`, `int`, `uint`, `string`, `string[]`, `date`; null where the detector does not say. */
  readonly valueType: string | null;
  readonly unit: string | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly allowedValues: readonly SimplonScalar[] | null;
  /** `r`, `w` or `rw`. */
  readonly accessMode: string | null;
}

export type Decoded<T> =
  | { readonly isRead: true; readonly value: T }
  | { readonly isRead: false; readonly why: string };

/** State of the detector. */
export const SIMPLON_STATES = ["na", "idle", "ready", "acquire", "configure", "initialize", "test", "error"] as const;
export type SimplonState = (typeof SIMPLON_STATES)[number];

const EXCERPT_LENGTH = 120;

/** `{"value":0.1,"value_type":"float",...}`. */
export function decodeValue(body: string): Decoded<SimplonValue> {
  const json = parsed(body);
  if (!isRecord(json) || !("value" in json)) return unread(body, "no JSON object with a value");
  const { value } = json;
  if (!isScalar(value) && !isScalarList(value)) return unread(body, "its value is neither plain nor a list");
  return {
    isRead: true,
    value: {
      value,
      valueType: textOrNull(json["value_type"]),
      unit: textOrNull(json["unit"]),
      min: numberOrNull(json["min"]),
      max: numberOrNull(json["max"]),
      allowedValues: isScalarList(json["allowed_values"]) ? json["allowed_values"] : null,
      accessMode: textOrNull(json["access_mode"]),
    },
  };
}

/** Names that a written value changed: `["count_time","frame_time"]`. */
export function decodeChangedNames(body: string): Decoded<readonly string[]> {
  const json = parsed(body);
  if (!Array.isArray(json) || !json.every((name): name is string => typeof name === "string")) {
    return unread(body, "no JSON list of names");
  }
  return { isRead: true, value: json };
}

/** `{"sequence id": 7}`. */
export function decodeSequenceId(body: string): Decoded<number> {
  const json = parsed(body);
  const id = isRecord(json) ? json["sequence id"] : undefined;
  if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 0) return unread(body, "no sequence id");
  return { isRead: true, value: id };
}

/** State out of a status answer. */
export function decodeState(body: string): Decoded<SimplonState> {
  const decoded = decodeValue(body);
  if (!decoded.isRead) return decoded;
  const state = SIMPLON_STATES.find((known) => known === decoded.value.value);
  return state === undefined ? unread(body, "no known state") : { isRead: true, value: state };
}

/** The beginning of a body, on one line and fit for a terminal. */
export function bodyExcerpt(body: string): string {
  return body.slice(0, EXCERPT_LENGTH).replaceAll(/[^ -~]/g, "?");
}

function unread(body: string, why: string): { readonly isRead: false; readonly why: string } {
  return { isRead: false, why: `${why}: \`${bodyExcerpt(body)}\`` };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function isRecord(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function isScalar(json: unknown): json is SimplonScalar {
  return typeof json === "string" || typeof json === "boolean" || (typeof json === "number" && Number.isFinite(json));
}

function isScalarList(json: unknown): json is readonly SimplonScalar[] {
  return Array.isArray(json) && json.every(isScalar);
}

function textOrNull(json: unknown): string | null {
  return typeof json === "string" ? json : null;
}

function numberOrNull(json: unknown): number | null {
  return typeof json === "number" && Number.isFinite(json) ? json : null;
}
