/** The campaign of the programs that measure a bench: cells on one stack, whose dose limit is never reached. */
import { ALL_POSITIONS } from "../../protocols/base/position.ts";

interface BenchCampaign {
  readonly name: string;
  readonly hours: number;
  /** Path of the site file. */
  readonly site: string;
  /** Path of the protocol file of every cell. */
  readonly protocol: string;
  readonly cellCount: number;
  /** Barcodes are this letter and the position. */
  readonly letter: string;
  /** Of either sign. */
  readonly currentMaxMa: number;
  readonly exposureS: number;
  /** In YAML, as a campaign file has them; the preset of all is called pattern. */
  readonly spots: string;
  readonly triggers: readonly string[];
}

/** The text of the campaign file. */
export function benchCampaignText(campaign: BenchCampaign): string {
  return `campaign: ${campaign.name}
start: 2026-03-02T08:00:00Z
duration_h: ${campaign.hours}
site: ${campaign.site}
beam: { energy_keV: 60, flux_ref_ph_s: 1.0e+11, ring_current_ref_mA: 200 }
uncertainty: { stack: 0.05 }
protocols:
  own: { file: ${campaign.protocol} }
stacks:
  plain:
    - { name: positive can, material: ss304, thickness_mm: 0.25 }
    - { name: positive electrode, material: electrode_lno, thickness_mm: 0.07, dose: true }
    - { name: negative can, material: ss304, thickness_mm: 0.5 }
cell_defaults:
  chemistry: lno-graphite
  electrolyte: LP57
  nominal_capacity_mAh: 4.09
  protocol: own
  stack: plain
  role: exposed
  safety: { max_voltage_V: 4.25, min_voltage_V: 2.5, max_current_mA: ${campaign.currentMaxMa}, min_current_mA: -${campaign.currentMaxMa} }
cells:
  - positions: [${ALL_POSITIONS.slice(0, campaign.cellCount).join(", ")}]
    barcode: ${campaign.letter}-{position}
presets:
  pattern:
    technique: diffraction
    exposure_s: ${campaign.exposureS}
    filters: [Mo 0.1 mm]
    spots: ${campaign.spots}
triggers:
${campaign.triggers.map((trigger) => `  - ${trigger}\n`).join("")}dose_limits:
  - { layer: positive electrode, location: surface, convention: en, dose_Gy: 1.0e+9, scope: spot_total, source: a bench, vouched_by: a bench }
`;
}
