/**
 * How long a step that should be over still takes, by what its last sample shows: the way to the cut-off along the
 * open-circuit curve, or the fall of a current in a hold. Pure.
 */
import { stepCurrentA, taperCurrentA } from "../../protocols/echem/channel-step.ts";
import type { LearnedCell } from "../../protocols/echem/forecast/learned-cell.ts";
import type { CellNameplate } from "../../protocols/echem/forecast/nameplate.ts";
import { curveOf } from "../../protocols/echem/forecast/open-circuit-curve.ts";
import type { TechniqueStep } from "../../protocols/echem/protocol.ts";

export interface RunningStep {
  /** For which it ran, pauses left out. */
  readonly ranS: number;
  /** Of the first sample and of the last one; NaN without. */
  readonly firstCurrentA: number;
  readonly voltageV: number;
  readonly currentA: number;
}

/** Undefined where samples do not say. */
export function timeLeftS(
  step: TechniqueStep,
  nameplate: CellNameplate,
  learned: LearnedCell,
  { ranS, firstCurrentA, voltageV, currentA }: RunningStep,
): number | undefined {
  if (step.kind === "constant-current" && step.untilVoltageV !== null) {
    const curve = curveOf(nameplate.chemistry);
    const orderedA = stepCurrentA(step, nameplate.nominalCapacityMah);
    const dropV = orderedA * learned.resistanceOhm.mean;
    const missing = curve.shareAt(step.untilVoltageV - dropV) - curve.shareAt(voltageV - dropV);
    const leftS = (missing * 3600 * learned.capacityAh.mean) / orderedA;
    return leftS >= 0 ? leftS : undefined;
  }
  if (step.kind === "constant-voltage") {
    const untilA = taperCurrentA(step, nameplate.nominalCapacityMah);
    const fallen = Math.log(Math.abs(firstCurrentA / currentA));
    if (untilA === null || !(fallen > 0)) return undefined;
    const leftS = (ranS * Math.log(Math.abs(currentA) / untilA)) / fallen;
    return leftS >= 0 ? leftS : undefined;
  }
  return undefined;
}
