/** Frames with one thing wrong, or nothing, drawn from a seed; and what the first look at them says. */
import { CHEMISTRY_IDS, type ChemistryId } from "../../protocols/campaign/chemistry.ts";
import { expectedLithium } from "../../protocols/diffraction/expected-lithium.ts";
import { createFrameChecker, type FrameCheck } from "../../protocols/diffraction/frame-check.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import type { CellTexture } from "../../simulator/diffraction/cell-stack.ts";
import { exposureOf, restedAt, sourceAt } from "../unit/diffraction/frames.ts";
import { LATTICE_TABLES } from "./verdict-simulation.ts";

export const FRAME_CASES = ["good", "saturated", "beam-missed", "casing-only", "too-weak", "wrong-sample"] as const;
export type FrameCase = (typeof FRAME_CASES)[number];

/** Their lattices meet at every lithium content but the lowest: a frame cannot tell them apart. */
const ALIKE: Readonly<Partial<Record<ChemistryId, ChemistryId>>> = {
  "nmc811-graphite-siox": "lno-graphite",
  "lno-graphite": "nmc811-graphite-siox",
};
const SATURATION_COUNTS = 2 ** 31;
/** A frame for the first time after a rack was mounted: the cells are empty, as they were made. */
const STATE_OF_CHARGE_MAX = 0.1;

const checker = createFrameChecker(LATTICE_TABLES);
const sources = new Map<number, ReturnType<typeof sourceAt>>();

/** Same case and seed, same frame. */
export function checkedFrame(which: FrameCase, seed: number): FrameCheck {
  const chance = createChance(seed).stream(which);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(chance.uniform() * all.length)] as T;
  const between = (low: number, high: number): number => low * (high / low) ** chance.uniform();
  const chemistry = pick(CHEMISTRY_IDS);
  const mounted =
    which === "wrong-sample"
      ? pick(CHEMISTRY_IDS.filter((other) => other !== chemistry && other !== ALIKE[chemistry]))
      : chemistry;
  const energyKeV = pick([50, 60, 70]);
  const source = sources.get(energyKeV) ?? sourceAt(energyKeV, 1);
  sources.set(energyKeV, source);
  const exposure = exposureOf(mounted, seed, { casing: pick(["steel", "windowed"]) });
  const weak = which === "too-weak" ? 1e-6 : 1;
  const stateOfCharge = which === "wrong-sample" ? STATE_OF_CHARGE_MAX * chance.uniform() : chance.uniform();
  const lithium = expectedLithium(mounted, stateOfCharge, 0)?.lithium ?? NaN;
  const exposureS = weak * between(2, 10);
  const transmission = between(0.5, 1);
  const texture = textureOf(which, exposure.texture);
  const counts = source.pattern(restedAt(mounted, lithium), { ...exposure, exposureS, transmission, texture });
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  const full = which === "saturated" ? Math.round(most * between(0.3, 0.95)) : SATURATION_COUNTS;
  return checker.check(
    { ...source, counts: counts.map((count) => Math.min(count, full)) },
    {
      chemistry,
      saturationCounts: full,
      photons: exposure.fluxPhS * transmission * exposureS,
      lithium: expectedLithium(chemistry, stateOfCharge + 0.03 * chance.normal(), 0.03),
    },
  );
}

function textureOf(which: FrameCase, texture: CellTexture): CellTexture {
  const { stack } = texture;
  if (which === "casing-only") return { ...texture, stack: { ...stack, positiveGCm2: 0, negativeGCm2: 0 } };
  if (which !== "beam-missed") return texture;
  const nothing = { positiveGCm2: 0, negativeGCm2: 0, separatorGCm2: 0, electrolyteGCm2: 0, polyimideGCm2: 0 };
  return { ringFactors: [], stack: { ...stack, ...nothing, metals: [] } };
}
