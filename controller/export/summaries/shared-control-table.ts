/** What a group is told of others' dark controls, half cycle by half cycle. */
import type { ExportedCampaign } from "../exported-campaign.ts";
import { csvText } from "./csv-table.ts";

type Row = Readonly<Record<(typeof COLUMNS)[number], string | number | boolean | null>>;

const COLUMNS = [
  ...(["control", "chemistry", "electrolyte", "nominal_capacity_mAh", "half_cycle", "cycle", "direction"] as const),
  ...(["capacity_mAh", "capacity_uncertainty_mAh", "whole", "coulombic_efficiency", "state_of_health"] as const),
] as const;

export const SHARED_CONTROLS_FILE = "shared-controls.csv";

export function sharedControlRows({ sharedControls }: Pick<ExportedCampaign, "sharedControls">): readonly Row[] {
  return sharedControls.flatMap(({ name, chemistry, electrolyte, nominalCapacityMah, halfCycles }) =>
    halfCycles.map((half) => ({
      ...{ control: name, chemistry, electrolyte, nominal_capacity_mAh: nominalCapacityMah },
      ...{ half_cycle: half.number, cycle: half.cycle, direction: half.direction },
      ...{ capacity_mAh: milli(half.capacityAh), capacity_uncertainty_mAh: milli(half.capacityDoubtAh) },
      ...{ whole: half.isWhole, coulombic_efficiency: half.coulombicEfficiency, state_of_health: half.stateOfHealth },
    })),
  );
}

/** Null where there is nothing to tell. */
export function sharedControlText(campaign: Pick<ExportedCampaign, "sharedControls">): string | null {
  const rows = sharedControlRows(campaign);
  if (rows.length === 0) return null;
  return csvText(
    COLUMNS,
    rows.map((row) => COLUMNS.map((name) => row[name])),
  );
}

function milli(ah: number | null): number | null {
  return ah === null ? null : 1000 * ah;
}
