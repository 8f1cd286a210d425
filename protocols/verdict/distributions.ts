/**
 * Tails of the normal and of Student's distribution, far out: with 96 cells and many looks the levels that decide are
 * near 1e-6. Student's by the incomplete beta function's continued fraction (Abramowitz and Stegun 26.5.8, 26.7.1).
 */

/** Chance that a standard normal exceeds `z`. Relative error below 1e-7 (Abramowitz and Stegun 7.1, by series and continued fraction). */
export function normalTail(z: number): number {
  if (Number.isNaN(z)) return NaN;
  if (z < 0) return 1 - normalTail(-z);
  if (z < 3) {
    // Series of the integral from 0 to z.
    let term = z;
    let sum = z;
    for (let k = 1; k < 200 && term > 1e-17 * sum; k += 1) {
      term *= (z * z) / (2 * k + 1);
      sum += term;
    }
    return 0.5 - sum * density(z);
  }
  let fraction = z;
  for (let k = 60; k >= 1; k -= 1) fraction = z + k / fraction;
  return density(z) / fraction;
}

function density(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** Chance that |t| exceeds this with so many degrees of freedom; 1 for what is no number, so that nothing is found in it. */
export function studentTwoSided(t: number, freedom: number): number {
  if (Number.isNaN(t) || !(freedom > 0)) return 1;
  if (!Number.isFinite(freedom)) return 2 * normalTail(Math.abs(t));
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

/** |t| that is exceeded with chance `twoSided`. */
export function studentQuantile(twoSided: number, freedom: number): number {
  let low = 0;
  let high = 1;
  while (studentTwoSided(high, freedom) > twoSided && high < 1e12) high *= 2;
  for (let turn = 0; turn < 100; turn += 1) {
    const middle = (low + high) / 2;
    if (studentTwoSided(middle, freedom) > twoSided) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b));
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/** Lentz's way through the continued fraction. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1), tiny);
  let h = d;
  for (let m = 1; m <= 300; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d, tiny);
    c = nonZero(1 + even / c, tiny);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d, tiny);
    c = nonZero(1 + odd / c, tiny);
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-14) break;
  }
  return h;
}

function nonZero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** Stirling's series, after shifting the argument above 8. */
function logGamma(value: number): number {
  let x = value;
  let shift = 0;
  while (x < 8) {
    shift += Math.log(x);
    x += 1;
  }
  const r = 1 / (x * x);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r / 1680))) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
