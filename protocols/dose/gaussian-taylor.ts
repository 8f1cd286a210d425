/**
 * Fourth-order Taylor expansion of a sum of round Gaussians exp(-r^2/2) about a point, and a bound on the sum in a box
 * around it. The fourth order pays where many spots make a plateau: its coefficients cancel there, and large boxes
 * can be ruled out at once.
 */

export interface TaylorSum {
  /** Adds one Gaussian: its weight, the offset of the point from its centre, and its least distance from the box. */
  add(weight: number, dx: number, dy: number, nearest: number): void;
  value(): number;
  /** No value in the box is higher; `atX`, `atY` is the offset at which the second order is highest. */
  bound(halfWidth: number, halfHeight: number): { readonly bound: number; readonly atX: number; readonly atY: number };
}

const ORDER = 4;
const FACTORIAL_OF_FIVE = 120;

export function createTaylorSum(): TaylorSum {
  /** coefficient[i][j] of dx^i dy^j */
  const coefficients = Array.from({ length: ORDER + 1 }, () => new Float64Array(ORDER + 1));
  const coefficient = (i: number, j: number): number => coefficients[i]?.[j] ?? 0;
  let remainder = 0;
  return {
    add(weight, dx, dy, nearest) {
      const here = weight * Math.exp(-(dx * dx + dy * dy) / 2);
      const alongX = hermiteTerms(dx);
      const alongY = hermiteTerms(dy);
      for (const [i, row] of coefficients.entries()) {
        const factor = here * (alongX[i] ?? 0);
        for (let j = 0; i + j <= ORDER; j += 1) row[j] = (row[j] ?? 0) + factor * (alongY[j] ?? 0);
      }
      remainder += weight * fifthDerivativeBound(nearest);
    },
    value: () => coefficient(0, 0),
    bound(halfWidth, halfHeight) {
      const x = parabolaTop(coefficient(1, 0), coefficient(2, 0), halfWidth);
      const y = parabolaTop(coefficient(0, 1), coefficient(0, 2), halfHeight);
      let bound = coefficient(0, 0) + x.rise + y.rise + Math.abs(coefficient(1, 1)) * halfWidth * halfHeight;
      for (let order = 3; order <= ORDER; order += 1) {
        for (let i = 0; i <= order; i += 1) {
          bound += Math.abs(coefficient(i, order - i)) * halfWidth ** i * halfHeight ** (order - i);
        }
      }
      bound += (remainder / FACTORIAL_OF_FIVE) * Math.hypot(halfWidth, halfHeight) ** 5;
      return { bound, atX: x.at, atY: y.at };
    },
  };
}

/** Derivatives 0 to 4 of exp(-t^2/2), over the function and the factorial: (-1)^n He_n(t) / n!. */
function hermiteTerms(t: number): readonly number[] {
  const t2 = t * t;
  return [1, -t, (t2 - 1) / 2, (-t * (t2 - 3)) / 6, (t2 * t2 - 6 * t2 + 3) / 24];
}

/** Where slope * t + curve * t^2 is highest for |t| <= half, and how high. */
function parabolaTop(slope: number, curve: number, half: number): { readonly at: number; readonly rise: number } {
  const inside = curve < 0 && Math.abs(slope) < -2 * curve * half;
  const at = inside ? -slope / (2 * curve) : slope < 0 ? -half : half;
  return { at, rise: slope * at + curve * at * at };
}

const STEP = 1 / 64;
const TABLE_END = 16;
/** What the steps of the table may miss. */
const SAFETY = 1.01;

/**
 * By distance r in steps: the largest fifth derivative, along any direction, at r or farther. It is at most
 * |He_5(s)| exp(-r^2/2) with |s| <= r.
 */
const fifthDerivatives: readonly number[] = (() => {
  const count = TABLE_END / STEP;
  const table: number[] = [];
  let steepest = 0;
  for (let index = 0; index <= count; index += 1) {
    const r = index * STEP;
    steepest = Math.max(steepest, Math.abs(r ** 5 - 10 * r ** 3 + 15 * r));
    table.push(SAFETY * steepest * Math.exp((-r * r) / 2));
  }
  for (let index = count - 1; index >= 0; index -= 1) {
    table[index] = Math.max(table[index] ?? 0, table[index + 1] ?? 0);
  }
  return table;
})();

function fifthDerivativeBound(distance: number): number {
  return fifthDerivatives[Math.min(Math.floor(distance / STEP), fifthDerivatives.length - 1)] ?? Infinity;
}
