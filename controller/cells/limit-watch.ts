/** Each sample held against its cell's limits, and against the band that is watched for it: told once. */
import type { CellLimits } from "../../protocols/roles/channel.ts";

export interface LimitWatchDeps {
  /** A sample passed a limit; told once per step. */
  readonly limitPassed: (cellIndex: number, what: string) => void;
  /** A sample left the band that is watched for its cell; told once, until it is watched anew. */
  readonly bandLeft?: (cellIndex: number, voltageV: number) => void;
}

export interface LimitWatch {
  /** These hold from the next sample on. */
  limit(cellIndex: number, limits: CellLimits): void;
  /** A step begins: it may be told of, and this is the most charge that it may move either way, A h. */
  stepStarted(cellIndex: number, chargeMaxAh: number): void;
  /** Tells of the first sample above `highV` or below `lowV`. */
  watch(cellIndex: number, lowV: number, highV: number): void;
  isVoltageInside(cellIndex: number, voltageV: number): boolean;
  /** Holds one against the limits; `stepChargeAh`: what has flowed in its step. */
  judge(cellIndex: number, voltageV: number, currentA: number, stepChargeAh: number): void;
  /** The band alone. `isTold`: false for a sample that is on record already. */
  judgeBand(cellIndex: number, voltageV: number, isTold: boolean): void;
  alarm(cellIndex: number, what: string): void;
}

export function createLimitWatch(cellCount: number, deps: LimitWatchDeps): LimitWatch {
  const voltageMaxV = new Float64Array(cellCount).fill(NaN);
  const voltageMinV = new Float64Array(cellCount).fill(NaN);
  const currentMaxA = new Float64Array(cellCount).fill(NaN);
  const currentMinA = new Float64Array(cellCount).fill(NaN);
  const stepChargeMaxAh = new Float64Array(cellCount).fill(Infinity);
  const bandLowV = new Float64Array(cellCount).fill(-Infinity);
  const bandHighV = new Float64Array(cellCount).fill(Infinity);
  const hasAlarmed = new Uint8Array(cellCount);

  function alarm(cellIndex: number, what: string): void {
    if (hasAlarmed[cellIndex] === 1) return;
    hasAlarmed[cellIndex] = 1;
    deps.limitPassed(cellIndex, what);
  }

  function watch(cellIndex: number, lowV: number, highV: number): void {
    bandLowV[cellIndex] = lowV;
    bandHighV[cellIndex] = highV;
  }

  // Written so that NaN, of a cell whose limits nobody has said, is outside.
  function isVoltageInside(cellIndex: number, voltageV: number): boolean {
    return voltageV <= (voltageMaxV[cellIndex] ?? NaN) && voltageV >= (voltageMinV[cellIndex] ?? NaN);
  }

  function isCurrentInside(cellIndex: number, currentA: number): boolean {
    return currentA <= (currentMaxA[cellIndex] ?? NaN) && currentA >= (currentMinA[cellIndex] ?? NaN);
  }

  function explain(cellIndex: number, voltageV: number, currentA: number): string {
    return `${voltageV.toFixed(4)} V, ${(currentA * 1000).toFixed(4)} mA is outside ${String(voltageMinV[cellIndex])}..${String(voltageMaxV[cellIndex])} V, ${String((currentMinA[cellIndex] ?? 0) * 1000)}..${String((currentMaxA[cellIndex] ?? 0) * 1000)} mA`;
  }

  return {
    limit(cellIndex, limits) {
      voltageMaxV[cellIndex] = limits.voltageMaxV;
      voltageMinV[cellIndex] = limits.voltageMinV;
      currentMaxA[cellIndex] = limits.currentMaxA;
      currentMinA[cellIndex] = limits.currentMinA;
    },
    stepStarted(cellIndex, chargeMaxAh) {
      hasAlarmed[cellIndex] = 0;
      stepChargeMaxAh[cellIndex] = chargeMaxAh;
    },
    watch,
    isVoltageInside,
    judge(cellIndex, voltageV, currentA, stepChargeAh) {
      if (!isVoltageInside(cellIndex, voltageV) || !isCurrentInside(cellIndex, currentA)) {
        alarm(cellIndex, explain(cellIndex, voltageV, currentA));
      } else if (Math.abs(stepChargeAh) > (stepChargeMaxAh[cellIndex] ?? NaN)) {
        alarm(
          cellIndex,
          `${(Math.abs(stepChargeAh) * 1000).toFixed(4)} mAh in the step is more than the ${((stepChargeMaxAh[cellIndex] ?? 0) * 1000).toFixed(4)} mAh that max_capacity_mAh of the protocol allows it`,
        );
      }
    },
    judgeBand(cellIndex, voltageV, isTold) {
      if (!(voltageV > (bandHighV[cellIndex] ?? Infinity) || voltageV < (bandLowV[cellIndex] ?? -Infinity))) return;
      watch(cellIndex, -Infinity, Infinity);
      if (isTold) deps.bandLeft?.(cellIndex, voltageV);
    },
    alarm,
  };
}
