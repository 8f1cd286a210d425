/** The `dose-limits` event: which doses the campaign allows, as the log states them for whoever audits it. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { parseOccupant, type Occupant } from "../../protocols/base/position.ts";
import { DOSE_SCOPES, type DoseScope } from "../../protocols/campaign/campaign.ts";
import { isList, isRecord } from "./ledger-row.ts";

export const DOSE_LIMITS_EVENT = "dose-limits";

export interface RecordedDoseLimit {
  /** null: every position that has no limit of its own for this layer and location. */
  readonly position: Occupant | null;
  readonly layer: string;
  readonly location: "surface" | "mean";
  /** At least one of dose and rate is stated. */
  readonly doseGy: number | null;
  readonly doseRateGyS: number | null;
  /** What the dose counts: all that a spot ever gets, or gets in one cycle of the cell, or one exposure. */
  readonly scope: DoseScope;
}

/** The limits, or undefined where the data does not state them: a limit that cannot be read is not no limit. */
export function parseDoseLimits(data: Json | undefined): readonly RecordedDoseLimit[] | undefined {
  if (!isRecord(data)) return undefined;
  const items = data["limits"];
  if (!isList(items)) return undefined;
  const limits: RecordedDoseLimit[] = [];
  for (const item of items) {
    if (!isRecord(item)) return undefined;
    const { position: name, layer, location } = item;
    const position = typeof name === "string" ? parseOccupant(name) : name === null ? null : undefined;
    if (position === undefined || typeof layer !== "string") return undefined;
    if (location !== "surface" && location !== "mean") return undefined;
    const doseGy = amountOf(item["dose_Gy"]);
    const doseRateGyS = amountOf(item["dose_rate_Gy_s"]);
    if (doseGy === undefined || doseRateGyS === undefined || (doseGy === null && doseRateGyS === null))
      return undefined;
    const scope = DOSE_SCOPES.find((known) => known === item["scope"]) ?? "spot-total";
    limits.push({ position, layer, location, doseGy, doseRateGyS, scope });
  }
  return limits;
}

/** null: not stated. Undefined: no amount that anything could be held against. */
function amountOf(value: Json | undefined): number | null | undefined {
  if (value === undefined || value === null) return null;
  return typeof value === "number" && value > 0 ? value : undefined;
}
