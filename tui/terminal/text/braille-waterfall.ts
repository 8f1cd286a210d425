/** Curves one behind the other in braille dots: the newest in front at the bottom, what it hides of older ones left out. Pure. */

const EMPTY = 0x2800;
/** Bits of a braille character by column and row of its dots. */
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;
/** Of the dots' height what one curve may take above its own line. */
const CURVE_SHARE = 0.5;

/** `height` strings of `width` characters. `curves`: heights from 0 to 1, oldest first. */
export function waterfallRows(
  curves: readonly (readonly number[])[],
  width: number,
  height: number,
): readonly string[] {
  const columns = 2 * width;
  const dotRows = 4 * height;
  const cells = new Uint8Array(width * height);
  const tall = Math.max(2, Math.floor(dotRows * CURVE_SHARE));
  // Lines of the curves are at least two dots apart; the newest are shown where not all fit.
  const shown = curves.slice(-Math.max(1, Math.floor((dotRows - tall) / 2) + 1));
  const apart = shown.length < 2 ? 0 : Math.min(8, Math.floor((dotRows - tall) / (shown.length - 1)));
  const horizon = new Int32Array(columns).fill(-1);
  for (const [behind, curve] of [...shown].reverse().entries()) {
    const risen = Int32Array.from({ length: columns }, (_, column) => {
      return behind * apart + Math.round(highest(curve, column, columns) * (tall - 1));
    });
    for (let column = 0; column < columns; column += 1) {
      const [here, before] = [risen[column] ?? 0, risen[Math.max(0, column - 1)] ?? 0];
      // Joined to the column before, so that a steep line is a line.
      const low = here > before ? before + 1 : here;
      for (let dot = Math.min(low, here); dot <= here; dot += 1) if (dot > (horizon[column] ?? -1)) set(column, dot);
      for (let dot = here; dot < before; dot += 1) if (dot > (horizon[column] ?? -1)) set(column, dot);
    }
    for (let column = 0; column < columns; column += 1) {
      horizon[column] = Math.max(horizon[column] ?? -1, risen[column] ?? 0);
    }
  }

  function set(column: number, dot: number): void {
    const fromTop = dotRows - 1 - dot;
    if (fromTop < 0) return;
    const cell = (fromTop >> 2) * width + (column >> 1);
    cells[cell] = (cells[cell] ?? 0) | DOTS[(column & 1) as 0 | 1][(fromTop & 3) as 0 | 1 | 2 | 3];
  }

  return Array.from({ length: height }, (_, line) => {
    let text = "";
    for (let at = line * width; at < (line + 1) * width; at += 1) text += String.fromCharCode(EMPTY + (cells[at] ?? 0));
    return text;
  });
}

/** The highest point of a column; between points where there are more columns than points. */
function highest(curve: readonly number[], column: number, columns: number): number {
  const last = curve.length - 1;
  if (last < 0) return 0;
  const from = (column * last) / columns;
  const to = ((column + 1) * last) / columns;
  const at = Math.round((from + to) / 2);
  let most = curve[at] ?? 0;
  for (let point = Math.ceil(from); point < to; point += 1) most = Math.max(most, curve[point] ?? 0);
  return Math.min(1, Math.max(0, most));
}
