/** The one dose by which an exposure is told where there is room for one only. */
import { isRecord } from "../record/ledger-row.ts";
import type { ExportedCampaign, ExportedCell, ExportedExposure } from "./exported-campaign.ts";
import { addedDose, NO_DOSE, type SummedDose } from "./summed-dose.ts";

export interface ToldDose {
  readonly exposure: ExportedExposure;
  readonly layer: string;
  readonly location: "surface" | "mean";
  readonly stepGy: number;
  /** Of the spot, with all its own exposures so far. */
  readonly totalGy: number;
  /** How far the truth can lie above `totalGy` at worst. */
  readonly totalUncertaintyGy: number;
}

/** In order of booking: where the cell's first limit holds, else at the front of the layer that got most. */
export function toldDoses(campaign: ExportedCampaign, cell: ExportedCell): readonly ToldDose[] {
  const totals = new Map<string, SummedDose>();
  return cell.exposures.map((exposure) => {
    const [layer, location] = placeOf(campaign, cell, exposure);
    const dose = exposure.layerDosesGy.find((item) => item.layer === layer);
    const stepGy = (location === "surface" ? dose?.surfaceGy : dose?.meanGy) ?? 0;
    const key = `${exposure.spotIndex} ${layer} ${location}`;
    const sum = addedDose(totals.get(key) ?? NO_DOSE, stepGy, exposure.relativeUncertainty);
    totals.set(key, sum);
    return { exposure, layer, location, stepGy, totalGy: sum.totalGy, totalUncertaintyGy: sum.uncertaintyGy };
  });
}

function placeOf(
  campaign: ExportedCampaign,
  cell: ExportedCell,
  one: ExportedExposure,
): readonly [layer: string, location: "surface" | "mean"] {
  const limit = campaign.doseLimits.find(
    (item) => isRecord(item) && (item["position"] === cell.position || item["position"] === null),
  );
  if (isRecord(limit) && typeof limit["layer"] === "string")
    return [limit["layer"], limit["location"] === "surface" ? "surface" : "mean"];
  const most = [...one.layerDosesGy].sort((a, b) => b.surfaceGy - a.surfaceGy)[0];
  return [most?.layer ?? "", "surface"];
}

/** When the shutter was seen open; where it was not, when it was asked to open or the exposure was booked. */
export function exposureMs(one: ExportedExposure): number {
  return one.openSeenAtMs ?? one.openAskedAtMs ?? one.bookedAtMs;
}
