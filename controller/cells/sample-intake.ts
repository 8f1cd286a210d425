/**
 * Where every sample of every channel arrives: checked again against the cell's limits, integrated, stored. Plain
 * typed arrays and numbers; nothing is allocated per sample, and no sample reaches a state machine.
 */
import type { Writable } from "../../protocols/base/writable.ts";
import type { CellLimits } from "../../protocols/roles/channel.ts";
import { SAMPLE_OVERLOAD } from "../../protocols/roles/channel.ts";

export interface SampleSink {
  sample(channelIndex: number, atMs: number, voltageV: number, currentA: number, flags: number): void;
}

export interface SampleIntakeDeps {
  readonly sink: SampleSink;
  readonly limits: readonly CellLimits[];
  /** A sample passed a limit; told once per step. */
  readonly limitPassed: (cellIndex: number, what: string) => void;
  /** A disturbed step is not believed for ever: this many flagged samples in a row end it. */
  readonly overloadsInRowMax: number;
}

export interface SampleIntake {
  /** A step begins on the instrument: its timer reads zero at this campaign time. */
  stepStarted(cellIndex: number, atMs: number): void;
  sample(cellIndex: number, stepTimeS: number, voltageV: number, currentA: number, flags: number): void;
  readonly lastVoltageV: Float64Array;
  readonly lastCurrentA: Float64Array;
  /** Campaign time of the last sample; -Infinity before the first. */
  readonly lastAtMs: Float64Array;
  /** Net charge since the start, A h, charge positive; trapezoids over raw samples. */
  readonly chargeAh: Float64Array;
  /** Charge since the step began. */
  readonly stepChargeAh: Float64Array;
  readonly sampleCount: number;
  /** Samples that were not finite numbers, or went back in time: counted, not used. */
  readonly rejectedCount: number;
}

export function createSampleIntake(cellCount: number, deps: SampleIntakeDeps): SampleIntake {
  const lastVoltageV = new Float64Array(cellCount).fill(NaN);
  const lastCurrentA = new Float64Array(cellCount).fill(NaN);
  const lastAtMs = new Float64Array(cellCount).fill(-Infinity);
  const chargeAh = new Float64Array(cellCount);
  const stepChargeAh = new Float64Array(cellCount);
  const stepStartMs = new Float64Array(cellCount);
  /** Time of the last sample of the same step, NaN at its start: no charge is integrated across a break. */
  const lastInStepMs = new Float64Array(cellCount).fill(NaN);
  const overloadsInRow = new Uint16Array(cellCount);
  const hasAlarmed = new Uint8Array(cellCount);
  const voltageMaxV = Float64Array.from(deps.limits, (limit) => limit.voltageMaxV);
  const voltageMinV = Float64Array.from(deps.limits, (limit) => limit.voltageMinV);
  const currentMaxA = Float64Array.from(deps.limits, (limit) => limit.currentMaxA);
  const currentMinA = Float64Array.from(deps.limits, (limit) => limit.currentMinA);
  const { sink } = deps;

  function alarm(cellIndex: number, what: string): void {
    if (hasAlarmed[cellIndex] === 1) return;
    hasAlarmed[cellIndex] = 1;
    deps.limitPassed(cellIndex, what);
  }

  function explain(cellIndex: number, voltageV: number, currentA: number): string {
    return `${voltageV.toFixed(4)} V, ${(currentA * 1000).toFixed(4)} mA is outside ${String(voltageMinV[cellIndex])}..${String(voltageMaxV[cellIndex])} V, ${String((currentMinA[cellIndex] ?? 0) * 1000)}..${String((currentMaxA[cellIndex] ?? 0) * 1000)} mA`;
  }

  const intake: Writable<SampleIntake> = {
    lastVoltageV,
    lastCurrentA,
    lastAtMs,
    chargeAh,
    stepChargeAh,
    sampleCount: 0,
    rejectedCount: 0,
    stepStarted(cellIndex, atMs) {
      stepStartMs[cellIndex] = atMs;
      stepChargeAh[cellIndex] = 0;
      lastInStepMs[cellIndex] = NaN;
      overloadsInRow[cellIndex] = 0;
      hasAlarmed[cellIndex] = 0;
    },
    sample(cellIndex, stepTimeS, voltageV, currentA, flags) {
      const atMs = (stepStartMs[cellIndex] ?? NaN) + stepTimeS * 1000;
      // Written so that NaN counts as out of order. An endless time or charge would spoil every sample after it.
      if (
        !(atMs > (lastAtMs[cellIndex] ?? Infinity) && stepTimeS >= 0 && atMs < Infinity) ||
        !Number.isFinite(voltageV) ||
        !Number.isFinite(currentA)
      ) {
        intake.rejectedCount += 1;
        return;
      }
      intake.sampleCount += 1;
      const lastMs = lastInStepMs[cellIndex] ?? NaN;
      if (lastMs === lastMs) {
        const ampereHours = ((currentA + (lastCurrentA[cellIndex] ?? 0)) * 0.5 * (atMs - lastMs)) / 3_600_000;
        chargeAh[cellIndex] = (chargeAh[cellIndex] ?? 0) + ampereHours;
        stepChargeAh[cellIndex] = (stepChargeAh[cellIndex] ?? 0) + ampereHours;
      } else {
        const ampereHours = (currentA * stepTimeS) / 3600;
        chargeAh[cellIndex] = (chargeAh[cellIndex] ?? 0) + ampereHours;
        stepChargeAh[cellIndex] = (stepChargeAh[cellIndex] ?? 0) + ampereHours;
      }
      lastInStepMs[cellIndex] = atMs;
      lastAtMs[cellIndex] = atMs;
      lastVoltageV[cellIndex] = voltageV;
      lastCurrentA[cellIndex] = currentA;
      sink.sample(cellIndex, atMs, voltageV, currentA, flags);
      if ((flags & SAMPLE_OVERLOAD) !== 0) {
        overloadsInRow[cellIndex] = (overloadsInRow[cellIndex] ?? 0) + 1;
        if ((overloadsInRow[cellIndex] ?? 0) >= deps.overloadsInRowMax) {
          alarm(cellIndex, `the instrument flagged an overload ${deps.overloadsInRowMax} times in a row`);
        }
        return;
      }
      overloadsInRow[cellIndex] = 0;
      const isInside =
        voltageV <= (voltageMaxV[cellIndex] ?? NaN) &&
        voltageV >= (voltageMinV[cellIndex] ?? NaN) &&
        currentA <= (currentMaxA[cellIndex] ?? NaN) &&
        currentA >= (currentMinA[cellIndex] ?? NaN);
      if (!isInside) alarm(cellIndex, explain(cellIndex, voltageV, currentA));
    },
  };
  return intake;
}
