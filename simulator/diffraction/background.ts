/**
 * What lies under the lines: air and casing scatter, the halos of electrolyte and windows, the separator's own broad
 * lines (`structures.json`, inert). Heights are placeholders, set so that a frame of one second of a full-steel cell
 * at 70 keV and 1e11 photons/s holds 1,300 counts a bin near NMC (003), and a windowed cell a tenth of that relative
 * to its line.
 */
import type { CellStack } from "./cell-stack.ts";
import type { TwoThetaAxis } from "./line-profile.ts";
import type { Structures } from "./structures.ts";

/** Counts per bin and photon, before the stack's own attenuation. */
const AIR_PER_PHOTON = 2e-9;
const CASING_PER_PHOTON = 4.8e-8;
const HALO_PER_PHOTON = 2e-9;
const SEPARATOR_PER_PHOTON = 0.6e-9;
/** Areal masses at which those heights hold. */
const CASING_GCM2 = 0.795;
const ELECTROLYTE_GCM2 = 0.00762;
const POLYIMIDE_GCM2 = 0.0142;
const SEPARATOR_GCM2 = 0.001125;
const SMOOTH_DECAY_INV_A = 0.6;
/** Polymer crystallites of 12 nm. */
const SEPARATOR_FWHM_INV_A = (0.9 * 2 * Math.PI) / 120;

/** Adds the background of one photon through a cell, in counts per bin. */
export function addBackground(
  into: Float64Array,
  axis: TwoThetaAxis,
  structures: Structures,
  stack: CellStack,
  wavelengthA: number,
): void {
  const { smooth, amorphous, separatorLines } = structures.inert;
  const steelGCm2 = stack.metals.reduce(
    (sum, sheet) => sum + (sheet.metal === "steel316" ? sheet.arealMassGCm2 : 0),
    0,
  );
  const smoothHeight = AIR_PER_PHOTON + (CASING_PER_PHOTON * steelGCm2) / CASING_GCM2;
  const humps = [
    ...amorphous.map(({ name, q_invA, fwhm_invA, relative }) => ({
      qInvA: q_invA,
      fwhmInvA: fwhm_invA,
      height: HALO_PER_PHOTON * relative * haloShare(name, stack),
    })),
    ...separatorLines.map(({ d_A, relative }) => ({
      qInvA: (2 * Math.PI) / d_A,
      fwhmInvA: SEPARATOR_FWHM_INV_A,
      height: (SEPARATOR_PER_PHOTON * relative * stack.separatorGCm2) / (100 * SEPARATOR_GCM2),
    })),
  ].filter(({ height }) => height > 0);
  for (let point = 0; point < axis.points; point += 1) {
    const theta = ((axis.startDeg + point * axis.stepDeg) * Math.PI) / 360;
    const q = (4 * Math.PI * Math.sin(theta)) / wavelengthA;
    let counts = smoothHeight * (smooth.b0 * Math.exp(-q / SMOOTH_DECAY_INV_A) + smooth.b1 + smooth.b2 * q);
    for (const { qInvA, fwhmInvA, height } of humps) {
      const away = (q - qInvA) / fwhmInvA;
      counts += height * Math.exp(-4 * Math.LN2 * away * away);
    }
    into[point] = (into[point] ?? 0) + Math.max(0, counts);
  }
}

function haloShare(name: string, stack: CellStack): number {
  if (name.startsWith("electrolyte")) return stack.electrolyteGCm2 / ELECTROLYTE_GCM2;
  if (name.startsWith("polyimide")) return stack.polyimideGCm2 / POLYIMIDE_GCM2;
  // The designs have a polyolefin separator: no glass fibre.
  return 0;
}
