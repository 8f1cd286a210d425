/**
 * What a campaign makes of the steps of a protocol, as a forecast reckons with it: waits and pauses, rates by a capacity
 * that an earlier step measures, and the end of the protocol by the state of health. Plain values.
 */
import type { ProtocolStep } from "../protocol.ts";
import type { StepDemand } from "./forecast-run.ts";
import type { Guess } from "./nameplate.ts";

export interface ForecastWait {
  /** Until what is waited for comes; a mean of Infinity for what never does. */
  readonly afterS: Guess;
  /** Whether that is counted from the begin of the wait, or of the whole forecast. */
  readonly from: "wait" | "start";
  readonly maximumS: number;
  /** What follows a wait in vain. */
  readonly restS: number;
  readonly endsProtocol: boolean;
}

export interface ForecastPause extends ForecastWait {
  /** Which of the campaign's rules for the step it is, counted from 0. */
  readonly mark: number;
  /** State of charge, or charge of the step in mAh, without sign. */
  readonly at: { readonly stateOfCharge: number } | { readonly chargeMah: number };
  readonly by: "rest" | "voltage";
}

export interface StepWaits {
  /** Ends the step. */
  readonly end: ForecastWait | null;
  /** Within a step at constant current, which goes on after each. */
  readonly pauses: readonly ForecastPause[];
}

export interface ForecastRate {
  readonly stepIndexes: readonly number[];
  readonly measuredInIndex: number;
  /** What the rates refer to until then. */
  readonly fallbackAh: number;
  /** What lies outside is no measure. */
  readonly leastAh: number;
  readonly mostAh: number;
}

export interface HealthEnd {
  /** The steps of one name. */
  readonly stepIndexes: readonly number[];
  readonly fraction: number;
  /** Null: what the step gave first. */
  readonly referenceAh: number | null;
}

export interface ForecastRules {
  /** By index of the step. */
  readonly waits: ReadonlyMap<number, StepWaits>;
  readonly rates: readonly ForecastRate[];
  readonly ends: readonly HealthEnd[];
}

/** A step that the campaign's rules divide, where part of it is over as the forecast begins. */
export interface BegunStep {
  /** What the cell is held for now, before the current goes on; null where it is not held. */
  readonly wait: ForecastWait | null;
  /** It rests so long now, after a wait in vain. */
  readonly restS: number;
  /** Nothing of the step follows that. */
  readonly isOver: boolean;
  /** Of its current alone. */
  readonly ranS: number;
  readonly chargeAh: number;
  readonly marksDone: readonly number[];
}

/** How long a wait takes, so many standard deviations off; and whether nothing came of it. */
export function waitedS(
  { afterS, from, maximumS }: ForecastWait,
  beganS: number,
  sds: number,
): { readonly forS: number; readonly isInVain: boolean } {
  const comesS = afterS.mean + (afterS.sd > 0 ? sds * afterS.sd : 0) - (from === "start" ? beganS : 0);
  return { forS: Math.min(maximumS, Math.max(0, comesS)), isInVain: comesS >= maximumS };
}

/** Whether the times of a forecast hang on when something comes. */
export function hasDoubtfulWaits(rules: ForecastRules | null): boolean {
  if (rules === null) return false;
  return [...rules.waits.values()].some(({ end, pauses }) =>
    [...(end === null ? [] : [end]), ...pauses].some(({ afterS }) => afterS.sd > 0),
  );
}

/** What the steps of one run have measured so far. */
export interface RunMeasures {
  /** What a step asks for, by the capacity that its rate refers to now. */
  demand(stepIndex: number, demand: StepDemand): StepDemand;
  /** True where the protocol is over with it. */
  ended(stepIndex: number, step: ProtocolStep | undefined, chargeAh: number): boolean;
}

export function createRunMeasures(rules: ForecastRules | null, known: ReadonlyMap<number, number>): RunMeasures {
  const measured = new Map(known);
  const first = new Map<HealthEnd, number>();
  return {
    demand(stepIndex, demand) {
      const rate = rules?.rates.find(({ stepIndexes }) => stepIndexes.includes(stepIndex));
      const capacityAh = rate === undefined ? undefined : measured.get(rate.measuredInIndex);
      if (rate === undefined || capacityAh === undefined) return demand;
      const factor = capacityAh / rate.fallbackAh;
      const taperA = demand.taperA === null ? null : demand.taperA * factor;
      return { ...demand, currentA: demand.currentA * factor, taperA };
    },
    ended(stepIndex, step, chargeAh) {
      if (rules === null || step?.kind !== "constant-current") return false;
      const sizeAh = Math.abs(chargeAh);
      const rate = rules.rates.find(({ measuredInIndex }) => measuredInIndex === stepIndex);
      if (rate !== undefined && sizeAh >= rate.leastAh && sizeAh <= rate.mostAh) measured.set(stepIndex, sizeAh);
      return rules.ends.some((end) => {
        if (!end.stepIndexes.includes(stepIndex)) return false;
        const referenceAh = end.referenceAh ?? first.get(end);
        if (referenceAh === undefined && sizeAh > 0) first.set(end, sizeAh);
        return referenceAh !== undefined && sizeAh / referenceAh < end.fraction;
      });
    },
  };
}
