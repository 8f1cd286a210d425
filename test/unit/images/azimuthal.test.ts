import { describe, expect, it } from "vitest";
import { createAzimuthalIntegrator, type PixelGeometry } from "../../../protocols/images/azimuthal.ts";

/** Rings of known angles, drawn from the formula of a cone alone. */
const GEOMETRY: PixelGeometry = {
  ...{ widthPx: 420, heightPx: 400, pixelXMm: 0.2, pixelYMm: 0.2 },
  ...{ distanceMm: 600, beamXMm: 41.3, beamYMm: 38.7, wavelengthA: 0.2066 },
};
const RINGS_DEG = [1.6, 2.2, 2.85, 3.3] as const;
const FWHM_DEG = 0.05;
const SIGMA_DEG = FWHM_DEG / 2.3548;
const DEG = Math.PI / 180;

function angleAt(column: number, row: number): number {
  const { pixelXMm, pixelYMm, beamXMm, beamYMm, distanceMm } = GEOMETRY;
  return Math.atan(Math.hypot(column * pixelXMm - beamXMm, row * pixelYMm - beamYMm) / distanceMm) / DEG;
}

/** Each pixel as the mean over sixteen places in it; a flat background of 50. */
function ringImage(background = 50, height = 2000) {
  const { widthPx, heightPx } = GEOMETRY;
  const counts = new Int32Array(widthPx * heightPx);
  for (let row = 0; row < heightPx; row += 1) {
    for (let column = 0; column < widthPx; column += 1) {
      let sum = 0;
      for (let place = 0; place < 16; place += 1) {
        const angle = angleAt(column + ((place % 4) + 0.5) / 4, row + (Math.floor(place / 4) + 0.5) / 4);
        for (const ring of RINGS_DEG) sum += height * Math.exp(-0.5 * ((angle - ring) / SIGMA_DEG) ** 2);
      }
      counts[row * widthPx + column] = Math.round(background + sum / 16);
    }
  }
  return { widthPx, heightPx, counts };
}

const IMAGE = ringImage();
const BINS = { axis: "two-theta", from: 1, to: 3.6, points: 260 } as const;

/** Middle of the line near a place, over what lies on both sides of it. */
function centreOf(axis: ArrayLike<number>, heights: ArrayLike<number>, near: number, half: number): number {
  let [weight, sum] = [0, 0];
  for (let bin = 0; bin < axis.length; bin += 1) {
    const [at, height] = [axis[bin] ?? 0, (heights[bin] ?? 0) - 50];
    if (Math.abs(at - near) > half) continue;
    weight += height;
    sum += height * at;
  }
  return sum / weight;
}

/** Without the growth of the ring with its angle, which shifts a middle by its own sake. */
function means(counts: Float64Array, axis: Float64Array): number[] {
  const step = (BINS.to - BINS.from) / BINS.points;
  return Array.from(counts, (count, bin) => {
    const radius = (angle: number): number => GEOMETRY.distanceMm * Math.tan(angle * DEG);
    const centre = axis[bin] ?? 0;
    const area = (Math.PI * (radius(centre + step / 2) ** 2 - radius(centre - step / 2) ** 2)) / 0.04;
    return count / area;
  });
}

describe("the azimuthal integrator", () => {
  it("finds rings of known angles to a thousandth of a degree, a twentieth of a pixel", () => {
    const { axis, counts } = createAzimuthalIntegrator(GEOMETRY, BINS).integrate(IMAGE);
    for (const ring of RINGS_DEG) {
      expect(Math.abs(centreOf(axis, means(counts, axis), ring, 0.12) - ring)).toBeLessThan(1e-3);
    }
  });

  it("says the same in momentum transfer: 4 pi sin(theta) / lambda", () => {
    const q = (angle: number): number => (4 * Math.PI * Math.sin((angle / 2) * DEG)) / GEOMETRY.wavelengthA;
    const bins = { axis: "q", from: q(1), to: q(3.6), points: 260 } as const;
    const { axis, counts, pixels } = createAzimuthalIntegrator(GEOMETRY, bins).integrate(IMAGE);
    const top = [...axis.keys()]
      .filter((bin) => (pixels[bin] ?? 0) > 0 && Math.abs((axis[bin] ?? 0) - q(2.2)) < q(0.1))
      .reduce((a, b) => ((counts[a] ?? 0) > (counts[b] ?? 0) ? a : b));
    expect(Math.abs((axis[top] ?? 0) - q(2.2))).toBeLessThan(q(0.01));
  });

  it("shows an even image even, on rings that leave the detector and on those that a mask cuts", () => {
    const { widthPx, heightPx } = GEOMETRY;
    const even = { widthPx, heightPx, counts: new Int32Array(widthPx * heightPx).fill(100) };
    const mask = new Uint8Array(widthPx * heightPx);
    // a gap between modules, and a beam stop's arm
    for (let row = 0; row < heightPx; row += 1) mask.fill(1, row * widthPx + 250, row * widthPx + 262);
    mask.fill(1, 190 * widthPx, 196 * widthPx);
    const bins = { ...BINS, to: 4.4 };
    for (const masked of [undefined, mask]) {
      const { axis, counts, pixels } = createAzimuthalIntegrator(GEOMETRY, bins, masked).integrate(even);
      const step = (bins.to - bins.from) / bins.points;
      const each = Array.from(counts, (count, bin) => count / Math.tan((axis[bin] ?? 0) * DEG) / step).filter(
        (_, bin) => (pixels[bin] ?? 0) > 0,
      );
      const cosines = Array.from(axis, (angle) => Math.cos(angle * DEG) ** 2).filter(
        (_, bin) => (pixels[bin] ?? 0) > 0,
      );
      const levels = each.map((height, bin) => height * (cosines[bin] ?? 1));
      const middle = levels.reduce((a, b) => a + b, 0) / levels.length;
      for (const level of levels) expect(Math.abs(level / middle - 1)).toBeLessThan(2e-3);
    }
  });

  it("keeps about as many counts as it was given, so that their errors are about their roots", () => {
    const { counts, pixels } = createAzimuthalIntegrator(GEOMETRY, BINS).integrate(IMAGE);
    const seen = IMAGE.counts.reduce((sum, count, at) => {
      const angle = angleAt((at % GEOMETRY.widthPx) + 0.5, Math.floor(at / GEOMETRY.widthPx) + 0.5);
      return angle >= BINS.from && angle < BINS.to ? sum + count : sum;
    }, 0);
    expect(pixels.reduce((a, b) => a + b, 0)).toBeGreaterThan(100_000);
    expect(Math.abs(counts.reduce((a, b) => a + b, 0) / seen - 1)).toBeLessThan(0.02);
  });

  it("leaves out pixels below 0, and counts those that no longer counted", () => {
    const { widthPx, heightPx, counts } = IMAGE;
    const broken = counts.slice();
    broken.fill(-1, 100 * widthPx, 104 * widthPx);
    for (let row = 210; row < 212; row += 1) broken.fill(70_000, row * widthPx + 330, row * widthPx + 340);
    const integrator = createAzimuthalIntegrator(GEOMETRY, BINS);
    const whole = integrator.integrate({ widthPx, heightPx, counts }, 65_535);
    const found = integrator.integrate({ widthPx, heightPx, counts: broken }, 65_535);
    expect(whole.saturatedPixels).toBe(0);
    expect(found.saturatedPixels).toBe(20);
    expect(found.pixels.reduce((a, b) => a + b, 0)).toBeLessThan(whole.pixels.reduce((a, b) => a + b, 0));
  });

  it("refuses images and masks of another shape", () => {
    const integrator = createAzimuthalIntegrator(GEOMETRY, BINS);
    expect(() => integrator.integrate({ widthPx: 10, heightPx: 10, counts: new Int32Array(100) })).toThrow(/10 x 10/);
    expect(() => createAzimuthalIntegrator(GEOMETRY, BINS, new Uint8Array(7))).toThrow(/mask has 7/);
  });
});
