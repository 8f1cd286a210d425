/**
 * What is well-formed in a protocol and still cannot be meant: a current given twice, a cut-off on the wrong side of
 * where the steps before leave the cell. Follows the steps in the order in which they first run; pure.
 */
import type { FindingSeverity } from "../base/finding.ts";
import type { ConstantCurrentStep, ConstantVoltageStep, Protocol, ProtocolStep } from "./protocol.ts";

export interface DoubtfulStep {
  readonly severity: FindingSeverity;
  readonly code: string;
  /** Counted from 0 over all steps. */
  readonly stepIndex: number;
  /** The key of the step, as files spell it. */
  readonly key: string;
  readonly what: string;
  readonly advice: string;
}

export function doubtfulSteps(protocol: Protocol): readonly DoubtfulStep[] {
  const found: DoubtfulStep[] = [];
  let left: Left | null = null;
  protocol.steps.forEach((step, stepIndex) => {
    if (step.kind === "constant-current" || step.kind === "constant-voltage") {
      const twice = currentTwice(step, stepIndex);
      if (twice !== undefined) found.push(twice);
    }
    if (step.kind === "constant-current") {
      const wrongSide = wrongSideCutOff(step, stepIndex, left);
      // It ends where the step before left the cell, which is all that is known of the next.
      if (wrongSide !== undefined) {
        found.push(wrongSide);
        return;
      }
    }
    left = leftBy(step, stepIndex, left);
  });
  return found;
}

/** +1 for a charge, -1 for a discharge. The rate wins over the current, as the format says. */
export function directionOf(step: ConstantCurrentStep): 1 | -1 {
  return (step.rateC ?? step.currentMa ?? 0) > 0 ? 1 : -1;
}

function currentTwice(step: ConstantCurrentStep | ConstantVoltageStep, stepIndex: number): DoubtfulStep | undefined {
  const isCurrent = step.kind === "constant-current";
  const rate = isCurrent ? step.rateC : step.untilRateC;
  const currentMa = isCurrent ? step.currentMa : step.untilCurrentMa;
  if (rate === null || currentMa === null) return undefined;
  const rateKey = isCurrent ? "rate_C" : "until_rate_C";
  const key = isCurrent ? "current_mA" : "until_current_mA";
  return {
    severity: "warning",
    code: "protocol.current-twice",
    stepIndex,
    key,
    what: `${rateKey} ${rate} and ${key} ${currentMa} are both given; ${rateKey} counts`,
    advice: `Leave out ${key}, or ${rateKey} where the current is meant.`,
  };
}

/** A charge leaves a cell at most at its cut-off, whatever follows without current; a discharge at least there. */
interface Left {
  readonly side: "at most" | "at least";
  readonly voltageV: number;
  readonly stepIndex: number;
}

function wrongSideCutOff(step: ConstantCurrentStep, stepIndex: number, left: Left | null): DoubtfulStep | undefined {
  const { untilVoltageV } = step;
  if (left === null || untilVoltageV === null) return undefined;
  const isCharge = directionOf(step) > 0;
  const endsAtOnce = isCharge
    ? left.side === "at least" && untilVoltageV <= left.voltageV
    : left.side === "at most" && untilVoltageV >= left.voltageV;
  if (!endsAtOnce) return undefined;
  const [own, other] = isCharge ? ["charge", "above"] : ["discharge", "below"];
  return {
    severity: "error",
    code: "protocol.cut-off",
    stepIndex,
    key: "until_voltage_V",
    what: `the ${own} would end at once: it stops at ${untilVoltageV} V, and step ${left.stepIndex + 1} ends at ${left.voltageV} V`,
    advice: `Give a voltage ${other} ${left.voltageV} V, or turn the sign of the current.`,
  };
}

/** Where a step leaves the cell; null where that cannot be said. Rests, tags and loops leave it as it was. */
function leftBy(step: ProtocolStep, stepIndex: number, left: Left | null): Left | null {
  switch (step.kind) {
    case "open-circuit-voltage":
    case "impedance-spectroscopy":
    case "tag":
    case "loop":
      return left;
    case "constant-current": {
      if (step.untilVoltageV === null) return null;
      return { side: directionOf(step) > 0 ? "at most" : "at least", voltageV: step.untilVoltageV, stepIndex };
    }
    case "constant-voltage": {
      // Only a hold that goes on in the direction of the step before: of any other nobody knows where it relaxes to.
      if (left === null) return null;
      const goesOn = left.side === "at most" ? step.voltageV >= left.voltageV : step.voltageV <= left.voltageV;
      return goesOn ? { side: left.side, voltageV: step.voltageV, stepIndex } : null;
    }
    case "voltage-scan":
      return {
        side: step.endVoltageV > step.startVoltageV ? "at most" : "at least",
        voltageV: step.endVoltageV,
        stepIndex,
      };
  }
}
