/** Where two plain values differ, leaf by leaf. Pure. */
import type { Json } from "../../protocols/base/canonical-json.ts";

export interface Difference {
  /** `presets[0].exposure_s`, in the words of what is compared. */
  readonly path: string;
  /** Null where it was not there. */
  readonly from: Json;
  readonly to: Json;
}

/** What is compared is made of JSON values alone; `undefined` counts as not there. */
export function differences(from: unknown, to: unknown, path = ""): readonly Difference[] {
  return compare(plain(from), plain(to), path);
}

export function isSame(from: unknown, to: unknown): boolean {
  return differences(from, to).length === 0;
}

/** Also of a part that only one of them has. */
export function keysOf<Value extends object>(before: Value, after: Value): readonly (keyof Value)[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof Value)[];
}

function plain(value: unknown): Json {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json);
}

function compare(from: Json, to: Json, path: string): readonly Difference[] {
  if (Object.is(from, to)) return [];
  if (Array.isArray(from) && Array.isArray(to)) {
    const [before, after]: readonly [readonly Json[], readonly Json[]] = [from, to];
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      compare(before[index] ?? null, after[index] ?? null, `${path}[${index}]`),
    );
  }
  if (isFields(from) && isFields(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    const join = (key: string): string => (path === "" ? asWritten(key) : `${path}.${asWritten(key)}`);
    return keys.flatMap((key) => compare(from[key] ?? null, to[key] ?? null, join(key)));
  }
  return [{ path, from, to }];
}

/** `exposureS` as files have it: `exposure_s`; names that people gave stay. */
function asWritten(key: string): string {
  return key.replaceAll(/([a-z0-9])([A-Z])/g, (_, before: string, unit: string) =>
    unit === "V" ? `${before}_V` : `${before}_${unit.toLowerCase()}`,
  );
}

function isFields(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
