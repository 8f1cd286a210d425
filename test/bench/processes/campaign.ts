/** The campaign of the programs with real processes: few cells that cycle fast, a beam that is nearly always busy. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ALL_POSITIONS } from "../../../protocols/base/position.ts";
import { packageRoot } from "../../../tui/rim/package-root.ts";

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
  return `campaign: processes
start: 2026-03-02T08:00:00Z
duration_h: ${hours}
site: ${SITE}
beam: { energy_keV: 60, flux_ref_ph_s: 1.0e+11, ring_current_ref_mA: 200 }
uncertainty: { stack: 0.05 }
protocols:
  fast: { file: fast.yaml }
stacks:
  plain:
    - { name: positive can, material: ss304, thickness_mm: 0.25 }
    - { name: positive electrode, material: electrode_lno, thickness_mm: 0.07, dose: true }
    - { name: negative can, material: ss304, thickness_mm: 0.5 }
cell_defaults:
  chemistry: lno-graphite
  electrolyte: LP57
  nominal_capacity_mAh: 4.09
  protocol: fast
  stack: plain
  role: exposed
  safety: { max_voltage_V: 4.25, min_voltage_V: 2.5, max_current_mA: 5, min_current_mA: -5 }
cells:
  - positions: [${ALL_POSITIONS.slice(0, cells).join(", ")}]
    barcode: P-{position}
presets:
  pattern:
    technique: diffraction
    exposure_s: 0.8
    filters: [Mo 0.1 mm]
    spots: { grid: { columns: 3, rows: 3, pitch_mm: 1 } }
triggers:
  - { name: sweep, kind: sweep, preset: pattern, cadence_min: ${((cells * 1.6) / 60).toFixed(3)}, first_after_min: 0.05 }
dose_limits:
  - { layer: positive electrode, location: surface, convention: en, dose_Gy: 1.0e+9, scope: spot_total, source: a bench, vouched_by: a bench }
`;
}

/** Writes it into the folder, and returns its path. */
export function writeCampaign(folder: string, cells: number, hours: number): string {
  const path = join(folder, "processes.yaml");
  writeFileSync(join(folder, "fast.yaml"), PROTOCOL);
  writeFileSync(path, campaignText(cells, hours));
  return path;
}
