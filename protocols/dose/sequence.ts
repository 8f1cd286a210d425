/**
 * Exposures one after another at moving places, with the flux following the ring current, and what a limit would let
 * through: the ledger's arithmetic on a list.
 *
 * The limit looks at one layer, at the hottest place of the plane: the dose summed over everything delivered so far
 * plus the exposure in question, and that exposure's own rate at the larger of its two ring currents. A refused
 * exposure is not delivered; those after it are still judged.
 */
import type { AttenuationTables } from "./attenuation.ts";
import { peakPerFluxPerCm2, relativeFluence, type BeamProfile } from "./beam-profile.ts";
import { resolveParts } from "./case-parts.ts";
import type { SequenceCaseRecord } from "./case-schema.ts";
import { createFluenceMap } from "./fluence-map.ts";
import type { DoseConvention, LayerCoefficients } from "./layer-stack.ts";

export type RefusalReason = "dose" | "dose_rate";

export interface SequenceDoseResult {
  readonly convention: DoseConvention;
  /** Of the filters of the case; each exposure's own comes on top. */
  readonly filter_transmission: number;
  readonly stack_transmission: number;
  /** Null when nothing was delivered. */
  readonly hottest_point: { readonly x_mm: number; readonly y_mm: number } | null;
  readonly layers: readonly {
    readonly name: string;
    readonly front_transmission: number;
    readonly probes: readonly { readonly dose_mean_Gy: number; readonly max_dose_rate_mean_Gy_s: number }[];
    readonly dose_per_cycle_Gy_at_probes: Readonly<Record<string, readonly number[]>>;
    /** Also of refused exposures: what each would give at its own centre. */
    readonly own_peak_dose_of_each_exposure_Gy: readonly number[];
    readonly hottest_point_dose_mean_Gy: number;
    readonly hottest_point_dose_surface_Gy: number;
  }[];
  readonly limit: null | {
    readonly accepted_exposures: readonly number[];
    readonly refusal_reasons: readonly (readonly RefusalReason[])[];
    /** Largest transmission, at most 1, that keeps the rate limit; 1 throughout when the limit names no rate. */
    readonly required_filter_transmission_for_rate_limit: readonly number[];
  };
}

/** Limits are kept when passed by no more than rounding: three exposures of a third each are a whole one. */
const ROUNDING = 1e-12;

interface Exposure {
  readonly xMm: number;
  readonly yMm: number;
  readonly cycle: number;
  /** At its own centre. */
  readonly fluencePhCm2: number;
  /** At its own centre and the larger ring current. */
  readonly fluenceRatePhCm2S: number;
  /** The same with the exposure's own filter taken out. */
  readonly openFluenceRatePhCm2S: number;
}

export function evaluateSequence(tables: AttenuationTables, record: SequenceCaseRecord): SequenceDoseResult {
  const { limit } = record;
  const problems: { readonly field: string; readonly what: string }[] = [];
  if (limit !== null && limit.layer >= record.layers.length) {
    const what = `is ${limit.layer}, which does not exist; give 0 to ${record.layers.length - 1}`;
    problems.push({ field: "limit.layer", what });
  }
  if (limit !== null && limit.dose_Gy === null && limit.dose_rate_Gy_s === null) {
    problems.push({ field: "limit.dose_Gy", what: "is missing; give dose_Gy or dose_rate_Gy_s, or limit null" });
  }
  const { convention, beam, filterTransmission, stack } = resolveParts(tables, record, problems);

  const fluxToPeak = filterTransmission * peakPerFluxPerCm2(beam);
  const exposures = record.exposures.map((exposure): Exposure => {
    const { ring_current_start_mA: startMA, ring_current_end_mA: endMA } = exposure;
    const peakAt = (currentMA: number): number =>
      record.flux_ref_ph_s * (currentMA / record.ring_current_ref_mA) * fluxToPeak;
    const openFluenceRatePhCm2S = peakAt(Math.max(startMA, endMA));
    return {
      xMm: exposure.x_mm,
      yMm: exposure.y_mm,
      cycle: exposure.cycle,
      fluencePhCm2: peakAt((startMA + endMA) / 2) * exposure.filter_transmission * exposure.duration_s,
      fluenceRatePhCm2S: openFluenceRatePhCm2S * exposure.filter_transmission,
      openFluenceRatePhCm2S,
    };
  });

  const limited = limit === null ? undefined : stack.layers[limit.layer];
  const judgement =
    limit === null || limited === undefined
      ? null
      : judge(beam, exposures, {
          gyPerPhCm2: limit.location === "surface" ? limited.surfaceGyPerPhCm2 : limited.meanGyPerPhCm2,
          doseGy: limit.dose_Gy ?? Infinity,
          doseRateGyS: limit.dose_rate_Gy_s ?? Infinity,
        });
  const delivered =
    judgement === null ? exposures : exposures.filter((_, index) => judgement.refusal_reasons[index]?.length === 0);

  const map = createFluenceMap(beam);
  for (const exposure of delivered) map.add(exposure);
  const hottest = map.hottest();
  const probes = record.probes.map((probe) => probeFluence(beam, exposures, delivered, probe.x_mm, probe.y_mm));

  return {
    convention,
    filter_transmission: filterTransmission,
    stack_transmission: stack.stackTransmission,
    hottest_point: hottest === undefined ? null : { x_mm: hottest.xMm, y_mm: hottest.yMm },
    layers: stack.layers.map((layer) => layerResult(layer, exposures, probes, hottest?.fluencePhCm2 ?? 0)),
    limit: judgement,
  };
}

interface Limit {
  readonly gyPerPhCm2: number;
  readonly doseGy: number;
  readonly doseRateGyS: number;
}

function judge(
  beam: BeamProfile,
  exposures: readonly Exposure[],
  limit: Limit,
): NonNullable<SequenceDoseResult["limit"]> {
  const map = createFluenceMap(beam);
  const limitPhCm2 = limit.gyPerPhCm2 === 0 ? Infinity : (limit.doseGy / limit.gyPerPhCm2) * (1 + ROUNDING);
  const rateMaxGyS = limit.doseRateGyS * (1 + ROUNDING);
  const accepted: number[] = [];
  const reasons: (readonly RefusalReason[])[] = [];
  for (const [index, exposure] of exposures.entries()) {
    const found: RefusalReason[] = [];
    if (map.wouldPass(exposure, limitPhCm2)) found.push("dose");
    // not `>`, which a rate that is not a number would pass
    if (!(exposure.fluenceRatePhCm2S * limit.gyPerPhCm2 <= rateMaxGyS)) found.push("dose_rate");
    reasons.push(found);
    if (found.length > 0) continue;
    accepted.push(index);
    map.add(exposure);
  }
  return {
    accepted_exposures: accepted,
    refusal_reasons: reasons,
    required_filter_transmission_for_rate_limit: exposures.map((exposure) => {
      const openGyS = exposure.openFluenceRatePhCm2S * limit.gyPerPhCm2;
      return openGyS <= limit.doseRateGyS ? 1 : limit.doseRateGyS / openGyS;
    }),
  };
}

interface ProbeFluence {
  readonly fluencePhCm2: number;
  readonly fluenceRateMaxPhCm2S: number;
  readonly byCycle: ReadonlyMap<number, number>;
}

/** Every cycle that an exposure names has its entry, also when nothing was delivered in it. */
function probeFluence(
  beam: BeamProfile,
  exposures: readonly Exposure[],
  delivered: readonly Exposure[],
  xMm: number,
  yMm: number,
): ProbeFluence {
  const byCycle = new Map<number, number>(exposures.map(({ cycle }) => [cycle, 0]));
  let fluencePhCm2 = 0;
  let fluenceRateMaxPhCm2S = 0;
  for (const exposure of delivered) {
    const relative = relativeFluence(beam, xMm - exposure.xMm, yMm - exposure.yMm);
    const fluence = exposure.fluencePhCm2 * relative;
    fluencePhCm2 += fluence;
    fluenceRateMaxPhCm2S = Math.max(fluenceRateMaxPhCm2S, exposure.fluenceRatePhCm2S * relative);
    byCycle.set(exposure.cycle, (byCycle.get(exposure.cycle) ?? 0) + fluence);
  }
  return { fluencePhCm2, fluenceRateMaxPhCm2S, byCycle };
}

function layerResult(
  layer: LayerCoefficients,
  exposures: readonly Exposure[],
  probes: readonly ProbeFluence[],
  hottestPhCm2: number,
): SequenceDoseResult["layers"][number] {
  const meanGy = layer.meanGyPerPhCm2;
  const cycles = [...new Set(exposures.map(({ cycle }) => cycle))];
  return {
    name: layer.name,
    front_transmission: layer.frontTransmission,
    probes: probes.map((probe) => ({
      dose_mean_Gy: probe.fluencePhCm2 * meanGy,
      max_dose_rate_mean_Gy_s: probe.fluenceRateMaxPhCm2S * meanGy,
    })),
    dose_per_cycle_Gy_at_probes: Object.fromEntries(
      cycles.map((cycle) => [String(cycle), probes.map((probe) => (probe.byCycle.get(cycle) ?? 0) * meanGy)]),
    ),
    own_peak_dose_of_each_exposure_Gy: exposures.map(({ fluencePhCm2 }) => fluencePhCm2 * meanGy),
    hottest_point_dose_mean_Gy: hottestPhCm2 * meanGy,
    hottest_point_dose_surface_Gy: hottestPhCm2 * layer.surfaceGyPerPhCm2,
  };
}
