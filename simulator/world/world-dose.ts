/** True dose by numerical means: slabs and beam profiles are summed in small steps. */
import type { WorldAttenuation } from "./world-attenuation.ts";
import type { WorldConvention, WorldLayer, WorldProfile } from "./world-site.ts";

/** Gy per (photon/cm2) that falls on the stack, after the filters. */
export interface LayerDose {
  readonly surface: number;
  readonly mean: number;
}

const SLAB_STEPS = 64;
const PROFILE_STEPS = 240;

/** Share of photons that pass a layer. */
export function passes(tables: WorldAttenuation, layer: WorldLayer, energyKeV: number): number {
  return Math.exp((-tables.perCm(layer, energyKeV) * layer.thicknessMm) / 10);
}

/** One entry per layer. */
export function stackDose(
  tables: WorldAttenuation,
  layers: readonly WorldLayer[],
  energyKeV: number,
  convention: WorldConvention,
): readonly LayerDose[] {
  let arriving = 1;
  return layers.map((layer) => {
    const bare = tables.grayPerPhCm2(layer, energyKeV, convention);
    const perStep = (tables.perCm(layer, energyKeV) * layer.thicknessMm) / 10 / SLAB_STEPS;
    let sum = 0;
    for (let step = 0; step <= SLAB_STEPS; step += 1) {
      const weight = step === 0 || step === SLAB_STEPS ? 1 : step % 2 === 1 ? 4 : 2;
      sum += weight * Math.exp(-perStep * step);
    }
    const dose = { surface: bare * arriving, mean: (bare * arriving * sum) / (3 * SLAB_STEPS) };
    arriving *= passes(tables, layer, energyKeV);
    return dose;
  });
}

export interface WorldBeamShape {
  /** Fluence at the beam's centre per photon, 1/cm2. */
  readonly peakPerCm2: number;
  /** Fluence off centre over that at the centre. */
  relative(dxMm: number, dyMm: number): number;
  /** Beyond this distance nothing falls worth counting. */
  readonly reachMm: number;
}

/** Normalises the profile by summing it over the plane. */
export function beamShape(profile: WorldProfile): WorldBeamShape {
  const relative = (dxMm: number, dyMm: number): number => relativeAt(profile, dxMm, dyMm);
  const [halfX, halfY] = extentMm(profile);
  // Midpoints of a grid over the extent: exact for edges that lie on the extent, better than 1e-4 for the rest.
  const stepX = (2 * halfX) / PROFILE_STEPS;
  const stepY = (2 * halfY) / PROFILE_STEPS;
  let sum = 0;
  for (let column = 0; column < PROFILE_STEPS; column += 1) {
    for (let row = 0; row < PROFILE_STEPS; row += 1) {
      sum += relative(-halfX + (column + 0.5) * stepX, -halfY + (row + 0.5) * stepY);
    }
  }
  const areaCm2 = (sum * stepX * stepY) / 100;
  return { peakPerCm2: 1 / areaCm2, relative, reachMm: Math.max(halfX, halfY) };
}

function extentMm(profile: WorldProfile): readonly [number, number] {
  if (profile.profile !== "gaussian") return [profile.widthMm / 2, profile.heightMm / 2];
  // Three full widths at half maximum leave out less than 1e-11.
  return [
    Math.min(3 * profile.fwhmXMm, (profile.slitXMm ?? Infinity) / 2),
    Math.min(3 * profile.fwhmYMm, (profile.slitYMm ?? Infinity) / 2),
  ];
}

function relativeAt(profile: WorldProfile, dxMm: number, dyMm: number): number {
  switch (profile.profile) {
    case "gaussian": {
      if (Math.abs(dxMm) > (profile.slitXMm ?? Infinity) / 2 || Math.abs(dyMm) > (profile.slitYMm ?? Infinity) / 2) {
        return 0;
      }
      return Math.pow(2, -4 * ((dxMm / profile.fwhmXMm) ** 2 + (dyMm / profile.fwhmYMm) ** 2));
    }
    case "tophat_rect":
      return Math.abs(dxMm) <= profile.widthMm / 2 && Math.abs(dyMm) <= profile.heightMm / 2 ? 1 : 0;
    case "tophat_ellipse":
      return (2 * dxMm) ** 2 / profile.widthMm ** 2 + (2 * dyMm) ** 2 / profile.heightMm ** 2 <= 1 ? 1 : 0;
  }
}

/** Widths changed so that the peak of the same flux is `factor` times as high; a slit stays where it is. */
export function withPeakFactor(profile: WorldProfile, factor: number): WorldProfile {
  const scale = 1 / Math.sqrt(factor);
  if (profile.profile === "gaussian") {
    return { ...profile, fwhmXMm: profile.fwhmXMm * scale, fwhmYMm: profile.fwhmYMm * scale };
  }
  return { ...profile, widthMm: profile.widthMm * scale, heightMm: profile.heightMm * scale };
}
