/**
 * What the beam has done to one cell: a response per spot and electrode, in cell coordinates. A spot is made when it
 * is first exposed or looked at. Spots beside the beam take a share of it (placeholder, after Wragg et al. 2024: the
 * effect reaches beyond the beam as a gradient), and a spot made later starts with its share of what its neighbours
 * have suffered.
 */
import type { ResponseParameters } from "./response-parameters.ts";
import { createSpotResponse, type SpotResponse, type SpotStart } from "./spot-response.ts";

export interface CellExposure {
  readonly atMs: number;
  readonly durationS: number;
  /** Centre of the beam on the cell. */
  readonly xMm: number;
  readonly yMm: number;
  /** To the active material of each electrode, at the centre. */
  readonly positiveGy: number;
  readonly negativeGy: number;
}

export interface ElectrodeLithium {
  readonly positive: number;
  readonly negative: number;
}

export interface CellResponse {
  /** Told in order of time, at the latest before the spot is next looked at. */
  expose(exposure: CellExposure): void;
  /**
   * Lithium at a place of the cell, `mean` being the whole cell's now. Between two calls the mean is taken as a
   * straight line; call it at changes of current too where that matters.
   */
  local(atMs: number, mean: ElectrodeLithium, xMm: number, yMm: number): ElectrodeLithium;
  /** The spot nearest to a place within a tenth of a millimetre, once it has been exposed or looked at. */
  spot(xMm: number, yMm: number): { readonly positive: SpotResponse; readonly negative: SpotResponse } | undefined;
}

export interface CellResponseOptions {
  readonly positive: ResponseParameters;
  readonly negative: ResponseParameters;
  /** From the centre to where the beam has fallen to half. */
  readonly beamRadiusMm: number;
  readonly startMs: number;
  readonly mean: ElectrodeLithium;
}

interface Spot {
  readonly xMm: number;
  readonly yMm: number;
  readonly positive: SpotResponse;
  readonly negative: SpotResponse;
}

const SHARE_AT_EDGE = 0.3;
const SHARE_DECAY_MM = 0.5;
const SHARE_REACH_MM = 1;
/** Closer than this is the same spot. */
const SAME_SPOT_MM = 0.1;

/** Share of the dose that counts at `awayMm` from the beam's centre. */
export function neighbourShare(awayMm: number, beamRadiusMm: number): number {
  const beyondMm = awayMm - beamRadiusMm;
  if (beyondMm <= 0) return 1;
  return beyondMm > SHARE_REACH_MM ? 0 : SHARE_AT_EDGE * Math.exp(-beyondMm / SHARE_DECAY_MM);
}

export function createCellResponse(options: CellResponseOptions): CellResponse {
  const { beamRadiusMm } = options;
  const spots: Spot[] = [];
  let known = { atMs: options.startMs, mean: options.mean };
  /** Told since the spots were last advanced: a spot made in between has its share of them still to come. */
  let untaken: CellExposure[] = [];

  function find(xMm: number, yMm: number): Spot | undefined {
    let nearest: Spot | undefined;
    let nearestMm = SAME_SPOT_MM;
    for (const spot of spots) {
      const awayMm = Math.hypot(spot.xMm - xMm, spot.yMm - yMm);
      if (awayMm > nearestMm) continue;
      nearest = spot;
      nearestMm = awayMm;
    }
    return nearest;
  }

  function findOrMake(xMm: number, yMm: number): Spot {
    const found = find(xMm, yMm);
    if (found !== undefined) return found;
    const made: Spot = {
      xMm,
      yMm,
      positive: createSpotResponse(options.positive, known.atMs, known.mean.positive, inherited("positive", xMm, yMm)),
      negative: createSpotResponse(options.negative, known.atMs, known.mean.negative, inherited("negative", xMm, yMm)),
    };
    spots.push(made);
    for (const exposure of untaken) handOn(exposure, made);
    return made;
  }

  /** The most that any one neighbour hands on: what they gave to each other is already in each of them. */
  function inherited(electrode: "positive" | "negative", xMm: number, yMm: number): SpotStart {
    const start = { doseGy: 0, blocked: 0, lag: 0 };
    for (const spot of spots) {
      const share = neighbourShare(Math.hypot(spot.xMm - xMm, spot.yMm - yMm), beamRadiusMm);
      if (share === 0) continue;
      const { doseGy, blocked, lag } = spot[electrode];
      start.doseGy = Math.max(start.doseGy, share * doseGy);
      start.blocked = Math.max(start.blocked, share * blocked);
      if (Math.abs(share * lag) > Math.abs(start.lag)) start.lag = share * lag;
    }
    return start;
  }

  function handOn({ atMs, durationS, xMm, yMm, positiveGy, negativeGy }: CellExposure, spot: Spot): void {
    const share = neighbourShare(Math.hypot(spot.xMm - xMm, spot.yMm - yMm), beamRadiusMm);
    spot.positive.expose(atMs, durationS, share * positiveGy);
    spot.negative.expose(atMs, durationS, share * negativeGy);
  }

  return {
    expose(exposure) {
      findOrMake(exposure.xMm, exposure.yMm);
      for (const spot of spots) handOn(exposure, spot);
      untaken.push(exposure);
    },
    local(atMs, mean, xMm, yMm) {
      const asked = findOrMake(xMm, yMm);
      for (const spot of spots) {
        spot.positive.localStoichiometry(atMs, mean.positive);
        spot.negative.localStoichiometry(atMs, mean.negative);
      }
      if (atMs >= known.atMs) known = { atMs, mean };
      untaken = untaken.filter((exposure) => exposure.atMs >= atMs);
      return {
        positive: asked.positive.localStoichiometry(atMs, mean.positive),
        negative: asked.negative.localStoichiometry(atMs, mean.negative),
      };
    },
    spot: (xMm, yMm) => find(xMm, yMm),
  };
}
