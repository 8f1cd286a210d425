/**
 * The current at which a voltage that falls with discharge current meets a wanted one: secant steps from the last
 * current, kept inside a bracket, halved where the secant leaves it.
 */

const TOLERANCE_V = 1e-7;
const TURNS = 60;

/**
 * Returns the root from `lowest` to `limit`, or the end of that range nearest to it. `guess.ohm` is the slope of the last
 * solution and is updated.
 */
export function fallingRoot(
  voltageOf: (dischargeA: number) => number,
  wantedV: number,
  startA: number,
  guess: { ohm: number },
  limit: number,
  lowest = -limit,
): number {
  let lowA = lowest;
  let highA = limit;
  let atA = clamped(startA, lowA, highA);
  let over = voltageOf(atA) - wantedV;
  let ohm = guess.ohm;
  for (let turn = 0; turn < TURNS; turn += 1) {
    if (Math.abs(over) < TOLERANCE_V) break;
    if (over > 0) lowA = atA;
    else highA = atA;
    let nextA = atA + over / ohm;
    if (!(nextA > lowA && nextA < highA)) {
      // The first time the secant asks for more than the range has, its end decides; later, the middle.
      const isAtEnd = nextA >= highA ? highA === limit : lowA === lowest;
      nextA = isAtEnd ? clamped(nextA, lowA, highA) : (lowA + highA) / 2;
      if (nextA === atA) break;
    }
    const nextOver = voltageOf(nextA) - wantedV;
    const slope = (over - nextOver) / (nextA - atA);
    if (slope > 0.01 && slope < 1e7) ohm = slope;
    atA = nextA;
    over = nextOver;
    if (highA - lowA < 1e-12) break;
  }
  guess.ohm = ohm;
  return atA;
}

function clamped(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}
