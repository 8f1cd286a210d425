/**
 * The dose plans that a record states: what every later decision about dose follows from, be it in the audit or when
 * somebody goes on with the record.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { parseOccupant } from "../../protocols/base/position.ts";
import { DOSE_SCOPES, type DoseLimit } from "../../protocols/campaign/campaign.ts";
import type { CellDosePlan } from "../dose/cell-dose.ts";
import type { LedgerCell } from "../dose/dose-ledger.ts";
import { parseSpotPlan } from "./dose-plan-event.ts";
import { isList, isRecord } from "./ledger-row.ts";

export interface RecordedPlan {
  readonly plan: CellDosePlan;
  readonly stackHash: string;
}

/** The plans as cells of a ledger; those whose position cannot be read are left out. */
export function ledgerCellsOf(plans: readonly RecordedPlan[]): readonly LedgerCell[] {
  return plans.flatMap(({ plan, stackHash }) => {
    const position = parseOccupant(plan.position);
    return position === undefined ? [] : [{ position, plan, stackHash }];
  });
}

/** Of the `dose-limits` event, by position. */
export function parseLimits(data: Json | undefined): ReadonlyMap<string, readonly DoseLimit[]> {
  const byPosition = new Map<string, DoseLimit[]>();
  const items = isRecord(data) && isList(data["limits"]) ? data["limits"] : [];
  for (const item of items) {
    if (!isRecord(item)) continue;
    const position = textOf(item["position"]);
    const list = byPosition.get(position) ?? [];
    list.push({
      layerName: textOf(item["layer"]),
      layerIndex: numberOf(item["layer_index"]),
      location: item["location"] === "surface" ? "surface" : "mean",
      convention: "en",
      doseGy: numberOrNull(item["dose_Gy"]),
      doseRateGyS: numberOrNull(item["dose_rate_Gy_s"]),
      scope: DOSE_SCOPES.find((scope) => scope === item["scope"]) ?? "spot-total",
      source: textOf(item["source"]),
      vouchedBy: textOf(item["vouched_by"]),
    });
    byPosition.set(position, list);
  }
  return byPosition;
}

/** Of the `dose-plan` event; empty when it states none that can be read. */
export function parsePlans(
  data: Json | undefined,
  limits: ReadonlyMap<string, readonly DoseLimit[]>,
): readonly RecordedPlan[] {
  if (!isRecord(data)) return [];
  const places = parseSpotPlan(data);
  const stacks = data["stacks"];
  if (places === undefined || !isRecord(stacks) || !isList(data["cells"])) return [];
  return data["cells"].flatMap((item) => {
    const stackHash = isRecord(item) ? textOf(item["stack"]) : "";
    const layers = stacks[stackHash];
    if (!isRecord(item) || !isList(layers)) return [];
    const position = textOf(item["position"]);
    return [
      {
        stackHash,
        plan: {
          position,
          layers: layers.map((layer) => ({
            name: isRecord(layer) ? textOf(layer["name"]) : "",
            surfaceGyPerPhCm2: isRecord(layer) ? numberOf(layer["surface_Gy_per_ph_cm2"]) : NaN,
            meanGyPerPhCm2: isRecord(layer) ? numberOf(layer["mean_Gy_per_ph_cm2"]) : NaN,
          })),
          limits: limits.get(position) ?? [],
          relativeUncertainty: numberOf(data["relative_uncertainty"]),
          ...{ spots: places.spots, relativeFluence: places.relativeFluence },
          ...(places.earlier.has(position) ? { earlier: places.earlier.get(position) ?? [] } : {}),
        },
      },
    ];
  });
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: Json | undefined): number {
  return typeof value === "number" ? value : NaN;
}

function numberOrNull(value: Json | undefined): number | null {
  return typeof value === "number" ? value : null;
}
