import { type CasingOptions, drawTexture, stackOfDesign } from "../../../simulator/diffraction/cell-stack.ts";
import {
  createPatternSource,
  type DiffractingState,
  type FrameExposure,
  type PatternSource,
} from "../../../simulator/diffraction/pattern-source.ts";
import { parseStructures } from "../../../simulator/diffraction/structures.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import type { Frame } from "../../support/pattern-fit/peaks.ts";
import { design, tableJson } from "../cell/designs.ts";

export const STRUCTURES = parseStructures(tableJson("structures"));
export const REFERENCE_FLUX = 1e11;

export function sourceAt(energyKeV: number, seed: number): PatternSource {
  return createPatternSource({ structures: STRUCTURES, energyKeV, chance: createChance(seed) });
}

/** A second at the reference flux on a cell of this design with a texture of its own. */
export function exposureOf(designId: string, seed: number, options: CasingOptions = {}): FrameExposure {
  const stack = stackOfDesign(STRUCTURES, design(designId), options);
  return {
    exposureS: 1,
    fluxPhS: REFERENCE_FLUX,
    transmission: 1,
    texture: drawTexture(createChance(seed).stream("texture"), STRUCTURES, stack),
  };
}

/** A rested cell of the design with this much lithium in its positive: the negative holds what that one gave. */
export function restedAt(designId: string, positive: number): DiffractingState {
  const { x0, x100, y0, y100 } = design(designId).stoichiometry;
  const charge = (y0 - positive) / (y0 - y100);
  const negative = Math.min(1, Math.max(0, x0 + charge * (x100 - x0)));
  return { positiveMean: positive, positiveSurface: positive, negativeMean: negative };
}

export function frameOf(source: PatternSource, state: DiffractingState, exposure: FrameExposure): Frame {
  return {
    twoThetaDeg: source.twoThetaDeg,
    counts: source.pattern(state, exposure),
    wavelengthA: source.wavelengthA,
  };
}
