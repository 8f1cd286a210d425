/**
 * Something that travels between out (0) and in (1) at constant speed, with a switch at each end: a shutter blade,
 * a filter, the safety shutter. Its recent past can be asked for, since dose is added up after the fact.
 */

export interface Actuator {
  drive(atMs: number, isIn: boolean): void;
  /** 0..1, for any time since the last `forgetBefore`. */
  fraction(atMs: number): number;
  /** When the present drive ends at its stop; in the past when it is there. */
  arrivalMs(): number;
  /** How long the next drives take from one end to the other. */
  setTravel(travelMs: number): void;
  /** Appends the instants strictly between the two times where the motion starts, turns or ends. */
  addBreaks(fromMs: number, toMs: number, into: number[]): void;
  /** The past before `atMs` will not be asked for again. */
  forgetBefore(atMs: number): void;
}

export function createActuator(ordinaryTravelMs: number, startMs: number, startsIn: boolean): Actuator {
  let travelMs = ordinaryTravelMs;
  const times: number[] = [startMs];
  const fractions: number[] = [startsIn ? 1 : 0];
  let isDrivenIn = startsIn;

  function fraction(atMs: number): number {
    let after = times.length;
    while (after > 0 && (times[after - 1] ?? 0) > atMs) after -= 1;
    const before = fractions[Math.max(0, after - 1)] ?? 0;
    if (after === 0 || after === times.length) return before;
    const fromMs = times[after - 1] ?? 0;
    const toMs = times[after] ?? fromMs;
    const next = fractions[after] ?? before;
    return toMs === fromMs ? next : before + ((next - before) * (atMs - fromMs)) / (toMs - fromMs);
  }

  return {
    drive(atMs, isIn) {
      if (isIn === isDrivenIn) return;
      isDrivenIn = isIn;
      const now = fraction(atMs);
      while (times.length > 0 && (times[times.length - 1] ?? 0) >= atMs) {
        times.pop();
        fractions.pop();
      }
      const target = isIn ? 1 : 0;
      times.push(atMs, atMs + Math.abs(target - now) * travelMs);
      fractions.push(now, target);
    },
    fraction,
    arrivalMs: () => times[times.length - 1] ?? startMs,
    setTravel(ms) {
      travelMs = ms;
    },
    addBreaks(fromMs, toMs, into) {
      for (const time of times) if (time > fromMs && time < toMs) into.push(time);
    },
    forgetBefore(atMs) {
      while (times.length > 1 && (times[1] ?? Infinity) <= atMs) {
        times.shift();
        fractions.shift();
      }
    },
  };
}
