/** A constant current that the campaign pauses on its way: its parts and the pauses between them, as one step. */
import {
  advance,
  runCurrent,
  runVoltage,
  terminalV,
  type ModelParameters,
  type ModelState,
  type ModelStep,
} from "./cell-model.ts";
import { waitedS, type ForecastPause } from "./forecast-rules.ts";
import type { OpenCircuitCurve } from "./open-circuit-curve.ts";

export interface PausedOrder {
  readonly curve: OpenCircuitCurve;
  readonly parameters: ModelParameters;
  readonly pauses: readonly ForecastPause[];
  readonly currentA: number;
  /** The longest time of the current alone. */
  readonly untilS: number;
  /** Where nobody knows the state of charge yet, no pause is made by it. */
  readonly isChargeKnown: boolean;
  /** Charge of the step before this run of it. */
  readonly beforeC: number;
  /** From the begin of the forecast to that of the step. */
  readonly beganS: number;
  /** By how many standard deviations waits are off. */
  readonly waitSds: number;
  /** The current alone, for so long at the most. */
  readonly runPart: (untilS: number) => ModelStep;
}

export interface PausedStep extends ModelStep {
  readonly waitedS: number;
  /** A pause in vain was to end the protocol. */
  readonly isProtocolOver: boolean;
}

/** The parts of a step whose end is known from an earlier run. */
export function partsOf(
  whole: ModelStep,
  curve: OpenCircuitCurve,
  parameters: ModelParameters,
  state: ModelState,
): PausedOrder["runPart"] {
  let ranS = 0;
  return (untilS) => {
    const leftS = whole.durationS - ranS;
    const forS = Math.min(leftS, untilS);
    ranS += forS;
    advance(state, whole.chargeC / whole.durationS / parameters.capacityC, parameters.lagS, forS);
    return {
      ...whole,
      durationS: forS,
      endedBy: forS < leftS ? "time" : whole.endedBy,
      chargeC: (whole.chargeC * forS) / whole.durationS,
      endVoltageV: terminalV(curve, parameters, state, whole.endCurrentA),
    };
  };
}

/** A pause nearer than this is behind already. */
const LEAST_S = 0.36;

export function runPaused(order: PausedOrder, state: ModelState): PausedStep {
  const { curve, parameters, currentA } = order;
  const left = new Set(order.pauses);
  let ranS = 0;
  let pausedS = 0;
  let chargeC = 0;
  let currentPeakA = 0;
  for (;;) {
    const leftS = order.untilS - ranS;
    const next = nearest();
    const isToPause = next !== null && next.afterS < leftS;
    const part = order.runPart(isToPause ? next.afterS : leftS);
    ranS += part.durationS;
    chargeC += part.chargeC;
    currentPeakA = Math.max(currentPeakA, part.currentPeakA);
    const whole = (isProtocolOver: boolean): PausedStep => ({
      ...part,
      ...{ durationS: ranS + pausedS, chargeC, currentPeakA, waitedS: pausedS, isProtocolOver },
    });
    if (!isToPause || part.endedBy !== "time") return whole(false);
    left.delete(next.pause);
    const { forS, isInVain } = waitedS(next.pause, order.beganS + ranS + pausedS, order.waitSds);
    if (next.pause.by === "voltage") {
      const hold = { voltageV: part.endVoltageV, untilA: null, untilS: forS, limitA: Infinity };
      chargeC += runVoltage(curve, parameters, state, hold).chargeC;
    } else rest(forS);
    pausedS += forS;
    if (!isInVain) continue;
    if (next.pause.endsProtocol) return whole(true);
    rest(next.pause.restS);
    pausedS += next.pause.restS;
  }

  function rest(untilS: number): void {
    runCurrent(curve, parameters, state, { currentA: 0, untilV: null, untilS });
  }

  function nearest(): { readonly pause: ForecastPause; readonly afterS: number } | null {
    let best: { readonly pause: ForecastPause; readonly afterS: number } | null = null;
    for (const pause of left) {
      const awayC = chargeTo(pause);
      const afterS = awayC / Math.abs(currentA);
      if (afterS > LEAST_S && (best === null || afterS < best.afterS)) best = { pause, afterS };
    }
    return best;
  }

  function chargeTo({ at }: ForecastPause): number {
    if ("chargeMah" in at) return 3.6 * at.chargeMah - Math.sign(currentA) * (order.beforeC + chargeC);
    if (!order.isChargeKnown) return NaN;
    return Math.sign(currentA) * (at.stateOfCharge - state.share) * parameters.capacityC;
  }
}
