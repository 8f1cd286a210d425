/** Small symmetric systems: Gauss and Jordan with pivots, after scaling to a unit diagonal. */

export interface Solved {
  readonly values: readonly number[];
  readonly inverse: readonly (readonly number[])[];
}

/** Undefined where the matrix is singular or holds what is no number. */
export function solveSymmetric(matrix: readonly (readonly number[])[], right: readonly number[]): Solved | undefined {
  const size = right.length;
  const scale = matrix.map((row, index) => 1 / Math.sqrt(row[index] ?? NaN));
  if (!scale.every((value) => Number.isFinite(value))) return undefined;
  const rows = matrix.map((row, at) => {
    const scaled = row.map((value, column) => value * (scale[at] ?? NaN) * (scale[column] ?? NaN));
    return [...scaled, ...row.map((_, column) => (column === at ? 1 : 0))];
  });
  for (let column = 0; column < size; column += 1) {
    let pivot = column;
    for (let row = column + 1; row < size; row += 1) {
      if (Math.abs(rows[row]?.[column] ?? 0) > Math.abs(rows[pivot]?.[column] ?? 0)) pivot = row;
    }
    const lead = rows[pivot];
    const top = rows[column];
    const head = lead?.[column] ?? 0;
    if (lead === undefined || top === undefined || !(Math.abs(head) > 1e-12)) return undefined;
    rows[pivot] = top;
    rows[column] = lead.map((value) => value / head);
    for (let row = 0; row < size; row += 1) {
      const other = rows[row];
      const factor = other?.[column] ?? 0;
      if (row === column || other === undefined || factor === 0) continue;
      rows[row] = other.map((value, at) => value - factor * (rows[column]?.[at] ?? 0));
    }
  }
  const inverse = rows.map((row, at) =>
    row.slice(size).map((value, column) => value * (scale[at] ?? NaN) * (scale[column] ?? NaN)),
  );
  const values = inverse.map((row) => row.reduce((sum, value, at) => sum + value * (right[at] ?? 0), 0));
  return { values, inverse };
}
