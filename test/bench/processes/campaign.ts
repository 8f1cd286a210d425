/** The campaign of the programs with real processes: few cells that cycle fast, a beam that is nearly always busy. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../../tui/rim/package-root.ts";
import { benchCampaignText } from "../bench-campaign.ts";

export const SITE = join(packageRoot().folder, "protocols/sites/reference.yaml");
export const SAMPLE_S = 0.5;
export const WATCHDOG_MS = 900;
export const TRAVEL_MS = 20;
/** Of the largest current that flows. */
export const CURRENT_MAX_A = 0.002045;

const PROTOCOL = `record: { time_s: ${SAMPLE_S} }
safety: { max_voltage_V: 4.25, min_voltage_V: 2.5, delay_s: 0 }
method:
  - { step: open_circuit_voltage, until_time_s: 3 }
  - { step: constant_current, rate_C: C/2, until_voltage_V: 4.2, until_time_s: 45 }
  - { step: open_circuit_voltage, until_time_s: 5 }
  - { step: constant_current, rate_C: D/2, until_voltage_V: 2.8, until_time_s: 30 }
  - { step: loop, loop_to: 2, cycle_count: 1000 }
`;

function campaignText(cells: number, hours: number): string {
  const cadenceMin = ((cells * 1.6) / 60).toFixed(3);
  return benchCampaignText({
    ...{ name: "processes", hours, site: SITE, protocol: "fast.yaml", cellCount: cells, letter: "P" },
    ...{ currentMaxMa: 5, exposureS: 0.8, spots: "{ grid: { columns: 3, rows: 3, pitch_mm: 1 } }" },
    triggers: [`{ name: sweep, kind: sweep, preset: pattern, cadence_min: ${cadenceMin}, first_after_min: 0.05 }`],
  });
}

/** Writes it into the folder, and returns its path. */
export function writeCampaign(folder: string, cells: number, hours: number): string {
  const path = join(folder, "processes.yaml");
  writeFileSync(join(folder, "fast.yaml"), PROTOCOL);
  writeFileSync(path, campaignText(cells, hours));
  return path;
}
