/** A wish as the log has it; times are campaign milliseconds. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { ExposureWish } from "../beam/wanted.ts";

interface JsonRecord {
  readonly [key: string]: Json;
}

export function windowJson({ earliestMs, wantedMs, latestMs }: ExposureWish): JsonRecord {
  return { earliest_at_ms: earliestMs, wanted_at_ms: wantedMs, latest_at_ms: latestMs };
}

export function wishJson(wish: ExposureWish): JsonRecord {
  const { key, trigger, presetName, weight, owner } = wish;
  return { key, trigger, preset: presetName, weight, owner, ...windowJson(wish) };
}

/** Undefined where an event is not that of a wish. Of `exposure-wanted` the whole, of `request-retimed` the new window. */
export function wishOf(
  data: { readonly [key: string]: Json | undefined },
  known: { readonly cellIndex: number; readonly reason: string },
): ExposureWish | undefined {
  const window = windowOf(data);
  const { key, trigger, preset, weight, owner } = data;
  if (window === undefined || typeof key !== "string" || typeof trigger !== "string") return undefined;
  if (typeof preset !== "string" || typeof weight !== "number") return undefined;
  return {
    ...known,
    ...window,
    key,
    trigger,
    presetName: preset,
    weight,
    owner: typeof owner === "string" ? owner : null,
  };
}

export function windowOf(data: {
  readonly [key: string]: Json | undefined;
}): Pick<ExposureWish, "earliestMs" | "wantedMs" | "latestMs"> | undefined {
  const { earliest_at_ms: earliestMs, wanted_at_ms: wantedMs, latest_at_ms: latestMs } = data;
  if (typeof earliestMs !== "number" || typeof latestMs !== "number") return undefined;
  return { earliestMs, wantedMs: typeof wantedMs === "number" ? wantedMs : null, latestMs };
}
