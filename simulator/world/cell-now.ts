/** A cell's lithium at an instant, told from what its channel last made of it: looking advances nothing. */
import type { ElectrodeLithium } from "../damage/cell-response.ts";
import type { CellObserver } from "./cell-observer.ts";

export interface CellNow {
  readonly mean: ElectrodeLithium;
  readonly positiveSurface: number;
  /** Charge current over nominal capacity, 1/h. */
  readonly rateC: number;
  readonly positivePerS: number;
  readonly voltageV: number;
  readonly currentA: number;
}

/** First root of tan(q) = q, squared: the slowest decay in a sphere, per R^2/D. */
const SLOWEST_DECAY = 20.19;

/** `atMs` is at or after the channel's last look; in between the current has been what it was. */
export function cellAt(observer: CellObserver, atMs: number): CellNow {
  const { state, parameters } = observer.cell;
  const { currentA, voltageV } = state;
  const sinceS = Math.max(0, (atMs - observer.seenMs) / 1000);
  const positivePerS = -currentA / (parameters.positive.capacityC * state.positiveLeft);
  const negativePerS = currentA / (parameters.negative.capacityC * state.negativeLeft);
  const mean = {
    positive: within(state.positiveMean + positivePerS * sinceS),
    negative: within(state.negativeMean + negativePerS * sinceS),
  };
  const gradient = state.positiveSurface - state.positiveMean;
  const left = currentA === 0 ? Math.exp((-SLOWEST_DECAY * sinceS) / parameters.positive.diffusionTimeS) : 1;
  return {
    mean,
    positiveSurface: within(mean.positive + gradient * left),
    rateC: (currentA * 3600) / parameters.nominalC,
    positivePerS,
    voltageV,
    currentA,
  };
}

function within(lithium: number): number {
  return Math.min(1, Math.max(0, lithium));
}
