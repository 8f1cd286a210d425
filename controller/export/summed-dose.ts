/** Doses added up with what is uncertain about them. Pure. */

export interface SummedDose {
  readonly totalGy: number;
  /** How far the truth can lie above at worst. */
  readonly uncertaintyGy: number;
}

export const NO_DOSE: SummedDose = { totalGy: 0, uncertaintyGy: 0 };

/** Flux, beam and stack are off the same way each time: uncertainties add up as the doses do, and as limits count them. */
export function addedDose(sum: SummedDose, stepGy: number, relativeUncertainty: number): SummedDose {
  return {
    totalGy: sum.totalGy + stepGy,
    uncertaintyGy: sum.uncertaintyGy + stepGy * relativeUncertainty,
  };
}

/** Of no dose that of its exposures, the largest of them, which the caller has. */
export function relativeUncertaintyOf({ totalGy, uncertaintyGy }: SummedDose, largest: number): number {
  return totalGy > 0 ? uncertaintyGy / totalGy : largest;
}
