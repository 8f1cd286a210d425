/**
 * By how much longer the holds of a cell take from cycle to cycle, as its resistance grows. What one hold shows of that
 * growth serves another that ran once only, at another voltage: the model cell says how much each of them owes to it.
 */
import { runCurrent, runVoltage, type ModelParameters } from "../../protocols/echem/forecast/cell-model.ts";
import { taperCurrentA } from "../../protocols/echem/channel-step.ts";
import type { CellNameplate } from "../../protocols/echem/forecast/nameplate.ts";
import { curveOf } from "../../protocols/echem/forecast/open-circuit-curve.ts";
import type { ConstantVoltageStep, Protocol } from "../../protocols/echem/protocol.ts";

/** A hold whose current fell to its end. */
export interface EndedHold {
  readonly stepIndex: number;
  /** Which runs it is alike to. */
  readonly kind: number;
  readonly previousIndex: number;
  /** Last current of the step before it. */
  readonly enteredA: number;
  readonly cycle: number;
  readonly durationS: number;
  /** As measured so far. */
  readonly parameters: ModelParameters;
  /** A first charge that bound lithium is no measure for those after it. */
  readonly isUsual: boolean;
}

export interface HoldDrift {
  ended(hold: EndedHold): void;
  /** Growth of a hold's duration per cycle, a part of it; 0 where nothing was seen that says. */
  perCycle(kind: number): number;
  /** The protocol has another tail from here on. */
  amended(protocol: Protocol): void;
}

/** A hold that owes less of its time to resistance than this says nothing of it. */
const TELLING = 0.15;
/** Resistance grows by no more than this part per cycle, in a cell that is worth a forecast (chosen). */
const GROWTH_MOST = 0.03;
/** Weight of the newest value of what is measured again and again. */
const NEWEST = 0.5;
const STEP_OF_RESISTANCE = 1.02;
const LONGEST_S = 4_000_000;

interface Seen {
  readonly cycle: number;
  readonly durationS: number;
}

export function createHoldDrift(nameplate: CellNameplate, begunWith: Protocol): HoldDrift {
  let protocol = begunWith;
  const curve = curveOf(nameplate.chemistry);
  const seen = new Map<number, Seen>();
  const owed = new Map<number, number>();
  let growth: number | null = null;

  /** Relative change of the duration over that of the resistance. */
  function owedToResistance(step: ConstantVoltageStep, { enteredA, parameters }: EndedHold): number {
    const untilA = taperCurrentA(step, nameplate.nominalCapacityMah);
    if (untilA === null || !(Math.abs(enteredA) > untilA)) return 0;
    const tookS = (ohm: number): number => {
      const now = { ...parameters, resistanceOhm: ohm };
      const state = { share: enteredA > 0 ? 0 : 1, lag: 0, unboundC: 0 };
      runCurrent(curve, now, state, { currentA: enteredA, untilV: step.voltageV, untilS: LONGEST_S });
      const hold = { voltageV: step.voltageV, untilA, untilS: LONGEST_S, limitA: Infinity };
      return runVoltage(curve, now, state, hold).durationS;
    };
    const { resistanceOhm } = parameters;
    const owes = Math.log(tookS(STEP_OF_RESISTANCE * resistanceOhm) / tookS(resistanceOhm));
    return Number.isFinite(owes) ? Math.min(1, Math.max(0, owes / Math.log(STEP_OF_RESISTANCE))) : 0;
  }

  return {
    ended(hold) {
      const step = protocol.steps[hold.stepIndex];
      if (step?.kind !== "constant-voltage" || protocol.steps[hold.previousIndex]?.kind !== "constant-current") return;
      const { kind, cycle, durationS } = hold;
      const owes = owed.get(kind) ?? owedToResistance(step, hold);
      owed.set(kind, owes);
      const before = seen.get(kind);
      seen.set(kind, { cycle, durationS });
      if (before === undefined || !hold.isUsual || cycle <= before.cycle || owes < TELLING) return;
      const perCycle = Math.log(durationS / before.durationS) / (cycle - before.cycle) / owes;
      if (!Number.isFinite(perCycle)) return;
      const told = Math.min(GROWTH_MOST, Math.max(0, perCycle));
      growth = growth === null ? told : growth + NEWEST * (told - growth);
    },
    amended(after) {
      protocol = after;
    },
    perCycle: (kind) => (growth ?? 0) * (owed.get(kind) ?? 0),
  };
}
