/** One exposure of one spot: peak dose and rate of each layer, and the mean that the beam itself sees. */
import type { AttenuationTables } from "./attenuation.ts";
import { beamAveragedFraction, peakPerFluxPerCm2 } from "./beam-profile.ts";
import { resolveParts, resolvePhase } from "./case-parts.ts";
import type { CaseProblem } from "./case-problems.ts";
import type { StaticCaseRecord } from "./case-schema.ts";
import { phaseShare, type DoseConvention } from "./layer-stack.ts";

/** Peak: at the beam centre. Surface: upstream face. Mean: over the layer's thickness. */
export interface StaticDoseResult {
  readonly convention: DoseConvention;
  readonly filter_transmission: number;
  readonly stack_transmission: number;
  /** After the filters. */
  readonly peak_fluence_rate_ph_cm2_s: number;
  readonly layers: readonly {
    readonly name: string;
    /** Of the layers upstream, without the filters. */
    readonly front_transmission: number;
    readonly peak_dose_rate_surface_Gy_s: number;
    readonly peak_dose_rate_mean_Gy_s: number;
    readonly peak_dose_surface_Gy: number;
    readonly peak_dose_mean_Gy: number;
    /** Weighted with the fluence over the beam. */
    readonly beam_averaged_dose_mean_Gy: number;
    /** Of a composite layer, as the case names them. */
    readonly phases: readonly {
      readonly name: string;
      readonly peak_dose_rate_surface_Gy_s: number;
      readonly peak_dose_rate_mean_Gy_s: number;
      readonly peak_dose_surface_Gy: number;
      readonly peak_dose_mean_Gy: number;
    }[];
  }[];
}

export function evaluateStatic(tables: AttenuationTables, record: StaticCaseRecord): StaticDoseResult {
  const problems: CaseProblem[] = [];
  const phases = record.layers.map((layer, index) =>
    layer.phases.map((phase, at) => ({
      name: phase.name,
      massFractions: resolvePhase(tables, phase, `layers[${index}].phases[${at}]`, problems) ?? {},
    })),
  );
  const parts = resolveParts(tables, record, problems);
  const fluenceRate = record.flux_ph_s * parts.filterTransmission * peakPerFluxPerCm2(parts.beam);
  const averaged = beamAveragedFraction(parts.beam);
  return {
    convention: parts.convention,
    filter_transmission: parts.filterTransmission,
    stack_transmission: parts.stack.stackTransmission,
    peak_fluence_rate_ph_cm2_s: fluenceRate,
    layers: parts.stack.layers.map((layer, index) => {
      const surfaceGyS = layer.surfaceGyPerPhCm2 * fluenceRate;
      const meanGyS = layer.meanGyPerPhCm2 * fluenceRate;
      return {
        name: layer.name,
        front_transmission: layer.frontTransmission,
        peak_dose_rate_surface_Gy_s: surfaceGyS,
        peak_dose_rate_mean_Gy_s: meanGyS,
        peak_dose_surface_Gy: surfaceGyS * record.exposure_s,
        peak_dose_mean_Gy: meanGyS * record.exposure_s,
        beam_averaged_dose_mean_Gy: meanGyS * record.exposure_s * averaged,
        phases: (phases[index] ?? []).map(({ name, massFractions }) => {
          const composite = parts.layers[index]?.massFractions ?? {};
          const share = phaseShare(tables, composite, massFractions, record.energy_keV, parts.convention);
          return {
            name,
            peak_dose_rate_surface_Gy_s: share * surfaceGyS,
            peak_dose_rate_mean_Gy_s: share * meanGyS,
            peak_dose_surface_Gy: share * surfaceGyS * record.exposure_s,
            peak_dose_mean_Gy: share * meanGyS * record.exposure_s,
          };
        }),
      };
    }),
  };
}
