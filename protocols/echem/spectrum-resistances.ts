/**
 * Two resistances out of a spectrum, for a cell's health: where it meets the real axis, and how wide its arcs are.
 * Read off the points as they are, without a circuit that would have to be believed first. Pure.
 */

export interface SpectrumPointOhm {
  readonly frequencyHz: number;
  readonly zRealOhm: number;
  /** Negative for a capacitor. */
  readonly zImagOhm: number;
}

export interface SpectrumResistances {
  /** Electrolyte, contacts and leads. */
  readonly seriesOhm: number;
  /**
   * Of all arcs together: charge transfer of both electrodes and their films. Null where no arc stands apart from
   * what follows it, as where the frequencies end before its foot.
   */
  readonly chargeTransferOhm: number | null;
}

/** An arc counts when its foot lies this share of its height below its top: noise makes no arc. */
const ARC_DEPTH_SHARE = 0.05;

/**
 * Series resistance: Re Z where Im Z passes zero, linear between the two points, counted from the highest frequency;
 * where it never does, Re Z at the highest frequency. Charge transfer: Re Z at the foot of the arcs less that. The
 * foot is the minimum of -Im Z between the arcs and the rise of diffusion, the one that stands deepest below the
 * lower of the maxima on its two sides. Depressed arcs that run into diffusion make it somewhat too large.
 * Repeated frequencies are averaged. Null for fewer than two frequencies, or a value that is no number.
 */
export function spectrumResistances(points: readonly SpectrumPointOhm[]): SpectrumResistances | null {
  const ordered = averaged(points);
  const [fastest] = ordered;
  if (fastest === undefined || ordered.length < 2) return null;
  if (!ordered.every((point) => Number.isFinite(point.zRealOhm) && Number.isFinite(point.zImagOhm))) return null;
  const seriesOhm = crossingOhm(ordered) ?? fastest.zRealOhm;
  const foot = footOf(ordered);
  return { seriesOhm, chargeTransferOhm: foot === undefined ? null : foot.zRealOhm - seriesOhm };
}

/** One point for each frequency, the highest first. */
function averaged(points: readonly SpectrumPointOhm[]): readonly SpectrumPointOhm[] {
  const groups = new Map<string, SpectrumPointOhm[]>();
  for (const point of points) {
    // An instrument's own frequency may differ in its last digits from sweep to sweep.
    const key = point.frequencyHz.toPrecision(4);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [point]);
    else group.push(point);
  }
  const mean = (group: readonly SpectrumPointOhm[], of: (point: SpectrumPointOhm) => number): number =>
    group.reduce((sum, point) => sum + of(point), 0) / group.length;
  return [...groups.values()]
    .map((group) => ({
      frequencyHz: mean(group, (point) => point.frequencyHz),
      zRealOhm: mean(group, (point) => point.zRealOhm),
      zImagOhm: mean(group, (point) => point.zImagOhm),
    }))
    .sort((a, b) => b.frequencyHz - a.frequencyHz);
}

/** From inductance to capacitance: the first such pass below the highest frequency. */
function crossingOhm(ordered: readonly SpectrumPointOhm[]): number | undefined {
  for (let index = 1; index < ordered.length; index += 1) {
    const before = ordered[index - 1];
    const after = ordered[index];
    if (before === undefined || after === undefined || !(before.zImagOhm > 0 && after.zImagOhm <= 0)) continue;
    const part = before.zImagOhm / (before.zImagOhm - after.zImagOhm);
    return before.zRealOhm + part * (after.zRealOhm - before.zRealOhm);
  }
  return undefined;
}

function footOf(ordered: readonly SpectrumPointOhm[]): SpectrumPointOhm | undefined {
  const heights = ordered.map((point) => -point.zImagOhm);
  const after = new Array<number>(heights.length).fill(-Infinity);
  for (let index = heights.length - 2; index >= 0; index -= 1) {
    after[index] = Math.max(after[index + 1] ?? -Infinity, heights[index + 1] ?? -Infinity);
  }
  let highest = -Infinity;
  let deepest = 0;
  let foot: SpectrumPointOhm | undefined;
  heights.forEach((height, index) => {
    const depth = Math.min(highest, after[index] ?? -Infinity) - height;
    if (depth > deepest && depth >= ARC_DEPTH_SHARE * highest) {
      deepest = depth;
      foot = ordered[index];
    }
    highest = Math.max(highest, height);
  });
  return foot;
}
