/** Weighted least squares by Levenberg and Marquardt, with derivatives by differences. Small problems only. */

export interface FittedParameters {
  readonly values: readonly number[];
  /** Standard errors from the curvature at the minimum. */
  readonly errors: readonly number[];
  readonly chiSquare: number;
}

export interface LeastSquaresProblem {
  /** Model values at all points for these parameters. */
  readonly model: (values: readonly number[]) => Float64Array;
  readonly observed: ArrayLike<number>;
  /** One over the variance, per point. */
  readonly weights: ArrayLike<number>;
  readonly start: readonly number[];
  /** Step of the difference quotient, per parameter. */
  readonly steps: readonly number[];
}

const TURNS_MAX = 60;

export function leastSquares(problem: LeastSquaresProblem): FittedParameters {
  const { model, observed, weights, steps } = problem;
  let values = [...problem.start];
  let current = model(values);
  let chiSquare = chiSquareOf(current);
  let damping = 1e-3;

  function chiSquareOf(calculated: Float64Array): number {
    let sum = 0;
    for (let point = 0; point < observed.length; point += 1) {
      sum += (weights[point] ?? 0) * ((observed[point] ?? 0) - (calculated[point] ?? 0)) ** 2;
    }
    return sum;
  }

  function normalEquations(): { curvature: number[][]; gradient: number[] } {
    const columns = values.map((value, index) => {
      const step = steps[index] ?? 1e-6;
      const moved = model(values.with(index, value + step));
      return moved.map((at, point) => (at - (current[point] ?? 0)) / step);
    });
    const dot = (left: ArrayLike<number>, right: ArrayLike<number>): number => {
      let sum = 0;
      for (let point = 0; point < observed.length; point += 1) {
        sum += (weights[point] ?? 0) * (left[point] ?? 0) * (right[point] ?? 0);
      }
      return sum;
    };
    const residual = Float64Array.from(observed, (value, point) => value - (current[point] ?? 0));
    return {
      curvature: columns.map((left) => columns.map((right) => dot(left, right))),
      gradient: columns.map((column) => dot(column, residual)),
    };
  }

  for (let turn = 0; turn < TURNS_MAX; turn += 1) {
    const { curvature, gradient } = normalEquations();
    const damped = curvature.map((row, index) => row.with(index, (row[index] ?? 0) * (1 + damping)));
    const shift = solve(damped, gradient);
    const tried = values.map((value, index) => value + (shift[index] ?? 0));
    const calculated = model(tried);
    const reached = chiSquareOf(calculated);
    if (reached < chiSquare) {
      const gain = chiSquare - reached;
      values = tried;
      current = calculated;
      chiSquare = reached;
      damping = Math.max(1e-9, damping / 10);
      if (gain < 1e-9 * chiSquare + 1e-9) break;
    } else {
      damping *= 10;
      if (damping > 1e9) break;
    }
  }
  const { curvature } = normalEquations();
  const errors = values.map((_, index) => {
    const unit = values.map((__, other) => (other === index ? 1 : 0));
    return Math.sqrt(Math.max(0, solve(curvature, unit)[index] ?? 0));
  });
  return { values, errors, chiSquare };
}

/** Gauss elimination with pivots. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): readonly number[] {
  const size = right.length;
  const rows = matrix.map((row, index) => [...row, right[index] ?? 0]);
  for (let column = 0; column < size; column += 1) {
    let pivot = column;
    for (let row = column + 1; row < size; row += 1) {
      if (Math.abs(rows[row]?.[column] ?? 0) > Math.abs(rows[pivot]?.[column] ?? 0)) pivot = row;
    }
    const top = rows[pivot];
    const swapped = rows[column];
    if (top === undefined || swapped === undefined) break;
    rows[pivot] = swapped;
    rows[column] = top;
    const lead = top[column] ?? 0;
    if (lead === 0) continue;
    for (let row = 0; row < size; row += 1) {
      const other = rows[row];
      if (row === column || other === undefined) continue;
      const factor = (other[column] ?? 0) / lead;
      if (factor === 0) continue;
      for (let at = column; at <= size; at += 1) other[at] = (other[at] ?? 0) - factor * (top[at] ?? 0);
    }
  }
  return rows.map((row, index) => {
    const lead = row[index] ?? 0;
    return lead === 0 ? 0 : (row[size] ?? 0) / lead;
  });
}
