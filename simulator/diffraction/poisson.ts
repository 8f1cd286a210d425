/**
 * Poisson counts. Below a mean of ten by multiplying uniforms (Knuth), above by transformed rejection with squeeze,
 * PTRS (W. Hoermann, Insurance: Mathematics and Economics 12 (1993) 39): both exact for every mean.
 */
import type { Chance } from "../plant/plant.ts";

const REJECTION_FROM = 10;
const TABLE_SIZE = 256;

const LOG_FACTORIALS = new Float64Array(TABLE_SIZE);
for (let k = 2; k < TABLE_SIZE; k += 1) LOG_FACTORIALS[k] = (LOG_FACTORIALS[k - 1] ?? 0) + Math.log(k);

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** A draw of the given mean; 0 for a mean that is not positive. */
export function poisson(chance: Chance, mean: number): number {
  if (!(mean > 0)) return 0;
  if (mean < REJECTION_FROM) return byMultiplication(chance, mean);
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const squeeze = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = chance.uniform() - 0.5;
    const v = chance.uniform();
    const edge = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / edge + b) * u + mean + 0.43);
    if (edge >= 0.07 && v <= squeeze) return k;
    if (k < 0 || (edge < 0.013 && v > edge)) continue;
    const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
    if (Math.log((v * inverseAlpha) / (a / (edge * edge) + b)) <= k * Math.log(mean) - mean - logFactorial(k)) return k;
  }
}

function byMultiplication(chance: Chance, mean: number): number {
  const floor = Math.exp(-mean);
  let product = chance.uniform();
  let k = 0;
  while (product > floor) {
    product *= chance.uniform();
    k += 1;
  }
  return k;
}

/** ln k!, by table or by Stirling's series (error below 1e-15 from 256 on). */
function logFactorial(k: number): number {
  if (k < TABLE_SIZE) return LOG_FACTORIALS[k] ?? 0;
  const inverse = 1 / k;
  return (k + 0.5) * Math.log(k) - k + HALF_LOG_TWO_PI + inverse * (1 / 12 - inverse * inverse * (1 / 360));
}
