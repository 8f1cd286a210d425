/** When a quantity that is negative now turns positive: false position, in Illinois' manner, inside a bracket. */

const TURNS = 80;
const TOLERANCE_S = 1e-9;

/**
 * `now` is the value at 0 and `ahead` the value after some seconds. Returns 0 when it is positive already, undefined
 * when it is still negative (or no number) at `dtS`, and otherwise the first second on the positive side, within 1 ns.
 */
export function firstCrossing(dtS: number, now: number, ahead: (atS: number) => number): number | undefined {
  if (now >= 0) return 0;
  let earlyS = 0;
  let early = now;
  let lateS = dtS;
  let late = ahead(dtS);
  if (!(late >= 0)) return undefined;
  let lastWasLate: boolean | undefined;
  for (let turn = 0; turn < TURNS && lateS - earlyS > TOLERANCE_S; turn += 1) {
    const secantS = lateS - (late * (lateS - earlyS)) / (late - early);
    const betweenS = secantS > earlyS && secantS < lateS ? secantS : (earlyS + lateS) / 2;
    const between = ahead(betweenS);
    // The end that stays twice is halved, so the bracket closes from both sides.
    if (between >= 0) {
      lateS = betweenS;
      late = between;
      if (between < 1e-12) return betweenS;
      if (lastWasLate === true) early /= 2;
      lastWasLate = true;
    } else {
      earlyS = betweenS;
      early = between;
      if (lastWasLate === false) late /= 2;
      lastWasLate = false;
    }
  }
  return lateS;
}
