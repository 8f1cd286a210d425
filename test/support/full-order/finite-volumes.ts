/** Diffusion on finite volumes: dc/dt = (in - out + source) / volume, with conductances across the inner faces. */

/** Solves a tridiagonal system in place of `right`; the lower entry of row 0 and the upper one of the last are unused. */
export function solveTridiagonal(
  lower: Float64Array,
  middle: Float64Array,
  upper: Float64Array,
  right: Float64Array,
  scratch: Float64Array,
): void {
  const last = right.length - 1;
  let pivot = middle[0] ?? 1;
  right[0] = (right[0] ?? 0) / pivot;
  for (let row = 1; row <= last; row += 1) {
    scratch[row] = (upper[row - 1] ?? 0) / pivot;
    pivot = (middle[row] ?? 1) - (lower[row] ?? 0) * (scratch[row] ?? 0);
    right[row] = ((right[row] ?? 0) - (lower[row] ?? 0) * (right[row - 1] ?? 0)) / pivot;
  }
  for (let row = last - 1; row >= 0; row -= 1) {
    right[row] = (right[row] ?? 0) - (scratch[row + 1] ?? 0) * (right[row + 1] ?? 0);
  }
}

export interface Volumes {
  /** m3, or m for a slab. */
  readonly volume: Float64Array;
  /** Conductance of face i, between i and i+1. */
  readonly face: Float64Array;
}

/** One backward Euler step; `source` is what enters each volume per second. Writes the new values to `target`. */
export function createEulerStep(
  count: number,
): (grid: Volumes, before: Float64Array, source: Float64Array, dtS: number, target: Float64Array) => void {
  const lower = new Float64Array(count);
  const middle = new Float64Array(count);
  const upper = new Float64Array(count);
  const scratch = new Float64Array(count);
  return ({ volume, face }, before, source, dtS, target) => {
    for (let row = 0; row < count; row += 1) {
      const inward = row > 0 ? (face[row - 1] ?? 0) : 0;
      const outward = row + 1 < count ? (face[row] ?? 0) : 0;
      const stored = (volume[row] ?? 1) / dtS;
      lower[row] = -inward;
      upper[row] = -outward;
      middle[row] = stored + inward + outward;
      target[row] = stored * (before[row] ?? 0) + (source[row] ?? 0);
    }
    solveTridiagonal(lower, middle, upper, target, scratch);
  };
}

/** A ball of radius 1 in shells that grow thin towards the surface; diffusivity 1. */
export function ballVolumes(count: number): Volumes & { readonly lastHalfWidth: number } {
  const radius = (index: number): number => 1 - (1 - index / count) ** 2;
  const volume = new Float64Array(count);
  const face = new Float64Array(count - 1);
  const centre = (index: number): number => (radius(index) + radius(index + 1)) / 2;
  for (let shell = 0; shell < count; shell += 1) {
    volume[shell] = (radius(shell + 1) ** 3 - radius(shell) ** 3) / 3;
    if (shell + 1 < count) face[shell] = radius(shell + 1) ** 2 / (centre(shell + 1) - centre(shell));
  }
  return { volume, face, lastHalfWidth: 1 - centre(count - 1) };
}
