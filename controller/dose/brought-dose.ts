/** What cells that come back were given before, for forecasts: the most that any spot of each had, for nobody knows how they lie since. Pure. */
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { HadDose } from "../../protocols/campaign/dose-forecast.ts";
import type { GivenExposure } from "./given-rows.ts";
import { earlierNames } from "./ledger-cells.ts";

export function broughtDose(cells: Campaign["cells"], rows: readonly GivenExposure[]): HadDose {
  /** What became of an exposure stands behind its booking. */
  const closed = [...new Map(rows.map((row) => [row.exposureId, row])).values()];

  function hottestGy(name: string, layerName: string, location: "surface" | "mean", inLastCycle: boolean): number {
    const own = closed.filter(({ position }) => position === name);
    const cycle = own.reduce((last, row) => Math.max(last, row.cycle ?? 0), 0);
    const bySpot = new Map<number, number>();
    for (const row of own) {
      if (inLastCycle && (row.cycle ?? 0) !== cycle) continue;
      const dose = row.layerDosesGy.find(({ layer }) => layer === layerName);
      const gy = (location === "surface" ? dose?.surfaceGy : dose?.meanGy) ?? 0;
      bySpot.set(row.spotIndex, (bySpot.get(row.spotIndex) ?? 0) + gy);
    }
    return Math.max(0, ...bySpot.values());
  }

  return ({ position }, { layerName, location, scope }) => {
    if (scope === "per-exposure") return 0;
    const names = earlierNames(
      cells,
      cells.findIndex((cell) => cell.position === position),
    );
    const counted = scope === "spot-cycle" ? names.slice(-1) : names;
    return counted.reduce((sum, name) => sum + hottestGy(name, layerName, location, scope === "spot-cycle"), 0);
  };
}
