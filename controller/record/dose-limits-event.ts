/** The `dose-limits` event: which doses the campaign allows, as the log states them for whoever audits it. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { parsePosition, type Position } from "../../protocols/base/position.ts";
import { isList, isRecord } from "./ledger-row.ts";

export const DOSE_LIMITS_EVENT = "dose-limits";

export interface RecordedDoseLimit {
  /** null: every position that has no limit of its own for this layer and location. */
  readonly position: Position | null;
  readonly layer: string;
  readonly location: "surface" | "mean";
  readonly doseGy: number;
}

export function doseLimitsEventData(limits: readonly RecordedDoseLimit[]): { readonly [key: string]: Json } {
  return {
    limits: limits.map(({ position, layer, location, doseGy }) => ({ position, layer, location, dose_Gy: doseGy })),
  };
}

/** The limits, or undefined where the data does not state them: a limit that cannot be read is not no limit. */
export function parseDoseLimits(data: Json | undefined): readonly RecordedDoseLimit[] | undefined {
  if (!isRecord(data)) return undefined;
  const items = data["limits"];
  if (!isList(items)) return undefined;
  const limits: RecordedDoseLimit[] = [];
  for (const item of items) {
    if (!isRecord(item)) return undefined;
    const { position: name, layer, location, dose_Gy: doseGy } = item;
    // A limit of the rate alone has no total to be summed against.
    if (doseGy === null && typeof item["dose_rate_Gy_s"] === "number") continue;
    if (item["scope"] === "per-exposure") continue;
    const position = typeof name === "string" ? parsePosition(name) : name === null ? null : undefined;
    if (position === undefined || typeof layer !== "string" || typeof doseGy !== "number") return undefined;
    if (location !== "surface" && location !== "mean") return undefined;
    if (!(doseGy > 0)) return undefined;
    limits.push({ position, layer, location, doseGy });
  }
  return limits;
}
