/** The charge that really went through a simulated cell, over time: as of each look of its channel, even between two. */
import type { CellObserver } from "../../simulator/world/cell-observer.ts";

/** What of an observer is needed. */
export interface ChargeSeen {
  readonly cell: { readonly state: { readonly chargeC: number } };
  readonly onSeen: CellObserver["onSeen"];
}

/** Charge one way, without a stretch the other way that would count. */
export interface ChargeHalf {
  readonly isCharge: boolean;
  readonly fromMs: number;
  readonly toMs: number;
  readonly fromC: number;
  readonly toC: number;
}

export interface ChargeTrace {
  readonly atMs: readonly number[];
  readonly chargedC: readonly number[];
  chargeC(atMs: number): number;
  /** When it came to this charge within a half; beyond its ends by its mean current. */
  whenMs(half: ChargeHalf, chargeC: number): number;
}

export function createChargeTrace(observer: ChargeSeen): ChargeTrace {
  const times: number[] = [];
  const charges: number[] = [];
  observer.onSeen((atMs) => {
    times.push(atMs);
    charges.push(observer.cell.state.chargeC);
  });
  /** The first index of which this holds; it holds of all behind it. */
  function firstOf(from: number, to: number, holds: (index: number) => boolean): number {
    let [low, high] = [from, to];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (holds(middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
  const between = (x: number, x0: number, x1: number, y0: number, y1: number): number =>
    x1 === x0 ? y0 : y0 + ((x - x0) * (y1 - y0)) / (x1 - x0);
  return {
    atMs: times,
    chargedC: charges,
    chargeC(atMs) {
      const next = firstOf(1, times.length - 1, (index) => (times[index] ?? 0) >= atMs);
      const last = next - 1;
      return between(atMs, times[last] ?? 0, times[next] ?? 0, charges[last] ?? 0, charges[next] ?? 0);
    },
    whenMs({ isCharge, fromMs, toMs, fromC, toC }, chargeC) {
      if ((chargeC - toC) * (chargeC - fromC) > 0) return between(chargeC, fromC, toC, fromMs, toMs);
      const first = firstOf(1, times.length - 1, (index) => (times[index] ?? 0) > fromMs);
      const end = firstOf(first, times.length - 1, (index) => (times[index] ?? 0) >= toMs);
      const next = firstOf(first, end, (index) => {
        const now = charges[index] ?? 0;
        return isCharge ? now >= chargeC : now <= chargeC;
      });
      const last = next - 1;
      return between(chargeC, charges[last] ?? 0, charges[next] ?? 0, times[last] ?? 0, times[next] ?? 0);
    },
  };
}

/** In the order of time; what moves less than `leastC` is none. */
export function chargeHalves({ atMs, chargedC }: ChargeTrace, leastC: number): readonly ChargeHalf[] {
  const halves: ChargeHalf[] = [];
  let from = -1;
  let isCharge = false;
  let to = 0;
  const end = (): void => {
    if (from < 0) return;
    const [fromC, toC] = [chargedC[from] ?? 0, chargedC[to] ?? 0];
    if (Math.abs(toC - fromC) >= leastC) {
      halves.push({ isCharge, fromMs: atMs[from] ?? 0, toMs: atMs[to] ?? 0, fromC, toC });
    }
  };
  for (let index = 1; index < atMs.length; index += 1) {
    const moved = (chargedC[index] ?? 0) - (chargedC[index - 1] ?? 0);
    if (moved === 0) continue;
    if (from < 0 || moved > 0 !== isCharge) {
      end();
      from = index - 1;
      isCharge = moved > 0;
    }
    to = index;
  }
  end();
  return halves;
}
