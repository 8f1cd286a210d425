/**
 * Which crystalline phases an electrode holds at a given lithium content: single-phase windows with coexistence by
 * the lever rule between them (`structures.json`, evolution). Lithium is per formula unit, 0..1; shares are by
 * formula unit and sum to 1.
 */
import type { PositiveMaterial, Structures } from "./structures.ts";

export const PHASES = [
  "nmc811",
  "lno-H1",
  "lno-M",
  "lno-H2",
  "lno-H3",
  "lco",
  "lfp",
  "fp",
  "stage1L",
  "stage4",
  "stage3",
  "stage2L",
  "lic12",
  "lic6",
] as const;
export type PhaseName = (typeof PHASES)[number];

export interface PhaseShare {
  readonly phase: PhaseName;
  /** Lithium content at which the phase's lattice is taken. */
  readonly lithium: number;
  readonly share: number;
}

/** A phase is alone from `low` to `high`; windows ascend. */
export interface PhaseWindow {
  readonly phase: PhaseName;
  readonly low: number;
  readonly high: number;
}

export interface PhaseRules {
  positive(material: PositiveMaterial, state: ElectrodeState): readonly PhaseShare[];
  /** `rateC` is the size of the current in units of the nominal capacity per hour: local lithium spreads with it. */
  negative(meanLithium: number, rateC: number): readonly PhaseShare[];
}

export interface ElectrodeState {
  readonly mean: number;
  readonly surface: number;
  /** How fast the mean changes; matters to LiFePO4 only, whose phases lag. */
  readonly changePerS?: number;
}

/** Three equal volumes of a sphere with a parabolic profile: their place between mean and surface. */
const VOLUME_THIRDS = [-0.76, 0.05, 0.71] as const;
const LFP_LAG_S = 60;
const SPREAD_AT_REST = 0.03;
const SPREAD_PER_C = 0.03;
const SPREAD_MAX = 0.12;
/** The normal distribution of local lithium is cut here, in standard deviations. */
const SPREAD_REACH = 2.6;
const SPREAD_POINTS = 27;

export function createPhaseRules(structures: Structures): PhaseRules {
  const { evolution } = structures;
  const { lithiumPoor, lithiumRich } = evolution.lfp.soluble;
  const [gapHigh, gapLow] = evolution.lco.twoPhase[0];
  const windows: Readonly<Record<PositiveMaterial, readonly PhaseWindow[]>> = {
    nmc811: [{ phase: "nmc811", low: 0, high: 1 }],
    lco: [
      { phase: "lco", low: 0, high: gapLow },
      { phase: "lco", low: gapHigh, high: 1 },
    ],
    lno: evolution.lno.phases
      .map(({ name, lithium }) => ({
        phase: `lno-${name}` as const,
        low: Math.min(...lithium),
        high: Math.max(...lithium),
      }))
      .sort((left, right) => left.low - right.low),
    lfp: [
      { phase: "fp", low: 0, high: lithiumPoor },
      { phase: "lfp", low: lithiumRich, high: 1 },
    ],
  };
  const stages = evolution.graphite.nodes.map(({ phase, single }) => ({ phase, low: single[0], high: single[1] }));

  return {
    positive(material, state) {
      if (material === "lfp") {
        return sharesAt(windows.lfp, state.mean - (state.changePerS ?? 0) * LFP_LAG_S);
      }
      const spread = state.surface - state.mean;
      if (spread === 0) return sharesAt(windows[material], state.mean);
      return VOLUME_THIRDS.flatMap((place) =>
        sharesAt(windows[material], state.mean + place * spread).map((found) => ({
          ...found,
          share: found.share / VOLUME_THIRDS.length,
        })),
      );
    },
    negative: (meanLithium, rateC) => spreadShares(stages, meanLithium, rateC),
  };
}

/** One phase inside a window, two between windows, each with the lattice of its own end. */
export function sharesAt(windows: readonly PhaseWindow[], lithium: number): readonly PhaseShare[] {
  const at = Math.min(1, Math.max(0, lithium));
  let below: PhaseWindow | undefined;
  for (const window of windows) {
    if (at < window.low) {
      if (below === undefined) return [{ phase: window.phase, lithium: window.low, share: 1 }];
      const share = (at - below.high) / (window.low - below.high);
      return [
        { phase: below.phase, lithium: below.high, share: 1 - share },
        { phase: window.phase, lithium: window.low, share },
      ];
    }
    if (at <= window.high) return [{ phase: window.phase, lithium: at, share: 1 }];
    below = window;
  }
  return below === undefined ? [] : [{ phase: below.phase, lithium: below.high, share: 1 }];
}

/** Averages over a cut normal distribution of local lithium, narrowed at the ends so that the mean is kept. */
function spreadShares(windows: readonly PhaseWindow[], meanLithium: number, rateC: number): readonly PhaseShare[] {
  const mean = Math.min(1, Math.max(0, meanLithium));
  const wanted = Math.min(SPREAD_MAX, SPREAD_AT_REST + SPREAD_PER_C * Math.abs(rateC));
  const deviation = Math.min(wanted, mean / SPREAD_REACH, (1 - mean) / SPREAD_REACH);
  const totals = new Map<PhaseName, { share: number; lithium: number }>();
  for (let point = 0; point < SPREAD_POINTS; point += 1) {
    const weight = SPREAD_WEIGHTS[point] ?? 0;
    for (const { phase, lithium, share } of sharesAt(windows, mean + deviation * (SPREAD_PLACES[point] ?? 0))) {
      const total = totals.get(phase);
      if (total === undefined) totals.set(phase, { share: share * weight, lithium: share * weight * lithium });
      else {
        total.share += share * weight;
        total.lithium += share * weight * lithium;
      }
    }
  }
  const shares: PhaseShare[] = [];
  for (const [phase, { share, lithium }] of totals) {
    if (share > 0) shares.push({ phase, share, lithium: lithium / share });
  }
  return shares;
}

const SPREAD_PLACES = Float64Array.from(
  { length: SPREAD_POINTS },
  (_, point) => SPREAD_REACH * ((2 * point) / (SPREAD_POINTS - 1) - 1),
);
const SPREAD_WEIGHTS = normalWeights(SPREAD_PLACES);

function normalWeights(places: Float64Array): Float64Array {
  const weights = places.map((place) => Math.exp((-place * place) / 2));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
