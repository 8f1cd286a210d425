/** What stands on the stage beside the cells for the beam to fall on: powder standards, and places with nothing in them. */
import type { PlacedOffset } from "./world-site.ts";

export interface WorldStandard {
  /** CeO2, LaB6, or `flat` for what lights the detector evenly; of anything else the air alone scatters. */
  readonly what: string;
  /** Of the stage. */
  readonly xMm: number;
  readonly yMm: number;
}

/** Where a cell has its position's index. */
export const AT_STANDARD = -2;
/** Of the holder of a capillary or a pressed disc. */
const REACH_MM = 3;

/** Not of a standard alone. */
export function isOfCells({ deposits }: { readonly deposits: readonly { readonly positionIndex: number }[] }): boolean {
  return !deposits.every(({ positionIndex }) => positionIndex === AT_STANDARD);
}

export interface Standards {
  /** The standard in the beam with the stage there, with the stage's own coordinates; undefined for none. */
  underBeam(stageXMm: number, stageYMm: number): PlacedOffset | undefined;
  /** What it is, by those. */
  what(stageXMm: number, stageYMm: number): string | undefined;
}

export function createStandards(standards: readonly WorldStandard[] = []): Standards {
  const at = (xMm: number, yMm: number): WorldStandard | undefined =>
    standards.find((one) => Math.hypot(one.xMm - xMm, one.yMm - yMm) <= REACH_MM);
  return {
    underBeam: (xMm, yMm) => (at(xMm, yMm) === undefined ? undefined : { positionIndex: AT_STANDARD, xMm, yMm }),
    what: (xMm, yMm) => at(xMm, yMm)?.what,
  };
}
