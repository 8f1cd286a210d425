/** The error function, exact to rounding also where it is small, as thin slits need it. */

const ONE_BEYOND = 6;

/** erf(x) by its series of positive terms, exp(-x^2) sum 2^n x^(2n+1)/(2n+1)!!; exactly +-1 for |x| >= 6. */
export function errorFunction(x: number): number {
  const size = Math.abs(x);
  if (size >= ONE_BEYOND) return Math.sign(x);
  let term = size;
  let sum = size;
  for (let n = 1; term > sum * 1e-17; n += 1) {
    term *= (2 * size * size) / (2 * n + 1);
    sum += term;
  }
  return Math.sign(x) * Math.min(1, (2 / Math.sqrt(Math.PI)) * Math.exp(-size * size) * sum);
}
